//! What is made of the records of a group: sums, averages, counts.

use serde_json::Value as Json;

use super::super::access;
use super::super::environment::Environment;
use super::super::field::{Field, FieldType};
use super::super::model::Model;
use super::super::query::SELF;
use super::super::render::{self, Links};
use super::super::value_sql;
use crate::db::sql::column;
use crate::db::{ColumnType, Raw, Row, Sql};
use crate::error::{Error, Result};

/// A number over the records of a group.
pub(super) struct Aggregate<'a> {
    /// Its key in the answer.
    pub key: String,
    field: &'a Field,
    /// How it is made.
    pub function: &'static str,
}

const FUNCTIONS: [&str; 9] =
    ["sum", "avg", "min", "max", "count", "count_distinct", "array_agg", "bool_and", "bool_or"];

impl<'a> Aggregate<'a> {
    /// Parses `amount`, `amount:sum` or `total:sum(amount)`; a field that nothing is made of gives none.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] for an unknown field or function, [`Error::Access`] for a field that the caller may not
    /// see, [`Error::Database`] for a function that does not fit the field, as PostgreSQL has it.
    pub(super) fn parse(env: &Environment, model: &'a Model, spec: &str) -> Result<Option<Self>> {
        let (key, rest) = spec.split_once(':').unwrap_or((spec, ""));
        let (function, name) = match rest.split_once('(') {
            Some((function, name)) => (function, name.trim_end_matches(')')),
            None => (rest, key),
        };
        let unknown =
            || Error::Value(format!("Cannot aggregate '{name}': {} has no such field.", model.name));
        let field = model.field(name).ok_or_else(unknown)?;
        access::check_field(env, model, field)?;
        if function.is_empty() {
            let is_added = field.kind.is_number() && field.has_column() && field.name != "id";
            return Ok(is_added.then(|| Self { key: key.to_owned(), field, function: "sum" }));
        }
        let function = FUNCTIONS.iter().find(|known| **known == function).ok_or_else(|| {
            Error::Value(format!(
                "'{function}' is not an aggregate function; use one of {}.",
                FUNCTIONS.join(", ")
            ))
        })?;
        if field.sealed || field.kind.is_binary() {
            return Err(Error::User(format!("'{name}' cannot be aggregated.")));
        }
        if !field.has_column() {
            return Err(Error::Value(format!("Cannot aggregate '{name}': it is not stored.")));
        }
        if !fits(function, &field.kind) {
            return Err(Error::Database {
                name: "UndefinedFunction",
                message: format!(
                    "'{function}' does not fit '{name}', a field of the type {}.",
                    field.kind.as_str()
                ),
            });
        }
        Ok(Some(Self { key: key.to_owned(), field, function }))
    }

    /// Its expression.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when a declaration contradicts another.
    pub(super) fn expression(&self, env: &Environment, model: &Model) -> Result<Sql> {
        let value = value_sql::value(env.registry(), model, self.field, SELF, &env.context.lang)?;
        Ok(match self.function {
            "sum" if self.field.kind == FieldType::Integer => {
                Sql::text("sum(").then(value).and_text(")::int8")
            }
            "avg" => Sql::text("avg(").then(value).and_text(")::float8"),
            "count_distinct" => Sql::text("count(DISTINCT ").then(value).and_text(")"),
            "array_agg" => Sql::text("to_jsonb(array_agg(")
                .then(value)
                .and_text(" ORDER BY ")
                .then(column(SELF, "id"))
                .and_text("))"),
            "sum" => Sql::text("sum(").then(value).and_text(")"),
            "min" => Sql::text("min(").then(value).and_text(")"),
            "max" => Sql::text("max(").then(value).and_text(")"),
            "bool_and" => Sql::text("bool_and(").then(value).and_text(")"),
            "bool_or" => Sql::text("bool_or(").then(value).and_text(")"),
            _ => Sql::text("count(").then(value).and_text(")"),
        })
    }

    /// Its value in a row, as clients read it.
    pub(super) fn read(&self, row: &Row, place: usize) -> Json {
        let raw = row.try_get::<_, Option<Raw<'_>>>(place).ok().flatten();
        let Some(raw) = raw else { return Json::Bool(false) };
        match row.columns().get(place).map(tokio_postgres::Column::type_) {
            Some(&ColumnType::FLOAT8) => raw.float().map_or(Json::Bool(false), Json::from),
            Some(&(ColumnType::INT4 | ColumnType::INT8)) => raw.int().map_or(Json::Bool(false), Json::from),
            Some(&ColumnType::JSONB) => raw.json().unwrap_or_default(),
            _ => {
                let mut out = Vec::new();
                render::value(&mut out, &self.field.kind, Some(raw), Links::Ids, false);
                serde_json::from_slice(&out).unwrap_or_default()
            }
        }
    }
}

/// Whether PostgreSQL has the function for the column of such a field.
fn fits(function: &str, kind: &FieldType) -> bool {
    match function {
        "sum" | "avg" => kind.is_number() || matches!(kind, FieldType::Many2one { .. }),
        "min" | "max" => !matches!(kind, FieldType::Boolean),
        "bool_and" | "bool_or" => matches!(kind, FieldType::Boolean),
        _ => true,
    }
}
