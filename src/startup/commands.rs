//! The commands beside `serve`: migrate, check, and those on users.

use std::cmp::Ordering;
use std::io::Write;

use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::StartError;
use super::storage::{Effort, Storage, StorageError};
use crate::auth::api_key;
use crate::auth::password::DEFAULT_ROUNDS;
use crate::clock::World;
use crate::config::{ApiKeyCommand, Database, Migrate, UserCommand};
use crate::db::{Connection, Pool, Row, Sql, cluster, migrate};
use crate::error::Error;
use crate::models::res_users_apikeys::{self, Wanted};
use crate::models::{self, res_users};
use crate::orm::behaviour::{Staleness, Values};
use crate::orm::create::create;
use crate::orm::environment::Environment;
use crate::orm::registry::{Registry, int, text};
use crate::orm::schema::drift;
use crate::rpc::caches;

type Result<T> = std::result::Result<T, StartError>;

/// Characters of a generated password.
const PASSWORD_LENGTH: usize = 20;

pub(super) fn line(out: &mut dyn Write, text: &str) -> Result<()> {
    writeln!(out, "{text}").map_err(|error| Error::Internal(format!("the output is closed: {error}")).into())
}

/// Brings the database to what this version declares.
///
/// # Errors
///
/// [`StartError`], for the operator to read.
pub async fn migrate(settings: &Migrate, out: &mut dyn Write) -> Result<()> {
    let world = World::system();
    let storage = Storage::beside_or_new(&settings.database, &world).await?;
    let password = settings.admin_password.as_ref();
    let prepared = storage.prepare(&models::all(), &world, password, DEFAULT_ROUNDS, Effort::Always).await;
    let done = match prepared {
        Ok(prepared) => match prepared.generated_password {
            // It is in the file already: before the database was made.
            Some(_) => {
                let path = storage.password_file();
                line(out, &format!("The database is made. The password of admin is in {}.", path.display()))
            }
            None => line(out, "The database is up to date."),
        },
        Err(error) => Err(error.into()),
    };
    storage.close().await;
    done
}

/// Checks settings, the database and its schema; gives whether all is well.
///
/// # Errors
///
/// [`StartError`] for what keeps it from being checked.
pub async fn check(settings: &Database, out: &mut dyn Write) -> Result<bool> {
    let storage = Storage::beside(settings, &World::system()).await?;
    let found = findings(settings, &storage).await;
    let described = storage.describe();
    storage.close().await;
    let findings = found?;
    line(out, &format!("database: {described}"))?;
    for finding in &findings {
        line(out, &format!("- {finding}"))?;
    }
    line(out, if findings.is_empty() { "all is well" } else { "not all is well; see above" })?;
    Ok(findings.is_empty())
}

async fn findings(settings: &Database, storage: &Storage) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    if settings.database_url.is_none()
        && let Err(error) = cluster::find_server_programs()
    {
        findings.push(error.to_string());
    }
    let pool = Pool::new(&storage.target, 1)?;
    let connection = pool.get().await?;
    let server = Sql::text(include_str!("../../sql/queries/schema/server.sql"));
    if let Some(row) = connection.query(server).await?.first() {
        let (version, encoding, collation, ctype) = (int(row, 0), text(row, 1), text(row, 2), text(row, 3));
        let oldest = i64::from(migrate::OLDEST);
        if version < oldest {
            findings.push(format!(
                "PostgreSQL {} is too old: {} or newer is needed",
                version / 10_000,
                oldest / 10_000
            ));
        }
        if encoding != "UTF8" {
            findings.push(format!("the encoding of the database is {encoding}, not UTF8"));
        }
        if collation != "C" {
            findings.push(format!(
                "the collation of the database is {collation}, not C: names sort otherwise than in Odoo"
            ));
        }
        if ctype == "C" {
            findings.push(
                "the ctype of the database is C: ilike folds ASCII letters only; C.UTF-8 folds all"
                    .to_owned(),
            );
        }
    }
    let made = Sql::text(
        "SELECT 1 WHERE to_regclass('server_fact') IS NOT NULL AND to_regclass('refinery_schema_history') IS NOT NULL",
    );
    if connection.query(made).await?.is_empty() {
        findings.push("the database is empty: run `oregional migrate` or `oregional serve` first".to_owned());
        return Ok(findings);
    }
    if let Err(error) = storage.check_key(&connection).await {
        findings.push(error.to_string());
    }
    findings.extend(version_finding(&connection).await?);
    let declared = models::all();
    let mut registry = Registry::declared(declared.iter().cloned())?;
    let differences = drift::find(&connection, &registry).await?;
    if differences.is_empty() {
        // What was made can be read now, and is looked at too.
        registry = Registry::load(&declared, &connection).await?;
        findings.extend(registry.problems.iter().map(|problem| problem.reason.clone()));
        findings.extend(drift::find(&connection, &registry).await?);
        findings.extend(drift::find_unnoted(&connection, &registry).await?);
    }
    findings.extend(differences);
    Ok(findings)
}

