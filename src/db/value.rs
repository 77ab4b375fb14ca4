//! Values on their way to PostgreSQL ([`Param`]) and the bytes that come back ([`Raw`]).

use std::fmt;

use bytes::BytesMut;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime};
use serde_json::Value as Json;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

type Failure = Box<dyn std::error::Error + Sync + Send>;

/// A text that no log shows: the driver logs the parameters of statements where it is told to log all.
#[derive(Clone, PartialEq, Eq)]
pub struct Veiled(String);

impl From<String> for Veiled {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Veiled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(hidden)")
    }
}

/// A value that travels to PostgreSQL beside the text. The type on the wire is the one that the
/// statement asks for, so an `Int` serves `int4` and `int8` alike.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// NULL of any type.
    Null,
    /// A `bool`.
    Bool(bool),
    /// An integer of any width.
    Int(i64),
    /// A `float8`.
    Float(f64),
    /// A `text` or `varchar`.
    Text(String),
    /// The same, hidden.
    Veiled(Veiled),
    /// A `bytea`.
    Bytes(Vec<u8>),
    /// A `jsonb`.
    Json(Json),
    /// A `timestamp` without time zone, in UTC.
    Timestamp(NaiveDateTime),
    /// A `date`.
    Date(NaiveDate),
    /// An array of integers, used with `= ANY(…)` so that one statement serves lists of every length.
    Ids(Vec<i64>),
    /// An array of texts.
    Texts(Vec<String>),
    /// An array of floats.
    Floats(Vec<f64>),
    /// An array of timestamps.
    Timestamps(Vec<NaiveDateTime>),
    /// An array of dates.
    Dates(Vec<NaiveDate>),
}

/// A number that has no room in its column.
#[derive(Debug, thiserror::Error)]
#[error("{0} is out of range")]
pub struct OutOfRange(pub i64);

/// A value of a type that the statement did not expect there.
#[derive(Debug, thiserror::Error)]
#[error("a value of another type was expected: {0}")]
pub struct WrongType(pub String);

macro_rules! param_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Param {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

param_from! {
    bool => Bool, i64 => Int, i32 => Int, f64 => Float, &str => Text, String => Text, Veiled => Veiled, Vec<u8> => Bytes,
    Json => Json, NaiveDateTime => Timestamp, NaiveDate => Date, Vec<i64> => Ids, Vec<String> => Texts,
}

impl<T: Into<Self>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Param {
    /// About how many bytes it takes on the wire; nothing where only writing it would tell.
    pub(super) fn size(&self) -> Option<usize> {
        Some(match self {
            Self::Null => 0,
            Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Timestamp(_) | Self::Date(_) => 8,
            Self::Text(text) | Self::Veiled(Veiled(text)) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Ids(values) => values.len() * 8,
            Self::Floats(values) => values.len() * 8,
            Self::Timestamps(values) => values.len() * 8,
            Self::Dates(values) => values.len() * 8,
            Self::Texts(values) => values.iter().map(String::len).sum(),
            Self::Json(_) => return None,
        })
    }
}

fn integer(value: i64, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
    match *ty {
        Type::INT2 => i16::try_from(value).map_err(|_error| OutOfRange(value))?.to_sql(ty, out),
        Type::INT4 | Type::OID => {
            i32::try_from(value).map_err(|_error| OutOfRange(value))?.to_sql(&Type::INT4, out)
        }
        Type::INT8 => value.to_sql(ty, out),
        #[expect(clippy::cast_precision_loss, reason = "a float column holds what a float can hold")]
        Type::FLOAT8 => (value as f64).to_sql(ty, out),
        _ => Err(WrongType(format!("an integer where {ty} is wanted")).into()),
    }
}

fn integers(values: &[i64], ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
    if *ty == Type::INT8_ARRAY {
        return values.to_sql(ty, out);
    }
    let narrow: Result<Vec<i32>, _> =
        values.iter().map(|value| i32::try_from(*value).map_err(|_error| OutOfRange(*value))).collect();
    narrow?.to_sql(ty, out)
}

impl ToSql for Param {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) if *ty == Type::BOOL => value.to_sql(ty, out),
            Self::Int(value) => integer(*value, ty, out),
            Self::Float(value) if *ty == Type::FLOAT8 => value.to_sql(ty, out),
            Self::Text(value) if <&str as ToSql>::accepts(ty) => value.as_str().to_sql(ty, out),
            Self::Veiled(Veiled(value)) if <&str as ToSql>::accepts(ty) => value.as_str().to_sql(ty, out),
            Self::Bytes(value) if *ty == Type::BYTEA => value.to_sql(ty, out),
            Self::Json(value) if matches!(*ty, Type::JSONB | Type::JSON) => value.to_sql(ty, out),
            Self::Timestamp(value) if *ty == Type::TIMESTAMP => value.to_sql(ty, out),
            Self::Date(value) if *ty == Type::DATE => value.to_sql(ty, out),
            Self::Ids(values) if matches!(*ty, Type::INT4_ARRAY | Type::INT8_ARRAY) => {
                integers(values, ty, out)
            }
            Self::Texts(values) if matches!(*ty, Type::TEXT_ARRAY | Type::VARCHAR_ARRAY) => {
                values.to_sql(ty, out)
            }
            Self::Floats(values) if *ty == Type::FLOAT8_ARRAY => values.to_sql(ty, out),
            Self::Timestamps(values) if *ty == Type::TIMESTAMP_ARRAY => values.to_sql(ty, out),
            Self::Dates(values) if *ty == Type::DATE_ARRAY => values.to_sql(ty, out),
            // What stays is a compiler's slip or an odd argument: the reader learns which type was wanted.
            other => Err(WrongType(format!("{} where {ty} is wanted", other.kind())).into()),
        }
    }

    fn accepts(_ty: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl Param {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) | Self::Veiled(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::Json(_) => "JSON",
            Self::Timestamp(_) => "a datetime",
            Self::Date(_) => "a date",
            Self::Ids(_) => "a list of integers",
            Self::Texts(_) => "a list of texts",
            Self::Floats(_) => "a list of floats",
            Self::Timestamps(_) => "a list of datetimes",
            Self::Dates(_) => "a list of dates",
        }
    }
}

