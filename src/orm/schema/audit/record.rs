//! The function that notes what happens to one record: a line for each column that has a value, or has
//! another one.

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

/// What happens to a record. Each has a part of the function for itself: an expression is set up anew in
/// each transaction, and that costs more than its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Made,
    Written,
    Gone,
}

impl Change {
    /// The rows that there are.
    fn rows(self) -> &'static [&'static str] {
        match self {
            Self::Made => &[NEW],
            Self::Written => &[OLD, NEW],
            Self::Gone => &[OLD],
        }
    }
}

pub(super) fn plan(registry: &Registry, model: &Model, audit: &Audit) -> Result<Plan> {
    let (bytes, plain): (Vec<&Field>, Vec<&Field>) =
        audit.fields(model).partition(|field| field.kind.is_binary());
    // What needs a look at another table would make the whole expression a query: it stands by itself.
    let (links, values): (Vec<&Field>, Vec<&Field>) =
        plain.iter().partition(|field| matches!(field.kind, FieldType::Many2one { .. }));
    let all = |change| -> Result<Sql> {
        let whole = values.iter().map(|field| line(audit, field, change));
        let pictures =
            bytes.iter().filter(|_| change == Change::Made).map(|field| secret_line(field, change));
        let mut told = noted(whole.chain(pictures));
        for field in &links {
            let line = noted([link_line(registry, model, field, change)?]);
            told = told.then(when(column(row_of(change), &field.name).and_text(" IS NOT NULL"), line));
        }
        Ok(told)
    };
    let mut written = Sql::default();
    for field in values.iter().chain(&links) {
        let line = match field.kind {
            FieldType::Many2one { .. } => link_line(registry, model, field, Change::Written)?,
            _ => line(audit, field, Change::Written),
        };
        written = written.then(where_changed(field, line));
    }
    let only = audit.only.map_or_else(Sql::default, |only| {
        let holds = only(Scope { alias: NEW, lang: BASE_LANG });
        when(Sql::text("NOT ").then(holds), Sql::text("RETURN NULL;"))
    });
    let body = Sql::with_pieces(
        include_str!("../../../../sql/queries/schema/audit_record.sql"),
        &[
            Sql::join(
                bytes.iter().map(|field| where_changed(field, secret_line(field, Change::Written))),
                "",
            ),
            written,
            if model.has_active() { Sql::text(ARCHIVED) } else { Sql::default() },
            all(Change::Made)?,
            all(Change::Gone)?,
            only,
            entry(registry, model, audit, OLD)?,
            entry(registry, model, audit, NEW)?,
        ],
    );
    let after = if audit.only.is_some() { "UPDATE OF " } else { "INSERT OR DELETE OR UPDATE OF " };
    let mut triggers = vec![(RECORD, calls(after, &plain, model))];
    if !bytes.is_empty() {
        triggers.push((BYTES, calls("UPDATE OF ", &bytes, model)));
    }
    Ok(Plan { table: model.table.clone(), body: rendered(body)?, triggers })
}

fn calls(after: &'static str, fields: &[&Field], model: &Model) -> Sql {
    Sql::text(after)
        .then(Sql::join(fields.iter().map(|field| ident(&field.name)), ", "))
        .and_text(" ON ")
        .then(ident(&model.table))
        .and_text(" FOR EACH ROW")
}

/// The name that a change of `active` has.
const ARCHIVED: &str = "IF \"old\".active <> \"new\".active THEN \
     audit_event := CASE WHEN \"new\".active THEN 'unarchive' ELSE 'archive' END; END IF;\n";

fn when(condition: Sql, then: Sql) -> Sql {
    Sql::text("IF ").then(condition).and_text(" THEN ").then(then).and_text(" END IF;\n")
}

/// Statements that add lines to what is said; one that is nothing is left out.
fn noted(lines: impl IntoIterator<Item = Sql>) -> Sql {
    let lines: Vec<Sql> = lines.into_iter().collect();
    let statements = lines.chunks(MOST_ARGUMENTS).map(|lines| {
        Sql::text("audit_said := concat(audit_said, ")
            .then(Sql::join(lines.iter().cloned(), ",\n"))
            .and_text(");\n")
    });
    Sql::join(statements, "")
}

/// The line is looked at only where the column has changed at all.
fn where_changed(field: &Field, line: Sql) -> Sql {
    when(differs(&told_by(field), None), noted([line]))
}

/// The entry itself, of the row that there is.
fn entry(registry: &Registry, model: &Model, audit: &Audit, row: &str) -> Result<Sql> {
    let of_application = |last: &str| match audit.application {
        None => Ok(Sql::text("NULL")),
        Some("id") => value_sql::path(registry, model, row, &[last]),
        Some(field) => value_sql::path(registry, model, row, &[field, last]),
    };
    Ok(Sql::with_pieces(
        include_str!("../../../../sql/queries/schema/audit_entry.sql"),
        &[
            of_application("id")?,
            of_application("display_name")?,
            Sql::literal(&model.name),
            column(row, "id"),
            value_sql::path(registry, model, row, &["display_name"])?,
        ],
    ))
}

