//! The SQL expression that has the value of a field: a column, a text in a language, an expression,
//! or what stands at the end of a path.

use super::context::BASE_LANG;
use super::field::{Field, FieldType, Scope, Source};
use super::model::Model;
use super::registry::Registry;
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};

/// How many fields may show one another. What was made is looked at before it is served; this holds where that
/// has overlooked something, as a stack that overflows ends the whole server.
pub const DEEPEST: usize = 60;

/// The value of `field` for the row of `alias`.
///
/// # Errors
///
/// [`Error::Internal`] when a declared path leads nowhere, [`Error::Value`] for a field that has no
/// single value.
pub fn value(registry: &Registry, model: &Model, field: &Field, alias: &str, lang: &str) -> Result<Sql> {
    value_in(Reading { registry, lang, left: DEEPEST }, model, field, alias)
}

/// What is the same for all fields that a value leads over, and how many more they may be.
#[derive(Clone, Copy)]
struct Reading<'a> {
    registry: &'a Registry,
    lang: &'a str,
    left: usize,
}

fn value_in(reading: Reading<'_>, model: &Model, field: &Field, alias: &str) -> Result<Sql> {
    let endless =
        || Error::Internal(format!("{}.{} leads over more than {DEEPEST} fields", model.name, field.name));
    let reading = Reading { left: reading.left.checked_sub(1).ok_or_else(endless)?, ..reading };
    let lang = reading.lang;
    if field.name == "display_name"
        && let Some(named) = model.is_named_by_field()
    {
        return value_in(reading, model, named, alias);
    }
    match &field.source {
        _ if field.kind.is_x2many() => Err(Error::Value(format!(
            "{}.{} is a list of records and has no single value.",
            model.name, field.name
        ))),
        Source::Computed(expression) => Ok(expression(Scope { alias, lang })),
        Source::Related(steps) => {
            let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
            path_in(reading, model, alias, &steps)
        }
        _ if field.translate => Ok(translated(alias, &field.name, lang)),
        _ => Ok(column(alias, &field.name)),
    }
}

/// The same as something to be sorted by: texts sort by code point on every database.
///
/// # Errors
///
/// As [`value`].
pub fn sortable(registry: &Registry, model: &Model, field: &Field, alias: &str, lang: &str) -> Result<Sql> {
    let value = value(registry, model, field, alias, lang)?;
    let is_text = field.kind.is_text() || matches!(field.kind, FieldType::Selection(_));
    Ok(if is_text && registry.needs_collation { value.and_text(" COLLATE \"C\"") } else { value })
}

/// A translated text in a language, or in the base language where it has none.
pub fn translated(alias: &str, name: &str, lang: &str) -> Sql {
    let base = column(alias, name).and_text("->>").then(Sql::literal(BASE_LANG));
    if lang == BASE_LANG {
        return base.parenthesized();
    }
    Sql::text("COALESCE(")
        .then(column(alias, name))
        .and_text("->>")
        .then(Sql::literal(lang))
        .and_text(", ")
        .then(base)
        .and_text(")")
}

/// What stands at the end of a path, in the base language; `id` and `ids` name the link itself.
///
/// # Errors
///
/// [`Error::Value`] when the path leads nowhere.
pub fn path(registry: &Registry, model: &Model, alias: &str, steps: &[&str]) -> Result<Sql> {
    path_in(Reading { registry, lang: BASE_LANG, left: DEEPEST }, model, alias, steps)
}

fn path_in(reading: Reading<'_>, model: &Model, alias: &str, steps: &[&str]) -> Result<Sql> {
    let lost = || Error::Value(format!("{} has no path '{}'.", model.name, steps.join(".")));
    let (first, rest) = steps.split_first().ok_or_else(lost)?;
    if *first == "id" && rest.is_empty() {
        return Ok(column(alias, "id"));
    }
    let field = model.field(first).ok_or_else(lost)?;
    match (&field.kind, rest) {
        (FieldType::Many2many { relation, column1, column2, .. }, [] | ["ids"]) => {
            Ok(Sql::text("unnest(ARRAY(SELECT ")
                .then(ident(column2))
                .and_text(" FROM ")
                .then(ident(relation))
                .and_text(" WHERE ")
                .then(ident(column1))
                .and_text(" = ")
                .then(column(alias, "id"))
                .and_text("))"))
        }
        (_, [] | ["id"]) => value_in(reading, model, field, alias),
        (FieldType::Many2one { comodel, .. }, rest) => {
            let comodel = reading.registry.find(comodel).ok_or_else(lost)?;
            let link = value_in(reading, model, field, alias)?;
            // One letter longer at each level: inner aliases never hide the outer one they refer to.
            let inner = format!("{alias}_");
            Ok(Sql::text("(SELECT ")
                .then(path_in(reading, comodel, &inner, rest)?)
                .and_text(" FROM ")
                .then(ident(&comodel.table))
                .and_text(" AS ")
                .then(ident(&inner))
                .and_text(" WHERE ")
                .then(column(&inner, "id"))
                .and_text(" = ")
                .then(link)
                .and_text(")"))
        }
        _ => Err(lost()),
    }
}
