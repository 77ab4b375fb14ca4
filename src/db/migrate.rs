//! Applies `sql/migrations`: the tables that no model declares. Forward only.

use tokio_postgres::{Config, NoTls};

use crate::error::{Error, Result};

mod embedded {
    refinery::embed_migrations!("sql/migrations");
}

/// The newest version in this program.
pub fn newest() -> Option<i32> {
    embedded::migrations::runner().get_migrations().iter().map(refinery::Migration::version).max()
}

/// Brings the infrastructure tables up to date.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer, [`Error::Internal`] when a migration
/// fails; the reason is in the log.
pub async fn run(config: &Config) -> Result<()> {
    let (mut client, connection) = config.connect(NoTls).await?;
    let driver = tokio::spawn(connection);
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
