//! Domains that select nothing whatever the records are. Odoo finds that out before it looks at fields and
//! operators: such a search is empty even where it would be refused otherwise, and `in` with anything that
//! Python calls false is membership of nothing there, and there alone.

use std::cmp::{max, min};

use serde_json::Value as Json;

use super::super::python;

/// What is known of a part of a domain; the order is that of `&` and `|`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    Nothing,
    Unsure,
    Everything,
}

/// Whether a condition is `[1, "=", 1]` or `[0, "=", 1]`, which Python's truth values equal as well.
pub(super) fn constant(condition: &[Json]) -> Option<bool> {
    let unit = |value: &Json| match value {
        Json::Bool(value) => Some(*value),
        Json::Number(number) if number.as_f64() == Some(1.0) => Some(true),
        Json::Number(number) if number.as_f64() == Some(0.0) => Some(false),
        _ => None,
    };
    match condition {
        [left, Json::String(sign), right] if sign == "=" && unit(right) == Some(true) => unit(left),
        _ => None,
    }
}

/// Whether a client's domain selects nothing. What is no domain does not: it is refused where it is parsed.
pub(super) fn is_nothing(domain: &Json) -> bool {
    let Json::Array(items) = domain else { return false };
    let mut stack = Vec::with_capacity(items.len());
    for item in items.iter().rev() {
        let known = match item {
            Json::String(sign) => combined(sign, &mut stack),
            Json::Array(condition) => Some(of_condition(condition)),
            _ => None,
        };
        let Some(known) = known else { return false };
        stack.push(known);
    }
    // What no operator takes is joined by `&`.
    stack.into_iter().min() == Some(Known::Nothing)
}

fn combined(sign: &str, stack: &mut Vec<Known>) -> Option<Known> {
    let first = stack.pop()?;
    match sign {
        "&" => Some(min(first, stack.pop()?)),
        "|" => Some(max(first, stack.pop()?)),
        "!" => Some(match first {
            Known::Nothing => Known::Everything,
            Known::Unsure => Known::Unsure,
            Known::Everything => Known::Nothing,
        }),
        _ => None,
    }
}

fn of_condition(condition: &[Json]) -> Known {
    match (constant(condition), condition) {
        (Some(true), _) => Known::Everything,
        (Some(false), _) => Known::Nothing,
        (None, [_, Json::String(operator), value]) if !python::truth(value) => match operator.as_str() {
            "in" => Known::Nothing,
            "not in" => Known::Everything,
            _ => Known::Unsure,
        },
        _ => Known::Unsure,
    }
}
