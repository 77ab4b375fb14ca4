//! An Odoo-compatible backend for the registry of remote applications.
//!
//! Layers look down only: [`startup`] builds and runs; [`http`] speaks to clients; [`rpc`] runs one
//! call; [`models`] are the shipped models; [`auth`] knows who calls; [`orm`] is what a record is;
//! [`db`] is PostgreSQL. [`config`], [`error`], [`clock`], [`origin`], [`seal`] and [`telemetry`] serve
//! all of them.
//!
//! The walk of one `call_kw`: the route in [`http`] → the JSON-RPC envelope and the session's cookie →
//! [`rpc::retrying`], one connection, one transaction if it writes, again on a conflict →
//! [`rpc::call_kw`], model, method, ids, arguments, context → the table of [`orm::methods`] → for a
//! search: [`orm::domain`] parsed, optimized and compiled, [`orm::access`] for rights and rules,
//! [`orm::query`] and [`orm::order`] → [`orm::read`], names and lines in one more round trip →
//! [`orm::render`], written straight into the answer.
//!
//! Scripts without a session come by [`rpc::service`] (JSON-RPC, XML-RPC) or by `/json/2`, with a password
//! or an API key in every call: [`rpc::credentials`] remembers which were right, and the call itself asks
//! whether they still are.

pub mod auth;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod http;
pub mod key_file;
pub mod metrics;
pub mod models;
pub mod origin;
pub mod orm;
pub mod rpc;
pub mod seal;
pub mod startup;
pub mod telemetry;
