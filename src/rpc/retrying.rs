//! One call from its first statement to its last: who calls, one transaction, again when another
//! transaction was first, the model's own words for a broken constraint.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::App;
use super::caches::{self, Known};
use crate::auth::session::{self, LIFETIME, SessionId};
use crate::db::Connection;
use crate::error::{Error, Result};
use crate::orm::behaviour::Staleness;
use crate::orm::constraints;
use crate::orm::environment::Services;

/// How often a call is tried.
const TRIES: u32 = 5;

/// The longest pause after the first try, in milliseconds; it doubles with each.
const FIRST_PAUSE: u64 = 8;

/// In whose name a call runs.
#[derive(Debug, Clone, Copy)]
pub enum Caller {
    /// The user of a session.
    Session(SessionId),
    /// A user whom something else has vouched for.
    User(i64),
}

/// Runs `work` within one transaction when it `writes`, and again on a conflict.
///
/// # Errors
///
/// What `work` fails with, [`Error::SessionExpired`] without a good session, [`Error::Unavailable`]
/// when the database does not answer.
pub async fn run<T>(
    app: &App,
    caller: Caller,
    writes: bool,
    work: impl AsyncFn(Rc<Services>) -> Result<T>,
) -> Result<T> {
    let mut tries = 0;
    loop {
        tries += 1;
        match once(app, caller, writes, &work).await {
            Err(Error::Conflict) if tries < TRIES => {
                let longest = FIRST_PAUSE << tries;
                let pause = Duration::from_millis(1 + app.shared.world.below(longest));
                tracing::debug!(tries, pause_ms = pause.as_millis(), "a call is run again after a conflict");
                tokio::time::sleep(pause).await;
            }
            Err(Error::Constraint(constraint)) => {
                return Err(constraints::in_words(&app.shared.caches.registry(), &constraint));
            }
            other => return other,
        }
    }
}

async fn once<T>(
    app: &App,
    caller: Caller,
    writes: bool,
    work: &impl AsyncFn(Rc<Services>) -> Result<T>,
) -> Result<T> {
    let connection = app.pool.get().await?;
    let registry = app.shared.caches.registry();
    let user_id = whose(app, &connection, caller).await?;
    let user = match app.shared.caches.user(&connection, &registry, user_id).await {
        Err(Error::SessionExpired) => {
            forget(app, caller);
            return Err(Error::SessionExpired);
        }
        other => other?,
    };
    if writes {
        connection.begin();
    }
    let shared = &app.shared;
    let services = Rc::new(Services::new(
        connection,
        registry,
        user,
        shared.world.clone(),
        Arc::clone(&shared.sealer),
        Arc::clone(&shared.caches.names),
        shared.settings.hash_rounds,
    ));
    let done = match work(Rc::clone(&services)).await {
        Ok(value) => finish(app, &services).await.map(|()| value),
        Err(error) => Err(error),
    };
    if let Err(error) = &done {
        services.connection.rollback().await;
        if *error == Error::SessionExpired {
            forget(app, caller);
        }
    }
    done
}

/// Keeps the work of a call, and tells everybody what it made stale.
async fn finish(app: &App, services: &Services) -> Result<()> {
    let stale = services.stale();
    services.connection.settle().await?;
    if stale != Staleness::Nothing {
        services.connection.query(caches::announce(stale)).await?;
    }
    services.connection.commit().await?;
    if let Err(error) = caches::refresh(app, stale).await {
        // The change is kept; the notice will be heard as soon as the database is back.
        tracing::warn!(%error, "what a change made stale could not be loaded again");
    }
    Ok(())
}

/// Whose call it is. A session that is known is checked by the first statement of the call itself.
async fn whose(app: &App, connection: &Connection, caller: Caller) -> Result<i64> {
    let id = match caller {
        Caller::User(user) => return Ok(user),
        Caller::Session(id) => id,
    };
    let now = app.shared.world.now();
    if let Some(known) = app.shared.caches.session(id)
        && known.prolong_at > now
    {
        connection.set_rider(id.check(now));
        return Ok(known.user_id);
    }
    let user_id = session::user(connection, id, now).await?.ok_or(Error::SessionExpired)?;
    session::prolong(connection, id, now).await?;
    app.shared.caches.remember_session(id, Known { user_id, prolong_at: now + LIFETIME / 7 });
    Ok(user_id)
}

fn forget(app: &App, caller: Caller) {
    if let Caller::Session(id) = caller {
        app.shared.caches.forget_session(id);
    }
}
