//! The address that the contacts of a company share with it, and the numbers that are the company's.
//!
//! A contact of the type `contact` has its company's address: it takes that over when it joins, and
//! follows it when it changes. The only contact of a company without an address gives it its own. Tax
//! and register numbers go down to all people of the company, not to companies below it.

use std::collections::HashSet;

use serde_json::Value as Json;

use crate::db::{Raw, Row, Sql};
use crate::error::Result;
use crate::orm::behaviour::Values;
use crate::orm::environment::Environment;
use crate::orm::registry::int;
use crate::orm::write::{write, write_plainly};

const ADDRESS: [&str; 6] = ["street", "street2", "zip", "city", "state_id", "country_id"];
const NUMBERS: [&str; 2] = ["vat", "company_registry"];

/// What a change of contacts means for those above and below them.
pub(super) async fn share(env: &Environment, ids: &[i64], values: &[Values]) -> Result<()> {
    let is_given =
        |names: &[&str]| values.iter().any(|record| names.iter().any(|name| record.contains_key(*name)));
    let has_joined =
        values.iter().any(|record| record.get("parent_id").is_some_and(crate::orm::python::truth));
    let is_new = values.len() == ids.len() && values.iter().all(|record| record.contains_key("type"));
    if has_joined {
        if is_new {
            give_first(env, ids).await?;
        }
        take_over(env, ids).await?;
    } else if values.iter().any(|record| record.get("type").is_some_and(|kind| kind == "contact")) && !is_new
    {
        take_over(env, ids).await?;
    }
    if !is_given(&ADDRESS) && !is_given(&NUMBERS) {
        return Ok(());
    }
    take_over(env, &below(env, ids).await?).await
}

async fn below(env: &Environment, ids: &[i64]) -> Result<Vec<i64>> {
    let below = Sql::text("SELECT id FROM res_partner WHERE parent_id = ANY(")
        .then(Sql::param(ids.to_vec()))
        .and_text(") ORDER BY id");
    Ok(env.connection().query(below).await?.iter().map(|row| int(row, 0)).collect())
}

fn raw(row: &Row, place: usize) -> Option<Raw<'_>> {
    row.try_get(place).ok().flatten()
}

fn is(row: &Row, place: usize) -> bool {
    raw(row, place).is_some_and(Raw::boolean)
}

fn address(row: &Row, first: usize) -> Values {
    let value = |place: usize, name: &str| -> Json {
        let found = raw(row, place);
        if name.ends_with("_id") {
            found.and_then(Raw::int).map_or(Json::Bool(false), Json::from)
        } else {
            found.and_then(Raw::text).map_or(Json::Bool(false), Json::from)
        }
    };
    ADDRESS.iter().enumerate().map(|(place, name)| ((*name).to_owned(), value(first + place, name))).collect()
}

/// Contacts take over what they share with whom they belong to, and those below them from them, level by level:
/// nothing limits how many levels there are. Each has its turn once: two calls at the same time can put contacts
/// below each other, as neither sees the circle that both make.
async fn take_over(env: &Environment, ids: &[i64]) -> Result<()> {
    let mut seen: HashSet<i64> = ids.iter().copied().collect();
    let mut level = ids.to_vec();
    while !level.is_empty() {
        let changed = take_over_level(env, &level).await?;
        level = below(env, &changed).await?;
        level.retain(|id| seen.insert(*id));
    }
    Ok(())
}

/// Gives those that took something over. They are written without what else a change of them means: that is
/// the next level.
async fn take_over_level(env: &Environment, ids: &[i64]) -> Result<Vec<i64>> {
    let statement =
        Sql::with_parameter(include_str!("../../sql/queries/partners/addresses_above.sql"), ids.to_vec());
    let (partner, sudo) = (env.model("res.partner")?, env.sudo());
    // Those that take over the same are written together: mostly all of a level.
    let mut alike: Vec<(Values, Vec<i64>)> = Vec::new();
    for row in env.connection().query(statement).await? {
        let mut values = Values::new();
        if is(&row, 1) && is(&row, 3) {
            values.extend(address(&row, 4));
        }
        if is(&row, 2) {
            for (place, name) in NUMBERS.iter().enumerate() {
                if let Some(number) = raw(&row, 10 + place).and_then(Raw::text) {
                    values.insert((*name).to_owned(), number.into());
                }
            }
        }
        match alike.last_mut() {
            _ if values.is_empty() => {}
            Some((same, ids)) if *same == values => ids.push(int(&row, 0)),
            _ => alike.push((values, vec![int(&row, 0)])),
        }
    }
    let mut changed = Vec::new();
    for (values, ids) in alike {
        write_plainly(&sudo, &partner, &ids, values).await?;
        changed.extend(ids);
    }
    Ok(changed)
}

/// The first contact of a company without an address gives it its own.
async fn give_first(env: &Environment, ids: &[i64]) -> Result<()> {
    let statement =
        Sql::with_parameter(include_str!("../../sql/queries/partners/first_contacts.sql"), ids.to_vec());
    let (partner, sudo) = (env.model("res.partner")?, env.sudo());
    for row in env.connection().query(statement).await? {
        write(&sudo, &partner, &[int(&row, 0)], address(&row, 1)).await?;
    }
    Ok(())
}
