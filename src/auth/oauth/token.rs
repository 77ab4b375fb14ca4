//! Access and refresh tokens: rotation, what a token opens, and its end (RFC 6749 6, RFC 7009, RFC 7662).
//!
//! A refresh token has exactly one pair of successors, derived from it under the server's key. So the same
//! answer can be given again, to a node that asked at the same time and to one that lost the answer,
//! although only hashes are kept.

use chrono::NaiveDateTime;

use super::client::{self, Credentials};
use super::code::GRACE;
use super::scope::Scope;
use super::{Outcome, Refusal, TOKEN_LENGTH, digest, is_token};
use crate::auth::audit;
use crate::clock::{World, letters};
use crate::db::{Connection, Raw, Row, Sql};
use crate::origin::Origin;
use crate::orm::registry::{int, text};
use crate::seal::Sealer;

/// What a client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// What the access token may do.
    pub scope: Scope,
    /// Seconds until the access token expires.
    pub expires_in: i64,
}

const NOT_GOOD: &str =
    "The refresh token is unknown, expired, used or revoked, or belongs to another client.";

/// The token that follows from a refresh token, for a purpose.
fn successor(sealer: &Sealer, purpose: &str, refresh: &str) -> String {
    let mut token = String::with_capacity(TOKEN_LENGTH);
    let mut round = 0_u32;
    while token.len() < TOKEN_LENGTH {
        let text = [refresh.as_bytes(), &round.to_be_bytes()].concat();
        token.extend(letters(&sealer.mac(purpose, &text)).take(TOKEN_LENGTH - token.len()));
        round += 1;
    }
    token
}

/// Exchanges a refresh token for its successors, at once with the check of the client.
///
/// # Errors
///
/// [`Refusal::InvalidClient`], [`Refusal::InvalidScope`], and [`Refusal::InvalidGrant`]; use of a token whose
/// successors are in use ends its family.
pub async fn rotate(
    connection: &Connection,
    world: &World,
    sealer: &Sealer,
    credentials: &Credentials,
    refresh: &str,
    scope: Option<Scope>,
) -> Outcome<Pair> {
    let now = world.now();
    let access = successor(sealer, "oauth access token", refresh);
    let next = successor(sealer, "oauth refresh token", refresh);
    let (access_hash, next_hash) = (digest(&access), digest(&next));
    let [address, agent] = audit::origin();
    let statement = Sql::file(
        include_str!("../../../sql/queries/oauth/rotate.sql"),
        &[
            digest(refresh).into(),
            now.into(),
            credentials.client_id.replace('\0', "\u{fffd}").into(),
            credentials.secret_lookup(sealer).to_vec().into(),
            access_hash.clone().into(),
            next_hash.clone().into(),
            credentials.limit().into_param(),
            i64::from(credentials.max_failures).into(),
            scope.map(|scope| scope.as_str().to_owned()).into(),
            address,
            agent,
        ],
    );
    let pair =
        |scope: &str, expires_in| Pair { access, refresh: next, scope: Scope::stored(scope), expires_in };
    if let Some(row) = connection.query(statement).await?.first() {
        return Ok(pair(&text(row, 0), int(row, 1)));
    }
    let client = client::authenticate(connection, sealer, credentials, now).await?;
    let state = Sql::file(
        include_str!("../../../sql/queries/oauth/refresh_state.sql"),
        &[digest(refresh).into(), now.into(), access_hash.into(), next_hash.into()],
    );
    let rows = connection.query(state).await?;
    let known = rows.first().filter(|row| is_token(refresh) && int(row, 0) == client.application_id);
    let Some(row) = known else {
        client::failed_grant(connection, credentials, &client, "refresh", now).await?;
        return Err(Refusal::grant(NOT_GOOD));
    };
    match judge(row, scope, now) {
        Judgement::Again => Ok(pair(&text(row, 6), int(row, 7))),
        Judgement::Refused(refusal) => {
            if refusal.is_failed_attempt() {
                client::ended_grant(connection, credentials, &client, int(row, 10), now).await?;
            }
            Err(refusal)
        }
        Judgement::Reused => {
            end_family(connection, &digest(refresh), "a refresh token was used again", now).await?;
            Err(Refusal::grant(NOT_GOOD))
        }
    }
}

enum Judgement {
    /// The same answer once more.
    Again,
    /// No, and nothing else happens.
    Refused(Refusal),
    /// No, and its family ends.
    Reused,
}

/// Judges a refresh token that was not rotated just now, by the row of `refresh_state.sql`.
fn judge(row: &Row, scope: Option<Scope>, now: NaiveDateTime) -> Judgement {
    let (is_good, is_rotated, is_old, is_revoked) = (flag(row, 1), flag(row, 2), flag(row, 3), flag(row, 8));
    if !is_good {
        return Judgement::Refused(Refusal::grant(NOT_GOOD));
    }
    if !is_rotated {
        // Good and not rotated: what was asked for is more than what was granted.
        return Judgement::Refused(match scope {
            Some(asked) if !asked.is_within(Scope::stored(&text(row, 5))) => {
                Refusal::InvalidScope("The scope is larger than what the user granted.".into())
            }
            // It became good between two looks.
            _ => Refusal::grant(NOT_GOOD),
        });
    }
    if is_revoked {
        return Judgement::Refused(Refusal::grant(NOT_GOOD));
    }
    let first_use = moment(row, 4);
    // Once its successor was exchanged in turn, it is of an older generation, and no node still waits for it.
    if is_old || first_use.is_some_and(|used| used + GRACE <= now) {
        return Judgement::Reused;
    }
    if !flag(row, 9) {
        return Judgement::Refused(Refusal::grant(NOT_GOOD));
    }
    Judgement::Again
}

