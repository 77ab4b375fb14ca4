//! Calls of an application with a user's access token.
//!
//! What a token opens is remembered under its hash, and asked for again by each call on its own way to
//! the database: token, family, application, scheme and user have to be as they were.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{NaiveDateTime, TimeDelta};
use sha2::{Digest as _, Sha256};

use super::App;
use super::retrying::Caller;
use crate::auth::oauth::scope::Scope;
use crate::auth::oauth::{Refusal, is_token, token};
use crate::db::Sql;
use crate::error::{Error, Result};

/// Tokens that are remembered; past that all are forgotten at once.
const MOST: usize = 20_000;

/// The record of a grant tells of its last use to so much.
const LAST_USED: TimeDelta = TimeDelta::minutes(1);

/// An access token that was found good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    hash: [u8; 32],
    /// Whose rights it has.
    pub user_id: i64,
    /// The application.
    pub application_id: i64,
    /// What the application is offered.
    pub scheme_id: i64,
    /// What the token may do.
    pub scope: Scope,
    seen_at: NaiveDateTime,
}

impl Bearer {
    /// The statement that finds a row as long as all of it holds.
    pub(super) fn check(&self, now: NaiveDateTime) -> Sql {
        token::check(self.hash.to_vec(), now)
            .and_text(" AND t.kind = 'a' AND a.model_scheme_id = ")
            .then(Sql::param(self.scheme_id))
    }
}

/// The tokens that were found good a short while ago.
#[derive(Default)]
pub struct Bearers(Mutex<HashMap<[u8; 32], Bearer>>);

impl Bearers {
    fn get(&self, hash: &[u8; 32]) -> Option<Bearer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(hash).copied()
    }

    fn put(&self, bearer: Bearer) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(bearer.hash, bearer);
    }

    fn forget(&self, hash: &[u8; 32]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }
}

/// The error for a token that opens nothing.
pub fn not_good() -> Error {
    Error::AccessDenied("The access token is unknown, expired or revoked.".to_owned())
}

/// Runs `work` in the name of whom the token speaks for, within the limits of its application.
///
/// # Errors
///
/// [`not_good`] when it speaks for nobody, and what `work` fails with.
pub async fn run<T>(app: &App, given: &str, work: impl AsyncFn(Caller) -> Result<T>) -> Result<T> {
    if !is_token(given) {
        return Err(not_good());
    }
    let (bearers, now) = (&app.shared.caches.bearers, app.shared.world.now());
    let hash: [u8; 32] = Sha256::digest(given.as_bytes()).into();
    if let Some(known) = bearers.get(&hash).filter(|known| known.seen_at + LAST_USED > now) {
        match work(Caller::Bearer(known)).await {
            Err(Error::SessionExpired) => bearers.forget(&hash),
            done => return done,
        }
    }
    let bearer = find(app, hash, now).await?;
    match work(Caller::Bearer(bearer)).await {
        Err(Error::SessionExpired) => {
            bearers.forget(&hash);
            Err(not_good())
        }
        done => done,
    }
}

/// Looks a token up, and notes its use.
async fn find(app: &App, hash: [u8; 32], now: NaiveDateTime) -> Result<Bearer> {
    let connection = app.pool.get().await?;
    let rows = connection.query(token::check(hash.to_vec(), now)).await?;
    let good = rows.first().map(token::good).filter(|good| good.is_access).ok_or_else(not_good)?;
    match token::touch(&connection, hash.to_vec(), good.grant_id, now).await {
        Ok(()) => {}
        Err(Refusal::Failed(error)) => return Err(error),
        Err(other) => return Err(Error::Internal(other.to_string())),
    }
    let bearer = Bearer {
        hash,
        user_id: good.user_id,
        application_id: good.application_id,
        scheme_id: good.scheme_id,
        scope: good.scope,
        seen_at: now,
    };
    app.shared.caches.bearers.put(bearer);
    Ok(bearer)
}
