//! A statement on its way: made ready on a connection, sent, and heard out.

use std::pin::pin;

use deadpool_postgres::Object;
use futures_util::TryStreamExt as _;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::error::is_stale_plan;
use super::sql::Sql;
use super::value::Param;
use crate::error::{Error, Result};

/// Statements that a connection keeps prepared. Past that all are forgotten at once: shapes that
/// matter come back within a call, and the server's memory stays bounded.
const MOST_STATEMENTS: usize = 400;

/// Parameters that a statement may have: the protocol counts them in 16 bits. The driver tells of more as of
/// a connection that broke, which is nobody's fault and worth another try; this is the caller's, and is not.
const MOST_PARAMETERS: usize = 65_535;

/// What the driver makes of an answer.
pub(super) type Answer<T> = std::result::Result<T, tokio_postgres::Error>;

/// What a statement came to.
#[derive(Default)]
pub struct Outcome {
    /// The rows that it gave back.
    pub rows: Vec<Row>,
    /// How many rows it gave back or, where it gives none, changed.
    pub count: u64,
}

/// A statement as it goes on the wire: its text with `$1`, `$2`, …, and what stands in their places.
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) params: Vec<Param>,
}

impl Rendered {
    /// Renders a statement.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] when it has more parameters than the protocol can count.
    pub(super) fn new(sql: Sql) -> Result<Self> {
        let (text, params) = sql.render();
        if params.len() > MOST_PARAMETERS {
            return Err(Error::Value(format!(
                "The call has {} values for one statement, which takes {MOST_PARAMETERS}: use lists, as in [\"id\", \"in\", [1, 2, 3]], or several calls.",
                params.len()
            )));
        }
        Ok(Self { text, params })
    }

    /// The statement as this connection knows it.
    pub(super) async fn prepare(&self, client: &Object) -> Answer<Statement> {
        if client.statement_cache.size() > MOST_STATEMENTS {
            client.statement_cache.clear();
        }
        tracing::trace!(statement = self.text, "sql");
        client.prepare_cached(&self.text).await
    }
}

/// Sends a statement, which goes on the wire when this is first polled, and hears it out.
pub(super) async fn outcome(client: &Client, statement: &Statement, params: &[Param]) -> Answer<Outcome> {
    let params = params.iter().map(|param| param as &(dyn ToSql + Sync));
    let mut answer = pin!(client.query_raw(statement, params).await?);
    let mut rows = Vec::new();
    while let Some(row) = answer.try_next().await? {
        rows.push(row);
    }
    Ok(Outcome { rows, count: answer.rows_affected().unwrap_or_default() })
}

/// Forgets what a connection has prepared where a table was altered since.
pub(super) fn forget_stale(client: &Object, error: &tokio_postgres::Error) {
    if error.as_db_error().is_some_and(is_stale_plan) {
        client.statement_cache.clear();
    }
}
