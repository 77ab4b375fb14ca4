//! One call from its first statement to its last: who calls, one transaction, again when another
//! transaction was first, the model's own words for a broken constraint.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::App;
use super::bearer::Bearer;
use super::caches::{self, Known};
use crate::auth::credential::Credential;
use crate::auth::session::{self, LIFETIME, SessionId};
use crate::db::{Connection, Sql};
use crate::error::{Error, Result};
use crate::orm::access::limits::Limits;
use crate::orm::audit;
use crate::orm::behaviour::Staleness;
use crate::orm::constraints;
use crate::orm::environment::Services;
use crate::orm::registry::Registry;
use crate::orm::registry::version::{self, Turn};
use crate::orm::schema::follow;
use crate::orm::user::{SUPERUSER, User};

/// How often a call is tried.
const TRIES: u32 = 5;

/// How often a call is tried that changes models or rights: each time that it comes second, somebody
/// else's change was done, and it has waited for that and not for nothing.
const TURNS: u32 = 50;

/// The longest pause after the first try, in milliseconds; it doubles with each.
const FIRST_PAUSE: u64 = 8;

/// In whose name a call runs.
#[derive(Debug, Clone, Copy)]
pub enum Caller {
    /// The user of a session.
    Session(SessionId),
    /// The user of a password or an API key, as long as it holds.
    Credential(Credential),
    /// The user of an access token, within the limits of its application.
    Bearer(Bearer),
    /// A user whom something else has vouched for.
    User(i64),
    /// The server itself, for a command of its operator.
    Server,
}

impl Caller {
    /// The user, as far as one is known without a look at what the call is for.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database does not answer.
    pub(super) async fn user(self, app: &App) -> Result<Option<i64>> {
        Ok(match self {
            Self::Credential(credential) => Some(credential.user_id),
            Self::Bearer(bearer) => Some(bearer.user_id),
            Self::User(user) => Some(user),
            Self::Server => Some(SUPERUSER),
            Self::Session(id) => super::session::user(app, id).await?,
        })
    }
}

/// Runs `work` within one transaction when it `writes`, and again on a conflict, or when the registry
/// that it began with turns out to be an old one.
///
/// # Errors
///
/// What `work` fails with, [`Error::SessionExpired`] without a good session or credential,
/// [`Error::Unavailable`] when the database does not answer.
pub async fn run<T>(
    app: &App,
    caller: Caller,
    writes: impl Fn(&Registry) -> bool,
    work: impl AsyncFn(Rc<Services>) -> Result<T>,
) -> Result<T> {
    let mut tries = 0;
    let waits_for_turn = Cell::new(false);
    loop {
        tries += 1;
        let registry = app.shared.caches.registry();
        let error = match once(app, caller, &registry, writes(&registry), &waits_for_turn, &work).await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        match error {
            Error::Conflict | Error::Locked if tries < most(&error, waits_for_turn.get()) => {
                let longest = FIRST_PAUSE << tries.min(TRIES);
                let pause = Duration::from_millis(1 + app.shared.world.below(longest));
                tracing::debug!(tries, pause_ms = pause.as_millis(), "a call is run again after a conflict");
                app.shared.metrics.retry();
                tokio::time::sleep(pause).await;
            }
            error if may_be_outgrown(&error) && tries < TURNS && caches::outgrow(app, &registry).await? => {
                app.shared.metrics.retry();
                tracing::debug!(tries, "a call is run again with a newer registry");
            }
            Error::Constraint(constraint) => return Err(constraints::in_words(&registry, &constraint)),
            error => {
                if error == Error::SessionExpired {
                    forget(app, caller);
                }
                return Err(error);
            }
        }
    }
}

/// How often a call is tried that fails so. Who waited in vain for a lock is not behind anybody's change that
/// was done meanwhile.
fn most(error: &Error, waits_for_turn: bool) -> u32 {
    if waits_for_turn && *error == Error::Conflict { TURNS } else { TRIES }
}

/// The check that travels with the first statement fails as a session that has ended does; and a
/// column that is gone was there in the registry of a moment ago.
fn may_be_outgrown(error: &Error) -> bool {
    match error {
        Error::SessionExpired => true,
        Error::Database { name, .. } => ["UndefinedTable", "UndefinedColumn"].contains(name),
        _ => false,
    }
}

