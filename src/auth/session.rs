//! Sessions of signed-in users. The cookie's value is known to the browser alone; the database has
//! its SHA-256.

use chrono::{NaiveDateTime, TimeDelta};
use sha2::{Digest as _, Sha256};

use crate::clock::World;
use crate::db::{Connection, Sql};
use crate::error::Result;
use crate::orm::registry::int;

/// Characters of a session's cookie: as many as Odoo's.
const LENGTH: usize = 84;

/// How long a session lasts without a word from its user: the `Max-Age` of Odoo's cookie.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);

/// The SHA-256 of a cookie's value: what the database and the caches know a session by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// The id of a cookie's value; none of a value that this server never gave.
    pub fn of_cookie(value: &str) -> Option<Self> {
        let is_ours = value.len() == LENGTH && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_ours.then(|| Self(Sha256::digest(value.as_bytes()).into()))
    }

    /// Its bytes, for what else is bound to a session.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }

    fn param(self) -> Sql {
        Sql::param(self.to_bytes())
    }

    /// The statement that finds a row as long as the session is good.
    pub fn check(self, now: NaiveDateTime) -> Sql {
        Sql::text("SELECT user_id FROM web_session WHERE id = ")
            .then(self.param())
            .and_text(" AND expires_at > ")
            .then(Sql::param(now))
    }
}

/// A value for a cookie that nobody has.
pub fn fresh_cookie(world: &World) -> String {
    world.token(LENGTH)
}

/// Opens a session and gives the value of its cookie; none when the password is no longer the one of the
/// version that was proved.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn open(
    connection: &Connection,
    world: &World,
    user_id: i64,
    proved: Option<i64>,
) -> Result<Option<String>> {
    let cookie = fresh_cookie(world);
    let id = SessionId(Sha256::digest(cookie.as_bytes()).into());
    let now = world.now();
    let statement = Sql::file(
        include_str!("../../sql/queries/auth/open_session.sql"),
        &[id.to_bytes().into(), user_id.into(), now.into(), (now + LIFETIME).into(), proved.into()],
    );
    let stale =
        Sql::text("DELETE FROM web_session WHERE id IN (SELECT id FROM web_session WHERE expires_at < ")
            .then(Sql::param(now))
            .and_text(" LIMIT 100)");
    // Whoever signs in takes some of the rubbish out.
    let opened = connection.query_all(vec![statement, stale]).await?;
    Ok(opened.first().is_some_and(|rows| !rows.is_empty()).then_some(cookie))
}

/// The user of a session, if it is good.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn user(connection: &Connection, id: SessionId, now: NaiveDateTime) -> Result<Option<i64>> {
    let rows = connection.query(id.check(now)).await?;
    Ok(rows.first().map(|row| int(row, 0)))
}

/// Lets a session last from now on.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn prolong(connection: &Connection, id: SessionId, now: NaiveDateTime) -> Result<()> {
    let statement = Sql::text("UPDATE web_session SET expires_at = ")
        .then(Sql::param(now + LIFETIME))
        .and_text(" WHERE id = ")
        .then(id.param());
    connection.execute(statement).await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn close(connection: &Connection, id: SessionId) -> Result<()> {
    connection.execute(Sql::text("DELETE FROM web_session WHERE id = ").then(id.param())).await?;
    Ok(())
}

/// Ends all sessions of some users.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn close_all(connection: &Connection, users: &[i64]) -> Result<()> {
    let statement = Sql::text("DELETE FROM web_session WHERE user_id = ANY(")
        .then(Sql::param(users.to_vec()))
        .and_text(")");
    connection.execute(statement).await?;
    Ok(())
}
