//! What may change on a made field while its records stay: whether it must have a value, its index,
//! its languages, what a deletion does. Declared fields change with a version, forward only.

use super::catalogue::Catalogue;
use super::{execute, index_name};
use crate::db::sql::{column, ident};
use crate::db::{Connection, Sql};
use crate::error::{Error, Result};
use crate::orm::context::BASE_LANG;
use crate::orm::field::{Field, FieldType, OnDelete, Source};
use crate::orm::model::Model;
use crate::orm::query::SELF;
use crate::orm::registry::{Registry, int};
use crate::orm::value_sql;

/// Alters the columns of a model's made fields.
pub(super) async fn alter(
    connection: &Connection,
    registry: &Registry,
    model: &Model,
    known: &Catalogue,
) -> Result<()> {
    for field in model.fields.values().filter(|field| field.manual && field.has_column()) {
        if known.column(&model.table, &field.name).is_some() {
            languages(connection, model, field, known).await?;
            deletion(connection, registry, model, field, known).await?;
            let name = index_name(model, &field.name);
            if !field.index && known.has_index(&name) {
                execute(connection, Sql::text("DROP INDEX ").then(ident(&name))).await?;
            }
        }
        obligation(connection, model, field, known).await?;
    }
    Ok(())
}

fn change(model: &Model, field: &Field) -> Sql {
    super::alter(model).and_text(" ALTER COLUMN ").then(ident(&field.name))
}

/// A text goes into the base language, or comes out of it.
async fn languages(connection: &Connection, model: &Model, field: &Field, known: &Catalogue) -> Result<()> {
    let is_translated = known.column(&model.table, &field.name).is_some_and(|column| column.kind == "jsonb");
    if is_translated == field.translate {
        return Ok(());
    }
    let value = ident(&field.name);
    let using = if field.translate {
        Sql::text("CASE WHEN ")
            .then(value.clone())
            .and_text(" IS NOT NULL THEN jsonb_build_object(")
            .then(Sql::literal(BASE_LANG))
            .and_text(", ")
            .then(value)
            .and_text(") END")
    } else {
        value.and_text("->>").then(Sql::literal(BASE_LANG))
    };
    super::audit::release(connection, &model.table).await?;
    // An index on the text as it was is no index on what it becomes.
    execute(connection, Sql::text("DROP INDEX IF EXISTS ").then(ident(&index_name(model, &field.name))))
        .await?;
    let statement = change(model, field).and_text(" TYPE ").and_text(field.column_type());
    execute(connection, statement.and_text(" USING ").then(using)).await
}

/// A link is made again when the deletion of the other record is to do something else.
async fn deletion(
    connection: &Connection,
    registry: &Registry,
    model: &Model,
    field: &Field,
    known: &Catalogue,
) -> Result<()> {
    let FieldType::Many2one { ondelete, .. } = &field.kind else { return Ok(()) };
    let letter = match ondelete {
        OnDelete::SetNull => "n",
        OnDelete::Cascade => "c",
        OnDelete::Restrict => "r",
    };
    for (name, statement) in super::links(model, field, registry) {
        if known.deletion(&name).is_some_and(|found| found != letter) {
            let drop = super::alter(model).and_text(" DROP CONSTRAINT ").then(ident(&name));
            execute(connection, drop).await?;
            execute(connection, statement).await?;
        }
    }
    Ok(())
}

/// A field that must have a value: numbers and truth values that nobody gave are 0 and false, anything
/// else has to be there already.
async fn obligation(connection: &Connection, model: &Model, field: &Field, known: &Catalogue) -> Result<()> {
    let is_required = known
        .column(&model.table, &field.name)
        .map_or_else(|| field.required && !known.has_table(&model.table), |column| column.not_null);
    if is_required == field.required {
        return Ok(());
    }
    if !field.required {
        return execute(connection, change(model, field).and_text(" DROP NOT NULL")).await;
    }
    let empty = match &field.kind {
        FieldType::Boolean => Some("false"),
        kind if kind.is_number() => Some("0"),
        _ => None,
    };
    if let Some(empty) = empty {
        let fill = Sql::text("UPDATE ")
            .then(ident(&model.table))
            .and_text(" SET ")
            .then(ident(&field.name))
            .and_text(" = ")
            .and_text(empty);
        connection.execute(fill.and_text(" WHERE ").then(ident(&field.name)).and_text(" IS NULL")).await?;
    }
    let count = Sql::text("SELECT count(*) FROM ")
        .then(ident(&model.table))
        .and_text(" WHERE ")
        .then(ident(&field.name))
        .and_text(" IS NULL");
    let missing = connection.query(count).await?.first().map_or(0, |row| int(row, 0));
    if missing > 0 {
        return Err(Error::Validation(format!(
            "The field '{}' ({}) of '{}' cannot be required: {missing} records have no value in it. Leave it optional, fill in the missing values, and then make it required.",
            field.string, field.name, model.name
        )));
    }
    execute(connection, change(model, field).and_text(" SET NOT NULL")).await
}

/// Evaluates related fields whose column has just been made.
pub(super) async fn fill_related(
    connection: &Connection,
    registry: &Registry,
    model: &Model,
    known: &Catalogue,
) -> Result<()> {
    for field in model.fields.values().filter(|field| field.manual) {
        let Source::StoredRelated(path) = &field.source else { continue };
        if known.has_column(&model.table, &field.name) || !known.has_table(&model.table) {
            continue;
        }
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        let statement = Sql::text("UPDATE ")
            .then(ident(&model.table))
            .and_text(" AS ")
            .then(ident(SELF))
            .and_text(" SET ")
            .then(ident(&field.name))
            .and_text(" = ")
            .then(value_sql::path(registry, model, SELF, &steps)?)
            .and_text(" WHERE ")
            .then(column(SELF, "id"))
            .and_text(" IS NOT NULL");
        connection.execute(statement).await?;
    }
    Ok(())
}
