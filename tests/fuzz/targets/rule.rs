//! Any text as the domain of a record rule: refused with an error, or evaluated for some user.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oregional::orm::access::eval::{self, LookupError, Names};
use oregional::orm::domain::parse;
use serde_json::{Value, json};

struct Somebody;

impl Names for Somebody {
    fn resolve(&self, path: &[String]) -> Result<Option<Value>, LookupError> {
        Ok(match path.first().map(String::as_str) {
            Some("user") if path.len() > 1 => Some(json!(2)),
            Some("company_ids") => Some(json!([1, 2])),
            _ => None,
        })
    }

    fn known(&self) -> Vec<String> {
        vec!["user".to_owned(), "company_ids".to_owned()]
    }

    fn now(&self) -> chrono::NaiveDateTime {
        chrono::DateTime::UNIX_EPOCH.naive_utc()
    }
}

fuzz_target!(|body: &[u8]| {
    let Ok(text) = std::str::from_utf8(body) else { return };
    let Ok(expression) = eval::parse(text) else { return };
    _ = eval::paths(&expression);
    if let Ok(value) = eval::evaluate(&expression, &Somebody) {
        _ = parse::parse(&value);
    }
});
