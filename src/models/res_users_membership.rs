//! Whether a user is in a group, or in some of several, and in which of them at once nobody is.

use std::collections::HashSet;

use crate::db::Sql;
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation, records};
use crate::orm::behaviour::Promise;
use crate::orm::environment::Environment;
use crate::orm::method::{Call, Reply};
use crate::orm::registry::{int, text};

/// Whether one user is in a group.
pub(super) fn has_group(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let name = call.arguments.text("group_ext_id")?.unwrap_or_default();
        let groups = groups(&call).await?;
        Ok(Reply::value(&is_in(&call, &groups, name).into()))
    })
}

/// Whether one user is in one of the groups of a text such as `base.group_user,!base.group_portal`, and
/// in none of those with a `!`. Where there are those alone, that is enough.
pub(super) fn has_groups(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let names = call.arguments.text("group_spec")?.unwrap_or_default();
        let groups = groups(&call).await?;
        // Who asks for no group at all is told no.
        let holds = !names.trim().is_empty() && access::are_met(names, |name| is_in(&call, &groups, name));
        Ok(Reply::value(&holds.into()))
    })
}

/// Holds in a session in developer mode alone, of which the server has none.
const DEVELOPER: &str = "base.group_no_one";

fn is_in(call: &Call<'_>, groups: &HashSet<i64>, name: &str) -> bool {
    name != DEVELOPER && call.env.registry().references.get(name).is_some_and(|group| groups.contains(group))
}

/// The groups of the one user that is asked about; asking for another user needs the right to look at that one.
async fn groups(call: &Call<'_>) -> Result<HashSet<i64>> {
    let [user] = call.ids.as_slice() else {
        return Err(Error::Value(format!("One user is wanted, not {}.", call.ids.len())));
    };
    if *user == call.env.user().id {
        return Ok(call.env.user().groups.iter().copied().collect());
    }
    access::check_model(call.env, call.model, Operation::Read)?;
    records::check(call.env, call.model, &call.ids, Operation::Read).await?;
    let statement = Sql::text("SELECT gid FROM res_groups_users_rel WHERE uid = ").then(Sql::param(*user));
    Ok(call.env.connection().query(statement).await?.iter().map(|row| int(row, 0)).collect())
}

/// What a user is: one of us, a customer, or anybody.
const TYPES: [&str; 3] = ["base.group_user", "base.group_portal", "base.group_public"];

/// Refuses users of two types.
///
/// # Errors
///
/// [`Error::Validation`] that names one.
pub(super) async fn refuse_two_types(env: &Environment, users: &[i64]) -> Result<()> {
    let references = &env.registry().references;
    let types: Vec<i64> = TYPES.iter().filter_map(|name| references.get(*name).copied()).collect();
    let statement = Sql::text(
        "SELECT u.login FROM res_groups_users_rel r JOIN res_users u ON u.id = r.uid WHERE r.uid = ANY(",
    )
    .then(Sql::param(users.to_vec()))
    .and_text(") AND r.gid = ANY(")
    .then(Sql::param(types))
    .and_text(") GROUP BY u.login HAVING count(*) > 1 ORDER BY u.login");
    let rows = env.connection().query(statement).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    Err(Error::Validation(format!(
        "The user '{}' cannot be of several types at once. Keep one of the groups Internal User, Portal and Public.",
        text(row, 0)
    )))
}
