//! Values in the form in which a page compares them: a many2one is an id, lines are their ids and values.

use serde_json::{Map, Value as Json, json};

use super::super::drawn::Shape;

/// A value as `web_read` gives it, made plain.
pub(super) fn plain(shape: &Shape, value: &Json) -> Json {
    match (shape.kind(), value) {
        ("many2one", Json::Object(record)) => record.get("id").cloned().unwrap_or(Json::Bool(false)),
        ("many2many", Json::Array(items)) => {
            let mut ids: Vec<i64> = items.iter().filter_map(|item| item.get("id")?.as_i64()).collect();
            ids.sort_unstable();
            json!(ids)
        }
        ("one2many", Json::Array(items)) => {
            items.iter().filter_map(Json::as_object).map(|line| Json::Object(line_of(line))).collect()
        }
        (_, Json::String(text)) => tidy(shape.kind(), text),
        (_, Json::Null) => Json::Bool(false),
        (_, other) => other.clone(),
    }
}

/// A line without its name, which is made of its values.
fn line_of(line: &Map<String, Json>) -> Map<String, Json> {
    let cell = |value: &Json| match value {
        Json::Object(record) => record.get("id").cloned().unwrap_or(Json::Bool(false)),
        Json::String(text) => tidy("", text),
        Json::Null => Json::Bool(false),
        other => other.clone(),
    };
    line.iter()
        .filter(|(name, _)| *name != "display_name")
        .map(|(name, value)| (name.clone(), cell(value)))
        .collect()
}

/// A text as a form sends it back.
fn tidy(kind: &str, text: &str) -> Json {
    let text = text.replace("\r\n", "\n");
    let text = if kind == "char" { text.trim().to_owned() } else { text };
    if text.is_empty() { Json::Bool(false) } else { text.into() }
}

/// Whether two plain values are the same to a person.
pub(super) fn is_same(left: &Json, right: &Json) -> bool {
    let is_empty = |value: &Json| {
        matches!(value, Json::Bool(false) | Json::Null) || value.as_str().is_some_and(str::is_empty)
    };
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        (Json::Number(number), empty) | (empty, Json::Number(number)) if is_empty(empty) => {
            number.as_f64() == Some(0.0)
        }
        (Json::String(left), Json::String(right)) => left.trim_end() == right.trim_end(),
        (left, right) => left == right || is_empty(left) && is_empty(right),
    }
}
