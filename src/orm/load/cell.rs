//! A cell with a plain value, as a field takes it.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value as Json, json};

use super::super::convert::{DATE, DATETIME};
use super::super::field::{Field, FieldType};
use super::super::python;

/// Why a cell cannot be taken, and what could be.
pub(super) struct Unfit {
    pub text: String,
    pub hint: Option<Json>,
}

/// A value, perhaps with a doubt about it.
pub(super) struct Taken {
    pub value: Json,
    pub doubt: Option<String>,
}

const YES: [&str; 6] = ["1", "true", "yes", "y", "t", "on"];
const NO: [&str; 6] = ["0", "false", "no", "n", "f", "off"];

/// The value of a cell that says something.
pub(super) fn take(field: &Field, cell: &Json) -> Result<Taken, Unfit> {
    let text = python::text(cell);
    let text = text.trim();
    let sure = |value: Json| Ok(Taken { value, doubt: None });
    let unfit = |what: &str, hint: Option<Json>| {
        Err(Unfit { text: format!("'{text}' is no {what} for the field '{}'.", field.string), hint })
    };
    match &field.kind {
        FieldType::Boolean => match text.to_lowercase().as_str() {
            word if YES.contains(&word) => sure(true.into()),
            word if NO.contains(&word) => sure(false.into()),
            _ => Ok(Taken {
                value: true.into(),
                doubt: Some(format!("'{text}' is taken for yes in the field '{}'.", field.string)),
            }),
        },
        FieldType::Integer => match whole(cell, text) {
            Some(number) => sure(number.into()),
            None => unfit("whole number", None),
        },
        FieldType::Float | FieldType::Monetary => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => sure(number.into()),
            _ => unfit("number", None),
        },
        FieldType::Date => match day(text) {
            Some(day) => sure(day.format(DATE).to_string().into()),
            None => unfit("date", Some("2012-12-31".into())),
        },
        FieldType::Datetime => match moment(text) {
            Some(moment) => sure(moment.format(DATETIME).to_string().into()),
            None => unfit("date and time", Some("2012-12-31 23:59:59".into())),
        },
        FieldType::Selection(options) => {
            let labels = || options.iter().map(|(_, label)| label.as_str()).collect::<Vec<&str>>();
            chosen(options, text)
                .map_or_else(|| unfit("choice", Some(json!(labels()))), |key| sure(key.into()))
        }
        _ => sure(python::text(cell).into()),
    }
}

fn whole(cell: &Json, text: &str) -> Option<i64> {
    match cell {
        Json::Number(_) => cell.as_i64().or_else(|| cell.as_f64().and_then(even)),
        _ => text.parse().ok().or_else(|| text.parse::<f64>().ok().and_then(even)),
    }
}

/// A float that is a whole number: spreadsheets write 3.0.
fn even(number: f64) -> Option<i64> {
    if number.fract() == 0.0 { python::truncated(number) } else { None }
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, DATE).ok().or_else(|| moment(text).map(|moment| moment.date()))
}

fn moment(text: &str) -> Option<NaiveDateTime> {
    let spaced = text.replacen('T', " ", 1);
    NaiveDateTime::parse_from_str(&spaced, DATETIME)
        .ok()
        .or_else(|| NaiveDate::parse_from_str(text, DATE).ok().and_then(|day| day.and_hms_opt(0, 0, 0)))
}

/// The key of an option, which may be given by its label.
fn chosen(options: &[(String, String)], text: &str) -> Option<String> {
    let by_key = options.iter().find(|(key, _)| key == text);
    let by_label = || options.iter().find(|(_, label)| label == text);
    let loosely = || {
        let lower = text.to_lowercase();
        options.iter().find(|(key, label)| key.to_lowercase() == lower || label.to_lowercase() == lower)
    };
    by_key.or_else(by_label).or_else(loosely).map(|(key, _)| key.clone())
}

#[cfg(test)]
mod tests {
    use super::super::super::declare::{boolean, date, datetime, float, integer, selection};
    use super::*;

    fn taken(field: &Field, cell: &Json) -> Option<Json> {
        take(field, cell).ok().map(|taken| taken.value)
    }

    #[test]
    fn words_numbers_and_days_become_values() {
        let colour = selection("colour", &[("r", "Red"), ("g", "Green")]);
        for (field, cell, value) in [
            (boolean("b"), json!("Yes"), json!(true)),
            (boolean("b"), json!("FALSE"), json!(false)),
            (boolean("b"), json!(true), json!(true)),
            (integer("i"), json!(" 12 "), json!(12)),
            (integer("i"), json!("12.0"), json!(12)),
            (integer("i"), json!(12), json!(12)),
            (float("f"), json!("1.5"), json!(1.5)),
            (date("d"), json!("2026-02-28"), json!("2026-02-28")),
            (date("d"), json!("2026-02-28 10:00:00"), json!("2026-02-28")),
            (datetime("m"), json!("2026-02-28T10:00:00"), json!("2026-02-28 10:00:00")),
            (datetime("m"), json!("2026-02-28"), json!("2026-02-28 00:00:00")),
            (colour.clone(), json!("r"), json!("r")),
            (colour.clone(), json!("Green"), json!("g")),
            (colour.clone(), json!("green"), json!("g")),
        ] {
            assert_eq!(taken(&field, &cell), Some(value), "{cell}");
        }
        for (field, cell) in [
            (integer("i"), json!("12.5")),
            (integer("i"), json!("x")),
            (float("f"), json!("1,5")),
            (float("f"), json!("inf")),
            (date("d"), json!("28.2.2026")),
            (datetime("m"), json!("soon")),
            (colour, json!("Blue")),
        ] {
            assert_eq!(taken(&field, &cell), None, "{cell}");
        }
    }

    #[test]
    fn an_odd_word_for_yes_is_a_doubt() {
        assert!(take(&boolean("b"), &json!("perhaps")).is_ok_and(|taken| taken.doubt.is_some()));
    }
}
