//! The function that notes what happens to one record: a line for each column that has changed.

use super::{BYTES, Plan, RECORD, named, rendered};
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::Result;
use crate::orm::audit::Audit;
use crate::orm::context::BASE_LANG;
use crate::orm::convert::lookup_column;
use crate::orm::field::{Field, FieldType, Scope};
use crate::orm::model::Model;
use crate::orm::registry::Registry;
use crate::orm::value_sql;

/// The row before and the row after, as the language of triggers names them.
const OLD: &str = "old";
const NEW: &str = "new";

/// Lines in one expression: PostgreSQL takes a hundred arguments.
const MOST_ARGUMENTS: usize = 50;

pub(super) fn plan(registry: &Registry, model: &Model, audit: &Audit) -> Result<Plan> {
    let (bytes, plain): (Vec<&Field>, Vec<&Field>) =
        audit.fields(model).partition(|field| field.kind.is_binary());
    // What needs a look at another table would make the whole expression a query: it stands by itself.
    let (links, values): (Vec<&Field>, Vec<&Field>) =
        plain.iter().partition(|field| matches!(field.kind, FieldType::Many2one { .. }));
    let lines = values.iter().map(|field| line(audit, field));
    let new_bytes = bytes.iter().map(|field| secret_line(field, Sql::text("tg_op = 'INSERT' AND ")));
    let mut linked = Sql::default();
    for field in &links {
        linked = linked.then(link_line(registry, model, field)?);
    }
    let only = audit.only.map_or_else(Sql::default, |only| {
        let holds = only(Scope { alias: NEW, lang: BASE_LANG });
        Sql::text("IF NOT ").then(holds).and_text(" THEN RETURN NULL; END IF;")
    });
    let body = Sql::with_pieces(
        include_str!("../../../../sql/queries/schema/audit_record.sql"),
        &[
            joined(bytes.iter().map(|field| secret_line(field, Sql::default()))),
            joined(lines.chain(new_bytes)),
            linked,
            only,
            event(model),
            application(registry, model, audit, &["id"])?,
            application(registry, model, audit, &["display_name"])?,
            Sql::literal(&model.name),
            standing(|row| value_sql::path(registry, model, row, &["display_name"]))?,
        ],
    );
    let when = if audit.only.is_some() { "UPDATE OF " } else { "INSERT OR DELETE OR UPDATE OF " };
    let mut triggers = vec![(RECORD, calls(when, &plain, model))];
    if !bytes.is_empty() {
        triggers.push((BYTES, calls("UPDATE OF ", &bytes, model)));
    }
    Ok(Plan { table: model.table.clone(), body: rendered(body)?, triggers })
}

fn calls(when: &'static str, fields: &[&Field], model: &Model) -> Sql {
    Sql::text(when)
        .then(Sql::join(fields.iter().map(|field| ident(&field.name)), ", "))
        .and_text(" ON ")
        .then(ident(&model.table))
        .and_text(" FOR EACH ROW")
}

fn joined(lines: impl Iterator<Item = Sql>) -> Sql {
    let lines: Vec<Sql> = lines.collect();
    let parts = lines
        .chunks(MOST_ARGUMENTS)
        .map(|lines| Sql::text("concat(").then(Sql::join(lines.iter().cloned(), ",\n")).and_text(")"));
    let parts: Vec<Sql> = parts.collect();
    if parts.is_empty() { Sql::text("''") } else { Sql::join(parts, " || ") }
}

/// An expression over the row that there is: the new one, or the one that goes.
fn standing(expression: impl Fn(&str) -> Result<Sql>) -> Result<Sql> {
    Ok(Sql::text("CASE tg_op WHEN 'DELETE' THEN ")
        .then(expression(OLD)?)
        .and_text(" ELSE ")
        .then(expression(NEW)?)
        .and_text(" END"))
}

fn event(model: &Model) -> Sql {
    let changed = if model.has_active() {
        "CASE WHEN \"old\".active AND NOT \"new\".active THEN 'archive' WHEN \"new\".active AND NOT \"old\".active THEN 'unarchive' ELSE 'write' END"
    } else {
        "'write'"
    };
    Sql::text("CASE tg_op WHEN 'INSERT' THEN 'create' WHEN 'DELETE' THEN 'unlink' ELSE ")
        .and_text(changed)
        .and_text(" END")
}

/// What the log says of the application that the record belongs to.
fn application(registry: &Registry, model: &Model, audit: &Audit, last: &[&str]) -> Result<Sql> {
    match audit.application {
        None => Ok(Sql::text("NULL")),
        Some("id") => standing(|row| value_sql::path(registry, model, row, last)),
        Some(field) => {
            let steps: Vec<&str> = std::iter::once(field).chain(last.iter().copied()).collect();
            standing(|row| value_sql::path(registry, model, row, &steps))
        }
    }
}

/// `Label (name): `, on a line of its own.
fn label(field: &Field) -> Sql {
    Sql::literal(&format!("\n{} ({}): ", field.string, field.name))
}

