//! Rules on records that an operation has named: which of them they refuse.

use super::super::domain::to_sql::Compiler;
use super::super::environment::Environment;
use super::super::model::Model;
use super::super::query::{self, SELF};
use super::super::registry::int;
use super::Operation;
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};

/// Checks the rules on records. Those that are gone are nobody's secret and pass.
///
/// # Errors
///
/// [`Error::Access`] that names the refused ones.
pub async fn check(env: &Environment, model: &Model, ids: &[i64], operation: Operation) -> Result<()> {
    let Some(rules) = Compiler::new(env).rules(model, SELF, operation)? else { return Ok(()) };
    let statement = Sql::text("SELECT ")
        .then(column(SELF, "id"))
        .then(query::from(model))
        .and_text(" WHERE ")
        .then(column(SELF, "id"))
        .and_text(" = ANY(")
        .then(Sql::param(ids.to_vec()))
        .and_text(") AND (")
        .then(rules)
        .and_text(") IS NOT TRUE");
    let refused: Vec<i64> = env.connection().query(statement).await?.iter().map(|row| int(row, 0)).collect();
    if refused.is_empty() { Ok(()) } else { Err(refusal(model, &refused, operation)) }
}

/// Of records that a rule kept out of a statement, tells those that are there from those that are gone.
///
/// # Errors
///
/// [`Error::Access`] when one of them is there.
pub async fn refuse_hidden(
    env: &Environment,
    model: &Model,
    ids: &[i64],
    operation: Operation,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let statement = Sql::text("SELECT id FROM ")
        .then(ident(&model.table))
        .and_text(" WHERE id = ANY(")
        .then(Sql::param(ids.to_vec()))
        .and_text(")");
    let hidden: Vec<i64> = env.connection().query(statement).await?.iter().map(|row| int(row, 0)).collect();
    if hidden.is_empty() { Ok(()) } else { Err(refusal(model, &hidden, operation)) }
}

fn refusal(model: &Model, ids: &[i64], operation: Operation) -> Error {
    const FEW: usize = 5;
    let mut named: Vec<String> = ids.iter().take(FEW).map(i64::to_string).collect();
    if ids.len() > FEW {
        named.push(format!("and {} more", ids.len() - FEW));
    }
    Error::Access(format!(
        "The record rules of '{}' ({}) do not let you {} the {} {}.",
        model.description,
        model.name,
        operation.as_str(),
        if ids.len() == 1 { "record" } else { "records" },
        named.join(", ")
    ))
}
