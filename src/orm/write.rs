//! Changes records: one UPDATE that also holds the rules, then lines and what follows.

use std::collections::HashSet;

use super::access::{self, Operation, records};
use super::behaviour::{Promise, Values};
use super::command;
use super::compute;
use super::domain::to_sql::Compiler;
use super::environment::Environment;
use super::field::Right;
use super::model::Model;
use super::prepare::{self, Assignment, Behind, Scope};
use super::query::{SELF, both, is_one_of};
use super::registry::int;
use super::value_sql;
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};

/// Changes records.
///
/// # Errors
///
/// [`Error::Access`] when the caller may not, [`Error::Missing`] when one of them is gone,
/// [`Error::Value`] and [`Error::Validation`] for values that the fields or the constraints refuse.
pub fn write<'a>(env: &'a Environment, model: &'a Model, ids: &'a [i64], values: Values) -> Promise<'a, ()> {
    write_in(env, model, ids, values, Scope::PartOfCall)
}

/// The same, where that may be all that the call does.
///
/// # Errors
///
/// As [`write()`].
pub fn write_in<'a>(
    env: &'a Environment,
    model: &'a Model,
    ids: &'a [i64],
    values: Values,
    scope: Scope,
) -> Promise<'a, ()> {
    Box::pin(async move {
        // As in Odoo, to change nothing needs no right.
        if ids.is_empty() {
            return Ok(());
        }
        access::check_model(env, model, Operation::Write)?;
        prepare::check_names(env, model, &values)?;
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        if values.is_empty() {
            return Ok(());
        }
        let mut values = values;
        model.behaviour.before_write(env, &ids, &mut values).await?;
        model.behaviour.validate(env, &values)?;
        put(env, model, &ids, &values, scope).await?;
        model.behaviour.after_change(env, &ids, std::slice::from_ref(&values)).await
    })
}

/// Changes records for their own model, which has looked at the values already and knows what follows: neither
/// is it asked before nor told afterwards, so that a change that leads to the next does not go ever deeper.
///
/// # Errors
///
/// As [`write()`].
pub async fn write_plainly(env: &Environment, model: &Model, ids: &[i64], values: Values) -> Result<()> {
    put(env, model, ids, &values, Scope::PartOfCall).await
}

/// Writes the values, and what follows from them by declaration.
async fn put(env: &Environment, model: &Model, ids: &[i64], values: &Values, scope: Scope) -> Result<()> {
    let prepared = prepare::prepare(env, model, values).await?;
    let is_sole = scope == Scope::WholeCall && ids.len() == 1 && prepared.is_all_there_is(env, model);
    update(env, model, ids, prepared.assignments, is_sole).await?;
    write_behind(env, model, ids, prepared.behind).await?;
    for (field, commands) in prepared.lists {
        command::apply(env, model, field, ids, &commands, false).await?;
    }
    compute::follow(env, model, ids, &prepared.names).await?;
    env.mark_stale(env.registry().staleness(model));
    Ok(())
}

async fn update(
    env: &Environment,
    model: &Model,
    ids: &[i64],
    assignments: Vec<Assignment>,
    is_sole: bool,
) -> Result<()> {
    let mut sets: Vec<Sql> = assignments
        .into_iter()
        .map(|assignment| ident(&assignment.column).and_text(" = ").then(assignment.update))
        .collect();
    sets.push(Sql::text("write_uid = ").then(Sql::param(env.user().id)));
    sets.push(Sql::text("write_date = ").then(Sql::param(env.now())));
    let statement = Sql::text("UPDATE ")
        .then(ident(&model.table))
        .and_text(" AS ")
        .then(ident(SELF))
        .and_text(" SET ")
        .then(Sql::join(sets, ", "))
        .and_text(" WHERE ")
        .then(is_one_of(ids));
    let statement = both(statement, Compiler::new(env).rules(model, SELF, Operation::Write)?);
    let missed = if is_sole {
        // Of one record the count says it all.
        let record = ids.first().copied();
        let count = env.connection().run_sole(record, |guard| both(statement, guard)).await?.count;
        if count > 0 { Vec::new() } else { ids.to_vec() }
    } else {
        let build = |guard| both(statement, guard).and_text(" RETURNING ").then(column(SELF, "id"));
        let rows = env.connection().query_guarded(build).await?;
        let changed: HashSet<i64> = rows.iter().map(|row| int(row, 0)).collect();
        ids.iter().filter(|id| !changed.contains(id)).copied().collect()
    };
    if missed.is_empty() {
        return Ok(());
    }
    records::refuse_hidden(env, model, &missed, Operation::Write).await?;
    Err(gone(model, &missed))
}

/// The words for records that are not there.
pub fn gone(model: &Model, ids: &[i64]) -> Error {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    Error::Missing(format!(
        "The record {} of '{}' ({}) does not exist or has been deleted.",
        ids.join(", "),
        model.description,
        model.name
    ))
}

/// Changes the records whose fields the model shows as its own.
///
/// # Errors
///
/// As [`write()`], and where a path leads nowhere.
pub(super) async fn write_behind(
    env: &Environment,
    model: &Model,
    ids: &[i64],
    behind: Behind,
) -> Result<()> {
    for ((links, right), values) in behind {
        let of_owner = (right == Right::Owner).then(|| env.sudo());
        let env = of_owner.as_ref().unwrap_or(env);
        if links.is_empty() {
            // Another name for a field of the record itself.
            write(env, model, ids, values).await?;
            continue;
        }
        let comodel = env.registry().end_of_path(model, &links)?.kind.comodel().unwrap_or_default();
        let comodel = env.model(comodel)?;
        write(env, &comodel, &ends(env, model, ids, &links).await?, values).await?;
    }
    Ok(())
}

/// The ids of the records at the end of a path.
async fn ends(env: &Environment, model: &Model, ids: &[i64], links: &[String]) -> Result<Vec<i64>> {
    let steps: Vec<&str> = links.iter().map(String::as_str).collect();
    let value = value_sql::path(env.registry(), model, SELF, &steps)?;
    let statement = Sql::text("SELECT DISTINCT ")
        .then(value)
        .then(super::query::from(model))
        .and_text(" WHERE ")
        .then(is_one_of(ids));
    let rows = env.connection().query(statement).await?;
    Ok(rows.iter().map(|row| int(row, 0)).filter(|id| *id != 0).collect())
}
