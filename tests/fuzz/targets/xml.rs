//! Any bytes as an XML-RPC call.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| oregional::http::fuzzing::xml(body));
