//! Failures are counted by who failed at what from where, in the database: a guesser meets the same
//! limit on every server, and locks nobody out who comes from elsewhere.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{NaiveDateTime, TimeDelta};
use sha2::{Digest as _, Sha256};

use crate::db::{Connection, Param, Sql};
use crate::error::Result;
use crate::orm::registry::int;

/// Failures within a window after which nothing more is tried, unless the operator says otherwise.
pub const MOST: u16 = 20;

/// How long a window lasts, from the first failure.
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// Who fails at what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    hash: Vec<u8>,
    most: u16,
}

/// What one party has of addresses: one of the fourth version, and of the sixth the 2^64 that the smallest
/// network has.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Ok(address) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

impl Key {
    /// What is tried ("client", "login"), the address it comes from, whom it is about, and how often that
    /// may fail.
    pub fn new(what: &str, address: &str, whom: &str, most: u16) -> Self {
        let mut hash = Sha256::new();
        for part in [what, &network(address), whom] {
            // The length keeps ("ab", "c") and ("a", "bc") apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self { hash: hash.finalize().to_vec(), most }
    }

    /// How often it may fail.
    pub fn most(&self) -> usize {
        self.most.into()
    }

    /// As a parameter of a statement.
    pub fn into_param(self) -> Param {
        self.hash.into()
    }

    fn param(&self) -> Sql {
        Sql::param(self.hash.clone())
    }
}

/// The expression that gives the seconds to wait, and nothing when it may be tried.
pub fn wait(key: &Key, now: NaiveDateTime) -> Sql {
    Sql::text("(SELECT ceil(extract(epoch FROM ends_at - ")
        .then(Sql::param(now))
        .and_text("::timestamp))::int FROM rate_limit WHERE key = ")
        .then(key.param())
        .and_text(" AND failures >= ")
        .then(Sql::number(key.most.into()))
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
        &[key.hash.clone().into(), (now + WINDOW).into(), now.into()],
    );
    connection.execute(statement).await?;
    Ok(())
}
