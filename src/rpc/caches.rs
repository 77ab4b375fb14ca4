//! What the server keeps of the database between calls: the registry, users, and whose a session is.
//!
//! A change that makes any of it stale says so by NOTIFY within its own transaction, and every server
//! forgets; the one that made the change has forgotten before it answers. Whether a session is still
//! good is no matter of caches: each call asks the database on its way.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use chrono::NaiveDateTime;

use super::App;
use super::bearer::Bearers;
use super::credentials::Remembered;
use crate::auth::session::SessionId;
use crate::auth::suspects::Suspects;
use crate::clock::World;
use crate::db::Connection;
use crate::db::listener::Notice;
use crate::error::Result;
use crate::orm::behaviour::Staleness;
use crate::orm::names::Names;
use crate::orm::registry::Registry;
use crate::orm::user::User;

/// The channel of NOTIFY.
pub const CHANNEL: &str = "oregional_stale";

/// Sessions and users that are kept; past that all are forgotten at once.
const MOST: usize = 20_000;

/// What is known of a session.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Whose it is.
    pub user_id: i64,
    /// When it is to be prolonged.
    pub prolong_at: NaiveDateTime,
}

/// The caches; see the module.
pub struct Caches {
    registry: ArcSwap<Registry>,
    users: Mutex<HashMap<i64, Arc<User>>>,
    sessions: Mutex<HashMap<SessionId, Known>>,
    /// Names of records that are pointed to often.
    pub names: Arc<Names>,
    /// Passwords and API keys that were found right.
    pub remembered: Remembered,
    /// Who failed to sign in a short while ago.
    pub suspects: Suspects,
    /// Access tokens that were found good.
    pub bearers: Bearers,
    /// Counts how often users were forgotten: what was loaded before is not kept after.
    epoch: AtomicU64,
    reloading: tokio::sync::Mutex<()>,
}

/// The word of a change that has counted up the version of the registry.
const COUNTED: &str = "version";

/// The word of a staleness in a notice.
fn word(staleness: Staleness) -> &'static str {
    match staleness {
        Staleness::Nothing => "nothing",
        Staleness::Names => "names",
        Staleness::Registry => "registry",
        Staleness::Rights | Staleness::Schema => COUNTED,
    }
}

impl Caches {
    /// Caches around a registry.
    pub fn new(registry: Registry, world: &World) -> Self {
        Self {
            registry: ArcSwap::from_pointee(registry),
            users: Mutex::default(),
            sessions: Mutex::default(),
            names: Arc::default(),
            remembered: Remembered::new(world),
            suspects: Suspects::default(),
            bearers: Bearers::default(),
            epoch: AtomicU64::new(0),
            reloading: tokio::sync::Mutex::default(),
        }
    }

    /// How many sessions and users are kept.
    pub fn sizes(&self) -> (usize, usize) {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner).len();
        (sessions, self.users.lock().unwrap_or_else(PoisonError::into_inner).len())
    }

    /// The registry as it is now.
    pub fn registry(&self) -> Arc<Registry> {
        self.registry.load_full()
    }

    /// What is known of a session.
    pub fn session(&self, id: SessionId) -> Option<Known> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    /// Remembers a session.
    pub fn remember_session(&self, id: SessionId, known: Known) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= MOST {
            sessions.clear();
        }
        sessions.insert(id, known);
    }

    /// Forgets a session.
    pub fn forget_session(&self, id: SessionId) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// A user, loaded when not known.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::SessionExpired`] when there is no active user of that id.
    pub async fn user(&self, connection: &Connection, registry: &Registry, id: i64) -> Result<Arc<User>> {
        let known = self.users.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(user) = known {
            return Ok(user);
        }
        let epoch = self.epoch.load(Ordering::Acquire);
        let user = Arc::new(User::load(connection, registry, id).await?);
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        // One whom an old registry has read is kept no longer than it, as the new one may give other rights; the
        // call itself goes on with what it began with.
        let is_of_now = std::ptr::eq(Arc::as_ptr(&self.registry()), registry);
        if is_of_now && self.epoch.load(Ordering::Acquire) == epoch {
            if users.len() >= MOST {
                users.clear();
            }
            users.insert(id, Arc::clone(&user));
        }
        Ok(user)
    }

    fn forget_users(&self) {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        self.epoch.fetch_add(1, Ordering::AcqRel);
        users.clear();
        self.names.forget();
    }
}

