//! Where the records are: the server's own cluster or a database that was given, the key of its
//! secrets, and the first start that makes schema and base data.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::password_file;
use crate::clock::World;
use crate::db::cluster::{Cluster, ClusterError};
use crate::db::{Connection, Pool, Sql, Target, TargetError, migrate};
use crate::error::Error;
use crate::key_file::KeyFileError;
use crate::models::{res_users, seed};
use crate::orm::audit;
use crate::orm::environment::Environment;
use crate::orm::model::Model;
use crate::orm::registry::{Registry, text, version};
use crate::orm::schema;
use crate::orm::user::User;
use crate::seal::{KeyError, Sealer};

/// The administrator's id, as in Odoo.
const ADMINISTRATOR: i64 = 2;

/// Made after the tables of the models, unlike what migrations make.
const CONSENTS_FOLLOW: &str = include_str!("../../sql/queries/oauth/consents_follow.sql");

/// Characters of a generated password.
const PASSWORD_LENGTH: usize = 20;

/// The version of this program, which a database keeps of the last one that changed its tables.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// A lock that one server at a time holds while it makes the schema.
const SCHEMA_LOCK: &str = "SELECT pg_advisory_lock(6830471102)";

/// Why the storage cannot be used, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The server's own cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The database does not answer, or refuses.
    #[error(transparent)]
    Database(#[from] Error),
    /// The URL of the database.
    #[error("--database-url is no address of a PostgreSQL database: {0}")]
    Url(TargetError),
    /// The key in the settings.
    #[error("OREGIONAL_SECRET_KEY: {0}")]
    Key(#[from] KeyError),
    /// The key to be rotated to.
    #[error("OREGIONAL_NEW_SECRET_KEY: {0}")]
    NewKey(KeyError),
    /// The key file.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The data directory.
    #[error("the data directory {path} cannot be made: {source}. Choose another with --data-dir")]
    DataDir {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file with the generated password.
    #[error(
        "the password of admin cannot be kept in {path}: {source}. Give one with --admin-password, or another place with --data-dir"
    )]
    PasswordFile {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A newer program has changed the tables of the models since this one.
    #[error(
        "the database was made by a newer oregional ({made_by}; this one is {own}); install that version"
    )]
    Newer {
        /// The version of the program that made it.
        made_by: String,
        /// The version of this program.
        own: &'static str,
    },
    /// There is no key file, although there are secrets.
    #[error(
        "{path} is missing: the secrets of this database are sealed with it; put it back from the backup or give it by --secret-key"
    )]
    LostKey {
        /// Where it was.
        path: PathBuf,
    },
    /// A command that makes nothing was to look at what is not there.
    #[error(
        "there is no database '{name}' in {dir}: choose another place with --data-dir or another name with --db-name, or run `oregional serve` or `oregional migrate` to make it"
    )]
    NoDatabase {
        /// The name of the database.
        name: String,
        /// The data directory.
        dir: PathBuf,
    },
    /// Another key than the one that sealed the secrets.
    #[error(
        "the secrets of this database were sealed with another key (fingerprint {stored}, this one is {given}). Put the right key into OREGIONAL_SECRET_KEY or into {path}; it is in the backup of the server that made the database"
    )]
    OtherKey {
        /// The fingerprint in the database.
        stored: String,
        /// The fingerprint of this key.
        given: String,
        /// Where the key file is.
        path: PathBuf,
    },
}

type Result<T> = std::result::Result<T, StorageError>;

/// Where the records are; see the module.
pub struct Storage {
    /// How to connect.
    pub target: Target,
    /// Where the key file is, and the cluster when there is one.
    pub data_dir: PathBuf,
    /// Seals and opens secrets.
    pub sealer: Arc<Sealer>,
    /// The key file, where there is one.
    pub(super) key_path: PathBuf,
    pub(super) key_is_given: bool,
    pub(super) cluster: Option<Cluster>,
}

