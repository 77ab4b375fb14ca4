//! How the server and its database are at the moment.

use std::sync::PoisonError;

use super::App;
use crate::db::{Connection, Sql};
use crate::error::Result;
use crate::metrics::Metrics;
use crate::orm::registry::{int, text};

/// What there is at the moment.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// PostgreSQL, as it names itself.
    pub database: String,
    /// The size of the database, in bytes.
    pub bytes: i64,
    /// Named figures, in the order in which they are shown.
    pub counts: Vec<(&'static str, i64)>,
}

/// The names of what the statement counts, in its order.
const COUNTED: [&str; 7] = [
    "sessions",
    "signed_in_users",
    "access_tokens",
    "token_families",
    "refresh_token_reuses",
    "active_applications",
    "database_connections",
];

/// Asks the database over a connection that the caller has, the pools and the caches.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn figures(app: &App, connection: &Connection) -> Result<Figures> {
    let statement =
        Sql::with_parameter(include_str!("../../sql/queries/operations/figures.sql"), app.shared.world.now());
    let rows = connection.query(statement).await?;
    let mut figures = Figures::default();
    if let Some(row) = rows.first() {
        figures.database = text(row, 0);
        figures.counts = COUNTED.into_iter().zip(1..).map(|(name, place)| (name, int(row, place))).collect();
        figures.bytes = int(row, COUNTED.len() + 1);
    }
    let pools = app.shared.pools.lock().unwrap_or_else(PoisonError::into_inner);
    let mut pool = (0, 0, 0);
    for (size, idle, waiting) in pools.iter().map(crate::db::Pool::status) {
        pool = (pool.0 + size, pool.1 + idle, pool.2 + waiting);
    }
    let cached = app.shared.caches.sizes();
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    figures.counts.extend([
        ("pool_connections", whole(pool.0)),
        ("pool_idle", whole(pool.1)),
        ("pool_waiting", whole(pool.2)),
        ("cached_sessions", whole(cached.0)),
        ("cached_users", whole(cached.1)),
        ("models", whole(app.shared.caches.registry().models().count())),
        ("uptime_seconds", (app.shared.world.now() - app.shared.started).num_seconds()),
    ]);
    Ok(figures)
}

impl Figures {
    /// Tells the counts to the metrics.
    pub fn count(&self, metrics: &Metrics) {
        for (kind, value) in &self.counts {
            metrics.set(kind, *value);
        }
        metrics.set("database_bytes", self.bytes);
    }
}
