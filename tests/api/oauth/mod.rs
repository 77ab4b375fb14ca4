//! OAuth 2.0 as clients, browsers and attackers see it.

mod authorize;
mod concurrency;
mod exchange;
mod refresh;
pub(crate) mod support;
mod tokens;
