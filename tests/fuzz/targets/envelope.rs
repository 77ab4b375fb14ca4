//! Any bytes as a JSON-RPC request.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| oregional::http::fuzzing::envelope(body));
