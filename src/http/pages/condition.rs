//! What views say in expressions: conditions over the record that is shown, contexts, domains.

use chrono::NaiveDateTime;
use serde_json::{Map, Value as Json};

use super::drawn::flag;
use crate::orm::access::eval::{self, Expr, LookupError, Names};
use crate::orm::python;
use crate::orm::view::arch::Element;

/// The values that an expression may name: those of the record first.
pub(in crate::http) struct Values<'a> {
    /// Of the record.
    pub record: &'a Map<String, Json>,
    /// Of the visitor.
    pub user_id: i64,
    /// What is searched for, in a search view.
    pub searched: Option<&'a str>,
    /// Now, in UTC.
    pub now: NaiveDateTime,
}

/// A value as expressions see it: a many2one is its id, lines are their ids.
fn plain(value: &Json) -> Json {
    match value {
        Json::Object(record) => record.get("id").cloned().unwrap_or(Json::Bool(false)),
        Json::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

impl Names for Values<'_> {
    fn resolve(&self, path: &[String]) -> Result<Option<Json>, LookupError> {
        let [name] = path else { return Ok(None) };
        Ok(match name.as_str() {
            "uid" => Some(self.user_id.into()),
            "self" if self.searched.is_some() => self.searched.map(Json::from),
            "id" => Some(self.record.get("id").cloned().unwrap_or(Json::Bool(false))),
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            name => self.record.get(name).map(plain),
        })
    }

    fn known(&self) -> Vec<String> {
        self.record.keys().cloned().chain(["uid".to_owned()]).collect()
    }

    fn now(&self) -> NaiveDateTime {
        self.now
    }
}

/// The value of an expression; none when it cannot be known here, which the log says.
pub(in crate::http) fn value(text: &str, values: &Values<'_>) -> Option<Json> {
    let found = eval::parse_view(text).and_then(|expr| eval::evaluate(&expr, values));
    match found {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::debug!(expression = text, %error, "an expression of a view is left out");
            None
        }
    }
}

/// The value of an attribute that is a condition, such as `invisible`; `default` where there is none, or
/// none that can be known.
pub(in crate::http) fn holds(element: &Element, name: &str, values: &Values<'_>, default: bool) -> bool {
    let Some(text) = element.attribute(name) else { return default };
    match flag(element, name) {
        Some(flag) => flag,
        None => value(text, values).map_or(default, |value| python::truth(&value)),
    }
}

/// A condition that depends on the record, for the script that follows the inputs of a form.
pub(in crate::http) fn for_script(element: &Element, name: &str) -> Option<String> {
    let text = element.attribute(name)?;
    if flag(element, name).is_some() {
        return None;
    }
    let expr: Expr = eval::parse_view(text).ok()?;
    eval::for_script(&expr).map(|told| told.to_string())
}

/// A domain, as a text of a view or as a list; nothing to ask for where it cannot be known.
pub(in crate::http) fn domain(told: Option<&Json>, values: &Values<'_>) -> Vec<Json> {
    let value = match told {
        Some(Json::String(text)) if !text.trim().is_empty() => value(text, values),
        Some(other) => Some(other.clone()),
        None => None,
    };
    match value {
        Some(Json::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// A context.
pub(in crate::http) fn context(told: Option<&Json>, values: &Values<'_>) -> Map<String, Json> {
    let value = match told {
        Some(Json::String(text)) if !text.trim().is_empty() => value(text, values),
        Some(other) => Some(other.clone()),
        None => None,
    };
    match value {
        Some(Json::Object(entries)) => entries,
        _ => Map::new(),
    }
}
