//! What records are grouped by: a field, or the day, week, month … of a moment.

use chrono::{Datelike as _, Days, Months, NaiveDateTime, Timelike as _};
use chrono_tz::Tz;
use serde_json::{Value as Json, json};

use super::super::access::{self, Operation};
use super::super::convert::{DATE, DATETIME};
use super::super::date_part::{self, DatePart};
use super::super::domain::to_sql::Compiler;
use super::super::environment::Environment;
use super::super::field::{Field, FieldType, Source};
use super::super::model::Model;
use super::super::query::SELF;
use super::super::render::{self, Links};
use super::super::value_sql;
use crate::db::sql::{column, ident};
use crate::db::{Raw, Sql};
use crate::error::{Error, Result};

/// The records that a many2many leads to.
const BEHIND: &str = "behind";

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Granularity {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Granularity {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return None,
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The beginning of the next one.
    fn next(self, from: NaiveDateTime) -> NaiveDateTime {
        let next = match self {
            Self::Hour => from.checked_add_signed(chrono::TimeDelta::hours(1)),
            Self::Day => from.checked_add_days(Days::new(1)),
            Self::Week => from.checked_add_days(Days::new(7)),
            Self::Month => from.checked_add_months(Months::new(1)),
            Self::Quarter => from.checked_add_months(Months::new(3)),
            Self::Year => from.checked_add_months(Months::new(12)),
        };
        next.unwrap_or(from)
    }

    /// What people read, in English.
    fn label(self, from: NaiveDateTime) -> String {
        let day = from.date();
        match self {
            Self::Hour => format!("{:02}:00 {}", from.hour(), day.format("%d %b")),
            Self::Day => day.format("%d %b %Y").to_string(),
            Self::Week => {
                // Weeks begin on Sunday here, and bear the number of the ISO week of their Monday.
                let monday = day.checked_add_days(Days::new(1)).unwrap_or(day).iso_week();
                format!("W{} {}", monday.week(), monday.year())
            }
            Self::Month => day.format("%B %Y").to_string(),
            Self::Quarter => format!("Q{} {}", day.month0() / 3 + 1, day.year()),
            Self::Year => day.year().to_string(),
        }
    }
}

/// One thing that records are grouped by.
pub(super) struct GroupBy<'a> {
    /// As it was asked for: `create_date:month`.
    pub spec: String,
    /// The field.
    pub field: &'a Field,
    /// The span, for a moment or a day.
    pub span: Option<Granularity>,
    /// The number in it, in place of a span.
    part: Option<DatePart>,
    /// The zone in which a moment's day begins.
    zone: Tz,
}

impl<'a> GroupBy<'a> {
    /// Parses one.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] for an unknown field or span, [`Error::Access`] for a field that the caller
    /// may not see, [`Error::User`] for a sealed one.
    pub(super) fn parse(env: &Environment, model: &'a Model, spec: &str) -> Result<Self> {
        let (name, span) = match spec.split_once(':') {
            Some((name, span)) => (name, Some(span)),
            None => (spec, None),
        };
        let field = model.field(name).ok_or_else(|| {
            Error::Value(format!("Cannot group by '{name}': {} has no such field.", model.name))
        })?;
        access::check_field(env, model, field)?;
        if field.sealed || field.kind.is_binary() {
            return Err(Error::User(format!("Records cannot be grouped by '{name}'.")));
        }
        if matches!(field.kind, FieldType::One2many { .. }) || matches!(field.source, Source::Computed(_)) {
            return Err(Error::Value(format!("Cannot group by '{name}': it is not stored.")));
        }
        let is_time = matches!(field.kind, FieldType::Date | FieldType::Datetime);
        let part = span.filter(|_| is_time).and_then(DatePart::parse);
        let span = match (is_time, span) {
            (true, _) if part.is_some() => None,
            (true, None) => Some(Granularity::Month),
            (true, Some(word)) => Some(Granularity::parse(word).ok_or_else(|| {
                Error::Value(format!(
                    "'{word}' is no span to group by: hour, day, week, month, quarter, year, or a number such as month_number."
                ))
            })?),
            (false, None) => None,
            (false, Some(_)) => {
                return Err(Error::Value(format!("'{name}' is not a date field, so '{spec}' is not a valid grouping.")));
            }
        };
        Ok(Self { spec: spec.to_owned(), field, span, part, zone: date_part::zone(env) })
    }

