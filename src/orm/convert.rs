//! Values of clients on their way into columns, field type by field type.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::Value as Json;

use super::environment::Environment;
use super::field::{Field, FieldType};
use super::html;
use super::image;
use super::model::Model;
use super::python;
use crate::db::Param;
use crate::error::{Error, Result};
use crate::seal::NONCE_BYTES;

/// How Odoo writes a moment.
pub const DATETIME: &str = "%Y-%m-%d %H:%M:%S";

/// How Odoo writes a day.
pub const DATE: &str = "%Y-%m-%d";

/// The value of a column. Translated fields are texts here; `translation` puts them into their language.
///
/// # Errors
///
/// [`Error::Value`] and [`Error::Type`] for what the field cannot hold, [`Error::User`] for a
/// picture that is none.
pub fn column(field: &Field, value: &Json) -> Result<Param> {
    let name = &field.name;
    match &field.kind {
        FieldType::Char | FieldType::Text => {
            let kept = |text: String| match field.size {
                Some(size) => text.chars().take(size).collect(),
                None => text,
            };
            Ok(text(value).map(kept).map_or(Param::Null, Param::Text))
        }
        FieldType::Html => {
            Ok(text(value).map_or(Param::Null, |markup| Param::Text(html::sanitized(&markup))))
        }
        FieldType::Boolean => Ok(Param::Bool(python::truth(value))),
        FieldType::Integer => integer(name, value).map(Param::Int),
        FieldType::Float | FieldType::Monetary => float(name, value).map(Param::Float),
        FieldType::Date => optional(value, |value| date(name, value).map(Param::Date)),
        FieldType::Datetime => optional(value, |value| datetime(name, value).map(Param::Timestamp)),
        FieldType::Selection(options) => optional(value, |value| selection(name, options, value)),
        FieldType::Many2one { .. } => many2one(name, value),
        FieldType::Binary => optional(value, |value| bytes(name, value).map(non_empty)),
        FieldType::Image { max_width, max_height } => picture(name, value, *max_width, *max_height),
        FieldType::One2many { .. } | FieldType::Many2many { .. } => {
            Err(Error::Internal(format!("'{name}' has no column")))
        }
    }
}

fn optional(value: &Json, convert: impl FnOnce(&Json) -> Result<Param>) -> Result<Param> {
    if python::truth(value) { convert(value) } else { Ok(Param::Null) }
}

fn non_empty(bytes: Vec<u8>) -> Param {
    if bytes.is_empty() { Param::Null } else { Param::Bytes(bytes) }
}

/// A text; `false` and `null` are none.
pub fn text(value: &Json) -> Option<String> {
    match value {
        Json::Null | Json::Bool(false) => None,
        other => Some(python::text(other)),
    }
}

/// A whole number; what Python calls false is 0, fractions are cut off.
///
/// # Errors
///
/// [`Error::Value`] for a text that is none, [`Error::Type`] for a list or an object.
pub fn integer(name: &str, value: &Json) -> Result<i64> {
    let wrong = || Error::Value(format!("'{name}' needs a whole number, not {}.", python::repr(value)));
    match value {
        value if !python::truth(value) => Ok(0),
        Json::String(text) => text.trim().parse().map_err(|_error| wrong()),
        Json::Number(_) | Json::Bool(_) => python::whole(value).ok_or_else(|| out_of_range(name, value)),
        _ => Err(Error::Type(format!("'{name}' needs a whole number, not {}.", python::repr(value)))),
    }
}

fn out_of_range(name: &str, value: &Json) -> Error {
    Error::Database {
        name: "NumericValueOutOfRange",
        message: format!("{} is out of range for '{name}'.", python::repr(value)),
    }
}

