//! A real server, built and run as production does it, in a thread of its own.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use oregional::clock::World;
use oregional::config::{Database as DatabaseSettings, LogFormat, Serve};
use oregional::startup::{Application, StartError};

use super::client::{Anonymous, User};
use super::database::{Database, data_dir};

/// The name of the database, as clients give it.
pub(crate) const DB: &str = "oregional";

/// The administrator's password.
pub(crate) const PASSWORD: &str = "admin";

/// The key of all servers of this program.
pub(crate) const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The settings of a small server over a database.
pub(crate) fn settings(database_url: &str) -> Serve {
    Serve {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        database: DatabaseSettings {
            database_url: Some(database_url.into()),
            data_dir: data_dir(),
            db_name: DB.to_owned(),
            secret_key: Some(KEY.into()),
            log_format: LogFormat::Text,
        },
        admin_password: Some(PASSWORD.into()),
        public_url: None,
        trusted_proxies: Vec::new(),
        workers: Some(1),
        connections: Some(6),
        max_body: 128,
        // A password is no secret here, and hundreds of tests sign in.
        hash_rounds: 1000,
        // Tables of wrong passwords are longer than a person's patience.
        max_failures: 1000,
        statement_timeout: 120,
        metrics_token: None,
    }
}

/// A server that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(settings: Serve) -> Result<Self, StartError> {
        Self::start_in(settings, World::system())
    }

    pub(crate) fn start_in(settings: Serve, world: World) -> Result<Self, StartError> {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                match Application::build_in(settings, world).await {
                    Ok(application) => {
                        sender.send(Ok((application.address(), application.handle()))).unwrap();
                        application.run().await.unwrap();
                    }
                    Err(error) => sender.send(Err(error)).unwrap(),
                }
            });
        });
        let (address, handle) = receiver.recv().unwrap()?;
        Ok(Self { address, handle, thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The order is given at once; the future only waits until it was carried out.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server broke down");
        }
    }
}

/// A server over a database.
pub(crate) struct TestApp {
    // The order matters: the server goes before its database.
    running: Running,
    pub(crate) database: Arc<Database>,
}

impl TestApp {
    /// A server over a fresh database.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// The same with other settings.
    pub(crate) fn with(change: impl FnOnce(&mut Serve)) -> Self {
        Self::on(Arc::new(Database::new()), change).unwrap()
    }

    /// A server with another clock.
    pub(crate) fn in_world(world: World) -> Self {
        Self::in_world_with(world, |_| {})
    }

    /// The same with other settings.
    pub(crate) fn in_world_with(world: World, change: impl FnOnce(&mut Serve)) -> Self {
        Self::on_in(Arc::new(Database::new()), world, change).unwrap()
    }

    /// Another server over the same database.
    pub(crate) fn beside(other: &Self) -> Self {
        Self::on(Arc::clone(&other.database), |_| {}).unwrap()
    }

    /// A server over a database that is there.
    pub(crate) fn on(database: Arc<Database>, change: impl FnOnce(&mut Serve)) -> Result<Self, StartError> {
        Self::on_in(database, World::system(), change)
    }

    fn on_in(
        database: Arc<Database>,
        world: World,
        change: impl FnOnce(&mut Serve),
    ) -> Result<Self, StartError> {
        let mut settings = settings(&database.url());
        change(&mut settings);
        Ok(Self { running: Running::start_in(settings, world)?, database })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// The same as a URL, without a slash at its end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Somebody without a session.
    pub(crate) fn anonymous(&self) -> Anonymous {
        Anonymous::new(&self.url())
    }

    /// The administrator, signed in.
    pub(crate) async fn admin(&self) -> User {
        self.user("admin", PASSWORD).await
    }

    /// Somebody, signed in.
    pub(crate) async fn user(&self, login: &str, password: &str) -> User {
        User::sign_in(&self.url(), login, password).await
    }
}