    /// The expression that is the same for all records of a group.
    pub(super) fn expression(&self, env: &Environment, model: &Model) -> Result<Sql> {
        if let FieldType::Many2many { column2, .. } = &self.field.kind {
            return Ok(column(&self.alias(), column2));
        }
        let value = value_sql::value(env.registry(), model, self.field, SELF, &env.context.lang)?;
        if let Some(part) = self.part {
            return Ok(part.of(date_part::local(self.field, value, self.zone)));
        }
        let Some(span) = self.span else {
            return Ok(match self.field.kind {
                FieldType::Boolean => Sql::text("COALESCE(").then(value).and_text(", false)"),
                FieldType::Char | FieldType::Text | FieldType::Html => {
                    Sql::text("NULLIF(").then(value).and_text(", '')")
                }
                _ => value,
            });
        };
        let local = date_part::local(self.field, value, self.zone);
        Ok(if span == Granularity::Week {
            Sql::text("(date_trunc('week', ").then(local).and_text(" + interval '1 day') - interval '1 day')")
        } else {
            Sql::text("date_trunc(")
                .then(Sql::literal(span.as_str()))
                .and_text(", ")
                .then(local)
                .and_text(")")
        })
    }

    /// The join that a many2many needs: a link to a record that a rule hides from the caller is none.
    pub(super) fn join(&self, env: &Environment) -> Result<Sql> {
        let FieldType::Many2many { comodel, relation, column1, column2 } = &self.field.kind else {
            return Ok(Sql::default());
        };
        let alias = self.alias();
        let join = Sql::text(" LEFT JOIN ")
            .then(ident(relation))
            .and_text(" AS ")
            .then(ident(&alias))
            .and_text(" ON ")
            .then(column(&alias, column1))
            .and_text(" = ")
            .then(column(SELF, "id"));
        let comodel = env.model(comodel)?;
        Ok(match Compiler::new(env).rules(&comodel, BEHIND, Operation::Read)? {
            None => join,
            Some(rules) => join
                .and_text(" AND ")
                .then(column(&alias, column2))
                .and_text(" IN (SELECT ")
                .then(column(BEHIND, "id"))
                .and_text(" FROM ")
                .then(ident(&comodel.table))
                .and_text(" AS ")
                .then(ident(BEHIND))
                .and_text(" WHERE ")
                .then(rules)
                .and_text(")"),
        })
    }

    fn alias(&self) -> String {
        format!("g_{}", self.field.name)
    }

    /// The value that clients see, the condition that selects the group, and the range of a span.
    pub(super) fn group(&self, raw: Option<Raw<'_>>, links: Links<'_>) -> (Json, Json, Option<Json>) {
        let name = &self.field.name;
        if let Some(span) = self.span {
            let Some(from) = raw.and_then(Raw::timestamp) else {
                return (Json::Bool(false), json!([[name, "=", false]]), Some(Json::Bool(false)));
            };
            let (from_text, to_text) = (self.edge(from), self.edge(span.next(from)));
            let condition = json!(["&", [name, ">=", from_text], [name, "<", to_text]]);
            return (span.label(from).into(), condition, Some(json!({"from": from_text, "to": to_text})));
        }
        let kind = match &self.field.kind {
            FieldType::Many2many { comodel, .. } => &FieldType::Many2one {
                comodel: comodel.clone(),
                ondelete: super::super::field::OnDelete::Cascade,
            },
            other => other,
        };
        if let (Some(part), Some(number)) = (self.part, raw.and_then(Raw::int)) {
            let path = format!("{name}.{}", part.name);
            return (number.into(), json!([[path, "=", number]]), None);
        }
        if raw.is_none() {
            // A number, too: 0 is a group of its own.
            return (Json::Bool(false), json!([[name, "=", false]]), None);
        }
        let mut out = Vec::new();
        render::value(&mut out, kind, raw, links, false);
        let value: Json = serde_json::from_slice(&out).unwrap_or_default();
        let plain = match (&value, kind) {
            (Json::Array(pair), FieldType::Many2one { .. }) => pair.first().cloned().unwrap_or_default(),
            _ => value.clone(),
        };
        (value, json!([[name, "=", plain]]), None)
    }

    /// The edge of a span as a domain has it: UTC for moments.
    fn edge(&self, local: NaiveDateTime) -> String {
        if matches!(self.field.kind, FieldType::Date) {
            return local.date().format(DATE).to_string();
        }
        date_part::to_utc(self.zone, local).format(DATETIME).to_string()
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn spans_have_their_labels() {
        let moment = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap().and_hms_opt(9, 0, 0).unwrap();

        assert_eq!(Granularity::Month.label(moment), "November 2026");
        assert_eq!(Granularity::Quarter.label(moment), "Q4 2026");
        assert_eq!(Granularity::Week.label(moment), "W45 2026");
        assert_eq!(Granularity::Hour.label(moment), "09:00 01 Nov");
    }
}