/// Ends the family of a code or a token, by its hash, for what somebody did with it.
///
/// # Errors
///
/// [`Refusal::Failed`] when the database is away.
pub async fn end_family(
    connection: &Connection,
    hash: &[u8],
    why: &'static str,
    now: NaiveDateTime,
) -> Outcome<()> {
    tracing::warn!(address = Origin::current().address, "{why}: the tokens of its family are revoked");
    let [address, agent] = audit::origin();
    let ended = Sql::file(
        include_str!("../../../sql/queries/oauth/revoke_reused.sql"),
        &[hash.to_vec().into(), now.into(), address, why.into(), agent],
    );
    connection.query_all(vec![ended, report(hash.to_vec(), now)]).await?;
    Ok(())
}

fn report(hash: Vec<u8>, now: NaiveDateTime) -> Sql {
    Sql::file(include_str!("../../../sql/queries/oauth/report.sql"), &[hash.into(), now.into()])
}

/// Ends a token of this client. One that is unknown or another's is none of its business, and no error.
///
/// # Errors
///
/// [`Refusal::Failed`] when the database is away: the token is still good then.
pub async fn revoke(
    connection: &Connection,
    application_id: i64,
    token: &str,
    now: NaiveDateTime,
) -> Outcome<()> {
    if !is_token(token) {
        return Ok(());
    }
    let hash = digest(token);
    let [address, agent] = audit::origin();
    let ended = Sql::file(
        include_str!("../../../sql/queries/oauth/revoke_token.sql"),
        &[hash.clone().into(), application_id.into(), now.into(), address, agent],
    );
    connection.query_all(vec![ended, report(hash, now)]).await?;
    Ok(())
}

/// A token that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Good {
    /// Whose rights it has.
    pub user_id: i64,
    /// Whose it is.
    pub application_id: i64,
    /// What it may do.
    pub scope: Scope,
    /// Whether it is an access token; otherwise a refresh token.
    pub is_access: bool,
    /// When it was made.
    pub issued_at: Option<NaiveDateTime>,
    /// When it ends; never where there is none.
    pub expires_at: Option<NaiveDateTime>,
    /// The login of the user.
    pub login: String,
    /// The client id of the application.
    pub client_id: String,
    /// The grant under which it was made.
    pub grant_id: i64,
    /// Whether it has opened no door yet.
    pub is_fresh: bool,
    /// The scheme of the application.
    pub scheme_id: i64,
}

/// The statement whose row [`good`] reads, as long as the token is good.
pub fn check(hash: Vec<u8>, now: NaiveDateTime) -> Sql {
    Sql::file(include_str!("../../../sql/queries/oauth/check.sql"), &[hash.into(), now.into()])
}

/// Reads a row of [`check`].
pub fn good(row: &Row) -> Good {
    Good {
        user_id: int(row, 0),
        application_id: int(row, 1),
        scope: Scope::stored(&text(row, 2)),
        is_access: text(row, 3) == "a",
        issued_at: moment(row, 4),
        expires_at: moment(row, 5),
        login: text(row, 6),
        client_id: text(row, 7),
        grant_id: int(row, 8),
        is_fresh: flag(row, 9),
        scheme_id: int(row, 10),
    }
}

/// Notes the first use of an access token, on which the life of its predecessor hangs.
///
/// # Errors
///
/// [`Refusal::Failed`] when the database is away.
pub async fn touch(connection: &Connection, hash: Vec<u8>, grant_id: i64, now: NaiveDateTime) -> Outcome<()> {
    let statement = Sql::file(
        include_str!("../../../sql/queries/oauth/touch.sql"),
        &[now.into(), hash.into(), grant_id.into()],
    );
    connection.execute(statement).await?;
    Ok(())
}

fn flag(row: &Row, place: usize) -> bool {
    row.try_get::<_, Option<Raw<'_>>>(place).ok().flatten().is_some_and(Raw::boolean)
}

fn moment(row: &Row, place: usize) -> Option<NaiveDateTime> {
    row.try_get::<_, Option<Raw<'_>>>(place).ok().flatten().and_then(Raw::timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Key;

    #[test]
    fn a_refresh_token_has_one_successor_of_each_kind_under_one_key() {
        let (one, other) = (Sealer::new(Key::generate([1; 32])), Sealer::new(Key::generate([2; 32])));
        let old = "a".repeat(TOKEN_LENGTH);

        let made = successor(&one, "oauth access token", &old);

        assert!(is_token(&made));
        assert_eq!(made, successor(&one, "oauth access token", &old));
        assert_ne!(made, successor(&one, "oauth refresh token", &old));
        assert_ne!(made, successor(&other, "oauth access token", &old));
    }
}
