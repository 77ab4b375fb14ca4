//! Brings the database to what the models declare: tables, columns, constraints, indexes, and the
//! records of `ir.model` and `ir.model.fields` that tell of them. Forward only; nothing is dropped.

mod alter;
pub mod audit;
mod catalogue;
pub mod drift;
pub mod follow;
mod patience;
mod reflect;
pub mod remove;

use std::collections::HashSet;

use self::catalogue::Catalogue;
use super::context::BASE_LANG;
use super::convert::lookup_column;
use super::field::{Field, FieldType};
use super::made::names::object_name;
use super::model::Model;
use super::registry::Registry;
use crate::db::sql::ident;
use crate::db::{Connection, Sql};
use crate::error::Result;

/// Makes what is missing for declared models and tells of them, within the caller's transaction.
///
/// # Errors
///
/// [`crate::error::Error::Internal`] when the database refuses a statement; the log has the reason.
pub async fn synchronize(connection: &Connection, declared: &Registry) -> Result<()> {
    let models = sorted(declared);
    bring(connection, declared, &models).await?;
    reflect::reflect(connection, &models).await
}

/// All models by name: a start makes tables in the same order every time.
fn sorted(registry: &Registry) -> Vec<&Model> {
    let mut models: Vec<&Model> = registry.models().map(AsRef::as_ref).collect();
    models.sort_by(|left, right| left.name.cmp(&right.name));
    models
}

/// Makes what is missing for all that administrators made, on top of what is declared.
///
/// # Errors
///
/// As [`synchronize`].
pub async fn synchronize_made(connection: &Connection, registry: &Registry) -> Result<()> {
    let mut models = sorted(registry);
    models.retain(|model| model.manual || model.fields.values().any(|field| field.manual));
    bring(connection, registry, &models).await
}

