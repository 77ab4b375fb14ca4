//! PostgreSQL: the pool, connections, statements and values. No other layer names the driver's pool.
//!
//! A call has a [`Connection`], which is taken from the [`Pool`] with the first statement that needs one. A single
//! read goes on a connection that others are on (`shared`), a single change into a transaction with those that
//! come at the same time (`group_commit`); all else has a connection of its own.

pub mod cluster;
pub mod connection;
mod error;
mod group_commit;
pub mod listener;
pub mod migrate;
mod shared;
pub mod sql;
mod statement;
pub mod target;
mod tls;
pub mod value;

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod, Runtime, Timeouts};

pub use self::connection::Connection;
use self::group_commit::GroupCommit;
use self::shared::Shared;
pub use self::sql::Sql;
pub use self::target::{Target, TargetError};
pub use self::value::{Param, Raw, Veiled};
pub use tokio_postgres::Row;
pub use tokio_postgres::types::Type as ColumnType;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Result};

/// How long a call waits for a connection before it answers that the database is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// Statements are planned once for all values: for one record, planning anew takes longer than
/// running. What the planner has to see stands in the text (`query::limits`, languages, `active`).
const PLANS: &str = "plan_cache_mode=force_generic_plan";

/// A pool of connections to one database.
#[derive(Clone)]
pub struct Pool {
    inner: deadpool_postgres::Pool,
    tls: MakeRustlsConnect,
    changes: Arc<GroupCommit>,
    shared: Arc<Shared>,
}

impl Pool {
    /// A pool of `size` connections at the most; none is made before the first call needs it.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when the pool cannot be built, which only a size of nothing causes.
    pub fn new(target: &Target, size: usize) -> Result<Self> {
        let target = target.clone().named("oregional").within(PATIENCE).with_setting(PLANS);
        let (config, tls) = target.parts();
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let timeouts = Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) };
        let inner =
            deadpool_postgres::Pool::builder(Manager::from_config(config.clone(), tls.clone(), recycling))
                .max_size(size.max(1))
                .runtime(Runtime::Tokio1)
                .timeouts(timeouts)
                .build()
                .map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { inner, tls, changes: Arc::default(), shared: Arc::default() })
    }

    /// How many connections there are, how many of them are idle, and how many calls wait for one.
    pub fn status(&self) -> (usize, usize, usize) {
        let status = self.inner.status();
        (status.size, status.available + self.shared.idle(), status.waiting)
    }

    /// A connection, held until it is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when none can be had within some seconds.
    pub async fn get(&self) -> Result<Connection> {
        let connection = self.later();
        connection.client().await?;
        Ok(connection)
    }

    /// The same, had only when the first statement needs it: its errors are that statement's then.
    #[must_use]
    pub fn later(&self) -> Connection {
        Connection::new(self.clone())
    }
}