async fn once<T>(
    app: &App,
    caller: Caller,
    registry: &Arc<Registry>,
    writes: bool,
    waits_for_turn: &Cell<bool>,
    work: &impl AsyncFn(Rc<Services>) -> Result<T>,
) -> Result<T> {
    // A call whose one change is kept with others needs none.
    let connection = app.pool.later();
    let user_id = whose(app, &connection, caller, registry).await?;
    let user = match caller {
        Caller::Server => Arc::new(User::server()),
        _ => app.shared.caches.user(&connection, registry, user_id).await?,
    };
    let shared = &app.shared;
    let now = shared.world.now();
    if writes {
        connection.tell(audit::call(&user, now));
        connection.begin();
    }
    let limits = limits_of(caller, registry);
    if limits.as_ref().is_some_and(|limits| !limits.write) {
        connection.begin_read_only();
    }
    let services = Services::new(
        connection,
        Arc::clone(registry),
        user,
        shared.world.clone(),
        Arc::clone(&shared.sealer),
        Arc::clone(&shared.caches.names),
        shared.settings.hash_rounds,
    );
    let services = Rc::new(services.within(limits).working_at(shared.pictures.clone()));
    let done = match work(Rc::clone(&services)).await {
        Ok(value) => finish(app, &services).await.map(|()| value),
        // The database is away: whoever asked it once more would wait for it once more.
        Err(error @ (Error::Unavailable(_) | Error::InDoubt)) => Err(error),
        // A call that fails before its first statement has not been checked yet: an unknown model may
        // be known by now, and is told to those who have signed in only.
        Err(error) => services.connection.settle().await.and(Err(error)),
    };
    if done.is_err() {
        waits_for_turn.set(services.turn.get() != Turn::Unasked);
        services.connection.rollback().await;
    }
    done
}

/// Keeps the work of a call, and tells everybody what it made stale.
async fn finish(app: &App, services: &Services) -> Result<()> {
    let stale = services.stale();
    services.connection.settle().await?;
    if stale >= Staleness::Rights {
        version::take_turn(services).await?;
    }
    if stale == Staleness::Schema {
        follow::follow(services, &app.shared.declared).await?;
    }
    if stale != Staleness::Nothing {
        services.connection.query(caches::announce(stale)).await?;
    }
    services.connection.commit().await?;
    if let Err(error) = caches::refresh(app, &services.connection, stale).await {
        // The change is kept; the notice will be heard as soon as the database is back.
        tracing::warn!(%error, "what a change made stale could not be loaded again");
    }
    Ok(())
}

/// Whose call it is. The first statement of the call itself checks that a session which is known is
/// still good, and that the registry is the latest one.
async fn whose(app: &App, connection: &Connection, caller: Caller, registry: &Registry) -> Result<i64> {
    let now = app.shared.world.now();
    let with_registry = |check: Sql| check.and_text(" AND EXISTS (").then(registry.check()).and_text(")");
    let id = match caller {
        Caller::User(user) => {
            connection.set_rider(registry.check());
            return Ok(user);
        }
        Caller::Server => {
            connection.set_rider(registry.check());
            return Ok(SUPERUSER);
        }
        Caller::Credential(credential) => {
            connection.set_rider(with_registry(credential.check(now)));
            return Ok(credential.user_id);
        }
        Caller::Bearer(bearer) => {
            connection.set_rider(with_registry(bearer.check(now)));
            return Ok(bearer.user_id);
        }
        Caller::Session(id) => id,
    };
    if let Some(known) = app.shared.caches.session(id)
        && known.prolong_at > now
    {
        connection.set_rider(with_registry(id.check(now)));
        return Ok(known.user_id);
    }
    let user_id = session::user(connection, id, now).await?.ok_or(Error::SessionExpired)?;
    session::prolong(connection, id, now).await?;
    app.shared.caches.remember_session(id, Known { user_id, prolong_at: now + LIFETIME / 7 });
    connection.set_rider(registry.check());
    Ok(user_id)
}

/// What an application may reach; nothing at all when its scheme is gone.
fn limits_of(caller: Caller, registry: &Registry) -> Option<Limits> {
    let Caller::Bearer(bearer) = caller else { return None };
    let scheme = registry.schemes.get(&bearer.scheme_id).map(Arc::clone);
    let (read, write) =
        if scheme.is_some() { (bearer.scope.read, bearer.scope.write) } else { (false, false) };
    Some(Limits { scheme: scheme.unwrap_or_default(), read, write })
}

fn forget(app: &App, caller: Caller) {
    if let Caller::Session(id) = caller {
        app.shared.caches.forget_session(id);
    }
}
