//! Opens the storage: for a server, which makes what is missing, and for commands, which may run beside one.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;

use super::key_place;
use super::storage::{Storage, StorageError, stop};
use crate::clock::World;
use crate::config::Database;
use crate::db::Target;
use crate::db::cluster::{Cluster, ClusterError, ClusterOptions};
use crate::seal::Sealer;

type Result<T> = std::result::Result<T, StorageError>;

/// How long a server waits for a command, or for the last server, to let go of the data directory.
const PATIENCE: Duration = Duration::from_secs(10);

fn options(settings: &Database) -> ClusterOptions {
    ClusterOptions {
        data_dir: settings.data_dir.clone(),
        data_dir_is_default: settings.data_dir.as_os_str() == ClusterOptions::DEFAULT_DATA_DIR,
        settings: Vec::new(),
    }
}

impl Storage {
    /// Opens the database that was given, or starts the server's own cluster and makes the database: for a
    /// server, which may be `told` to stop meanwhile.
    ///
    /// # Errors
    ///
    /// [`StorageError`], for the operator to read.
    pub async fn of_server(settings: &Database, world: &World, told: &CancellationToken) -> Result<Self> {
        if let Some(url) = &settings.database_url {
            return tokio::select! {
                opened = Self::given(settings, url, world, true) => opened,
                () = told.cancelled() => Err(ClusterError::Told.into()),
            };
        }
        let cluster = Cluster::start_until(options(settings), PATIENCE, told).await?;
        Self::own(settings, world, cluster, true, told).await
    }

    /// The same for a command that is alone with the database, and makes none.
    ///
    /// # Errors
    ///
    /// [`StorageError`], for the operator to read.
    pub async fn open(settings: &Database, world: &World) -> Result<Self> {
        if let Some(url) = &settings.database_url {
            return Self::given(settings, url, world, false).await;
        }
        let options = options(settings);
        if Cluster::find(&options)?.is_none() {
            let dir = std::path::absolute(&options.data_dir).unwrap_or(options.data_dir);
            return Err(StorageError::NoDatabase { name: settings.db_name.clone(), dir });
        }
        let cluster = Cluster::start(options).await?;
        Self::own(settings, world, cluster, false, &CancellationToken::new()).await
    }

    /// The same for a command that may run beside a server, whose cluster it then uses.
    ///
    /// # Errors
    ///
    /// [`StorageError`], for the operator to read.
    pub async fn beside(settings: &Database, world: &World) -> Result<Self> {
        match Self::open(settings, world).await {
            Err(StorageError::Cluster(ClusterError::Locked { .. })) => {
                Self::of_another(settings, world, false).await
            }
            other => other,
        }
    }

    /// The same for a command that makes what is missing.
    ///
    /// # Errors
    ///
    /// [`StorageError`], for the operator to read.
    pub async fn beside_or_new(settings: &Database, world: &World) -> Result<Self> {
        if let Some(url) = &settings.database_url {
            return Self::given(settings, url, world, true).await;
        }
        match Cluster::start(options(settings)).await {
            Ok(cluster) => Self::own(settings, world, cluster, true, &CancellationToken::new()).await,
            Err(ClusterError::Locked { .. }) => Self::of_another(settings, world, true).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn given(settings: &Database, url: &SecretString, world: &World, makes: bool) -> Result<Self> {
        let target = Target::from_str(url.expose_secret()).map_err(StorageError::Url)?.settled().await;
        Self::with_key(settings, world, target, settings.data_dir.clone(), makes).await
    }

    async fn of_another(settings: &Database, world: &World, makes: bool) -> Result<Self> {
        let target = Cluster::running(&options(settings), &settings.db_name)?;
        let target = Target::local(target).map_err(StorageError::Url)?;
        let data_dir = Cluster::place(&options(settings))?;
        Self::with_key(settings, world, target, data_dir, makes).await
    }

    /// In a cluster that was started for it, and that is stopped when this does not work out.
    async fn own(
        settings: &Database,
        world: &World,
        cluster: Cluster,
        makes: bool,
        told: &CancellationToken,
    ) -> Result<Self> {
        let name = &settings.db_name;
        let opened = async {
            if makes {
                cluster.ensure_database(name).await?;
            } else if !cluster.has_database(name).await? {
                let dir = cluster.data_dir().to_owned();
                return Err(StorageError::NoDatabase { name: name.clone(), dir });
            }
            let target = Target::local(cluster.config(name)).map_err(StorageError::Url)?;
            Self::with_key(settings, world, target, cluster.data_dir().to_owned(), makes).await
        };
        let opened = tokio::select! {
            opened = opened => opened,
            () = told.cancelled() => Err(ClusterError::Told.into()),
        };
        match opened {
            Ok(storage) => Ok(Self { cluster: Some(cluster), ..storage }),
            Err(error) => {
                stop(cluster).await;
                Err(error)
            }
        }
    }

    async fn with_key(
        settings: &Database,
        world: &World,
        target: Target,
        data_dir: PathBuf,
        makes: bool,
    ) -> Result<Self> {
        let found = key_place::find(settings, world, &target, &data_dir, makes).await?;
        let (key_path, key_is_given) = (found.path, found.is_given);
        let sealer = Arc::new(Sealer::new(found.key));
        Ok(Self { target, data_dir, sealer, key_path, key_is_given, cluster: None })
    }
}