/// The row that tells of a record that comes or goes.
fn row_of(change: Change) -> &'static str {
    if change == Change::Gone { OLD } else { NEW }
}

/// `Label (name): `, on a line of its own.
fn label(field: &Field) -> Sql {
    Sql::literal(&format!("\n{} ({}): ", field.string, field.name))
}

/// The column by which a change is found out: that of a sealed value is its keyed hash.
fn told_by(field: &Field) -> String {
    if field.sealed { lookup_column(&field.name) } else { field.name.clone() }
}

/// Whether the value is another one; what reads alike as `empty` is the same.
fn differs(name: &str, empty: Option<&'static str>) -> Sql {
    let value = |row| match empty {
        None => column(row, name),
        Some(empty) => {
            Sql::text("coalesce(").then(column(row, name)).and_text(", ").and_text(empty).and_text(")")
        }
    };
    value(OLD).and_text(" IS DISTINCT FROM ").then(value(NEW))
}

/// The line of a column whose value is in the row itself.
fn line(audit: &Audit, field: &Field, change: Change) -> Sql {
    if field.sealed {
        return secret_line(field, change);
    }
    let empty = empty(field);
    let told = match change {
        Change::Written => {
            guarded(differs(&field.name, empty), from_to(field, shown(field, OLD), shown(field, NEW)))
        }
        Change::Made | Change::Gone => {
            let row = row_of(change);
            let line = label(field).and_text(" || ").then(shown(field, row));
            match empty {
                // What has no value reads as nothing, and a line with nothing in it is nothing.
                None => line,
                Some(empty) => guarded(column(row, &field.name).and_text(" <> ").and_text(empty), line),
            }
        }
    };
    match audit.conceals {
        Some((name, is_secret)) if name == field.name => {
            let holds = change.rows().iter().map(|row| {
                let holds = is_secret(Scope { alias: row, lang: BASE_LANG });
                Sql::text("coalesce(").then(holds).and_text(", false)")
            });
            Sql::text("CASE WHEN ")
                .then(Sql::join(holds, " OR "))
                .and_text(" THEN ")
                .then(secret_line(field, change))
                .and_text(" ELSE ")
                .then(told)
                .and_text(" END")
        }
        _ => told,
    }
}

fn guarded(condition: Sql, line: Sql) -> Sql {
    Sql::text("CASE WHEN ").then(condition).and_text(" THEN ").then(line).and_text(" END")
}

/// What reads as having no value, for those kinds that have such a thing besides NULL.
fn empty(field: &Field) -> Option<&'static str> {
    match &field.kind {
        _ if field.translate => Some("'{}'"),
        FieldType::Boolean => Some("false"),
        kind if kind.is_number() => Some("0"),
        kind if kind.is_text() => Some("''"),
        _ => None,
    }
}

/// The old value and the new one.
fn from_to(field: &Field, old: Sql, new: Sql) -> Sql {
    let or_empty = |value: Sql| Sql::text("coalesce(").then(value).and_text(", 'empty')");
    label(field).and_text(" || ").then(or_empty(old)).and_text(" || ' → ' || ").then(or_empty(new))
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

/// A line that keeps the values to itself. That a secret goes with its record is not worth one.
fn secret_line(field: &Field, change: Change) -> Sql {
    let name = told_by(field);
    let is_null = |row| column(row, &name).and_text(" IS NULL");
    match change {
        Change::Made => guarded(Sql::text("NOT ").then(is_null(NEW)), label(field).and_text(" || 'set'")),
        Change::Written => guarded(
            differs(&name, None),
            label(field)
                .and_text(" || CASE WHEN ")
                .then(is_null(OLD))
                .and_text(" THEN 'set' WHEN ")
                .then(is_null(NEW))
                .and_text(" THEN 'removed' ELSE 'changed' END"),
        ),
        Change::Gone => Sql::text("NULL"),
    }
}

/// The line of a link, with the names of the records.
fn link_line(registry: &Registry, model: &Model, field: &Field, change: Change) -> Result<Sql> {
    let shown = |row: &str| -> Result<Sql> {
        let id = column(row, &field.name);
        let name = value_sql::path(registry, model, row, &[&field.name, "display_name"])?;
        Ok(guarded(id.clone().and_text(" IS NOT NULL"), named(name, id)))
    };
    match change {
        Change::Written => Ok(from_to(field, shown(OLD)?, shown(NEW)?)),
        Change::Made | Change::Gone => Ok(label(field).and_text(" || ").then(shown(row_of(change))?)),
    }
}
