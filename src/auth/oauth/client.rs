//! The client: an application that proves with its secret who it is (RFC 6749, 2.3).

use chrono::NaiveDateTime;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use super::{Outcome, Refusal};
use crate::auth::audit;
use crate::auth::limit::{self, Key};
use crate::db::{Connection, Raw, Sql};
use crate::error::Error;
use crate::origin::Origin;
use crate::orm::registry::{int, text};
use crate::seal::Sealer;

/// The name under which secrets of applications are hashed for look-up.
const SECRET: &str = "oregional_application.client_secret";

/// What a client says of itself.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// How often it may fail from one address within a minute.
    pub max_failures: u16,
}

/// A client that has proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The id of the application's record.
    pub application_id: i64,
    /// Its client id.
    pub client_id: String,
}

impl Credentials {
    /// The keyed hash by which the secret is compared; the secret itself is in no statement.
    pub fn secret_lookup(&self, sealer: &Sealer) -> [u8; 32] {
        sealer.lookup_hash(self.client_secret.expose_secret(), SECRET)
    }

    /// Who fails when these are wrong.
    pub fn limit(&self) -> Key {
        self.limit_of("client")
    }

    /// Who fails at something: a code and a refresh token that are not good are counted by themselves.
    fn limit_of(&self, what: &str) -> Key {
        Key::new(what, &Origin::current().address, &self.client_id, self.max_failures)
    }

    /// The statement whose row [`verdict`] judges: id, keyed hash, seconds to wait. An archived application
    /// is none.
    pub fn look_up(&self, now: NaiveDateTime) -> Sql {
        self.look_up_any(now).and_text(" AND a.active")
    }

    fn look_up_any(&self, now: NaiveDateTime) -> Sql {
        // An unknown client is a row as well, so that it takes the same way as a wrong secret.
        Sql::text("SELECT a.id, a.client_secret_lookup, ")
            .then(limit::wait(&self.limit(), now))
            .and_text(" FROM (SELECT 1) AS always LEFT JOIN oregional_application AS a ON a.client_id = ")
            .then(Sql::param(self.client_id.replace('\0', "\u{fffd}")))
    }
}

/// Judges the row of [`Credentials::look_up`].
///
/// # Errors
///
/// [`Refusal::InvalidClient`] and [`Refusal::Limited`].
pub fn verdict(credentials: &Credentials, sealer: &Sealer, rows: &[crate::db::Row]) -> Outcome<Client> {
    let row = rows.first().ok_or_else(|| Error::Internal("a look-up of a client gave no row".to_owned()))?;
    let wait = int(row, 2);
    if wait > 0 {
        return Err(Refusal::Limited(wait));
    }
    let given = credentials.secret_lookup(sealer);
    let stored = row.try_get::<_, Option<Raw<'_>>>(1).ok().flatten();
    // Without a secret of its own nobody is this client: not even one who sends an empty one.
    let is_right = stored.map_or(given.as_slice().ct_eq(&[0; 32]), |stored| given.as_slice().ct_eq(stored.0));
    if bool::from(is_right) && stored.is_some() && !credentials.client_secret.expose_secret().is_empty() {
        return Ok(Client { application_id: int(row, 0), client_id: credentials.client_id.clone() });
    }
    Err(Refusal::InvalidClient)
}

/// Checks a client's credentials. A failure is counted.
///
/// # Errors
///
/// [`Refusal::InvalidClient`], [`Refusal::Limited`], and [`Refusal::Failed`] when the database is away.
pub async fn authenticate(
    connection: &Connection,
    sealer: &Sealer,
    credentials: &Credentials,
    now: NaiveDateTime,
) -> Outcome<Client> {
    judged(connection, sealer, credentials, credentials.look_up(now), now).await
}

/// The same for an application that may be archived, which is told nothing but that.
///
/// # Errors
///
/// As [`authenticate`].
pub async fn identify(
    connection: &Connection,
    sealer: &Sealer,
    credentials: &Credentials,
    now: NaiveDateTime,
) -> Outcome<Client> {
    judged(connection, sealer, credentials, credentials.look_up_any(now), now).await
}

async fn judged(
    connection: &Connection,
    sealer: &Sealer,
    credentials: &Credentials,
    look_up: Sql,
    now: NaiveDateTime,
) -> Outcome<Client> {
    let rows = connection.query(look_up).await?;
    let verdict = verdict(credentials, sealer, &rows);
    if verdict == Err(Refusal::InvalidClient) {
        failed(connection, credentials, now).await?;
    }
    verdict
}

