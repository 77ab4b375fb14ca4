//! System parameters that say how sign-in works. Read where they count: a change holds at the next request,
//! on all servers.

use crate::db::{Connection, Sql};
use crate::error::Result;
use crate::orm::registry::text;

/// A parameter's value, if it is set.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn value(connection: &Connection, key: &str) -> Result<Option<String>> {
    let statement = Sql::text("SELECT value FROM ir_config_parameter WHERE key = ").then(Sql::param(key));
    let rows = connection.query(statement).await?;
    Ok(rows.first().map(|row| text(row, 0).trim().to_owned()).filter(|value| !value.is_empty()))
}

/// A parameter that is on or off, and which it is when nobody has said.
///
/// # Errors
///
/// As [`value`].
pub async fn flag(connection: &Connection, key: &str, default: bool) -> Result<bool> {
    let is_off =
        |value: String| ["0", "false", "no", "off"].iter().any(|word| value.eq_ignore_ascii_case(word));
    Ok(value(connection, key).await?.map_or(default, |value| !is_off(value)))
}
