//! What tests stand on: databases, servers, and actors that talk to them.

use std::time::{Duration, Instant};

pub(crate) mod app;
pub(crate) mod client;
pub(crate) mod database;
pub(crate) mod gate;
pub(crate) mod raw;
pub(crate) mod secrets;
pub(crate) mod services;

/// How long something may take to come true.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again until it is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "waited too long until {what}");
        tokio::task::yield_now().await;
    }
}