/// The bytes of a column as PostgreSQL sent them, in its binary format.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a>(pub &'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(raw))
    }

    fn accepts(_ty: &Type) -> bool {
        true
    }
}

impl<'a> Raw<'a> {
    /// An `int2`, `int4` or `int8`.
    pub fn int(self) -> Option<i64> {
        match self.0.len() {
            2 => Some(i16::from_be_bytes(self.0.try_into().ok()?).into()),
            4 => Some(i32::from_be_bytes(self.0.try_into().ok()?).into()),
            8 => Some(i64::from_be_bytes(self.0.try_into().ok()?)),
            _ => None,
        }
    }

    /// A `float4` or `float8`.
    pub fn float(self) -> Option<f64> {
        match self.0.len() {
            4 => Some(f32::from_be_bytes(self.0.try_into().ok()?).into()),
            8 => Some(f64::from_be_bytes(self.0.try_into().ok()?)),
            _ => None,
        }
    }

    /// A `bool`.
    pub fn boolean(self) -> bool {
        self.0.first().is_some_and(|byte| *byte != 0)
    }

    /// A `text`; PostgreSQL sends nothing but UTF-8.
    pub fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.0).ok()
    }

    /// A `timestamp`: microseconds since 2000-01-01.
    pub fn timestamp(self) -> Option<NaiveDateTime> {
        const EPOCH: i64 = 946_684_800_000_000;
        let micros = i64::from_be_bytes(self.0.try_into().ok()?);
        DateTime::from_timestamp_micros(micros.checked_add(EPOCH)?).map(|moment| moment.naive_utc())
    }

    /// A `date`: days since 2000-01-01.
    pub fn date(self) -> Option<NaiveDate> {
        let days = i32::from_be_bytes(self.0.try_into().ok()?);
        let epoch = NaiveDate::from_ymd_opt(2000, 1, 1)?;
        if days >= 0 {
            epoch.checked_add_days(Days::new(days.unsigned_abs().into()))
        } else {
            epoch.checked_sub_days(Days::new(days.unsigned_abs().into()))
        }
    }

    /// A `jsonb` without its version byte, or a `json`.
    pub fn json(self) -> Option<Json> {
        let text = self.0.strip_prefix(&[1]).unwrap_or(self.0);
        serde_json::from_slice(text).ok()
    }
}
