//! How Python would see a JSON value: its truth, its text, its type. Odoo's clients rely on it.

use serde_json::Value as Json;

/// Whether Python calls it true.
pub fn truth(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(entries) => !entries.is_empty(),
    }
}

/// `str(value)`.
pub fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => repr(other),
    }
}

/// `repr(value)`.
pub fn repr(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(repr).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("'{key}': {}", repr(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// What Python calls its type.
pub fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_f64() => "float",
        Json::Number(_) => "int",
        Json::String(_) => "str",
        Json::Array(_) => "list",
        Json::Object(_) => "dict",
    }
}

/// `int(value)` of a number or a truth value, if it has room in 64 bits.
pub fn whole(value: &Json) -> Option<i64> {
    match value {
        Json::Bool(value) => Some((*value).into()),
        Json::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(truncated)),
        _ => None,
    }
}

/// The whole part of a float, if it has room in 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
pub fn truncated(value: f64) -> Option<i64> {
    const ROOM: f64 = 9.2e18;
    (value.is_finite() && value.abs() < ROOM).then(|| value.trunc() as i64)
}