/// How closely a start looks at the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Not at all, when this very version has prepared it before: starts are quick.
    WhenNew,
    /// At every table and record.
    Always,
}

/// What a start found or made.
pub struct Prepared {
    /// The registry.
    pub registry: Registry,
    /// Whether the database is new.
    pub is_new: bool,
    /// The administrator's password, when it was generated.
    pub generated_password: Option<SecretString>,
}

impl Storage {
    /// Makes what is missing of tables and base data.
    ///
    /// # Errors
    ///
    /// [`StorageError::OtherKey`] and what the database refuses.
    pub async fn prepare(
        &self,
        declared: &[Model],
        world: &World,
        admin_password: Option<&SecretString>,
        hash_rounds: u32,
        effort: Effort,
    ) -> Result<Prepared> {
        let pool = Pool::new(&self.target, 1)?;
        let fingerprint = fingerprint(declared)?;
        if self.is_prepared(&pool, &fingerprint).await? && effort == Effort::WhenNew {
            let registry = Registry::load(declared, &pool.get().await?).await?;
            return Ok(Prepared { registry, is_new: false, generated_password: None });
        }
        let connection = pool.get().await?;
        // Before the transaction begins: it would not see what the server before it in the queue has
        // made. The lock goes with the connection, which is this start's own.
        connection.query(Sql::text(SCHEMA_LOCK)).await?;
        migrate::run(&self.target).await?;
        self.check_key(&connection).await?;
        refuse_newer(&connection).await?;
        connection.tell(audit::call(&User::server(), world.now()));
        connection.begin();
        let bare = Registry::declared(declared.iter().cloned())?;
        schema::synchronize(&connection, &bare).await?;
        connection.batch(CONSENTS_FOLLOW).await?;
        // Servers that run beside this one have to look again.
        connection.execute(version::count_up()).await?;
        let registry = Registry::load(declared, &connection).await?;
        schema::synchronize_made(&connection, &registry).await?;
        let env = Environment::of_server(connection, registry, world, &self.sealer, hash_rounds);
        let is_new = seed::is_new(&env).await?;
        // What a new database begins with is no change; what a new version changes is.
        if !is_new {
            follow_changes(&env).await?;
        }
        seed::seed(&env).await?;
        if is_new {
            follow_changes(&env).await?;
        }
        let mut generated_password = None;
        if is_new {
            let generated = SecretString::from(world.token(PASSWORD_LENGTH));
            let password = admin_password.unwrap_or(&generated).expose_secret();
            res_users::set_password(&env, &[ADMINISTRATOR], password).await?;
            generated_password = admin_password.is_none().then_some(generated);
        }
        // Before the database is there to stay: whatever happens to this start then, the password is not lost.
        if let Some(password) = &generated_password {
            let failed = |source| StorageError::PasswordFile { path: self.password_file(), source };
            password_file::write(&self.data_dir, password).map_err(failed)?;
        }
        remember(env.connection(), "models", &fingerprint).await?;
        remember(env.connection(), "program", PROGRAM).await?;
        remember(env.connection(), "key", &self.sealer.fingerprint()).await?;
        env.connection().commit().await?;
        let registry = Registry::load(declared, env.connection()).await?;
        Ok(Prepared { registry, is_new, generated_password })
    }

    async fn is_prepared(&self, pool: &Pool, fingerprint: &str) -> Result<bool> {
        let connection = pool.get().await?;
        let known = Sql::text("SELECT 1 FROM pg_class WHERE oid = to_regclass('server_fact')");
        if connection.query(known).await?.is_empty() {
            return Ok(false);
        }
        self.check_key(&connection).await?;
        Ok(fact(&connection, "models").await?.as_deref() == Some(fingerprint))
    }

