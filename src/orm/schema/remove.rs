//! Takes away what was made at run time: columns, tables of links, tables.

use super::patience::patiently;
use super::{execute, order_index_name};
use crate::db::Connection;
use crate::db::Sql;
use crate::db::sql::ident;
use crate::error::Result;
use crate::orm::environment::Services;
use crate::orm::model::Model;

/// Drops the column of a field that is deleted, with its index and its link.
///
/// # Errors
///
/// [`crate::error::Error::User`] while somebody else uses the table, and what the database refuses.
pub async fn column(services: &Services, table: &str, name: &str) -> Result<()> {
    let connection = &services.connection;
    patiently(services, &[table.to_owned()], async || {
        super::audit::release(connection, table).await?;
        let drop = Sql::text("ALTER TABLE IF EXISTS ").then(ident(table)).and_text(" DROP COLUMN IF EXISTS ");
        execute(connection, drop.then(ident(name))).await
    })
    .await
}

/// Drops a table: that of a model, or one of links.
///
/// # Errors
///
/// [`crate::error::Error::User`] while somebody else uses the table, and what the database refuses.
pub async fn table(services: &Services, name: &str) -> Result<()> {
    let connection = &services.connection;
    patiently(services, &[name.to_owned()], async || {
        execute(connection, Sql::text("DROP TABLE IF EXISTS ").then(ident(name))).await?;
        super::audit::forget(connection, name).await
    })
    .await
}

/// Drops the index behind an order that is no longer the model's.
pub(super) async fn order_index(connection: &Connection, model: &Model) -> Result<()> {
    execute(connection, Sql::text("DROP INDEX IF EXISTS ").then(ident(&order_index_name(model)))).await
}
