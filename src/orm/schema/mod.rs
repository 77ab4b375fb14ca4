//! Brings the database to what the models declare: tables, columns, constraints, indexes, and the
//! records of `ir.model` and `ir.model.fields` that tell of them. Forward only; nothing is dropped.

mod catalogue;
pub mod drift;
mod reflect;

use self::catalogue::Catalogue;
use super::context::BASE_LANG;
use super::convert::lookup_column;
use super::field::{Field, FieldType};
use super::model::Model;
use super::registry::Registry;
use crate::db::sql::ident;
use crate::db::{Connection, Sql};
use crate::error::Result;

/// Makes what is missing, within the caller's transaction.
///
/// # Errors
///
/// [`crate::error::Error::Internal`] when the database refuses a statement; the log has the reason.
pub async fn synchronize(connection: &Connection, registry: &Registry) -> Result<()> {
    let known = Catalogue::load(connection).await?;
    let mut models: Vec<&Model> = registry.models().map(AsRef::as_ref).collect();
    models.sort_by(|left, right| left.name.cmp(&right.name));
    for model in &models {
        for statement in tables(model, &known) {
            execute(connection, statement).await?;
        }
    }
    // Constraints and links come when all tables are there.
    for model in &models {
        for statement in constraints(model, registry, &known) {
            execute(connection, statement).await?;
        }
    }
    reflect::reflect(connection, &models).await
}

async fn execute(connection: &Connection, statement: Sql) -> Result<()> {
    let (text, _) = statement.render();
    tracing::debug!(statement = text, "schema");
    connection.batch(&text).await
}

/// The columns of a field: name, type, whether it must have a value.
fn columns(field: &Field) -> Vec<(String, &'static str, bool)> {
    if !field.has_column() || field.name == "id" {
        return Vec::new();
    }
    let own = (field.name.clone(), field.column_type(), field.required);
    if field.sealed { vec![own, (lookup_column(&field.name), "bytea", false)] } else { vec![own] }
}

fn tables(model: &Model, known: &Catalogue) -> Vec<Sql> {
    let mut statements = Vec::new();
    if !known.has_table(&model.table) {
        statements.push(
            Sql::text("CREATE TABLE ").then(ident(&model.table)).and_text(" (id serial PRIMARY KEY)"),
        );
    }
    for field in model.fields.values() {
        for (name, kind, required) in columns(field) {
            if known.has_column(&model.table, &name) {
                continue;
            }
            let add = alter(model).and_text(" ADD COLUMN ").then(ident(&name)).and_text(" ").and_text(kind);
            // An old table has records without a value: the ORM asks for one, the column cannot.
            let is_empty = !known.has_table(&model.table);
            statements.push(if required && is_empty { add.and_text(" NOT NULL") } else { add });
        }
        if let FieldType::Many2many { relation, column1, column2, .. } = &field.kind
            && !known.has_table(relation)
        {
            statements.push(relation_table(relation, column1, column2));
        }
    }
    statements
}

fn relation_table(relation: &str, column1: &str, column2: &str) -> Sql {
    Sql::text("CREATE TABLE IF NOT EXISTS ")
        .then(ident(relation))
        .and_text(" (")
        .then(ident(column1))
        .and_text(" integer NOT NULL, ")
        .then(ident(column2))
        .and_text(" integer NOT NULL, PRIMARY KEY (")
        .then(ident(column1))
        .and_text(", ")
        .then(ident(column2))
        .and_text("))")
}

fn alter(model: &Model) -> Sql {
    Sql::text("ALTER TABLE ").then(ident(&model.table))
}

fn constraints(model: &Model, registry: &Registry, known: &Catalogue) -> Vec<Sql> {
    let mut statements = Vec::new();
    for constraint in &model.constraints {
        if !known.has_constraint(&constraint.name) {
            let add = alter(model).and_text(" ADD CONSTRAINT ").then(ident(&constraint.name)).and_text(" ");
            statements.push(add.then(Sql::verbatim(&constraint.definition)));
        }
    }
    for field in model.fields.values() {
        statements.extend(links(model, field, registry, known));
    }
    for (name, definition) in &model.indexes {
        statements.push(index(&format!("{}_{name}", model.table), model).and_text(" ").then(Sql::verbatim(definition)));
    }
    statements.extend(order_index(model));
    statements
}

