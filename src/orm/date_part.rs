//! Numbers in a day or a moment, such as the month: records are grouped by them, and a domain asks for them with
//! a path, `["create_date.month_number", "=", 11]`.

use chrono::{NaiveDateTime, TimeDelta, TimeZone as _};
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

/// The moment at which clocks in the zone show a time; the first one where they show it twice. A time that they
/// leave out is counted on from before they were moved, as PostgreSQL does: half past two is half past three
/// where the hour from two to three is missing, and a day without a midnight begins when the clocks are moved.
pub fn to_utc(zone: Tz, local: NaiveDateTime) -> NaiveDateTime {
    let shown = |local: NaiveDateTime| zone.from_local_datetime(&local).earliest();
    if let Some(moment) = shown(local) {
        return moment.naive_utc();
    }
    // Most gaps are an hour long; where the date line was moved, a whole day is missing.
    let before = [TimeDelta::hours(1), TimeDelta::days(1)].into_iter().find_map(|gap| {
        let moment = shown(local.checked_sub_signed(gap)?)?;
        moment.naive_utc().checked_add_signed(gap)
    });
    before.unwrap_or(local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_that_is_left_out_counts_on_from_before_the_gap() {
        for (zone, local, utc) in [
            (Tz::UTC, "2026-03-29T02:30:00", "2026-03-29T02:30:00"),
            (Tz::Europe__Berlin, "2026-03-29T01:59:59", "2026-03-29T00:59:59"),
            (Tz::Europe__Berlin, "2026-03-29T02:00:00", "2026-03-29T01:00:00"),
            (Tz::Europe__Berlin, "2026-03-29T02:59:59", "2026-03-29T01:59:59"),
            (Tz::Europe__Berlin, "2026-03-29T03:00:00", "2026-03-29T01:00:00"),
            (Tz::Europe__Berlin, "2026-10-25T02:30:00", "2026-10-25T00:30:00"),
            (Tz::America__Santiago, "2026-09-06T00:00:00", "2026-09-06T04:00:00"),
            (Tz::Australia__Lord_Howe, "2026-10-04T02:15:00", "2026-10-03T15:45:00"),
            (Tz::Pacific__Apia, "2011-12-30T00:00:00", "2011-12-30T10:00:00"),
            (Tz::Pacific__Apia, "2011-12-30T12:00:00", "2011-12-30T22:00:00"),
        ] {
            assert_eq!(to_utc(zone, moment(local)), moment(utc), "{zone} {local}");
        }
        assert_eq!(
            to_utc(Tz::Europe__Berlin, NaiveDateTime::MIN),
            NaiveDateTime::MIN,
            "before all calendars"
        );
    }
}