/// A floating number; what Python calls false is 0.
///
/// # Errors
///
/// [`Error::Value`] for a text that is none, [`Error::Type`] for a list or an object.
pub fn float(name: &str, value: &Json) -> Result<f64> {
    match value {
        value if !python::truth(value) => Ok(0.0),
        Json::Bool(_) => Ok(1.0),
        Json::Number(number) => number.as_f64().ok_or_else(|| out_of_range(name, value)),
        Json::String(text) => text
            .trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| Error::Value(format!("'{name}' needs a number, not {}.", python::repr(value)))),
        _ => Err(Error::Type(format!("'{name}' needs a number, not {}.", python::repr(value)))),
    }
}

/// An id in a domain: a number, or a text of one.
///
/// # Errors
///
/// What PostgreSQL says to anything else.
pub fn record_id(value: &Json) -> Result<i64> {
    let wrong = || Error::Database {
        name: "InvalidTextRepresentation",
        message: format!("A record id has to be a whole number, not {}.", python::repr(value)),
    };
    match value {
        Json::Number(_) => python::whole(value).ok_or_else(wrong),
        Json::String(text) => text.trim().parse().map_err(|_error| wrong()),
        _ => Err(wrong()),
    }
}

fn date(name: &str, value: &Json) -> Result<NaiveDate> {
    let wrong = || Error::Value(format!("'{name}' needs a date YYYY-MM-DD, not {}.", python::repr(value)));
    let text = value.as_str().ok_or_else(wrong)?;
    let day = text.get(..10).ok_or_else(wrong)?;
    NaiveDate::parse_from_str(day, DATE).map_err(|_error| wrong())
}

/// What is left out at the end of a datetime is the least there is.
const LEAST: &str = "0001-01-01 00:00:00";

fn datetime(name: &str, value: &Json) -> Result<NaiveDateTime> {
    let wrong = || {
        Error::Value(format!(
            "'{name}' needs a datetime YYYY-MM-DD HH:MM:SS in UTC, not {}.",
            python::repr(value)
        ))
    };
    let text = value.as_str().ok_or_else(wrong)?;
    let is_whole = matches!(text.len(), 4 | 7 | 10 | 13 | 16 | 19);
    let rest = LEAST.get(text.len()..).filter(|_| is_whole).ok_or_else(wrong)?;
    NaiveDateTime::parse_from_str(&format!("{text}{rest}"), DATETIME).map_err(|_error| wrong())
}

fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}

fn no_moment(value: &Json) -> Error {
    Error::Database {
        name: "InvalidDatetimeFormat",
        message: format!("{} is no date and no datetime.", python::repr(value)),
    }
}

/// A moment in a domain: a day, a datetime, or ISO 8601 with `T`, with or without a zone.
///
/// # Errors
///
/// What PostgreSQL says to anything else.
pub fn datetime_operand(value: &Json) -> Result<NaiveDateTime> {
    let text = value.as_str().ok_or_else(|| no_moment(value))?.trim();
    let spaced = text.replacen('T', " ", 1);
    let plain = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&spaced, format).ok());
    plain
        .or_else(|| chrono::DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.naive_utc()))
        .or_else(|| NaiveDate::parse_from_str(text, DATE).ok().map(midnight))
        .ok_or_else(|| no_moment(value))
}

/// A day in a domain.
///
/// # Errors
///
/// What PostgreSQL says to anything else.
pub fn date_operand(value: &Json) -> Result<NaiveDate> {
    datetime_operand(value).map(|moment| moment.date())
}

fn selection(name: &str, options: &[(String, String)], value: &Json) -> Result<Param> {
    let text = python::text(value);
    if options.iter().any(|(option, _)| *option == text) {
        return Ok(Param::Text(text));
    }
    let known: Vec<&str> = options.iter().map(|(option, _)| option.as_str()).collect();
    Err(Error::Value(format!("Wrong value for '{name}': '{text}'. It can be: {}.", known.join(", "))))
}