/// Makes what is missing of the tables of some models; what was made at run time is altered as well.
async fn bring(connection: &Connection, registry: &Registry, models: &[&Model]) -> Result<()> {
    let known = Catalogue::load(connection).await?;
    for model in models {
        for statement in tables(model, &known) {
            execute(connection, statement).await?;
        }
        alter::alter(connection, registry, model, &known).await?;
    }
    // Constraints and links come when all tables are there. Both sides of a many2many declare its
    // links: the second finds them made.
    let mut made = HashSet::new();
    for model in models {
        for (name, statement) in constraints(model, registry) {
            if !known.has_constraint(&name) && made.insert(name) {
                execute(connection, statement).await?;
            }
        }
        for (name, statement) in indexes(model, known.needs_collation) {
            if !known.has_index(&name) {
                execute(connection, statement).await?;
            }
        }
    }
    for model in models {
        alter::fill_related(connection, registry, model, &known).await?;
    }
    Ok(())
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

/// Room in each page for the next version of its rows: a record that changes stays in its page then, and
/// none of its indexes has to follow. Without it a change of a large table costs twice to three times as much.
const ROOM: &str = " WITH (fillfactor = 85)";

fn tables(model: &Model, known: &Catalogue) -> Vec<Sql> {
    let mut statements = Vec::new();
    if !known.has_table(&model.table) {
        let create = Sql::text("CREATE TABLE ").then(ident(&model.table));
        let room = if model.append_only { "" } else { ROOM };
        match model.sequence {
            None => statements.push(create.and_text(" (id serial PRIMARY KEY)").and_text(room)),
            Some(sequence) => {
                statements.push(Sql::text("CREATE SEQUENCE IF NOT EXISTS ").then(ident(sequence)));
                let id = create.and_text(" (id integer PRIMARY KEY DEFAULT nextval(");
                statements.push(id.then(Sql::literal(sequence)).and_text("))").and_text(room));
            }
        }
    }
    for field in model.fields.values() {
        for (name, kind, required) in columns(field) {
            if known.has_column(&model.table, &name) {
                continue;
            }
            let add = alter(model).and_text(" ADD COLUMN ").then(ident(&name)).and_text(" ").and_text(kind);
            // An old table has records without a value: the ORM asks for one, the column of a declared
            // field cannot.
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

/// The constraints of a model and of its links, by name.
fn constraints(model: &Model, registry: &Registry) -> Vec<(String, Sql)> {
    let declared = model.constraints.iter().map(|constraint| {
        let add = alter(model).and_text(" ADD CONSTRAINT ").then(ident(&constraint.name)).and_text(" ");
        (constraint.name.clone(), add.then(Sql::verbatim(&constraint.definition)))
    });
    declared.chain(model.fields.values().flat_map(|field| links(model, field, registry))).collect()
}

fn links(model: &Model, field: &Field, registry: &Registry) -> Vec<(String, Sql)> {
    let table_of = |name: &str| registry.find(name).map(|model| model.table.clone()).unwrap_or_default();
    match &field.kind {
        // Who made and changed a record is told for ever: a link would lock the user's row with each
        // write of everybody, and its name simply reads as nothing once the user is gone.
        FieldType::Many2one { .. } if super::model::AUDIT.contains(&field.name.as_str()) => Vec::new(),
        FieldType::Many2one { comodel, ondelete } if field.has_column() => {
            vec![link(&model.table, &field.name, &table_of(comodel), ondelete.as_str())]
        }
        FieldType::Many2many { comodel, relation, column1, column2 } => vec![
            link(relation, column1, &model.table, "cascade"),
            link(relation, column2, &table_of(comodel), "cascade"),
        ],
        _ => Vec::new(),
    }
}

/// The name of the constraint that holds a link.
pub fn link_name(table: &str, column: &str) -> String {
    object_name(&format!("{table}_{column}_fkey"))
}

fn link(table: &str, column: &str, target: &str, ondelete: &'static str) -> (String, Sql) {
    let name = link_name(table, column);
    let add = Sql::text("ALTER TABLE ")
        .then(ident(table))
        .and_text(" ADD CONSTRAINT ")
        .then(ident(&name))
        .and_text(" FOREIGN KEY (")
        .then(ident(column))
        .and_text(") REFERENCES ")
        .then(ident(target))
        .and_text(" (id) ON DELETE ")
        .and_text(ondelete);
    (name, add)
}

/// The name of the index of one field.
pub(super) fn index_name(model: &Model, field: &str) -> String {
    object_name(&format!("{}_{field}_index", model.table))
}

/// The name of the index behind the order.
fn order_index_name(model: &Model) -> String {
    object_name(&format!("{}_order_index", model.table))
}

/// The indexes of a model and of its links, by name.
fn indexes(model: &Model, needs_collation: bool) -> Vec<(String, Sql)> {
    let mut all = Vec::new();
    let mut add = |name: String, table: &str, definition: Sql| {
        let statement = index(&name, table).then(definition);
        all.push((name, statement));
    };
    for field in model.fields.values() {
        if let FieldType::Many2many { relation, column1, column2, .. } = &field.kind {
            // The primary key serves one direction, this the other.
            let name = object_name(&format!("{relation}_{column2}_index"));
            let columns = ident(column2).and_text(", ").then(ident(column1));
            add(name, relation, columns.parenthesized());
        }
        let is_unique =
            model.constraints.iter().any(|known| known.definition == format!("UNIQUE ({})", field.name));
        if field.has_column() && field.index && !is_unique {
            let column = if field.sealed { lookup_column(&field.name) } else { field.name.clone() };
            add(index_name(model, &field.name), &model.table, ident(&column).parenthesized());
        }
    }
    for (name, definition) in &model.indexes {
        add(format!("{}_{name}", model.table), &model.table, Sql::verbatim(definition));
    }
    if let Some(definition) = order_index(model, needs_collation) {
        add(order_index_name(model), &model.table, definition);
    }
    all
}

fn index(name: &str, table: &str) -> Sql {
    Sql::text("CREATE INDEX IF NOT EXISTS ")
        .then(ident(name))
        .and_text(" ON ")
        .then(ident(table))
        .and_text(" ")
}

/// Backs the model's own order, where that is made of its own columns, so that a page is read
/// without sorting the table. Archived records are not in it: lists leave them out.
fn order_index(model: &Model, needs_collation: bool) -> Option<Sql> {
    let mut terms = Vec::new();
    for term in model.order.split(',') {
        let mut words = term.split_whitespace();
        let field = model.field(words.next()?)?;
        let descends = words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"));
        if !field.has_column() || matches!(field.kind, FieldType::Many2one { .. } | FieldType::Boolean) {
            return None;
        }
        let value = if field.translate {
            Sql::text("(")
                .then(ident(&field.name))
                .and_text("->>")
                .then(Sql::literal(BASE_LANG))
                .and_text(")")
        } else {
            ident(&field.name)
        };
        let value =
            if needs_collation && field.kind.is_text() { value.and_text(" COLLATE \"C\"") } else { value };
        terms.push(value.and_text(if descends { " DESC" } else { "" }));
    }
    if !model.order.split([',', ' ']).any(|word| word == "id") {
        terms.push(Sql::text("id"));
    }
    let index = Sql::join(terms, ", ").parenthesized();
    // The primary key is read in both directions.
    let is_primary = matches!(model.order.trim(), "id" | "id desc");
    match (is_primary, model.has_active()) {
        (true, _) => None,
        (false, true) => Some(index.and_text(" WHERE active")),
        (false, false) => Some(index),
    }
}
