//! The version of models, fields and rights: a fact of the database that each of their changes counts
//! up within its own transaction. Every call asks for it on its way, with its first statement, so that
//! no server answers from what was true a moment ago; and two who change models at once meet here.

use super::Registry;
use crate::db::Sql;
use crate::error::Result;
use crate::orm::environment::Services;

/// The statement that tells the version, and the state of the database: the transactions that are under way, and
/// the next one.
pub(super) fn current() -> Sql {
    Sql::text("SELECT value, pg_current_snapshot()::text FROM server_fact WHERE name = 'registry'")
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
        let of_version = "SELECT value FROM server_fact WHERE name = 'registry' AND value = ";
        Sql::text(of_version).then(Sql::param(self.version.as_str()))
    }

    /// The statement that finds a row as long as nobody has written anything since this registry was loaded: also
    /// what does not count the version up.
    pub fn check_all(&self) -> Sql {
        Sql::text("SELECT 1 WHERE pg_current_snapshot()::text = ").then(Sql::param(self.snapshot.as_str()))
    }
}

/// How a call stands among those that change models or rights, which take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// It has not come to that.
    Unasked,
    /// It has asked for its turn, and may have come second, or has given it back.
    Asked,
    /// It has counted the version up.
    Taken,
}

/// Counts the version up, once a call. Of two calls that do so at once the second waits for the first,
/// and then begins again with what the first has made of the models.
///
/// # Errors
///
/// [`crate::error::Error::Conflict`] when another was first.
pub async fn take_turn(services: &Services) -> Result<()> {
    if services.turn.get() != Turn::Taken {
        services.turn.set(Turn::Asked);
        services.connection.execute(count_up()).await?;
        services.turn.set(Turn::Taken);
    }
    Ok(())
}
