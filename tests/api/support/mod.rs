//! What tests stand on: databases, servers, and actors that talk to them.

pub(crate) mod app;
pub(crate) mod client;
pub(crate) mod database;
