//! The triggers by which the database itself notes each change of an audited model in `audit.log`: none of
//! the ways to a record, and no cascade of a deletion, passes them by. Their functions are made from the
//! declaration, with a comparison for each column.

mod record;

use std::collections::HashMap;

use super::super::field::FieldType;
use super::super::made::names::object_name;
use super::super::model::Model;
use super::super::registry::{Registry, text};
use super::super::value_sql;
use super::execute;
use crate::db::sql::{column, ident};
use crate::db::{Connection, Sql};
use crate::error::{Error, Result};

/// A record is made, goes, or has another value in a column that somebody sets.
const RECORD: &str = "audit";

/// Bytes are compared only where a statement names their column: reading a picture to find that nobody
/// touched it would cost more than the change.
const BYTES: &str = "audit_bytes";

/// Links are made.
const LINKED: &str = "audit_linked";

/// Links go.
const UNLINKED: &str = "audit_unlinked";

/// A function, and the triggers that call it.
struct Plan {
    table: String,
    body: String,
    /// The name of each, and when it calls.
    triggers: Vec<(&'static str, Sql)>,
}

/// What notes the changes of a model and of its links.
fn plans(registry: &Registry, model: &Model) -> Result<Vec<Plan>> {
    let Some(audit) = &model.audit else { return Ok(Vec::new()) };
    let mut plans = vec![record::plan(registry, model, audit)?];
    for field in model.fields.values() {
        if let FieldType::Many2many { comodel, relation, column1, column2 } = &field.kind
            && is_owner(registry, model, relation)
        {
            let comodel =
                registry.find(comodel).ok_or_else(|| Error::Internal(format!("no model {comodel}")))?;
            let label = format!("{} ({}): ", field.string, field.name);
            let body = Sql::with_pieces(
                include_str!("../../../../sql/queries/schema/audit_links.sql"),
                &[
                    Sql::literal(&model.name),
                    name_of(registry, model, column("known", "owner"))?,
                    ident(column1),
                    Sql::literal(&label),
                    named(name_of(registry, comodel, column("link", column2))?, column("link", column2)),
                    ident(column2),
                    ident(&model.table),
                ],
            );
            plans.push(Plan {
                table: relation.clone(),
                body: rendered(body)?,
                triggers: vec![
                    (
                        LINKED,
                        Sql::text("INSERT ON ")
                            .then(ident(relation))
                            .and_text(" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"),
                    ),
                    (
                        UNLINKED,
                        Sql::text("DELETE ON ")
                            .then(ident(relation))
                            .and_text(" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT"),
                    ),
                ],
            });
        }
    }
    Ok(plans)
}

/// Links that two audited models declare are noted with one of them: users have groups, schemes have
/// configurations. That is the one whose name comes later.
fn is_owner(registry: &Registry, model: &Model, table: &str) -> bool {
    let declares = |other: &Model| {
        other
            .fields
            .values()
            .any(|field| matches!(&field.kind, FieldType::Many2many { relation, .. } if relation == table))
    };
    !registry.models().any(|other| other.audit.is_some() && other.name > model.name && declares(other))
}

/// The name of the record of an id.
fn name_of(registry: &Registry, model: &Model, id: Sql) -> Result<Sql> {
    let inner = "named";
    Ok(Sql::text("(SELECT ")
        .then(value_sql::path(registry, model, inner, &["display_name"])?)
        .and_text(" FROM ")
        .then(ident(&model.table))
        .and_text(" AS named WHERE named.id = ")
        .then(id)
        .and_text(")"))
}

/// `"name" (id)`; a name is quoted, so that no value of a record looks like a line of the log.
fn named(name: Sql, id: Sql) -> Sql {
    Sql::text("concat(to_json(").then(name).and_text(")::text || ' ', '(', ").then(id).and_text(", ')')")
}

fn rendered(body: Sql) -> Result<String> {
    match body.render() {
        (text, params) if params.is_empty() => Ok(text),
        (text, _) => Err(Error::Internal(format!("a function of the audit has parameters: {text}"))),
    }
}

/// Makes what is missing of functions and triggers of some models, and those anew that are no longer as
/// the models say.
///
/// # Errors
///
/// What the database refuses.
pub async fn follow<'a>(
    connection: &Connection,
    registry: &Registry,
    models: impl Iterator<Item = &'a Model>,
) -> Result<()> {
    let known = known(connection).await?;
    for model in models {
        for plan in plans(registry, model)? {
            if plan.is_there(&known) {
                continue;
            }
            let function = object_name(&format!("audit_{}", plan.table));
            let make = Sql::text("CREATE OR REPLACE FUNCTION ")
                .then(ident(&function))
                .and_text("() RETURNS trigger LANGUAGE plpgsql AS ")
                .then(Sql::literal(&plan.body));
            execute(connection, make).await?;
            release(connection, &plan.table).await?;
            for (name, when) in plan.triggers {
                let trigger = Sql::text("CREATE TRIGGER ")
                    .then(ident(name))
                    .and_text(" AFTER ")
                    .then(when)
                    .and_text(" EXECUTE FUNCTION ")
                    .then(ident(&function))
                    .and_text("()");
                execute(connection, trigger).await?;
            }
        }
    }
    Ok(())
}