/// Counts a failed attempt of whoever uses these credentials, and tells the audit log.
///
/// # Errors
///
/// [`Refusal::Failed`] when the database is away.
pub async fn failed(connection: &Connection, credentials: &Credentials, now: NaiveDateTime) -> Outcome<()> {
    tracing::warn!(
        client_id = shortened(&credentials.client_id),
        address = Origin::current().address,
        "a client was refused: unknown, archived, or a wrong secret"
    );
    limit::fail(connection, &credentials.limit(), now).await?;
    let [address, agent] = audit::origin();
    let statement = Sql::file(
        include_str!("../../../sql/queries/oauth/audit_failed_client.sql"),
        &[shortened(&credentials.client_id).into(), address, now.into(), agent],
    );
    connection.execute(statement).await?;
    Ok(())
}

/// Counts a code or a refresh token that is not good, of a client that has proved who it is, and tells the audit
/// log. It is counted apart from wrong secrets, and limits nothing but further failures: a client whose codes
/// fail goes on with good ones.
///
/// # Errors
///
/// [`Refusal::Limited`] when it fails too often, and [`Refusal::Failed`] when the database is away.
pub async fn failed_grant(
    connection: &Connection,
    credentials: &Credentials,
    client: &Client,
    event: &'static str,
    now: NaiveDateTime,
) -> Outcome<()> {
    let key = credentials.limit_of(event);
    if let Some(seconds) = limit::check(connection, &key, now).await? {
        return Err(Refusal::Limited(seconds));
    }
    limit::fail(connection, &key, now).await?;
    refused(connection, client, audit::Event { event, ..audit::Event::default() }, now).await
}

/// Tells the audit log of a refresh token that was good once, which nobody guesses: a client whose users were away
/// for long brings many of them and need not wait. Once it has brought too many, no more of them are noted for a while.
///
/// # Errors
///
/// [`Refusal::Failed`] when the database is away.
pub async fn ended_grant(
    connection: &Connection,
    credentials: &Credentials,
    client: &Client,
    user_id: i64,
    now: NaiveDateTime,
) -> Outcome<()> {
    let key = credentials.limit_of("refresh_ended");
    if limit::check(connection, &key, now).await?.is_some() {
        return Ok(());
    }
    limit::fail(connection, &key, now).await?;
    let details = "The refresh token has expired or was revoked.";
    let event = audit::Event { event: "refresh", user_id, details, ..audit::Event::default() };
    refused(connection, client, event, now).await
}

async fn refused(
    connection: &Connection,
    client: &Client,
    event: audit::Event<'_>,
    now: NaiveDateTime,
) -> Outcome<()> {
    let event = audit::Event { outcome: "refused", application_id: client.application_id, ..event };
    connection.query(audit::note(&event, now)).await?;
    Ok(())
}

/// Whether credentials are right, where a client may mean others by the same words: nothing is counted.
///
/// # Errors
///
/// [`Refusal::Failed`] when the database is away.
pub async fn is_right(
    connection: &Connection,
    sealer: &Sealer,
    credentials: &Credentials,
    now: NaiveDateTime,
) -> Outcome<bool> {
    let rows = connection.query(credentials.look_up_any(now)).await?;
    Ok(verdict(credentials, sealer, &rows).is_ok())
}

/// As much of a client's word as the audit log keeps.
fn shortened(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(64).collect()
}

/// An application as an authorization request finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The id of the application's record.
    pub application_id: i64,
    /// Its client id.
    pub client_id: String,
    /// Its name in a language.
    pub name: String,
}

/// The active application of a client id.
///
/// # Errors
///
/// [`Refusal::Failed`] when the database is away.
pub async fn find(connection: &Connection, client_id: &str, lang: &str) -> Outcome<Option<Found>> {
    if client_id.contains('\0') {
        return Ok(None);
    }
    let statement = Sql::text("SELECT a.id, ")
        .then(crate::orm::value_sql::translated("a", "name", lang))
        .and_text(" FROM oregional_application AS a WHERE a.active AND a.client_id = ")
        .then(Sql::param(client_id));
    let rows = connection.query(statement).await?;
    let found =
        |row| Found { application_id: int(row, 0), client_id: client_id.to_owned(), name: text(row, 1) };
    Ok(rows.first().map(found))
}
