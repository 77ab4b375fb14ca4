//! `oregional export` and `oregional import`: records of any model as tables, beside a running server
//! or without one. The rows are those of `export_data` and `load`, and so is the code; a batch is a
//! call like any other, with its transaction and its retries, in the name of the system user.

mod export;
mod import;
mod progress;
mod table;

use std::sync::Arc;

pub use export::export;
pub use import::import;

use super::StartError;
use super::commands;
use super::storage::Storage;
use crate::auth::password::DEFAULT_ROUNDS;
use crate::clock::World;
use crate::config::Database;
use crate::db::Pool;
use crate::error::{Error, Result};
use crate::models;
use crate::orm::context::Context;
use crate::orm::environment::Environment;
use crate::orm::model::Model;
use crate::orm::registry::Registry;
use crate::rpc::retrying::{self, Caller};
use crate::rpc::{App, Settings, Shared};

/// Connections of a command: one for its calls, one to load the registry anew.
const CONNECTIONS: usize = 2;

/// The application, without anything that listens.
async fn app(storage: &Storage, settings: &Database) -> std::result::Result<App, StartError> {
    let world = World::system();
    let (connection, registry) = commands::registry(storage).await?;
    drop(connection);
    let settings = Settings {
        db_name: settings.db_name.clone(),
        public_url: None,
        issuer: String::new(),
        trusted_proxies: Vec::new(),
        hash_rounds: DEFAULT_ROUNDS,
        max_failures: crate::auth::limit::MOST,
        metrics_token: None,
        max_body: 0,
    };
    let shared = Arc::new(Shared::new(models::all(), registry, world, Arc::clone(&storage.sealer), settings));
    Ok(App { pool: Pool::new(&storage.target, CONNECTIONS)?, shared })
}

/// Runs a part of the command as one call, with archived records in sight.
async fn call<T>(app: &App, lang: &str, work: impl AsyncFn(&Environment) -> Result<T>) -> Result<T> {
    retrying::run(
        app,
        Caller::Server,
        |_registry| true,
        async |services| {
            let context = Context { lang: lang.to_owned(), active_test: false, ..Context::of_server() };
            work(&Environment::new(services, context)).await
        },
    )
    .await
}

fn check_language(registry: &Registry, lang: &str) -> Result<()> {
    if registry.languages.contains(lang) {
        return Ok(());
    }
    Err(Error::User(format!("the language {lang} is not active, or there is none of that code")))
}

/// Refuses columns of secrets, unless they were asked for.
fn check_secrets(registry: &Registry, model: &Model, fields: &[String], with_secrets: bool) -> Result<()> {
    match fields.iter().find(|path| is_secret(registry, model, path)) {
        Some(path) if !with_secrets => Err(Error::User(format!(
            "'{path}' is a secret: it is exported only with --with-secrets, and in plain text"
        ))),
        _ => Ok(()),
    }
}

/// Whether a path ends at a field that is sealed in the database.
fn is_secret(registry: &Registry, model: &Model, path: &str) -> bool {
    let mut at = model;
    for step in path.split('/') {
        let Some(field) = at.field(step) else { return false };
        if field.sealed {
            return true;
        }
        let Some(next) = field.kind.comodel().and_then(|name| registry.find(name)) else { return false };
        at = next;
    }
    false
}
