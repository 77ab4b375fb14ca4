//! Failures are counted by who failed at what from where, in the database: a guesser meets the same
//! limit on every server, and locks nobody out who comes from elsewhere.

use chrono::{NaiveDateTime, TimeDelta};
use sha2::{Digest as _, Sha256};

use crate::db::{Connection, Param, Sql};
use crate::error::Result;
use crate::orm::registry::int;

/// Failures within a window after which nothing more is tried.
pub const MOST: i64 = 20;

/// How long a window lasts, from the first failure.
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// Who fails at what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// What is tried ("client", "login"), the address it comes from, and whom it is about.
    pub fn new(what: &str, address: &str, whom: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [what, address, whom] {
            // The length keeps ("ab", "c") and ("a", "bc") apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().to_vec())
    }

    /// As a parameter of a statement.
    pub fn into_param(self) -> Param {
        self.0.into()
    }

    fn param(&self) -> Sql {
        Sql::param(self.0.clone())
    }
}

/// The expression that gives the seconds to wait, and nothing when it may be tried.
pub fn wait(key: &Key, now: NaiveDateTime) -> Sql {
    Sql::text("(SELECT ceil(extract(epoch FROM ends_at - ")
        .then(Sql::param(now))
        .and_text("::timestamp))::int FROM rate_limit WHERE key = ")
        .then(key.param())
        .and_text(" AND failures >= ")
        .then(Sql::number(MOST))
        .and_text(" AND ends_at > ")
        .then(Sql::param(now))
        .and_text(")")
}

/// The seconds to wait before it may be tried again, if any.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn check(connection: &Connection, key: &Key, now: NaiveDateTime) -> Result<Option<i64>> {
    let rows = connection.query(Sql::text("SELECT ").then(wait(key, now))).await?;
    Ok(rows.first().map(|row| int(row, 0)).filter(|seconds| *seconds > 0))
}

/// Counts a failure.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn fail(connection: &Connection, key: &Key, now: NaiveDateTime) -> Result<()> {
    let statement = Sql::file(
        include_str!("../../sql/queries/auth/count_failure.sql"),
        &[key.0.clone().into(), (now + WINDOW).into(), now.into()],
    );
    connection.execute(statement).await?;
    Ok(())
}
