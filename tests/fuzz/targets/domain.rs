//! Any JSON as a domain: refused with an error, or read, optimized and written down.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oregional::orm::domain::{optimize::optimize, parse::parse};
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return };
    let Ok(domain) = parse(&value) else { return };
    let written = domain.to_json();
    assert!(parse(&written).is_ok(), "{value} is written down as {written}, which is no domain");
    _ = optimize(domain);
});
