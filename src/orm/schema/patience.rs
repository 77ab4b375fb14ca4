//! Changes of tables that somebody else may be using. Whoever comes after such a change waits behind it, readers
//! included: it waits for a moment only, and is not tried again, as a backup takes longer than any patience.

use crate::db::Sql;
use crate::error::{Error, Result};
use crate::orm::environment::Services;
use crate::orm::registry::{int, text};
use crate::orm::savepoint::Savepoint;

/// How long a change waits for a table.
const LIMITED: &str = "SET LOCAL lock_timeout = '5s'";

/// Whoever has had a table for so many seconds then is one whom it has waited for: the same, and time for the look.
const HELD_FOR: i64 = 4;

/// What follows waits for records, as long as statements may take.
const USUAL: &str = "SET LOCAL lock_timeout TO DEFAULT";

/// Changes some tables.
///
/// # Errors
///
/// [`Error::User`] when one of them is in use all the time, with who uses it and what to do; nothing is changed
/// then. And what the change fails with.
pub(super) async fn patiently<T>(
    services: &Services,
    tables: &[String],
    change: impl AsyncFnOnce() -> Result<T>,
) -> Result<T> {
    let savepoint = Savepoint::set(services, "patience").await?;
    services.connection.batch(LIMITED).await?;
    match change().await {
        Ok(done) => {
            services.connection.batch(USUAL).await?;
            savepoint.release().await?;
            Ok(done)
        }
        Err(Error::Locked) => {
            // Only before it nothing has failed yet, and something can be asked.
            savepoint.undo().await?;
            Err(in_use(services, tables).await?)
        }
        Err(error) => Err(error),
    }
}

/// Tells who is in the way.
async fn in_use(services: &Services, tables: &[String]) -> Result<Error> {
    let statement = Sql::file(
        include_str!("../../../sql/queries/schema/holders.sql"),
        &[tables.to_vec().into(), HELD_FOR.into()],
    );
    let rows = services.connection.query(statement).await?;
    let Some(row) = rows.first() else {
        // It has gone just now, or is a table of links.
        return Ok(Error::User(format!(
            "A table that has to be changed ({}) is in use. Nothing was changed: try again in a moment.",
            tables.first().map_or("", String::as_str)
        )));
    };
    let (table, program, process) = (text(row, 0), text(row, 1), int(row, 2));
    tracing::warn!(table, program, process, "a table is in use, and could not be changed");
    let who = match (program.as_str(), process) {
        (_, 0) => "a prepared transaction (see pg_prepared_xacts in the database)".to_owned(),
        ("", _) => format!("the process {process} of the database"),
        _ => format!("'{program}' (process {process} of the database)"),
    };
    let end = if process == 0 {
        String::new()
    } else {
        format!(" Whoever runs the database can end it with SELECT pg_terminate_backend({process}).")
    };
    Ok(Error::User(format!(
        "The table {table} is in use by {who}, whose transaction has not ended yet. Nothing was changed: try again when it has.{end}"
    )))
}
