//! Columns of the database written as the JSON that Odoo's clients read.
//!
//! Nothing is `false`, numbers are 0, floats have a fraction, moments are UTC text. Values go from
//! PostgreSQL's bytes straight into the answer.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{Datelike as _, NaiveDate, NaiveDateTime, Timelike as _};

use super::field::FieldType;
use super::image::human_size;
use super::names::ById;
use crate::db::Raw;

/// Writes a JSON string.
pub fn string(out: &mut Vec<u8>, text: &str) {
    if has_special(text.as_bytes()) {
        // Writing to a Vec cannot fail, and a str is always valid.
        _ = serde_json::to_writer(out, text);
    } else {
        quoted(out, text.as_bytes());
    }
}

/// Writes a text of the database, which speaks UTF-8 and nothing else, as a JSON string.
fn text(out: &mut Vec<u8>, raw: Raw<'_>) {
    if has_special(raw.0) {
        string(out, raw.text().unwrap_or_default());
    } else {
        quoted(out, raw.0);
    }
}

/// Writes what needs no escapes.
fn quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

/// Whether something in a text has to be escaped: controls, quotes, backslashes. Hardly any text has such
/// a thing. Looking at eight bytes at once, to the end, is several times faster than a serializer's
/// byte by byte.
fn has_special(text: &[u8]) -> bool {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = EACH << 7;
    // The high bit of a byte: whether it is less than `limit`, at most 0x80. A borrow runs on to bytes
    // before it only from one that is found itself.
    let less = |word: u64, limit: u64| word.wrapping_sub(EACH * limit) & !word;
    let special = |word: u64| {
        let is = |byte: u8| less(word ^ (EACH * u64::from(byte)), 1);
        less(word, 0x20) | is(b'"') | is(b'\\')
    };
    let Some(last) = text.last_chunk::<8>() else {
        return text.iter().any(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'));
    };
    // The last eight bytes may be looked at twice.
    let words = text.as_chunks::<8>().0.iter().chain([last]);
    words.fold(0, |found, word| found | special(u64::from_ne_bytes(*word))) & HIGH != 0
}

/// Writes an integer.
pub fn integer(out: &mut Vec<u8>, number: i64) {
    // A third of the time of the standard library's formatter.
    _ = serde_json::to_writer(out, &number);
}

/// Writes a list of integers.
pub fn integers(out: &mut Vec<u8>, numbers: &[i64]) {
    out.push(b'[');
    for (place, number) in numbers.iter().enumerate() {
        if place > 0 {
            out.extend_from_slice(b", ");
        }
        integer(out, *number);
    }
    out.push(b']');
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

/// The numbers below a hundred, in two digits.
const TWO_DIGITS: &[u8; 200] =
    b"0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
    5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/// Two digits of a number below a hundred.
fn two_digits(number: u32) -> [u8; 2] {
    let place = usize::try_from(number).unwrap_or_default();
    TWO_DIGITS.as_chunks::<2>().0.get(place).copied().unwrap_or(*b"00")
}

/// `YYYY-MM-DD`. By table, for a page has hundreds of them: the formatter of the standard library takes ten
/// times as long. Nothing for years of more than four digits.
fn digits_of(day: NaiveDate) -> Option<[u8; 10]> {
    let year = u32::try_from(day.year()).ok().filter(|year| *year < 10_000)?;
    let (century, year) = (two_digits(year / 100), two_digits(year % 100));
    let (month, day) = (two_digits(day.month()), two_digits(day.day()));
    Some([century[0], century[1], year[0], year[1], b'-', month[0], month[1], b'-', day[0], day[1]])
}

/// Writes a day.
pub fn date(out: &mut Vec<u8>, day: NaiveDate) {
    match digits_of(day) {
        Some(digits) => quoted(out, &digits),
        None => _ = write!(out, "\"{:04}-{:02}-{:02}\"", day.year(), day.month(), day.day()),
    }
}

/// Writes a moment.
pub fn datetime(out: &mut Vec<u8>, moment: NaiveDateTime) {
    let Some(day) = digits_of(moment.date()) else {
        // Not chrono's %Y, which puts a sign before a year of five digits.
        _ = write!(out, "\"{:04}-{}\"", moment.year(), moment.format("%m-%d %H:%M:%S"));
        return;
    };
    let seconds = moment.num_seconds_from_midnight();
    let (hour, minute) = (two_digits(seconds / 3600), two_digits(seconds / 60 % 60));
    let second = two_digits(seconds % 60);
    out.reserve(21);
    out.push(b'"');
    out.extend_from_slice(&day);
    out.extend_from_slice(&[
        b' ', hour[0], hour[1], b':', minute[0], minute[1], b':', second[0], second[1], b'"',
    ]);
}

/// What a many2one looks like.
#[derive(Clone, Copy)]
pub enum Links<'a> {
    /// The id alone.
    Ids,
    /// The id and the name, which is looked up.
    Named(&'a ById),
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
        _ => text(out, raw),
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
    fn every_text_is_written_as_a_serializer_writes_it() {
        for special in (0..0x80).map(char::from).chain(['ä', '€', '\u{2028}', '😀']) {
            for (before, after) in [(0, 0), (0, 9), (3, 0), (7, 1), (8, 8), (15, 2), (16, 0)] {
                let text = format!("{}{special}{}", "é~".repeat(before), "x".repeat(after));
                let mut out = Vec::new();
                string(&mut out, &text);
                assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn a_float_has_its_fraction() {
        assert_eq!(written(&FieldType::Float, Some(&3.0_f64.to_be_bytes())), "3.0");
    }

    #[test]
    fn years_of_any_length_are_told() {
        let written = |year| {
            let day = NaiveDate::from_ymd_opt(year, 2, 3).unwrap();
            let (mut out, moment) = (Vec::new(), day.and_hms_opt(4, 59, 6).unwrap());
            date(&mut out, day);
            datetime(&mut out, moment);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(7), r#""0007-02-03""0007-02-03 04:59:06""#);
        assert_eq!(written(9999), r#""9999-02-03""9999-02-03 04:59:06""#);
        assert_eq!(written(12_345), r#""12345-02-03""12345-02-03 04:59:06""#);
        assert_eq!(written(-7), r#""-007-02-03""-007-02-03 04:59:06""#);
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
