//! Builds the server from its settings and runs it until it is told to stop. What a test starts is
//! what production starts.

mod address;
mod background;
pub mod commands;
pub mod key;
mod key_place;
mod open;
mod orders;
mod password_file;
pub mod storage;
pub mod transfer;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{Data, PayloadConfig};
use actix_web::{App as ActixApp, HttpServer};
use tokio_util::sync::CancellationToken;

use self::address::Address;
pub use self::orders::Orders;
use self::storage::{Effort, Storage, StorageError};
use crate::clock::World;
use crate::config::Serve;
use crate::db::Pool;
use crate::db::cluster::ClusterError;
use crate::http;
use crate::models;
use crate::rpc::{App, Settings, Shared};

/// How long running calls may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// A server that is built and bound, and not running yet.
pub struct Application {
    server: actix_web::dev::Server,
    address: SocketAddr,
    storage: Storage,
    stop: CancellationToken,
    orders: Orders,
    first_start: Option<FirstStart>,
}

/// What the first start made, for whoever started it.
pub struct FirstStart {
    /// The administrator's password, when it was generated.
    pub generated_password: Option<secrecy::SecretString>,
}

/// Why the server did not start, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database, the cluster or the key.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database again, once it was reached.
    #[error(transparent)]
    Database(#[from] crate::error::Error),
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {source}. {}", address::advice(.source))]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

impl StartError {
    /// Whether nothing is wrong: somebody told the server to stop before it was ready, which it has done.
    pub fn is_told(&self) -> bool {
        matches!(self, Self::Storage(StorageError::Cluster(ClusterError::Told)))
    }
}

impl Application {
    /// Takes the address, opens the database and makes what is missing of it.
    ///
    /// # Errors
    ///
    /// [`StartError`], for the operator to read.
    pub async fn build(settings: Serve, orders: Orders) -> Result<Self, StartError> {
        Self::build_under(settings, World::system(), orders).await
    }

    /// The same with another clock and another random source, and nobody but its handle to stop it.
    ///
    /// # Errors
    ///
    /// As [`Self::build`].
    pub async fn build_in(settings: Serve, world: World) -> Result<Self, StartError> {
        Self::build_under(settings, world, Orders::default()).await
    }

    async fn build_under(settings: Serve, world: World, orders: Orders) -> Result<Self, StartError> {
        // Before anything is made: a first start that fails for its address has made nothing.
        let address = Address::take(settings.listen)?;
        let storage = Storage::of_server(&settings.database, &world, &orders.stop).await?;
        let stop = CancellationToken::new();
        let at = address.at();
        let made = tokio::select! {
            made = Self::make(&settings, &storage, world, address, &stop) => made,
            // What is half made is in a transaction that nobody keeps.
            () = orders.stop.cancelled() => Err(StorageError::from(ClusterError::Told).into()),
        };
        match made {
            Ok((server, first_start)) => Ok(Self { server, address: at, storage, stop, orders, first_start }),
            Err(error) => {
                stop.cancel();
                storage.close().await;
                Err(error)
            }
        }
    }

    async fn make(
        settings: &Serve,
        storage: &Storage,
        world: World,
        address: Address,
        stop: &CancellationToken,
    ) -> Result<(actix_web::dev::Server, Option<FirstStart>), StartError> {
        let declared = models::all();
        let prepared = storage
            .prepare(
                &declared,
                &world,
                settings.admin_password.as_ref(),
                settings.hash_rounds,
                Effort::WhenNew,
            )
            .await?;
        let max_body = usize::from(settings.max_body) * 1024 * 1024;
        let told = Settings {
            db_name: settings.database.db_name.clone(),
            public_url: settings.public_url.clone(),
            issuer: issuer(settings, address.at()),
            trusted_proxies: settings.trusted_proxies.clone(),
            hash_rounds: settings.hash_rounds,
            max_failures: settings.max_failures,
            metrics_token: settings.metrics_token.clone(),
            max_body,
        };
        if settings.public_url.is_none() && address.at().ip().is_unspecified() {
            tracing::warn!(
                issuer = told.issuer,
                "clients of OAuth are told an address that nobody can open: set --public-url to the one that people use"
            );
        }
        let sealer = Arc::clone(&storage.sealer);
        let shared = Arc::new(Shared::new(declared, prepared.registry, world, sealer, told));
        background::listen_for_changes(&storage.target, &shared, stop)?;
        background::keep_house(&storage.target, &shared, stop)?;
        let server = serve(settings, storage, shared, max_body, address.open()?)?;
        let first_start =
            prepared.is_new.then_some(FirstStart { generated_password: prepared.generated_password });
        Ok((server, first_start))
    }

    /// Where it listens; the port is the real one when 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the records are.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// What the first start made; none on later ones.
    pub fn first_start(&self) -> Option<&FirstStart> {
        self.first_start.as_ref()
    }

    /// What stops it, from elsewhere.
    pub fn handle(&self) -> actix_web::dev::ServerHandle {
        self.server.handle()
    }

    /// Serves until it is told to stop, finishes running calls, and stops its cluster. Until then it starts a
    /// cluster of its own again that ends.
    ///
    /// # Errors
    ///
    /// When the server breaks down, or its cluster ends and cannot be started again.
    pub async fn run(self) -> std::io::Result<()> {
        let Self { mut server, mut storage, stop, orders, .. } = self;
        let ended = tokio::select! {
            ended = &mut server => ended,
            lost = storage.watch() => Err(std::io::Error::other(lost)),
            () = orders.stop.cancelled() => finish(&mut server, &orders).await,
        };
        // One that still runs is cut off here: it lets go of its address, and of its calls.
        drop(server);
        stop.cancel();
        storage.close().await;
        ended
    }
}

/// Lets running calls come to their end, as long as nobody says otherwise: a server that stops in good order
/// hears no second command.
async fn finish(server: &mut actix_web::dev::Server, orders: &Orders) -> std::io::Result<()> {
    // The order is given at once; its future only waits until it was carried out, as the server's does.
    drop(server.handle().stop(true));
    tokio::select! {
        ended = server => ended,
        () = orders.cut_off.cancelled() => Ok(()),
    }
}

/// Connections to the database of all threads together, unless somebody wants more: PostgreSQL takes 100 of
/// all its clients.
const MOST_CONNECTIONS: usize = 80;

/// Connections of a thread to the database. Commits that wait together for the disk share one write, which
/// wants many.
fn usual_connections(workers: usize) -> usize {
    (MOST_CONNECTIONS / workers.max(1)).clamp(1, 6)
}

/// Threads that serve: one a processor, as long as each of them can have a connection.
fn usual_workers() -> usize {
    processors().min(MOST_CONNECTIONS)
}

/// The address of the server as it names itself. Never what a request says of it.
fn issuer(settings: &Serve, address: SocketAddr) -> String {
    let told = settings.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    told.unwrap_or_else(|| format!("http://{address}"))
}

fn serve(
    settings: &Serve,
    storage: &Storage,
    shared: Arc<Shared>,
    max_body: usize,
    listener: TcpListener,
) -> Result<actix_web::dev::Server, StartError> {
    let workers = settings.workers.map_or_else(usual_workers, usize::from);
    let connections = settings.connections.map_or_else(|| usual_connections(workers), usize::from);
    let limit = format!("statement_timeout={}s", settings.statement_timeout);
    let target = storage.target.clone().with_setting(&limit);
    // The builder of a pool fails for a size of nothing only, which the settings refuse; asking once
    // here keeps that failure out of the threads.
    Pool::new(&target, connections)?;
    let failed = |source| StartError::Listen { address: settings.listen, source };
    let server = HttpServer::new(move || {
        // Each thread has connections of its own.
        let app = Pool::new(&target, connections).map(|pool| App { pool, shared: Arc::clone(&shared) });
        if let Ok(app) = &app {
            shared.pools.lock().unwrap_or_else(PoisonError::into_inner).push(app.pool.clone());
        }
        ActixApp::new()
            .app_data(PayloadConfig::new(max_body))
            .configure(move |routes| {
                if let Ok(app) = app {
                    routes.app_data(Data::new(app));
                }
                http::routes(routes);
            })
            .wrap(from_fn(http::surround))
            .wrap(Compress::default())
            .wrap(from_fn(http::normalize))
    })
    .workers(workers)
    .shutdown_timeout(GRACE.as_secs())
    .disable_signals()
    .listen(listener)
    .map_err(failed)?;
    Ok(server.run())
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
