//! Keeps stored fields that follow from others true: after each change, what depends on it is
//! evaluated again, and what depends on that.

use std::collections::VecDeque;

use super::environment::Environment;
use super::field::{Field, FieldType, Source};
use super::model::Model;
use super::query::SELF;
use super::registry::{Trigger, int};
use super::value_sql;
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};

/// How often one change may lead to another: a circle of fields must not keep a call for ever.
const MOST_STEPS: usize = 200;

struct Change {
    model: String,
    ids: Vec<i64>,
    field: String,
}

/// Evaluates what follows from changed fields.
///
/// # Errors
///
/// [`Error::Unavailable`] and the like; the expressions themselves cannot fail.
pub(super) async fn follow(env: &Environment, model: &Model, ids: &[i64], fields: &[String]) -> Result<()> {
    let mut open: VecDeque<Change> = fields
        .iter()
        .filter(|field| !env.registry().triggers(&model.name, field).is_empty())
        .map(|field| Change { model: model.name.clone(), ids: ids.to_vec(), field: field.clone() })
        .collect();
    let mut steps = 0;
    while let Some(change) = open.pop_front() {
        for trigger in env.registry().triggers(&change.model, &change.field) {
            steps += 1;
            if steps > MOST_STEPS {
                return Err(Error::Internal(format!(
                    "{}.{} follows from itself",
                    trigger.model, trigger.field
                )));
            }
            let changed = evaluate(env, trigger, &change.ids).await?;
            if !changed.is_empty() {
                open.push_back(Change {
                    model: trigger.model.clone(),
                    ids: changed,
                    field: trigger.field.clone(),
                });
            }
        }
    }
    Ok(())
}

/// Evaluates all stored fields of new records, then what follows from them elsewhere.
///
/// # Errors
///
/// As [`follow`].
pub(super) async fn follow_new(
    env: &Environment,
    model: &Model,
    ids: &[i64],
    fields: &[String],
) -> Result<()> {
    let mut changed = fields.to_vec();
    for field in model.fields.values().filter(|field| is_evaluated(field)) {
        let trigger = Trigger { model: model.name.clone(), field: field.name.clone(), path: Vec::new() };
        if !evaluate(env, &trigger, ids).await?.is_empty() {
            changed.push(field.name.clone());
        }
    }
    follow(env, model, ids, &changed).await
}

/// Whether a new record of the model has fields to be evaluated.
pub(super) fn has_evaluated(model: &Model) -> bool {
    model.fields.values().any(is_evaluated)
}

/// Pictures that follow from others are made when those are written, not by the database.
fn is_evaluated(field: &Field) -> bool {
    matches!(field.source, Source::StoredComputed(_) | Source::StoredRelated(_))
        && !matches!(field.kind, FieldType::Image { .. })
}

async fn evaluate(env: &Environment, trigger: &Trigger, ids: &[i64]) -> Result<Vec<i64>> {
    let model = env.model(&trigger.model)?;
    let lost = || Error::Internal(format!("no field {}.{}", trigger.model, trigger.field));
    let field = model.field(&trigger.field).ok_or_else(lost)?;
    if !is_evaluated(field) {
        return Ok(Vec::new());
    }
    let lang = &env.context.lang;
    let value = match &field.source {
        Source::StoredRelated(path) => {
            let steps: Vec<&str> = path.iter().map(String::as_str).collect();
            value_sql::path(env.registry(), &model, SELF, &steps)?
        }
        Source::StoredComputed(expression) => expression(super::field::Scope { alias: SELF, lang }),
        _ => return Err(lost()),
    };
    let statement = Sql::text("UPDATE ")
        .then(ident(&model.table))
        .and_text(" AS ")
        .then(ident(SELF))
        .and_text(" SET ")
        .then(ident(&field.name))
        .and_text(" = ")
        .then(value.clone())
        .and_text(" WHERE ")
        .then(on_path(env, &model, &trigger.path, ids)?)
        .and_text(" AND ")
        .then(column(SELF, &field.name))
        .and_text(" IS DISTINCT FROM ")
        .then(value)
        .and_text(" RETURNING ")
        .then(column(SELF, "id"));
    Ok(env.connection().query(statement).await?.iter().map(|row| int(row, 0)).collect())
}

/// The records from which a path of many2one fields leads to `ids`.
fn on_path(env: &Environment, model: &Model, path: &[String], ids: &[i64]) -> Result<Sql> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(column(SELF, "id").and_text(" = ANY(").then(Sql::param(ids.to_vec())).and_text(")"));
    };
    let mut models = vec![];
    let mut at =
        model.field(first).and_then(|field| field.kind.comodel()).map(|name| env.model(name)).transpose()?;
    for step in rest {
        let comodel = at.ok_or_else(|| Error::Internal(format!("{} has no path", model.name)))?;
        at = comodel
            .field(step)
            .and_then(|field| field.kind.comodel())
            .map(|name| env.model(name))
            .transpose()?;
        models.push((comodel, step));
    }
    let mut condition = Sql::text(" = ANY(").then(Sql::param(ids.to_vec())).and_text(")");
    for (comodel, step) in models.into_iter().rev() {
        condition = Sql::text(" IN (SELECT id FROM ")
            .then(ident(&comodel.table))
            .and_text(" WHERE ")
            .then(ident(step))
            .then(condition)
            .and_text(")");
    }
    Ok(column(SELF, first).then(condition))
}