fn links(model: &Model, field: &Field, registry: &Registry, known: &Catalogue) -> Vec<Sql> {
    let table_of = |name: &str| registry.find(name).map(|model| model.table.clone()).unwrap_or_default();
    let mut statements = Vec::new();
    match &field.kind {
        // Who made and changed a record is told for ever: a link would lock the user's row with each
        // write of everybody, and its name simply reads as nothing once the user is gone.
        FieldType::Many2one { comodel, ondelete } if field.has_column() && !super::model::AUDIT.contains(&field.name.as_str()) => {
            let name = format!("{}_{}_fkey", model.table, field.name);
            if !known.has_constraint(&name) {
                let link = alter(model)
                    .and_text(" ADD CONSTRAINT ")
                    .then(ident(&name))
                    .and_text(" FOREIGN KEY (")
                    .then(ident(&field.name))
                    .and_text(") REFERENCES ")
                    .then(ident(&table_of(comodel)))
                    .and_text(" (id) ON DELETE ");
                statements.push(link.and_text(ondelete.as_str()));
            }
        }
        FieldType::Many2many { comodel, relation, column1, column2 } => {
            for (column, table) in [(column1, model.table.clone()), (column2, table_of(comodel))] {
                let name = format!("{relation}_{column}_fkey");
                if !known.has_constraint(&name) && !statements.iter().any(|known: &Sql| *known == cascade(relation, &name, column, &table)) {
                    statements.push(cascade(relation, &name, column, &table));
                }
            }
            statements.push(
                Sql::text("CREATE INDEX IF NOT EXISTS ")
                    .then(ident(&format!("{relation}_{column2}_index")))
                    .and_text(" ON ")
                    .then(ident(relation))
                    .and_text(" (")
                    .then(ident(column2))
                    .and_text(", ")
                    .then(ident(column1))
                    .and_text(")"),
            );
        }
        _ => {}
    }
    if field.has_column() && (field.index || field.sealed) {
        let column = if field.sealed { lookup_column(&field.name) } else { field.name.clone() };
        let name = format!("{}_{}_index", model.table, field.name);
        statements.push(index(&name, model).and_text(" (").then(ident(&column)).and_text(")"));
    }
    statements
}

/// Both sides of a many2many declare it; the second finds it done.
fn cascade(relation: &str, name: &str, column: &str, table: &str) -> Sql {
    Sql::text("ALTER TABLE ")
        .then(ident(relation))
        .and_text(" DROP CONSTRAINT IF EXISTS ")
        .then(ident(name))
        .and_text(", ADD CONSTRAINT ")
        .then(ident(name))
        .and_text(" FOREIGN KEY (")
        .then(ident(column))
        .and_text(") REFERENCES ")
        .then(ident(table))
        .and_text(" (id) ON DELETE CASCADE")
}

fn index(name: &str, model: &Model) -> Sql {
    Sql::text("CREATE INDEX IF NOT EXISTS ").then(ident(name)).and_text(" ON ").then(ident(&model.table))
}

/// Backs the model's own order, where that is made of its own columns, so that a page is read
/// without sorting the table. Archived records are not in it: lists leave them out.
fn order_index(model: &Model) -> Option<Sql> {
    let mut terms = Vec::new();
    for term in model.order.split(',') {
        let mut words = term.split_whitespace();
        let field = model.field(words.next()?)?;
        let descends = words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"));
        if !field.has_column() || matches!(field.kind, FieldType::Many2one { .. } | FieldType::Boolean) {
            return None;
        }
        let value = if field.translate {
            Sql::text("(").then(ident(&field.name)).and_text("->>").then(Sql::literal(BASE_LANG)).and_text(")")
        } else {
            ident(&field.name)
        };
        terms.push(value.and_text(if descends { " DESC" } else { "" }));
    }
    if !model.order.split([',', ' ']).any(|word| word == "id") {
        terms.push(Sql::text("id"));
    }
    let index = index(&format!("{}_order_index", model.table), model)
        .and_text(" (")
        .then(Sql::join(terms, ", "))
        .and_text(")");
    let is_primary = model.order.trim() == "id";
    match (is_primary, model.has_active()) {
        (true, _) => None,
        (false, true) => Some(index.and_text(" WHERE active")),
        (false, false) => Some(index),
    }
}
