//! Grants: what a user allowed an application, remembered until somebody takes it back.

use chrono::NaiveDateTime;

use super::Outcome;
use super::request::Uri;
use super::scope::Scope;
use crate::auth::audit;
use crate::db::{Connection, Sql};
use crate::orm::audit::as_told;
use crate::orm::registry::{int, text};

/// The URI under which a consent stands that covers all URIs but those authorized individually.
const ALL_URIS: i64 = 0;

/// A grant, with the scope that was allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The id of the record `oregional.authorization`.
    pub id: i64,
    /// What was allowed.
    pub scope: Scope,
}

/// What a consent is given for: the URI alone, or [`ALL_URIS`].
fn consent_for(uri: &Uri) -> i64 {
    if uri.is_individual { uri.id } else { ALL_URIS }
}

/// What a user has allowed an application for a URI.
///
/// # Errors
///
/// [`super::Refusal::Failed`] when the database is away.
pub async fn find(connection: &Connection, user: i64, application: i64, uri: &Uri) -> Outcome<Option<Grant>> {
    let statement = Sql::file(
        include_str!("../../../sql/queries/oauth/find_grant.sql"),
        &[user.into(), application.into(), consent_for(uri).into()],
    );
    let rows = connection.query(statement).await?;
    Ok(rows.first().map(|row| Grant { id: int(row, 0), scope: Scope::stored(&text(row, 1)) }))
}

/// Remembers that a user allows it; what was allowed before stays allowed. There is none when the URI, where it
/// is authorized individually, is no longer the one that was shown.
///
/// # Errors
///
/// [`super::Refusal::Failed`] when the database is away.
pub async fn allow(
    connection: &Connection,
    user: i64,
    application: i64,
    shown: &Uri,
    scope: Scope,
    now: NaiveDateTime,
) -> Outcome<Option<Grant>> {
    let [address, agent] = audit::origin();
    let statement = Sql::file(
        include_str!("../../../sql/queries/oauth/allow.sql"),
        &[
            user.into(),
            application.into(),
            consent_for(shown).into(),
            scope.as_str().into(),
            now.into(),
            address,
            agent,
            as_told(user, None, now).into(),
            shown.uri.as_str().into(),
        ],
    );
    let rows = connection.query(statement).await?;
    Ok(rows.first().map(|row| Grant { id: int(row, 0), scope: Scope::stored(&text(row, 1)) }))
}

/// The statements that end all codes and tokens of some grants; the consent stays.
pub fn revoke(grants: &[i64], now: NaiveDateTime) -> Vec<Sql> {
    revoke_where("grant_id", grants, now)
}

/// The statements that end all codes and tokens of some users.
pub fn revoke_users(users: &[i64], now: NaiveDateTime) -> Vec<Sql> {
    revoke_where("user_id", users, now)
}

/// The same for all that have `column` among `ids`; the records no longer tell of an expiry.
fn revoke_where(column: &'static str, ids: &[i64], now: NaiveDateTime) -> Vec<Sql> {
    let those = |statement: &'static str| {
        Sql::text(statement)
            .then(Sql::param(now))
            .and_text(" WHERE revoked_at IS NULL AND ")
            .and_text(column)
            .and_text(" = ANY(")
            .then(Sql::param(ids.to_vec()))
            .and_text(")")
    };
    let record = if column == "grant_id" { "id" } else { column };
    let reported = Sql::text(
        "UPDATE oregional_authorization SET access_token_expiry = NULL, refresh_token_expiry = NULL WHERE ",
    )
    .and_text(record)
    .and_text(" = ANY(")
    .then(Sql::param(ids.to_vec()))
    .and_text(") AND (access_token_expiry IS NOT NULL OR refresh_token_expiry IS NOT NULL)");
    vec![
        those("UPDATE oauth_family SET revoked_at = "),
        those("UPDATE oauth_code SET revoked_at = ").and_text(" AND used_at IS NULL"),
        reported,
    ]
}
