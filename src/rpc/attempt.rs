//! Sign-ins and secrets that come with a call: whoever fails too often from one address waits, and every
//! failure is in the log and in the audit log.

use chrono::NaiveDateTime;

use super::App;
use crate::auth::audit::{self, Event};
use crate::auth::limit::{self, Key};
use crate::error::{Error, Result};
use crate::origin::Origin;

/// As much of a login as is noted: a client can send anything, at any length.
const LONGEST_LOGIN: usize = 80;

/// Whether an outcome is a refused secret.
pub fn is_refused<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::AccessDenied(_)))
}

/// Runs an attempt of somebody to get in. `refuses` tells whether its outcome is a refusal.
///
/// # Errors
///
/// [`Error::Limited`] for who failed too often, and what the attempt fails with.
pub async fn guarded<T>(
    app: &App,
    login: &str,
    attempt: impl AsyncFnOnce() -> Result<T>,
    refuses: impl Fn(&Result<T>) -> bool,
) -> Result<T> {
    let (origin, now) = (Origin::current(), app.shared.world.now());
    // As the look-up takes it: another spelling is no other guess.
    let login: String =
        login.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_LOGIN).collect();
    let key = Key::new("login", &origin.address, &login, app.shared.settings.max_failures);
    let _under_way = app.shared.caches.suspects.begin(&key).await;
    // A call with a secret that holds costs no look at the failures of nobody.
    if app.shared.caches.suspects.has(&key, now)
        && let Some(seconds) = limit::check(&app.pool.get().await?, &key, now).await?
    {
        return Err(Error::Limited(seconds));
    }
    let outcome = attempt().await;
    if refuses(&outcome) {
        tracing::warn!(login, address = origin.address, "a sign-in was refused");
        app.shared.caches.suspects.add(key.clone(), now);
        note(app, &key, &login, now).await?;
    }
    outcome
}

async fn note(app: &App, key: &Key, login: &str, now: NaiveDateTime) -> Result<()> {
    let connection = app.pool.get().await?;
    limit::fail(&connection, key, now).await?;
    let details = format!("login {login}");
    let event = Event { event: "sign_in", outcome: "refused", details: &details, ..Event::default() };
    connection.query(audit::note(&event, now)).await?;
    Ok(())
}
