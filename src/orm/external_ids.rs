//! External ids: names of records that stay the same from database to database.

use std::collections::HashMap;

use super::access::{self, Operation};
use super::behaviour::Staleness;
use super::environment::Environment;
use super::model::Model;
use super::registry::{int, text};
use crate::db::Sql;
use crate::error::{Error, Result};

/// The model of external ids.
pub const MODEL: &str = "ir.model.data";

/// The module of external ids that name none when they are taken in.
const IMPORT: &str = "__import__";

/// The module of external ids that an export makes.
const EXPORT: &str = "__export__";

/// Characters of chance in the name that an export makes.
const CHANCE: usize = 8;

/// The module and the name within it.
pub fn parts(given: &str) -> (&str, &str) {
    given.split_once('.').unwrap_or((IMPORT, given))
}

/// Gives records of a model their external ids.
///
/// # Errors
///
/// [`Error::Value`] for one that is empty.
pub async fn name(env: &Environment, model: &str, named: &[(String, i64)]) -> Result<()> {
    if named.is_empty() {
        return Ok(());
    }
    // They are records too, which an application may not be offered.
    access::check_within(env, &*env.model(MODEL)?, Operation::Create)?;
    let (mut modules, mut names, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for (external, id) in named {
        let (module, name) = parts(external);
        if module.is_empty() || name.is_empty() {
            return Err(Error::Value(format!("'{external}' is no external id: it has a module and a name.")));
        }
        modules.push(module.to_owned());
        names.push(name.to_owned());
        ids.push(*id);
    }
    let pieces = [
        Sql::param(model),
        Sql::param(env.user().id),
        Sql::param(modules),
        Sql::param(names),
        Sql::param(ids),
        Sql::param(env.now()),
    ];
    let statement = Sql::with_pieces(include_str!("../../sql/queries/records/name_external.sql"), &pieces);
    env.connection().execute(statement).await?;
    if model == "res.groups" {
        env.mark_stale(Staleness::Registry);
    }
    Ok(())
}

/// Whether an application that acts for the caller is offered to do that with external ids; they are records
/// of a model of their own. Nobody else is limited.
pub fn are_offered(env: &Environment, operation: Operation) -> bool {
    env.limits().is_none_or(|limits| limits.allow(MODEL, operation))
}

/// The external ids of records, made for those that have none, so that they can be found again. An application
/// that may not see them is told none, and one that may not make them makes none.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn of(env: &Environment, model: &Model, ids: &[i64]) -> Result<HashMap<i64, String>> {
    if !are_offered(env, Operation::Read) {
        return Ok(HashMap::new());
    }
    let statement = Sql::text(
        "SELECT DISTINCT ON (res_id) res_id, module || '.' || name FROM ir_model_data WHERE model = ",
    )
    .then(Sql::param(model.name.as_str()))
    .and_text(" AND res_id = ANY(")
    .then(Sql::param(ids.to_vec()))
    .and_text(") ORDER BY res_id, id");
    let rows = env.connection().query(statement).await?;
    let mut known: HashMap<i64, String> = rows.iter().map(|row| (int(row, 0), text(row, 1))).collect();
    if !are_offered(env, Operation::Create) {
        return Ok(known);
    }
    let mut new = Vec::new();
    for id in ids {
        if !known.contains_key(id) {
            let chance = env.world().token(CHANCE).to_lowercase();
            let external = format!("{EXPORT}.{}_{id}_{chance}", model.table);
            known.insert(*id, external.clone());
            new.push((external, *id));
        }
    }
    name(env, &model.name, &new).await?;
    Ok(known)
}