/// Takes the triggers off a table, whose columns cannot be altered or dropped with them.
///
/// # Errors
///
/// What the database refuses.
pub async fn release(connection: &Connection, table: &str) -> Result<()> {
    for name in [RECORD, BYTES, LINKED, UNLINKED] {
        let drop = Sql::text("DROP TRIGGER IF EXISTS ").then(ident(name)).and_text(" ON ").then(ident(table));
        execute(connection, drop).await?;
    }
    Ok(())
}

/// Switches the triggers on a model's own table off, or on again, within the caller's transaction; others
/// wait to write it until that ends.
///
/// # Errors
///
/// What the database refuses.
pub async fn switch(connection: &Connection, model: &Model, on: bool) -> Result<()> {
    if model.audit.is_none() {
        return Ok(());
    }
    let change = Sql::text("ALTER TABLE ")
        .then(ident(&model.table))
        .and_text(if on { " ENABLE TRIGGER " } else { " DISABLE TRIGGER " })
        .then(ident(RECORD));
    execute(connection, change).await
}

/// Takes the function away that noted the links of a table which is gone.
///
/// # Errors
///
/// What the database refuses.
pub(super) async fn forget(connection: &Connection, table: &str) -> Result<()> {
    let function = object_name(&format!("audit_{table}"));
    execute(connection, Sql::text("DROP FUNCTION IF EXISTS ").then(ident(&function)).and_text("()")).await
}

/// One sentence for each trigger that is missing, switched off, or calls something else.
pub(super) async fn differences(connection: &Connection, registry: &Registry) -> Result<Vec<String>> {
    let known = known(connection).await?;
    let mut differences = Vec::new();
    for model in super::sorted(registry) {
        for plan in plans(registry, model)?.iter().filter(|plan| !plan.is_there(&known)) {
            differences.push(format!(
                "{}: the triggers that note changes of {} in the audit log are missing, switched off or not those of this version; `oregional migrate` makes them",
                model.name, plan.table
            ));
        }
    }
    Ok(differences)
}

/// All that is made, for the fingerprint of a database.
///
/// # Errors
///
/// [`Error::Internal`] for a declaration that leads nowhere.
pub fn definitions(registry: &Registry) -> Result<String> {
    let mut all = String::new();
    for model in super::sorted(registry) {
        for plan in plans(registry, model)? {
            all.push_str(&plan.body);
        }
    }
    Ok(all)
}

/// What each trigger that is switched on calls, by table and name.
type Known = HashMap<(String, String), String>;

async fn known(connection: &Connection) -> Result<Known> {
    let statement = Sql::text(include_str!("../../../../sql/queries/schema/triggers.sql"));
    let rows = connection.query(statement).await?;
    Ok(rows.iter().map(|row| ((text(row, 0), text(row, 1)), text(row, 2))).collect())
}

impl Plan {
    fn is_there(&self, known: &Known) -> bool {
        self.triggers
            .iter()
            .all(|(name, _)| known.get(&(self.table.clone(), (*name).to_owned())) == Some(&self.body))
    }
}
