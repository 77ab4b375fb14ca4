//! Passwords and API keys that come with every call: found right once, remembered for some minutes,
//! and asked for again by each call on its own way to the database.
//!
//! What is remembered is a keyed hash of user and secret, under a key that this process alone has, and
//! the version of the password or the id of the key. A new password, a revoked key or an archived user
//! is refused at once, whichever server made the change.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{NaiveDateTime, TimeDelta};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::attempt::{self, is_refused};
use super::retrying::Caller;
use super::{App, session};
use crate::auth::api_key;
use crate::auth::credential::{Credential, Proof};
use crate::auth::password::{self, Verdict};
use crate::clock::World;
use crate::db::{Connection, Row, Sql, Veiled};
use crate::error::{Error, Result};
use crate::orm::registry::{int, text};

/// How long a secret is remembered.
const MEMORY: TimeDelta = TimeDelta::minutes(5);

/// Secrets that are remembered; past that all are forgotten at once.
const MOST: usize = 20_000;

/// Slow hashes that one server computes at the same time at the most; further ones wait.
const TURNS: usize = 64;

/// A hash that no password has: an unknown login takes as long as a wrong password.
const NOBODY: &str = "$pbkdf2-sha512$600000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Who a client says it is.
#[derive(Debug, Clone, Copy)]
pub enum Claim<'a> {
    /// A user by id, with a password or an API key.
    User(i64, &'a str),
    /// Whoever has this API key.
    ApiKey(&'a str),
}

type Digest = [u8; 32];

/// The secrets that were found right a short while ago; see the module.
pub struct Remembered {
    /// As long as a block of the hash, so that HMAC takes it as it is.
    key: [u8; 64],
    known: Mutex<HashMap<Digest, (Credential, NaiveDateTime)>>,
    turns: [tokio::sync::Mutex<()>; TURNS],
}

impl Remembered {
    /// Nothing, under a fresh key.
    pub fn new(world: &World) -> Self {
        Self {
            key: world.bytes(),
            known: Mutex::default(),
            turns: [(); TURNS].map(|()| tokio::sync::Mutex::default()),
        }
    }

    fn digest(&self, claim: Claim<'_>) -> Digest {
        // The kind goes in as well: a login that nobody has is looked up as the user 0.
        let (kind, user, secret) = match claim {
            Claim::User(user, secret) => (1, user, secret),
            Claim::ApiKey(secret) => (2, 0, secret),
        };
        let mut mac = Hmac::<Sha256>::new((&self.key).into());
        mac.update(&[kind]);
        mac.update(&user.to_be_bytes());
        mac.update(secret.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn get(&self, digest: &Digest, now: NaiveDateTime) -> Option<Credential> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(digest).filter(|(_, until)| *until > now).map(|(credential, _)| *credential)
    }

    fn put(&self, digest: Digest, credential: Credential, now: NaiveDateTime) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(digest, (credential, now + MEMORY));
    }

    fn forget(&self, digest: &Digest) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(digest);
    }

    /// Whoever has the same secret waits here while the first one's is verified.
    fn turn(&self, digest: &Digest) -> Option<&tokio::sync::Mutex<()>> {
        self.turns.get(digest.first().map_or(0, |byte| usize::from(*byte) % TURNS))
    }
}

fn denied(claim: Claim<'_>) -> Error {
    match claim {
        Claim::User(..) => Error::AccessDenied("Wrong login, password or API key.".to_owned()),
        Claim::ApiKey(_) => {
            Error::Unauthorized("The API key is unknown, has expired or was removed.".to_owned())
        }
    }
}

/// Who a claim has proved to be.
struct Proved {
    credential: Credential,
    /// Whether that was a while ago, and may hold no more.
    is_remembered: bool,
}

/// Runs `work` in the name of whom `claim` proves. What was remembered and holds no more is verified
/// afresh, and the work done again: nothing of it was kept.
///
/// # Errors
///
/// [`Error::AccessDenied`] when the secret is not right, [`Error::Unauthorized`] when an API key by
/// itself is not, [`Error::Missing`] without such a user, and what `work` fails with.
pub async fn run<T>(app: &App, claim: Claim<'_>, work: impl AsyncFn(Caller) -> Result<T>) -> Result<T> {
    run_proved(app, claim, async || prove(app, claim).await, work).await
}

/// The same for a user and the secret that comes with a call: whoever guesses it waits. Only the proof counts as
/// an attempt that is under way, or a user could do no more at once than may fail; and work that asks for a
/// secret itself, and counts attempts at that, would wait for its own end.
///
/// # Errors
///
/// As [`run`], and [`Error::Limited`] for who failed too often.
pub async fn run_guarded<T>(
    app: &App,
    user: i64,
    secret: &str,
    work: impl AsyncFn(Caller) -> Result<T>,
) -> Result<T> {
    let (claim, who) = (Claim::User(user, secret), user.to_string());
    let prove = async || attempt::guarded(app, &who, async || prove(app, claim).await, is_refused).await;
    run_proved(app, claim, prove, work).await
}

async fn run_proved<T>(
    app: &App,
    claim: Claim<'_>,
    prove: impl AsyncFn() -> Result<Proved>,
    work: impl AsyncFn(Caller) -> Result<T>,
) -> Result<T> {
    loop {
        let Proved { credential, is_remembered } = prove().await?;
        match work(Caller::Credential(credential)).await {
            Err(Error::SessionExpired) => {
                let remembered = &app.shared.caches.remembered;
                remembered.forget(&remembered.digest(claim));
                if !is_remembered {
                    return Err(denied(claim));
                }
            }
            done => return done,
        }
    }
}