/// What is wrong with the version of the database, if something is.
async fn version_finding(connection: &Connection) -> Result<Option<String>> {
    let rows = connection.query(Sql::text(include_str!("../../sql/queries/schema/version.sql"))).await?;
    let applied = rows.first().map_or(0, |row| int(row, 0));
    let newest = migrate::newest().map_or(0, i64::from);
    Ok(match applied.cmp(&newest) {
        Ordering::Equal => None,
        Ordering::Less => Some(format!(
            "the database has version {applied} of the tables, the program {newest}: `oregional migrate` follows"
        )),
        Ordering::Greater => Some(format!(
            "the database has version {applied} of the tables, the program {newest} only: it was made by a newer oregional"
        )),
    })
}

/// Runs a command on users.
///
/// # Errors
///
/// [`StartError`], for the operator to read.
pub async fn user(command: UserCommand, out: &mut dyn Write) -> Result<()> {
    let storage = Storage::beside(command.database(), &World::system()).await?;
    let done = on_users(command, &storage, out).await;
    storage.close().await;
    done
}

async fn on_users(command: UserCommand, storage: &Storage, out: &mut dyn Write) -> Result<()> {
    let env = environment(storage).await?;
    match command {
        UserCommand::List { .. } => list(&env, out).await?,
        UserCommand::Apikey { command } => on_keys(&env, command, out).await?,
        UserCommand::Passwd { login, password_stdin, .. } => {
            let id = find(&env, &login).await?;
            let (password, is_generated) = password(&env, password_stdin)?;
            env.connection().begin();
            res_users::set_password(&env, &[id], password.expose_secret()).await?;
            env.connection().commit().await?;
            if is_generated {
                line(out, &format!("The password of {login} is now {}", password.expose_secret()))?;
            } else {
                line(out, &format!("The password of {login} is set; all sessions have ended."))?;
            }
        }
        UserCommand::Create { login, name, groups, password_stdin, .. } => {
            let taken = Sql::text("SELECT 1 FROM res_users WHERE login = ").then(Sql::param(login.as_str()));
            if !env.connection().query(taken).await?.is_empty() {
                return Err(Error::User(format!(
                    "there is a user '{login}' already: `oregional user passwd {login}` sets the password"
                ))
                .into());
            }
            let (password, is_generated) = password(&env, password_stdin)?;
            let mut values = Values::new();
            values.insert("login".to_owned(), login.clone().into());
            values.insert("name".to_owned(), name.unwrap_or_else(|| login.clone()).into());
            values.insert("password".to_owned(), password.expose_secret().into());
            values.insert("groups_id".to_owned(), groups_of(&env, &groups)?);
            env.connection().begin();
            let made = create(&env, &*env.model("res.users")?, vec![values]).await?;
            env.connection().query(caches::announce(Staleness::Names)).await?;
            env.connection().commit().await?;
            let id = made.first().copied().unwrap_or_default();
            let told = if is_generated {
                format!(", the password is {}", password.expose_secret())
            } else {
                String::new()
            };
            line(out, &format!("The user {login} has the id {id}{told}"))?;
        }
    }
    Ok(())
}

fn groups_of(env: &Environment, names: &[String]) -> Result<serde_json::Value> {
    let names: Vec<&str> =
        if names.is_empty() { vec!["base.group_user"] } else { names.iter().map(String::as_str).collect() };
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        let unknown = || {
            Error::User(format!("there is no group '{name}': give an external id such as base.group_system"))
        };
        ids.push(*env.registry().references.get(name).ok_or_else(unknown)?);
    }
    Ok(json!([[6, 0, ids]]))
}