    /// A server with another key would seal what the right one cannot open.
    ///
    /// # Errors
    ///
    /// [`StorageError::OtherKey`], with both fingerprints.
    pub(super) async fn check_key(&self, connection: &Connection) -> Result<()> {
        let given = self.sealer.fingerprint();
        match fact(connection, "key").await? {
            Some(stored) if stored != given => {
                Err(StorageError::OtherKey { stored, given, path: self.key_path.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Where a generated password of the administrator is kept until somebody has read it.
    pub fn password_file(&self) -> PathBuf {
        password_file::place(&self.data_dir)
    }

    /// Removes that file: somebody has read the password elsewhere.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    pub fn forget_password(&self) -> std::io::Result<()> {
        password_file::remove(&self.data_dir)
    }

    /// For people: where the database is, without a password.
    pub fn describe(&self) -> String {
        match &self.cluster {
            Some(cluster) => cluster.url(self.target.database()),
            None => format!("postgresql database '{}'", self.target.database()),
        }
    }

    /// The file with the key of the secrets; none when the key was given.
    pub fn key_file(&self) -> Option<&Path> {
        (!self.key_is_given).then_some(&self.key_path)
    }

    /// Starts the server's own cluster again whenever it ends; comes back only when that does not work.
    pub async fn watch(&mut self) -> ClusterError {
        match &mut self.cluster {
            Some(cluster) => cluster.watch().await,
            None => std::future::pending().await,
        }
    }

    /// Stops the cluster, when it is the server's own.
    pub async fn close(self) {
        if let Some(cluster) = self.cluster {
            stop(cluster).await;
        }
    }
}

pub(super) async fn stop(cluster: Cluster) {
    if let Err(error) = cluster.stop().await {
        tracing::error!(%error, "the cluster did not stop cleanly");
    }
}

/// An older program would take the tables of a newer one for its own.
async fn refuse_newer(connection: &Connection) -> Result<()> {
    match fact(connection, "program").await? {
        Some(made_by) if numbers(&made_by) > numbers(PROGRAM) => {
            Err(StorageError::Newer { made_by, own: PROGRAM })
        }
        _ => Ok(()),
    }
}

/// The numbers of a version, in their order; a candidate counts as what it is to become.
fn numbers(version: &str) -> Vec<u32> {
    let release = version.split(['-', '+']).next().unwrap_or_default();
    release.split(|letter: char| !letter.is_ascii_digit()).map(|part| part.parse().unwrap_or(0)).collect()
}

async fn follow_changes(env: &Environment) -> Result<()> {
    let models = env.registry().models().map(AsRef::as_ref);
    Ok(schema::audit::follow(env.connection(), env.registry(), models).await?)
}

/// Keeps a fact of the database.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub(super) async fn remember(connection: &Connection, name: &str, value: &str) -> Result<()> {
    let statement = Sql::text("INSERT INTO server_fact (name, value) VALUES (")
        .then(Sql::param(name))
        .and_text(", ")
        .then(Sql::param(value))
        .and_text(") ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    connection.execute(statement).await?;
    Ok(())
}

/// A fact of the database.
pub(super) async fn fact(connection: &Connection, name: &str) -> Result<Option<String>> {
    let statement = Sql::text("SELECT value FROM server_fact WHERE name = ").then(Sql::param(name));
    Ok(connection.query(statement).await?.first().map(|row| text(row, 0)))
}

/// What the database is made from: models, migrations, base data. Another text, another fingerprint.
fn fingerprint(declared: &[Model]) -> Result<String> {
    let registry = Registry::declared(declared.iter().cloned())?;
    let mut models: Vec<String> = registry.models().map(|model| format!("{model:?}")).collect();
    models.sort_unstable();
    let mut hash = Sha256::new();
    for model in models {
        hash.update(model);
    }
    hash.update(schema::audit::definitions(&registry)?);
    hash.update(format!("{:?}", migrate::newest()));
    hash.update(CONSENTS_FOLLOW);
    for text in seed::data() {
        hash.update(text);
    }
    Ok(STANDARD.encode(hash.finalize()))
}