fn many2one(name: &str, value: &Json) -> Result<Param> {
    match value {
        value if !python::truth(value) => Ok(Param::Null),
        Json::Number(_) => value.as_i64().map(Param::Int).ok_or_else(|| {
            Error::Value(format!("'{name}' needs the id of a record, not {}.", python::repr(value)))
        }),
        // What a read gave: the id and the name.
        Json::Array(pair) => match pair.first() {
            Some(id @ Json::Number(_)) => many2one(name, id),
            _ => {
                Err(Error::Value(format!("'{name}' needs the id of a record, not {}.", python::repr(value))))
            }
        },
        Json::Object(entries) => match entries.get("id") {
            Some(id) => many2one(name, id),
            None => {
                Err(Error::Value(format!("'{name}' needs the id of a record, not {}.", python::repr(value))))
            }
        },
        other => {
            Err(Error::Value(format!("'{name}' needs the id of a record, not {}.", python::repr(other))))
        }
    }
}

fn bytes(name: &str, value: &Json) -> Result<Vec<u8>> {
    let text = value.as_str().ok_or_else(|| {
        Error::Type(format!("'{name}' needs base64 text, not {}.", python::type_name(value)))
    })?;
    image::decode_base64_lenient(text)
        .map_err(|error| Error::Value(format!("'{name}' needs base64 text: {error}")))
}

/// A picture that fits into some pixels; nothing stays nothing.
fn picture(name: &str, value: &Json, max_width: u32, max_height: u32) -> Result<Param> {
    Ok(pictures(name, value, &[(max_width, max_height)])?.pop().unwrap_or(Param::Null))
}

/// A picture in several sizes, in their order; nothing stays nothing in all of them.
///
/// # Errors
///
/// [`Error::Value`] for what is no base64, [`Error::User`] for what is no picture.
pub fn pictures(name: &str, value: &Json, sizes: &[(u32, u32)]) -> Result<Vec<Param>> {
    let bytes = if python::truth(value) { bytes(name, value)? } else { Vec::new() };
    if bytes.is_empty() {
        return Ok(vec![Param::Null; sizes.len()]);
    }
    let made =
        image::process_all(&bytes, sizes).map_err(|error| Error::User(format!("'{name}': {error}")))?;
    Ok(made.into_iter().map(Param::Bytes).collect())
}

/// The name under which a value of a sealed field is bound to its place.
pub fn seal_context(model: &Model, field: &Field) -> String {
    format!("{}.{}", model.table, field.name)
}

/// The column beside a sealed one that holds its keyed hash.
pub fn lookup_column(name: &str) -> String {
    format!("{name}_lookup")
}

/// The keyed hash of a value of a sealed field.
pub fn lookup_hash(env: &Environment, model: &Model, field: &Field, value: &Json) -> Vec<u8> {
    env.sealer().lookup_hash(&python::text(value), &seal_context(model, field)).to_vec()
}

/// A value of a sealed field as its two columns have it: sealed, and its keyed hash.
///
/// # Errors
///
/// [`Error::User`] when it is too long to be sealed.
pub fn sealed(env: &Environment, model: &Model, field: &Field, value: &Json) -> Result<(Param, Param)> {
    let Some(plain) = text(value).filter(|plain| !plain.is_empty()) else {
        return Ok((Param::Null, Param::Null));
    };
    if plain.contains('\0') {
        return Err(Error::Value(format!("'{}' cannot hold a NUL character.", field.name)));
    }
    let nonce = env.world().bytes::<NONCE_BYTES>();
    let sealed = env
        .sealer()
        .seal(&plain, &seal_context(model, field), nonce)
        .map_err(|error| Error::User(format!("'{}': {error}", field.name)))?;
    Ok((Param::Bytes(sealed), Param::Bytes(lookup_hash(env, model, field, value))))
}

/// Opens a value of a sealed field.
///
/// # Errors
///
/// [`Error::Internal`] when the key does not fit; the log names the place.
pub fn opened(env: &Environment, model: &Model, field: &Field, sealed: &[u8]) -> Result<String> {
    env.sealer().open(sealed, &seal_context(model, field)).map_err(|error| {
        tracing::error!(model = model.name, field = field.name, %error, "a sealed value cannot be opened");
        Error::Internal(format!(
            "The sealed value of '{}' cannot be opened with this server's key.",
            field.name
        ))
    })
}
