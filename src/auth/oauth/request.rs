//! Authorization requests: the URI they return to, and those that wait for the user's word.

use chrono::TimeDelta;

use super::scope::Scope;
use super::{Outcome, TOKEN_LENGTH, digest, is_token};
use crate::auth::session::SessionId;
use crate::clock::World;
use crate::db::{Connection, Raw, Row, Sql};
use crate::orm::registry::{int, text};

/// How long a user may think about it.
const PATIENCE: TimeDelta = TimeDelta::minutes(30);

/// A registered URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    /// The id of its record.
    pub id: i64,
    /// As it was registered: nothing is ever mended.
    pub uri: String,
    /// Whether a consent has to be given for it alone.
    pub is_individual: bool,
}

fn uri(row: &Row) -> Uri {
    let is_individual = row.try_get::<_, Option<Raw<'_>>>(2).ok().flatten().is_some_and(Raw::boolean);
    Uri { id: int(row, 0), uri: text(row, 1), is_individual }
}

/// The active URI of an application that is `wanted`, byte by byte; without one the only URI it has.
///
/// # Errors
///
/// [`super::Refusal::Failed`] when the database is away.
pub async fn find_uri(
    connection: &Connection,
    application: i64,
    wanted: Option<&str>,
) -> Outcome<Option<Uri>> {
    let mut statement = Sql::text(
        "SELECT id, uri, authorize_individually FROM oregional_application_uri WHERE active AND application_id = ",
    )
    .then(Sql::param(application));
    match wanted {
        Some(wanted) if wanted.contains('\0') => return Ok(None),
        Some(wanted) => statement = statement.and_text(" AND uri = ").then(Sql::param(wanted)),
        None => statement = statement.and_text(" LIMIT 2"),
    }
    match connection.query(statement).await?.as_slice() {
        [only] => Ok(Some(uri(only))),
        _ => Ok(None),
    }
}

/// Which face asked, and so in which form it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// `/oauth2/*`.
    Standard,
    /// `/orestapi/*`.
    Connector,
}

/// A request that waits for the user's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Who asks.
    pub application_id: i64,
    /// Where it returns to.
    pub uri_id: i64,
    /// Whether it named that URI.
    pub uri_named: bool,
    /// What is asked.
    pub scope: Scope,
    /// What comes back unchanged.
    pub state: Option<String>,
    /// What the verifier has to answer.
    pub challenge: Option<String>,
    /// Which face asked.
    pub face: Face,
}

/// What the consent form carries, and nothing else.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Names the request.
    pub id: String,
    /// Proves that the form was ours; good once.
    pub form_token: String,
}

/// Keeps a request for a session.
///
/// # Errors
///
/// [`super::Refusal::Failed`] when the database is away.
pub async fn keep(
    connection: &Connection,
    world: &World,
    session: SessionId,
    pending: &Pending,
) -> Outcome<Ticket> {
    let ticket = Ticket { id: world.token(TOKEN_LENGTH), form_token: world.token(TOKEN_LENGTH) };
    let statement = Sql::file(
        include_str!("../../../sql/queries/oauth/keep_request.sql"),
        &[
            digest(&ticket.id).into(),
            session.to_bytes().into(),
            digest(&ticket.form_token).into(),
            pending.application_id.into(),
            pending.uri_id.into(),
            pending.uri_named.into(),
            pending.scope.as_str().into(),
            pending.state.clone().into(),
            pending.challenge.clone().into(),
            (if pending.face == Face::Connector { "connector" } else { "standard" }).into(),
            (world.now() + PATIENCE).into(),
        ],
    );
    connection.execute(statement).await?;
    Ok(ticket)
}

/// Takes a request out, once, in the session that made it and by the form that it made, with the URI as it
/// is registered now. There is none when anything of that does not fit.
///
/// # Errors
///
/// [`super::Refusal::Failed`] when the database is away.
pub async fn take(
    connection: &Connection,
    world: &World,
    session: SessionId,
    ticket: &Ticket,
) -> Outcome<Option<(Pending, Uri)>> {
    if !is_token(&ticket.id) || !is_token(&ticket.form_token) {
        return Ok(None);
    }
    let statement = Sql::file(
        include_str!("../../../sql/queries/oauth/take_request.sql"),
        &[
            digest(&ticket.id).into(),
            session.to_bytes().into(),
            digest(&ticket.form_token).into(),
            world.now().into(),
        ],
    );
    let rows = connection.query(statement).await?;
    Ok(rows.first().map(|row| {
        let optional = |place| row.try_get::<_, Option<String>>(place).ok().flatten();
        let pending = Pending {
            application_id: int(row, 3),
            uri_id: int(row, 0),
            uri_named: row.try_get::<_, Option<Raw<'_>>>(4).ok().flatten().is_some_and(Raw::boolean),
            scope: Scope::stored(&text(row, 5)),
            state: optional(6),
            challenge: optional(7),
            face: if text(row, 8) == "connector" { Face::Connector } else { Face::Standard },
        };
        (pending, uri(row))
    }))
}
