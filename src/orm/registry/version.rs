//! The version of models, fields and rights: a fact of the database that each of their changes counts
//! up within its own transaction. Every call asks for it on its way, with its first statement, so that
//! no server answers from what was true a moment ago; and two who change models at once meet here.

use super::Registry;
use crate::db::Sql;
use crate::error::Result;
use crate::orm::environment::Services;

/// The statement that tells the version.
pub(super) fn current() -> Sql {
    Sql::text("SELECT value FROM server_fact WHERE name = 'registry'")
}

/// The statement that counts it up, and makes it where there is none.
pub fn count_up() -> Sql {
    Sql::text(
        "INSERT INTO server_fact (name, value) VALUES ('registry', '1') ON CONFLICT (name) DO UPDATE SET value = (server_fact.value::bigint + 1)::text",
    )
}

impl Registry {
    /// The statement that finds a row as long as this registry is the latest one.
    pub fn check(&self) -> Sql {
        current().and_text(" AND value = ").then(Sql::param(self.version.as_str()))
    }
}

/// Counts the version up, once a call. Of two calls that do so at once the second waits for the first,
/// and then begins again with what the first has made of the models.
///
/// # Errors
///
/// [`crate::error::Error::Conflict`] when another was first.
pub async fn take_turn(services: &Services) -> Result<()> {
    if !services.has_turn.replace(true) {
        services.connection.execute(count_up()).await?;
    }
    Ok(())
}
