//! The server's own `PostgreSQL` cluster: made, started, adopted and stopped with the server.
//!
//! A data directory holds `postgres/` (`PostgreSQL`'s own directory), `socket/`, `postgres.log` and
//! `oregional.lock`; all of it belongs to the user that `PostgreSQL` runs as and is closed to others (0700).

mod account;
mod error;
mod files;
mod initdb;
mod lock;
mod pidfile;
mod place;
mod postmaster;
mod programs;
mod settings;
mod watch;

pub use error::ClusterError;
pub use programs::find_server_programs;

use postmaster::Postmaster;
use settings::Settings;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_postgres::Config;
use tokio_postgres::error::SqlState;
use tokio_util::sync::CancellationToken;

/// `PostgreSQL`'s own directory in the data directory.
const PGDATA: &str = "postgres";
/// The file in the data directory that the server which uses it keeps locked.
const LOCK_FILE: &str = "oregional.lock";
/// The role that the server connects as.
const SUPERUSER: &str = "oregional";

/// Pages in the write-ahead log are compressed by LZ4 where this `PostgreSQL` was built with it: its own way,
/// which every build has, costs a change of a large table more than the change itself. Not in the file of
/// settings, as a build without it would not start; and who set another way by hand keeps that.
const PREFER_LZ4: &str = "DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_settings
               WHERE name = 'wal_compression' AND setting = 'pglz' AND 'lz4' = ANY (enumvals)
                 AND sourcefile LIKE '%/oregional.conf') THEN
        ALTER ROLE CURRENT_USER SET wal_compression = 'lz4';
    END IF;
END $$";

/// Where the cluster lives, and how it is set.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The data directory; a relative path counts from the working directory. Created when missing.
    pub data_dir: PathBuf,
    /// Whether `data_dir` is the default and not the operator's choice. A default place that `PostgreSQL`'s
    /// user cannot reach is replaced by another one; a chosen one is an error then.
    pub data_dir_is_default: bool,
    /// `PostgreSQL` settings (name, value) on top of the server's, as tests need them.
    pub settings: Vec<(String, String)>,
}

impl ClusterOptions {
    /// The data directory when the operator chooses none, relative to the working directory.
    pub const DEFAULT_DATA_DIR: &str = ".oregional";
}

impl Default for ClusterOptions {
    fn default() -> Self {
        let data_dir = PathBuf::from(Self::DEFAULT_DATA_DIR);
        Self { data_dir, data_dir_is_default: true, settings: Vec::new() }
    }
}

/// A running cluster, which belongs to this process alone.
///
/// [`Cluster::stop`] ends it. One that is dropped is asked to stop, but not waited for. One whose process
/// is killed keeps running, and the next [`Cluster::start`] takes it over.
#[derive(Debug)]
pub struct Cluster {
    // The order matters: a dropped cluster asks PostgreSQL to stop before it lets go of the lock.
    postmaster: Postmaster,
    settings: Settings,
    data_dir: PathBuf,
    _lock: File,
}

impl Cluster {
    /// Makes the cluster if there is none, and starts it or takes over the one that a killed server left
    /// running; returns when it takes connections.
    ///
    /// As root, `PostgreSQL` runs as the owner of an existing data directory, as `postgres` or `nobody`.
    ///
    /// # Errors
    /// Any [`ClusterError`] but `Stop`, each for the operator to read: no server programs, a data directory
    /// that cannot be used, one of another `PostgreSQL` major version, one in use by another server, or a
    /// `PostgreSQL` that does not come up, with the end of its log.
    pub async fn start(options: ClusterOptions) -> Result<Self, ClusterError> {
        Self::start_until(options, lock::MOMENT, &CancellationToken::new()).await
    }

    /// The same for a server that waits some time for another one, or for a command, to let go of the data
    /// directory, and that may be `told` to stop before this is done: nothing is left running then.
    ///
    /// # Errors
    /// As [`Self::start`], and [`ClusterError::Told`].
    pub async fn start_until(
        options: ClusterOptions,
        patience: Duration,
        told: &CancellationToken,
    ) -> Result<Self, ClusterError> {
        let began = Instant::now();
        find_server_programs()?;
        let (data_dir, account) = place::settle(&options)?;
        let lock = tokio::select! {
            lock = lock::take(&data_dir, &account, patience) => lock?,
            () = told.cancelled() => return Err(ClusterError::Told),
        };
        let pgdata = data_dir.join(PGDATA);
        let bin = programs::programs_for(&pgdata)?;
        let socket_dir = place::socket_dir(&data_dir, &account)?;
        let settings = Settings::new(&socket_dir, &account, &options.settings)?;
        initdb::ensure(&bin, &data_dir, &account, &settings, told).await?;

        let mut postmaster = Postmaster::new(bin, &data_dir, socket_dir, account);
        let brought_up = tokio::select! {
            brought_up = postmaster.bring_up(&settings) => brought_up,
            () = told.cancelled() => Err(ClusterError::Told),
        };
        if let Err(error) = brought_up {
            if let Err(error) = postmaster.stop().await {
                tracing::warn!(%error, "a PostgreSQL that did not start did not stop either");
            }
            return Err(error);
        }
        tracing::info!(
            data_dir = %data_dir.display(), programs = %postmaster.bin.display(), user = postmaster.account.name,
            pid = postmaster.pid(), milliseconds = began.elapsed().as_millis(), "PostgreSQL is ready"
        );
        Ok(Self { postmaster, settings, data_dir, _lock: lock })
    }