/// The statement that tells all servers, within the transaction of the change.
pub fn announce(staleness: Staleness) -> crate::db::Sql {
    use crate::db::Sql;
    Sql::text("SELECT pg_notify(")
        .then(Sql::literal(CHANNEL))
        .and_text(", ")
        .then(Sql::literal(word(staleness)))
        .and_text(")")
}

/// Forgets what became stale, and loads the registry anew when it is that: over the connection of the call that
/// made it stale, as waiting for another one while holding that could be waiting for somebody who does the same.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer; what was known stays.
pub async fn refresh(app: &App, connection: &Connection, staleness: Staleness) -> Result<()> {
    let caches = &app.shared.caches;
    match staleness {
        Staleness::Nothing => {}
        Staleness::Names => caches.forget_users(),
        Staleness::Registry | Staleness::Rights | Staleness::Schema => {
            // One after the other: a load that began before a change must not end after a later one.
            let _turn = caches.reloading.lock().await;
            reload(app, connection).await?;
        }
    }
    Ok(())
}

/// Forgets what several notices make stale, with one load for all of them. The server's own notices come as
/// well, and what a call has found out before its notice came: where each change has counted the version up, a
/// registry of the present version knows of all of them. And where something may have been missed that does not
/// count it, as at each start, nothing was as long as nobody has written.
///
/// # Errors
///
/// As [`refresh`].
pub async fn hear(app: &App, notices: &[Notice]) -> Result<()> {
    let caches = &app.shared.caches;
    let has = |wanted: Staleness| {
        notices.iter().any(|notice| matches!(notice, Notice::Heard(word) if staleness_of(word) == wanted))
    };
    if has(Staleness::Names) {
        caches.forget_users();
    }
    let registry = caches.registry();
    let check = if has(Staleness::Registry) {
        None
    } else if notices.contains(&Notice::Listening) {
        Some(registry.check_all())
    } else if has(Staleness::Rights) {
        Some(registry.check())
    } else {
        return Ok(());
    };
    let connection = app.pool.get().await?;
    let is_stale = match check {
        Some(check) => connection.query(check).await?.is_empty(),
        None => true,
    };
    if is_stale {
        refresh(app, &connection, Staleness::Registry).await?;
    }
    Ok(())
}

async fn reload(app: &App, connection: &Connection) -> Result<()> {
    let caches = &app.shared.caches;
    let registry = Registry::load(&app.shared.declared, connection).await?;
    for problem in &registry.problems {
        tracing::warn!(model = problem.model, field = problem.field, problem.reason, "left out");
    }
    caches.registry.store(Arc::new(registry));
    caches.forget_users();
    Ok(())
}

/// Gives whether a registry is an old one, and loads the new one then, unless somebody else has. The call that
/// used it has given its connection back.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn outgrow(app: &App, used: &Arc<Registry>) -> Result<bool> {
    let caches = &app.shared.caches;
    let is_replaced = || !Arc::ptr_eq(&caches.registry(), used);
    if is_replaced() {
        return Ok(true);
    }
    // Before it waits for its turn to load: whoever has that needs no further connection.
    let connection = app.pool.get().await?;
    if !connection.query(used.check()).await?.is_empty() {
        return Ok(false);
    }
    let _turn = caches.reloading.lock().await;
    if !is_replaced() {
        reload(app, &connection).await?;
    }
    Ok(true)
}

/// What the word of a notice makes stale.
fn staleness_of(said: &str) -> Staleness {
    match said {
        said if said == word(Staleness::Names) => Staleness::Names,
        said if said == word(Staleness::Nothing) => Staleness::Nothing,
        COUNTED => Staleness::Rights,
        // Also a word that an older or a newer server says.
        _ => Staleness::Registry,
    }
}
