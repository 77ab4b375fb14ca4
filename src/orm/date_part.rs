//! Numbers in a day or a moment, such as the month: records are grouped by them, and a domain asks for them with
//! a path, `["create_date.month_number", "=", 11]`.

use chrono_tz::Tz;

use super::environment::Environment;
use super::field::{Field, FieldType};
use crate::db::Sql;

/// Such a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatePart {
    /// Its name in Odoo.
    pub name: &'static str,
    /// Its name in PostgreSQL.
    sql: &'static str,
}

const fn part(name: &'static str, sql: &'static str) -> DatePart {
    DatePart { name, sql }
}

/// All of them.
const PARTS: [DatePart; 10] = [
    part("year_number", "year"),
    part("quarter_number", "quarter"),
    part("month_number", "month"),
    part("iso_week_number", "week"),
    part("day_of_year", "doy"),
    part("day_of_month", "day"),
    part("day_of_week", "dow"),
    part("hour_number", "hour"),
    part("minute_number", "minute"),
    part("second_number", "second"),
];

impl DatePart {
    /// The one of a name.
    pub fn parse(name: &str) -> Option<Self> {
        PARTS.into_iter().find(|part| part.name == name)
    }

    /// The number in a value that [`local`] has made.
    #[must_use]
    pub fn of(self, local: Sql) -> Sql {
        Sql::text("date_part(").then(Sql::literal(self.sql)).and_text(", ").then(local).and_text(")::integer")
    }
}

/// The zone in which the days of a call begin.
pub fn zone(env: &Environment) -> Tz {
    env.context.tz.parse().unwrap_or(Tz::UTC)
}

/// A day or a moment as clocks in the zone show it.
pub fn local(field: &Field, value: Sql, zone: Tz) -> Sql {
    if !matches!(field.kind, FieldType::Datetime) || zone == Tz::UTC {
        return value.and_text("::timestamp");
    }
    Sql::text("timezone(")
        .then(Sql::literal(zone.name()))
        .and_text(", timezone('UTC', ")
        .then(value)
        .and_text("))")
}