async fn prove(app: &App, claim: Claim<'_>) -> Result<Proved> {
    let remembered = &app.shared.caches.remembered;
    let digest = remembered.digest(claim);
    match remembered.get(&digest, app.shared.world.now()) {
        Some(credential) => Ok(Proved { credential, is_remembered: true }),
        None => Ok(Proved { credential: fresh(app, claim, digest).await?, is_remembered: false }),
    }
}

/// Verifies once, however many wait for it.
async fn fresh(app: &App, claim: Claim<'_>, digest: Digest) -> Result<Credential> {
    let remembered = &app.shared.caches.remembered;
    let _turn = match remembered.turn(&digest) {
        Some(turn) => Some(turn.lock().await),
        None => None,
    };
    let now = app.shared.world.now();
    if let Some(known) = remembered.get(&digest, now) {
        return Ok(known);
    }
    let credential = verify(app, claim).await?;
    remembered.put(digest, credential, now);
    Ok(credential)
}

async fn verify(app: &App, claim: Claim<'_>) -> Result<Credential> {
    let (Claim::User(_, secret) | Claim::ApiKey(secret)) = claim;
    let connection = app.pool.get().await?;
    let by_key = api_key::find(&connection, secret, app.shared.world.now()).await?;
    let Claim::User(user, _) = claim else { return by_key.ok_or_else(|| denied(claim)) };
    if let Some(credential) = by_key.filter(|found| found.user_id == user) {
        return Ok(credential);
    }
    let statement = Sql::with_parameter(include_str!("../../sql/queries/users/by_id.sql"), user);
    let rows = connection.query(statement).await?;
    drop(connection);
    let active = rows.first().filter(|row| int(row, 0) == 1);
    let is_right = is_password(app, active.map(|row| (user, text(row, 1))), secret).await?;
    match active {
        Some(row) if is_right => Ok(Credential { user_id: user, proof: Proof::Password(int(row, 2)) }),
        None if rows.is_empty() => {
            Err(Error::Missing(format!("The user does not exist or has been deleted: res.users({user},).")))
        }
        _ => Err(denied(claim)),
    }
}

/// Whether a password is that of a user, given with the stored hash. It takes as long for no user.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub(super) async fn is_password(app: &App, user: Option<(i64, String)>, given: &str) -> Result<bool> {
    let (user, stored) = match user {
        Some((user, stored)) if !given.is_empty() && !stored.is_empty() => (Some(user), stored),
        _ => (None, NOBODY.to_owned()),
    };
    let verdict = password::check(given, stored.clone()).await?;
    let Some(user) = user.filter(|_| verdict != Verdict::Wrong) else { return Ok(false) };
    let rounds = app.shared.settings.hash_rounds;
    if verdict == Verdict::RightButOutdated && rounds >= password::DEFAULT_ROUNDS {
        let hash = password::make(given, rounds, app.shared.world.bytes()).await?;
        let statement = Sql::text("UPDATE user_password SET hash = ")
            .then(Sql::param(hash))
            .and_text(" WHERE user_id = ")
            .then(Sql::param(user))
            // Somebody may have got another password meanwhile.
            .and_text(" AND hash = ")
            .then(Sql::param(Veiled::from(stored)));
        app.pool.get().await?.execute(statement).await?;
    }
    Ok(true)
}

/// The user with a login: the id, the hash of the password, and its version.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub(super) async fn by_login(connection: &Connection, login: &str) -> Result<Option<Row>> {
    let statement = Sql::with_parameter(include_str!("../../sql/queries/users/by_login.sql"), login.trim());
    match connection.query(statement).await {
        Ok(rows) => Ok(rows.into_iter().next()),
        // What cannot be a text in the database is nobody's login.
        Err(Error::Database { name: "CharacterNotInRepertoire" | "UntranslatableCharacter", .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The id of the user with a login and a password or an API key, if they are right.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn login(app: &App, login: &str, secret: &str) -> Result<Option<i64>> {
    let found = by_login(&app.pool.get().await?, login).await?;
    // Nobody's id takes as long as somebody's.
    let user = found.map_or(0, |row| int(&row, 0));
    match run(app, Claim::User(user, secret), async |caller| session::check(app, caller).await).await {
        Ok(()) => Ok(Some(user)),
        Err(Error::AccessDenied(_) | Error::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(user_id: i64) -> Credential {
        Credential { user_id, proof: Proof::Password(1) }
    }

    #[test]
    fn a_secret_is_remembered_for_minutes_and_for_its_user_alone() {
        let world = World::system();
        let (remembered, now) = (Remembered::new(&world), world.now());
        let digest = remembered.digest(Claim::User(2, "secret"));
        remembered.put(digest, credential(2), now);

        assert_eq!(remembered.get(&digest, now + MEMORY - TimeDelta::seconds(1)), Some(credential(2)));
        assert_eq!(remembered.get(&digest, now + MEMORY), None);
        for other in [Claim::User(3, "secret"), Claim::User(2, "secret "), Claim::ApiKey("secret")] {
            assert_eq!(remembered.get(&remembered.digest(other), now), None, "{other:?}");
        }
        assert_ne!(
            Remembered::new(&world).digest(Claim::User(2, "secret")),
            digest,
            "the key is no process's own"
        );
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let world = World::system();
        let (remembered, now) = (Remembered::new(&world), world.now());
        for number in 0..=MOST {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_be_bytes());
            remembered.put(digest, credential(2), now);
        }
        assert_eq!(remembered.known.lock().unwrap().len(), 1);
    }
}