/// Whether the value is another one; what reads alike is the same.
fn differs(name: &str, empty: &'static str) -> Sql {
    let value = |row| Sql::text("coalesce(").then(column(row, name)).and_text(empty).and_text(")");
    value(OLD).and_text(" IS DISTINCT FROM ").then(value(NEW))
}

/// The line of a column whose value is in the row itself.
fn line(audit: &Audit, field: &Field) -> Sql {
    if field.sealed {
        return secret_line(field, Sql::default());
    }
    let told =
        line_of(differs(&field.name, empty(field)), field, &|row| Ok(shown(field, row))).unwrap_or_default();
    match audit.conceals {
        Some((name, when)) if name == field.name => {
            let holds = |row| {
                Sql::text("coalesce(").then(when(Scope { alias: row, lang: BASE_LANG })).and_text(", false)")
            };
            Sql::text("CASE WHEN ")
                .then(holds(OLD))
                .and_text(" OR ")
                .then(holds(NEW))
                .and_text(" THEN ")
                .then(secret_line(field, Sql::default()))
                .and_text(" ELSE ")
                .then(told)
                .and_text(" END")
        }
        _ => told,
    }
}

fn empty(field: &Field) -> &'static str {
    match &field.kind {
        _ if field.translate => ", '{}'",
        FieldType::Boolean => ", false",
        kind if kind.is_number() => ", 0",
        kind if kind.is_text() => ", ''",
        _ => ", NULL",
    }
}

/// The old value and the new one, where there are both.
fn line_of(differs: Sql, field: &Field, shown: &dyn Fn(&str) -> Result<Sql>) -> Result<Sql> {
    let or_empty = |value: Sql| Sql::text("coalesce(").then(value).and_text(", 'empty')");
    Ok(Sql::text("CASE WHEN ")
        .then(differs)
        .and_text(" THEN ")
        .then(label(field))
        .and_text(" || CASE tg_op WHEN 'INSERT' THEN ")
        .then(shown(NEW)?)
        .and_text(" WHEN 'DELETE' THEN ")
        .then(shown(OLD)?)
        .and_text(" ELSE ")
        .then(or_empty(shown(OLD)?))
        .and_text(" || ' → ' || ")
        .then(or_empty(shown(NEW)?))
        .and_text(" END END"))
}

/// A value as it is told: texts within quotes and without line ends, so that none forges a line.
fn shown(field: &Field, row: &str) -> Sql {
    let value = column(row, &field.name);
    if field.translate {
        return Sql::text("CASE WHEN ")
            .then(value.clone())
            .and_text(" - 'en_US' = '{}' THEN to_json(left(")
            .then(value.clone())
            .and_text("->>'en_US', 2000))::text ELSE left(")
            .then(value)
            .and_text("::text, 4000) END");
    }
    match &field.kind {
        FieldType::Boolean => Sql::text("CASE ").then(value).and_text(" WHEN true THEN 'yes' ELSE 'no' END"),
        FieldType::Datetime => Sql::text("to_char(").then(value).and_text(", 'YYYY-MM-DD HH24:MI:SS')"),
        FieldType::Date => Sql::text("to_char(").then(value).and_text(", 'YYYY-MM-DD')"),
        kind if kind.is_number() => value.and_text("::text"),
        _ => Sql::text("to_json(left(nullif(").then(value).and_text(", ''), 2000))::text"),
    }
}

/// A line that keeps the values to itself; the one of a sealed value is found out by its keyed hash.
fn secret_line(field: &Field, condition: Sql) -> Sql {
    let name = if field.sealed { lookup_column(&field.name) } else { field.name.clone() };
    Sql::text("CASE WHEN tg_op <> 'DELETE' AND ")
        .then(condition)
        .then(differs(&name, ", NULL"))
        .and_text(" THEN ")
        .then(label(field))
        .and_text(" || CASE WHEN ")
        .then(column(OLD, &name))
        .and_text(" IS NULL THEN 'set' WHEN ")
        .then(column(NEW, &name))
        .and_text(" IS NULL THEN 'removed' ELSE 'changed' END END")
}

/// A statement that adds the line of a link, with the names of the records.
fn link_line(registry: &Registry, model: &Model, field: &Field) -> Result<Sql> {
    let differs = differs(&field.name, ", NULL");
    let shown = |row: &str| {
        let id = column(row, &field.name);
        let name = value_sql::path(registry, model, row, &[&field.name, "display_name"])?;
        Ok(Sql::text("CASE WHEN ")
            .then(id.clone())
            .and_text(" IS NOT NULL THEN ")
            .then(named(name, id))
            .and_text(" END"))
    };
    let line = line_of(differs.clone(), field, &shown)?;
    Ok(Sql::text("IF ")
        .then(differs)
        .and_text(" THEN audit_said := audit_said || ")
        .then(line)
        .and_text("; END IF;\n"))
}