    /// How to connect to the cluster of a server that is running: for the commands that work beside it.
    ///
    /// # Errors
    /// Any [`ClusterError`] of a data directory that cannot be used.
    pub fn running(options: &ClusterOptions, database: &str) -> Result<Config, ClusterError> {
        let (data_dir, account) = place::settle(options)?;
        let bin = programs::programs_for(&data_dir.join(PGDATA))?;
        let socket_dir = place::socket_dir(&data_dir, &account)?;
        Ok(Postmaster::new(bin, &data_dir, socket_dir, account).config(database))
    }

    /// The data directory that a server with these options would use.
    ///
    /// # Errors
    /// Any [`ClusterError`] of a data directory that cannot be used.
    pub fn place(options: &ClusterOptions) -> Result<PathBuf, ClusterError> {
        place::settle(options).map(|(data_dir, _)| data_dir)
    }

    /// Where the cluster of a server with these options is, when one has been made; nothing is made.
    ///
    /// # Errors
    /// Any [`ClusterError`] of a data directory that cannot be used.
    pub fn find(options: &ClusterOptions) -> Result<Option<PathBuf>, ClusterError> {
        place::find(options)
    }

    /// The data directory in use: absolute, without links, and not the one asked for when that was the
    /// default and out of reach.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The directory of the server programs in use, which also has `pg_dump` and `psql`.
    pub fn bin_dir(&self) -> &Path {
        &self.postmaster.bin
    }

    /// How to connect to a database of the cluster, as its superuser over the socket.
    ///
    /// The application name has to stay: by it the next server knows the sessions of a killed one.
    pub fn config(&self, database: &str) -> Config {
        self.postmaster.config(database)
    }

    /// The same for people and their programs: `psql` takes it.
    pub fn url(&self, database: &str) -> String {
        let (database, host) =
            (encode(database, false), encode(&self.postmaster.socket_dir.to_string_lossy(), true));
        format!("postgresql:///{database}?host={host}&user={SUPERUSER}")
    }

    /// Whether there is a database of that name.
    ///
    /// # Errors
    /// [`ClusterError::Database`] when the cluster cannot be reached or refuses.
    pub async fn has_database(&self, name: &str) -> Result<bool, ClusterError> {
        let failed =
            |source| ClusterError::Database { what: format!("looking for the database '{name}'"), source };
        let client = self.postmaster.connect().await.map_err(failed)?;
        let query = "SELECT FROM pg_database WHERE datname = $1";
        Ok(client.query_opt(query, &[&name]).await.map_err(failed)?.is_some())
    }

    /// Creates a database (UTF-8, collation C, ctype C.UTF-8) unless it is there; returns whether it did.
    ///
    /// # Errors
    /// [`ClusterError::Database`] when the cluster cannot be reached or refuses.
    pub async fn ensure_database(&self, name: &str) -> Result<bool, ClusterError> {
        let failed =
            |source| ClusterError::Database { what: format!("creating the database '{name}'"), source };
        let client = self.postmaster.connect().await.map_err(failed)?;
        client.batch_execute(PREFER_LZ4).await.map_err(failed)?;
        if self.has_database(name).await? {
            return Ok(false);
        }
        // From template0, as the locale of a template1 may have been changed by hand.
        let statement = format!(
            "CREATE DATABASE \"{}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
            name.replace('"', "\"\"")
        );
        match client.batch_execute(&statement).await {
            Ok(()) => Ok(true),
            // Somebody else was quicker.
            Err(error)
                if matches!(
                    error.code(),
                    Some(&(SqlState::DUPLICATE_DATABASE | SqlState::UNIQUE_VIOLATION))
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Stops the cluster and waits for its end, also one that was taken over. Close the connections first:
    /// what is still open is cut off.
    ///
    /// # Errors
    /// [`ClusterError::Stop`] when `PostgreSQL` is still there after 70 seconds.
    pub async fn stop(mut self) -> Result<(), ClusterError> {
        self.postmaster.stop().await?;
        if !self.postmaster.socket_dir.starts_with(&self.data_dir) {
            // Outside of the data directory nothing stays. Not a reason to fail: it is empty, and private.
            std::fs::remove_dir(&self.postmaster.socket_dir).ok();
        }
        tracing::info!(data_dir = %self.data_dir.display(), "PostgreSQL has stopped");
        Ok(())
    }
}

/// Percent-encodes a part of a URL.
fn encode(text: &str, keep_slash: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keep_slash && byte == b'/') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.extend(char::from_digit(u32::from(digit), 16).map(|c| c.to_ascii_uppercase()));
            }
        }
    }
    encoded
}
