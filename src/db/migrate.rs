//! Applies `sql/migrations`: the tables that no model declares. Forward only.

use std::fmt::Write as _;

use tokio_postgres::Client;

use super::Target;
use crate::error::{Error, Result};

mod embedded {
    refinery::embed_migrations!("sql/migrations");
}

/// The newest version in this program.
pub fn newest() -> Option<i32> {
    embedded::migrations::runner().get_migrations().iter().map(refinery::Migration::version).max()
}

/// The oldest `PostgreSQL` that has all that is used of it, as `server_version_num` counts.
pub const OLDEST: i32 = 140_000;

/// A `PostgreSQL` that is too old is told by its number, and not by the first statement that it does not know.
async fn refuse_old(client: &Client) -> Result<()> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version')",
            &[],
        )
        .await?;
    let (number, version): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
    if number >= OLDEST {
        return Ok(());
    }
    Err(Error::User(format!(
        "the database is of PostgreSQL {version}; 14 is the oldest that is supported. Upgrade it with pg_upgrade, \
         or give a newer one with --database-url"
    )))
}

/// The newest migration that a database has seen, where it has seen one.
const APPLIED: &str = "SELECT version, name FROM refinery_schema_history ORDER BY version DESC LIMIT 1";

/// A database that has seen migrations which this program does not know is left alone: to know what they have
/// changed takes the program that made them.
async fn refuse_newer(client: &Client) -> Result<()> {
    let known = "SELECT FROM pg_class WHERE oid = to_regclass('refinery_schema_history')";
    if client.query_opt(known, &[]).await?.is_none() {
        return Ok(());
    }
    let Some(row) = client.query_opt(APPLIED, &[]).await? else { return Ok(()) };
    let (version, name): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
    if newest().is_some_and(|newest| version <= newest) {
        return Ok(());
    }
    Err(Error::User(format!(
        "the database was made by a newer oregional (its tables are at V{version}, {name}; those of this one, {}, at V{}); \
         install that version",
        env!("CARGO_PKG_VERSION"),
        newest().unwrap_or_default()
    )))
}

/// What the database said of a migration, where it was the database: its own words and the code by which they
/// are looked up.
fn reason(error: &refinery::Error) -> String {
    let mut text = match error.kind() {
        refinery::error::Kind::Connection(what, _) => what.clone(),
        other => other.to_string(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(refusal) = inner.downcast_ref::<tokio_postgres::error::DbError>() {
            // Writing to a string cannot fail.
            _ = write!(text, ": {} (SQLSTATE {})", refusal.message(), refusal.code().code());
            for more in [refusal.detail(), refusal.hint()].into_iter().flatten() {
                text.push_str(". ");
                text.push_str(more);
            }
            return text;
        }
        // The driver's own words for a refusal say no more than that.
        let words = inner.to_string();
        if words != "db error" && !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    text
}

/// Brings the infrastructure tables up to date.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer, [`Error::User`] when it is too old or was made by a
/// newer program, [`Error::Internal`] when a migration fails, with the reason.
pub async fn run(target: &Target) -> Result<()> {
    let (config, tls) = target.parts();
    let (mut client, connection) = config.connect(tls).await?;
    let driver = tokio::spawn(connection);
    refuse_old(&client).await?;
    refuse_newer(&client).await?;
    let report = embedded::migrations::runner().run_async(&mut client).await;
    drop(client);
    _ = driver.await;
    match report {
        Ok(report) => {
            for migration in report.applied_migrations() {
                tracing::info!(version = migration.version(), name = migration.name(), "migration applied");
            }
            Ok(())
        }
        Err(error) => {
            tracing::debug!(?error, "a migration failed");
            let reason = reason(&error);
            Err(Error::Internal(format!("the database could not be brought up to date: {reason}")))
        }
    }
}
