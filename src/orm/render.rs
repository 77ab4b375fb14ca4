//! Columns of the database written as the JSON that Odoo's clients read.
//!
//! Nothing is `false`, numbers are 0, floats have a fraction, moments are UTC text. Values go from
//! PostgreSQL's bytes straight into the answer.

use std::collections::HashMap;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{Datelike as _, NaiveDate, NaiveDateTime, Timelike as _};

use super::field::FieldType;
use super::image::human_size;
use crate::db::Raw;

/// Writes a JSON string.
pub fn string(out: &mut Vec<u8>, text: &str) {
    // Writing to a Vec cannot fail, and a str is always valid.
    _ = serde_json::to_writer(out, text);
}

/// Writes an integer.
pub fn integer(out: &mut Vec<u8>, number: i64) {
    _ = write!(out, "{number}");
}

/// Writes a float with its fraction.
pub fn float(out: &mut Vec<u8>, number: f64) {
    if number.is_finite() {
        _ = serde_json::to_writer(out, &number);
    } else {
        // JSON has no word for it.
        out.extend_from_slice(b"0.0");
    }
}

/// Writes `false`.
pub fn falsehood(out: &mut Vec<u8>) {
    out.extend_from_slice(b"false");
}

/// Writes a number of two digits at least. A page has hundreds of them: the formatter of the standard
/// library takes ten times as long.
fn two_digits(out: &mut Vec<u8>, number: u32) {
    let digit = |number: u32| b'0' + u8::try_from(number % 10).unwrap_or_default();
    out.extend_from_slice(&[digit(number / 10), digit(number)]);
}

fn day_of(out: &mut Vec<u8>, day: NaiveDate) {
    match u32::try_from(day.year()) {
        Ok(year) if year < 10_000 => {
            two_digits(out, year / 100);
            two_digits(out, year % 100);
        }
        _ => _ = write!(out, "{:04}", day.year()),
    }
    out.push(b'-');
    two_digits(out, day.month());
    out.push(b'-');
    two_digits(out, day.day());
}

/// Writes a day.
pub fn date(out: &mut Vec<u8>, day: NaiveDate) {
    out.push(b'"');
    day_of(out, day);
    out.push(b'"');
}

/// Writes a moment.
pub fn datetime(out: &mut Vec<u8>, moment: NaiveDateTime) {
    out.push(b'"');
    day_of(out, moment.date());
    out.push(b' ');
    two_digits(out, moment.hour());
    out.push(b':');
    two_digits(out, moment.minute());
    out.push(b':');
    two_digits(out, moment.second());
    out.push(b'"');
}

/// What a many2one looks like.
#[derive(Clone, Copy)]
pub enum Links<'a> {
    /// The id alone.
    Ids,
    /// The id and the name, which is looked up.
    Named(&'a HashMap<i64, String>),
    /// The id and the name, which came along; none when the record is gone.
    Name(Option<&'a str>),
}

/// Writes the value of a field; `size_only` gives the size of bytes in place of them, which the
/// statement then has already.
pub fn value(out: &mut Vec<u8>, kind: &FieldType, raw: Option<Raw<'_>>, links: Links<'_>, size_only: bool) {
    let Some(raw) = raw else {
        match kind {
            FieldType::Integer => out.push(b'0'),
            FieldType::Float | FieldType::Monetary => out.extend_from_slice(b"0.0"),
            _ => falsehood(out),
        }
        return;
    };
    match kind {
        FieldType::Integer => integer(out, raw.int().unwrap_or_default()),
        FieldType::Float | FieldType::Monetary => float(out, raw.float().unwrap_or_default()),
        FieldType::Boolean => out.extend_from_slice(if raw.boolean() { b"true" } else { b"false" }),
        FieldType::Date => match raw.date() {
            Some(day) => date(out, day),
            None => falsehood(out),
        },
        FieldType::Datetime => match raw.timestamp() {
            Some(moment) => datetime(out, moment),
            None => falsehood(out),
        },
        FieldType::Many2one { .. } => many2one(out, raw.int().unwrap_or_default(), links),
        FieldType::Binary | FieldType::Image { .. } if size_only => {
            let size = raw.int().and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
            string(out, &human_size(size));
        }
        FieldType::Binary | FieldType::Image { .. } => {
            out.push(b'"');
            out.extend_from_slice(STANDARD.encode(raw.0).as_bytes());
            out.push(b'"');
        }
        // The database speaks UTF-8 and nothing else.
        _ => string(out, raw.text().unwrap_or_default()),
    }
}

fn many2one(out: &mut Vec<u8>, id: i64, links: Links<'_>) {
    let name = match links {
        Links::Ids => return integer(out, id),
        Links::Named(names) => names.get(&id).map(String::as_str),
        Links::Name(name) => name,
    };
    match name {
        Some(name) => {
            out.push(b'[');
            integer(out, id);
            out.extend_from_slice(b", ");
            string(out, name);
            out.push(b']');
        }
        // A user who made a record and is gone, or a record that went a moment ago.
        None => falsehood(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: &FieldType, raw: Option<&[u8]>) -> String {
        let mut out = Vec::new();
        value(&mut out, kind, raw.map(Raw), Links::Ids, false);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_is_false_and_numbers_are_zero() {
        assert_eq!(written(&FieldType::Char, None), "false");
        assert_eq!(written(&FieldType::Integer, None), "0");
        assert_eq!(written(&FieldType::Float, None), "0.0");
    }

    #[test]
    fn a_float_has_its_fraction() {
        assert_eq!(written(&FieldType::Float, Some(&3.0_f64.to_be_bytes())), "3.0");
    }

    #[test]
    fn a_moment_is_text_without_a_fraction_of_a_second() {
        assert_eq!(
            written(&FieldType::Datetime, Some(&1_500_000_i64.to_be_bytes())),
            r#""2000-01-01 00:00:01""#
        );
        assert_eq!(written(&FieldType::Date, Some(&(-1_i32).to_be_bytes())), r#""1999-12-31""#);
    }
}