/// The server itself, at the command line.
async fn environment(storage: &Storage) -> Result<Environment> {
    let (connection, registry) = registry(storage).await?;
    Ok(Environment::of_server(connection, registry, &World::system(), &storage.sealer, DEFAULT_ROUNDS))
}

/// The registry of a database that is made already, and whose secrets this key opens.
pub(super) async fn registry(storage: &Storage) -> Result<(Connection, Registry)> {
    let pool = Pool::new(&storage.target, 1)?;
    let connection = pool.get().await?;
    let prepared = Sql::text("SELECT 1 FROM pg_class WHERE oid = to_regclass('res_users')");
    if connection.query(prepared).await?.is_empty() {
        let empty = Error::User(
            "the database is empty: run `oregional migrate` or `oregional serve` first".to_owned(),
        );
        return Err(StorageError::Database(empty).into());
    }
    storage.check_key(&connection).await?;
    let registry = Registry::load(&models::all(), &connection).await?;
    Ok((connection, registry))
}

async fn find(env: &Environment, login: &str) -> Result<i64> {
    let statement = Sql::text("SELECT id FROM res_users WHERE login = ").then(Sql::param(login));
    let rows = env.connection().query(statement).await?;
    let unknown = || Error::User(format!("there is no user '{login}': `oregional user list` shows them"));
    Ok(rows.first().map(|row| int(row, 0)).ok_or_else(unknown)?)
}

fn password(env: &Environment, from_stdin: bool) -> Result<(SecretString, bool)> {
    if !from_stdin {
        return Ok((SecretString::from(env.world().token(PASSWORD_LENGTH)), true));
    }
    let mut given = String::new();
    std::io::stdin().read_line(&mut given).map_err(|error| {
        Error::User(format!("the password could not be read from standard input: {error}"))
    })?;
    let given = given.trim_end_matches(['\r', '\n']);
    if given.is_empty() {
        return Err(Error::User("the password must not be empty".to_owned()).into());
    }
    Ok((SecretString::from(given.to_owned()), false))
}

async fn on_keys(env: &Environment, command: ApiKeyCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        ApiKeyCommand::Create { login, name, days, .. } => {
            let user = find(env, &login).await?;
            let expiration_date = days.map(|days| env.now() + TimeDelta::days(days.into()));
            let wanted = Wanted { name, scope: Some(api_key::SCOPE.to_owned()), expiration_date };
            env.connection().begin();
            let key = res_users_apikeys::make(env, user, wanted).await?;
            env.connection().commit().await?;
            line(out, &key)
        }
        ApiKeyCommand::List { login, .. } => {
            let user = match login {
                Some(login) => Some(find(env, &login).await?),
                None => None,
            };
            let statement = Sql::with_parameter(include_str!("../../sql/queries/users/api_keys.sql"), user);
            table(out, "id\tlogin\tname\tscope\tends", &env.connection().query(statement).await?, 5)
        }
        ApiKeyCommand::Revoke { id, .. } => {
            env.connection().begin();
            let gone = res_users_apikeys::revoke(env, &[id]).await?;
            env.connection().commit().await?;
            if gone.is_empty() {
                return Err(Error::User(format!(
                    "there is no API key {id}: `oregional user apikey list` shows them"
                ))
                .into());
            }
            line(out, &format!("Key {id} has been revoked."))
        }
    }
}

async fn list(env: &Environment, out: &mut dyn Write) -> Result<()> {
    let rows = env.connection().query(Sql::text(include_str!("../../sql/queries/users/list.sql"))).await?;
    table(out, "id\tlogin\tname\tactive\tlast sign-in", &rows, 5)
}

/// A text that others have chosen, which neither steers a terminal nor leaves its column.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

fn table(out: &mut dyn Write, head: &str, rows: &[Row], columns: usize) -> Result<()> {
    line(out, head)?;
    for row in rows {
        let fields: Vec<String> = (0..columns).map(|place| printable(&text(row, place))).collect();
        line(out, &fields.join("\t"))?;
    }
    Ok(())
}
