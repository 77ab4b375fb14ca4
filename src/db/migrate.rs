//! Applies `sql/migrations`: the tables that no model declares. Forward only.

use tokio_postgres::{Client, Config, NoTls};

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

/// Brings the infrastructure tables up to date.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer, [`Error::User`] when it is too old, [`Error::Internal`] when a migration
/// fails; the reason is in the log.
pub async fn run(config: &Config) -> Result<()> {
    let (mut client, connection) = config.connect(NoTls).await?;
    let driver = tokio::spawn(connection);
    refuse_old(&client).await?;
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
            tracing::error!(%error, "a migration failed");
            Err(Error::Internal(format!("the database could not be brought up to date: {error}")))
        }
    }
}
