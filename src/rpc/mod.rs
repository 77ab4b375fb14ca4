//! What all transports share: the application, its caches, and the walk of one call.

pub mod attempt;
pub mod bearer;
pub mod caches;
pub mod call_kw;
pub mod connector;
pub mod content;
pub mod credentials;
pub mod doc;
pub mod operations;
pub mod page;
pub mod retrying;
pub mod service;
pub mod session;
pub mod webclient;

use std::sync::Arc;

use crate::clock::World;
use crate::db::Pool;
use crate::metrics::Metrics;
use crate::orm::image::Workbench;
use crate::orm::model::Model;
use crate::orm::registry::Registry;
use crate::seal::Sealer;

use self::caches::Caches;

/// What the server reports to be.
pub const SERVER_VERSION: &str = "18.0";

/// Settings that calls ask for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name of the database, as clients give it.
    pub db_name: String,
    /// The address under which people reach the server; cookies are `Secure` when it is https.
    pub public_url: Option<String>,
    /// What OAuth clients know the server by: the address under which people reach it, or where it listens.
    pub issuer: String,
    /// Proxies whose word about the client's address counts.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Rounds of the password hash.
    pub hash_rounds: u32,
    /// Failures within a minute after which an address waits.
    pub max_failures: u16,
    /// What opens `/metrics`; nothing does without it.
    pub metrics_token: Option<secrecy::SecretString>,
    /// The largest body of a request, in bytes.
    pub max_body: usize,
}

/// What all threads of the server share.
pub struct Shared {
    /// The models that the program declares.
    pub declared: Vec<Model>,
    /// What is kept of the database.
    pub caches: Caches,
    /// Time and chance.
    pub world: World,
    /// Seals and opens secrets.
    pub sealer: Arc<Sealer>,
    /// Settings.
    pub settings: Settings,
    /// What the server counts of itself.
    pub metrics: Metrics,
    /// The connections of each thread.
    pub pools: std::sync::Mutex<Vec<Pool>>,
    /// When the server started, in UTC.
    pub started: chrono::NaiveDateTime,
    /// Where pictures are worked on.
    pub pictures: Workbench,
}

impl Shared {
    /// Puts it together, with nothing counted yet.
    pub fn new(
        declared: Vec<Model>,
        registry: Registry,
        world: World,
        sealer: Arc<Sealer>,
        settings: Settings,
    ) -> Self {
        Self {
            declared,
            caches: Caches::new(registry, &world),
            metrics: Metrics::default(),
            pools: std::sync::Mutex::default(),
            started: world.now(),
            world,
            sealer,
            settings,
            pictures: Workbench::default(),
        }
    }
}

/// The application as one thread has it: its own connections, so that no thread waits for another's.
#[derive(Clone)]
pub struct App {
    /// The connections of this thread.
    pub pool: Pool,
    /// What all threads share.
    pub shared: Arc<Shared>,
}
