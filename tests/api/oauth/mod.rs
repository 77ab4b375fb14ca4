//! OAuth 2.0 as clients, browsers and attackers see it.

mod authorize;
mod concurrency;
mod exchange;
mod leaks;
mod library;
mod purge;
mod refresh;
pub(crate) mod support;
mod tokens;
