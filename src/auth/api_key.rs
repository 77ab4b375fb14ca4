//! API keys: their text is shown once, the database has its SHA-256.

use chrono::NaiveDateTime;
use sha2::{Digest as _, Sha256};

use super::credential::{Credential, Proof};
use crate::clock::World;
use crate::db::{Connection, Sql};
use crate::error::Result;
use crate::orm::registry::int;

/// Characters of a key, each one of 62: 238 bits.
const LENGTH: usize = 40;

/// The scope of keys for calls; a key without a scope opens everything.
pub const SCOPE: &str = "rpc";

/// A text that nobody has.
pub fn fresh(world: &World) -> String {
    world.token(LENGTH)
}

/// Whether a text may be a key. A password can look like one as well.
pub fn has_shape(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn hash(key: &str) -> Sql {
    Sql::param(Sha256::digest(key.as_bytes()).to_vec())
}

/// Keeps the hash of a key.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn keep(connection: &Connection, id: i64, key: &str) -> Result<()> {
    let statement = Sql::text("INSERT INTO api_key_secret (key_id, hash) VALUES (")
        .then(Sql::param(id))
        .and_text(", ")
        .then(hash(key))
        .and_text(")");
    connection.execute(statement).await?;
    Ok(())
}

/// Forgets the hashes of the keys that `which` selects.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn forget(connection: &Connection, which: Sql) -> Result<()> {
    let statement = Sql::text("DELETE FROM api_key_secret WHERE key_id IN (").then(which).and_text(")");
    connection.execute(statement).await?;
    Ok(())
}

/// Finds a key that is good for calls: of an active user, not expired, of the right scope.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn find(connection: &Connection, key: &str, now: NaiveDateTime) -> Result<Option<Credential>> {
    if !has_shape(key) {
        return Ok(None);
    }
    let statement = Sql::text(include_str!("../../sql/queries/users/by_api_key.sql"))
        .then(hash(key))
        .and_text(" AND (k.scope IS NULL OR k.scope = ")
        .then(Sql::literal(SCOPE))
        .and_text(") AND (k.expiration_date IS NULL OR k.expiration_date > ")
        .then(Sql::param(now))
        .and_text(")");
    let rows = connection.query(statement).await?;
    Ok(rows.first().map(|row| Credential { user_id: int(row, 0), proof: Proof::ApiKey(int(row, 1)) }))
}
