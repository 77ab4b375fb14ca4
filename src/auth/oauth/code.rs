//! Authorization codes: made once, exchanged once (RFC 6749, 4.1.2 and 4.1.3).

use chrono::{NaiveDateTime, TimeDelta};

use super::client::Client;
use super::scope::Scope;
use super::token::{self, Pair};
use super::{Outcome, Refusal, TOKEN_LENGTH, digest, is_token};
use crate::auth::audit;
use crate::auth::session::{self, SessionId};
use crate::clock::World;
use crate::db::{Connection, Param, Sql};
use crate::orm::registry::{int, text};

/// A second use so soon after the first is a repetition, by several nodes or an impatient hand, and harms
/// nothing.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);

/// What a code is made for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The grant under which it is made.
    pub grant_id: i64,
    /// Who granted it.
    pub user_id: i64,
    /// The session in which it is asked for, which lasts from now on.
    pub session: SessionId,
    /// The URI that it goes to.
    pub uri_id: i64,
    /// Whether the request named that URI.
    pub uri_named: bool,
    /// What its tokens may do.
    pub scope: Scope,
    /// What its verifier has to answer.
    pub challenge: Option<String>,
}

/// Makes a code. There is none when application, URI, user, grant or session went in the meantime.
///
/// # Errors
///
/// [`Refusal::Failed`] when the database is away.
pub async fn issue(connection: &Connection, world: &World, wanted: Wanted) -> Outcome<Option<String>> {
    let code = world.token(TOKEN_LENGTH);
    let ([address, agent], now) = (audit::origin(), world.now());
    let statement = Sql::file(
        include_str!("../../../sql/queries/oauth/issue.sql"),
        &[
            digest(&code).into(),
            wanted.grant_id.into(),
            wanted.uri_id.into(),
            wanted.uri_named.into(),
            wanted.scope.as_str().into(),
            wanted.challenge.into(),
            address,
            wanted.user_id.into(),
            now.into(),
            agent,
            wanted.session.to_bytes().into(),
            (now + session::LIFETIME).into(),
        ],
    );
    let rows = connection.query(statement).await?;
    Ok((!rows.is_empty()).then_some(code))
}

/// What a client brings to an exchange.
#[derive(Debug, Clone)]
pub struct Brought {
    /// The code.
    pub code: String,
    /// The URI, in the spellings in which it may be meant; none where none was sent.
    pub redirect_uris: Vec<String>,
    /// The challenge that the verifier answers, if one was sent.
    pub answered: Option<String>,
}

/// Exchanges a code for the first pair of a family.
///
/// # Errors
///
/// [`Refusal::InvalidGrant`] unless code, client, URI and verifier belong together and the code is good.
pub async fn exchange(
    connection: &Connection,
    world: &World,
    client: &Client,
    brought: Brought,
) -> Outcome<Pair> {
    const NOT_GOOD: &str =
        "The code is unknown, expired or used, or belongs to another client, redirect_uri or code_verifier.";
    // A URI that no text in the database can be is a wrong one, not one that was left out.
    if !is_token(&brought.code) || brought.redirect_uris.iter().any(|uri| uri.contains('\0')) {
        return Err(Refusal::grant(NOT_GOOD));
    }
    let (hash, now) = (digest(&brought.code), world.now());
    let (access, refresh) = (world.token(TOKEN_LENGTH), world.token(TOKEN_LENGTH));
    let [address, agent] = audit::origin();
    let statement = Sql::file(
        include_str!("../../../sql/queries/oauth/exchange.sql"),
        &[
            hash.clone().into(),
            now.into(),
            client.application_id.into(),
            Param::Texts(brought.redirect_uris),
            brought.answered.into(),
            digest(&access).into(),
            digest(&refresh).into(),
            address,
            agent,
        ],
    );
    if let Some(row) = connection.query(statement).await?.first() {
        let scope = Scope::stored(&text(row, 0));
        return Ok(Pair { access, refresh, scope, expires_in: int(row, 1) });
    }
    match reuse(connection, &hash, client, now).await? {
        Reuse::None => Err(Refusal::grant(NOT_GOOD)),
        Reuse::Soon => Err(Refusal::Spent),
        Reuse::Late => {
            token::end_family(connection, &hash, "a code was used again", now).await?;
            Err(Refusal::Spent)
        }
    }
}

/// How a code that cannot be exchanged was used before.
enum Reuse {
    /// Not at all, or not by this client: its attempt tells nothing of the owner.
    None,
    /// Just now.
    Soon,
    /// Long ago.
    Late,
}

async fn reuse(connection: &Connection, hash: &[u8], client: &Client, now: NaiveDateTime) -> Outcome<Reuse> {
    let statement = Sql::file(
        include_str!("../../../sql/queries/oauth/code_state.sql"),
        &[hash.to_vec().into(), client.application_id.into(), (now - GRACE).into()],
    );
    let rows = connection.query(statement).await?;
    Ok(match rows.first().map(|row| int(row, 0)) {
        None => Reuse::None,
        Some(0) => Reuse::Soon,
        Some(_) => Reuse::Late,
    })
}
