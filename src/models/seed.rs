//! The base data: `sql/data/base.sql` for the records with fixed ids, `sql/data/records*.json` for
//! others, each under its external id. A record whose external id is known is left as it is. Views,
//! actions and menus come after them; currencies, countries and languages before.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{shipped, world};
use crate::db::Sql;
use crate::error::{Error, Result};
use crate::orm::behaviour::Values;
use crate::orm::create::create;
use crate::orm::environment::Environment;
use crate::orm::registry::{int, text};

/// Records in the order in which they name each other.
const RECORDS: [&str; 4] = [
    include_str!("../../sql/data/records.json"),
    include_str!("../../sql/data/records_res.json"),
    include_str!("../../sql/data/records_platform.json"),
    include_str!("../../sql/data/records_web.json"),
];

/// All that the base data are made from, for the fingerprint of a database.
pub fn data() -> impl Iterator<Item = &'static str> {
    let fixed = [include_str!("../../sql/data/base.sql"), include_str!("../../sql/data/ranges.sql")];
    RECORDS.into_iter().chain(fixed).chain(world::data()).chain(shipped::FILES)
}

#[derive(Deserialize)]
struct Seed {
    id: String,
    model: String,
    values: Values,
}

/// Whether the database is new: the system user is not there.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn is_new(env: &Environment) -> Result<bool> {
    Ok(env.connection().query(Sql::text("SELECT 1 FROM res_users WHERE id = 1")).await?.is_empty())
}

/// Makes what is missing of the base data.
///
/// # Errors
///
/// [`Error::Internal`] when the data contradict the models.
pub async fn seed(env: &Environment) -> Result<()> {
    let is_new = is_new(env).await?;
    world::seed(env).await?;
    if is_new {
        env.connection().batch(include_str!("../../sql/data/base.sql")).await?;
    }
    let mut seeds: Vec<Seed> = Vec::new();
    for records in RECORDS {
        let read: Vec<Seed> = serde_json::from_str(records)
            .map_err(|error| Error::Internal(format!("the base data cannot be read: {error}")))?;
        seeds.extend(read);
    }
    let rows =
        env.connection().query(Sql::text("SELECT module || '.' || name, res_id FROM ir_model_data")).await?;
    let mut known: HashMap<String, i64> = rows.iter().map(|row| (text(row, 0), int(row, 1))).collect();
    for seed in seeds {
        if known.contains_key(&seed.id) {
            continue;
        }
        let mut values = Json::Object(seed.values);
        resolve(&mut values, &known)?;
        let Json::Object(values) = values else { continue };
        let model = env.model(&seed.model)?;
        let made = create(env, &model, vec![values]).await?;
        let id = made.first().copied().unwrap_or_default();
        name(env, &seed.id, &seed.model, id).await?;
        known.insert(seed.id, id);
    }
    shipped::seed(env).await?;
    if is_new {
        env.connection().batch(include_str!("../../sql/data/ranges.sql")).await?;
    }
    Ok(())
}

/// Puts ids in the place of `{"ref": "module.name"}`.
fn resolve(value: &mut Json, known: &HashMap<String, i64>) -> Result<()> {
    let reference = value.get("ref").and_then(Json::as_str).map(str::to_owned);
    if let Some(name) = reference {
        let id = known
            .get(&name)
            .ok_or_else(|| Error::Internal(format!("the base data name {name} too early")))?;
        *value = (*id).into();
        return Ok(());
    }
    match value {
        Json::Array(items) => items.iter_mut().try_for_each(|item| resolve(item, known)),
        Json::Object(entries) => entries.values_mut().try_for_each(|item| resolve(item, known)),
        _ => Ok(()),
    }
}

/// Gives a record its external id.
pub(super) async fn name(env: &Environment, external: &str, model: &str, id: i64) -> Result<()> {
    let (module, name) = external.split_once('.').unwrap_or(("base", external));
    let statement = Sql::text("INSERT INTO ir_model_data (module, name, model, res_id, noupdate, create_uid, create_date, write_uid, write_date) VALUES (")
        .then(Sql::join(
            [
                Sql::param(module),
                Sql::param(name),
                Sql::param(model),
                Sql::param(id),
                Sql::boolean(true),
                Sql::param(env.user().id),
                Sql::param(env.now()),
                Sql::param(env.user().id),
                Sql::param(env.now()),
            ],
            ", ",
        ))
        .and_text(")");
    env.connection().execute(statement).await?;
    Ok(())
}
