//! What the server tells of itself (RFC 8414), and what a bearer token tells of its user.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value as Json, json};

use super::answer;
use super::credentials;
use crate::auth::oauth::{Outcome, Refusal, digest, is_token, token};
use crate::db::{Row, Sql};
use crate::orm::registry::text;
use crate::rpc::App;

/// What is really served, and nothing else.
pub(super) async fn metadata(app: Data<App>) -> HttpResponse {
    let issuer = &app.shared.settings.issuer;
    let at = |path: &str| format!("{issuer}{path}");
    let methods = json!(["client_secret_basic", "client_secret_post"]);
    let body = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth2/authorize"),
        "token_endpoint": at("/oauth2/token"),
        "revocation_endpoint": at("/oauth2/revoke"),
        "introspection_endpoint": at("/oauth2/introspect"),
        "userinfo_endpoint": at("/oauth2/userinfo"),
        "scopes_supported": ["read", "write"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .content_type("application/json")
        .body(body.to_string())
}

/// The signed-in user, by an access token; no scheme limits it.
pub(super) async fn userinfo(app: Data<App>, request: HttpRequest) -> HttpResponse {
    match told(&app, &request).await {
        Ok(Some(body)) => answer::success(&body),
        Ok(None) => refused(StatusCode::UNAUTHORIZED, "Bearer realm=\"oregional\""),
        Err(Refusal::InvalidRequest(_)) => {
            refused(StatusCode::BAD_REQUEST, "Bearer realm=\"oregional\", error=\"invalid_request\"")
        }
        Err(Refusal::InvalidGrant(_)) => {
            refused(StatusCode::UNAUTHORIZED, "Bearer realm=\"oregional\", error=\"invalid_token\"")
        }
        Err(other) => {
            let mut response = answer::uncached(answer::status(&other));
            if let Some(again) = answer::retry(&other) {
                response.insert_header(again);
            }
            tracing::error!(error = %other, "userinfo could not be answered");
            response.finish()
        }
    }
}

fn refused(status: StatusCode, challenge: &'static str) -> HttpResponse {
    answer::uncached(status).insert_header((WWW_AUTHENTICATE, challenge)).finish()
}

/// Nothing without a token.
async fn told(app: &App, request: &HttpRequest) -> Outcome<Option<Json>> {
    let Some(bearer) = credentials::bearer(request)? else { return Ok(None) };
    let not_good = || Refusal::grant("The access token is unknown, expired or revoked.");
    if !is_token(bearer) {
        return Err(not_good());
    }
    let (connection, now) = (app.pool.get().await?, app.shared.world.now());
    let rows = connection.query(token::check(digest(bearer), now)).await?;
    let good = rows.first().map(token::good).filter(|good| good.is_access).ok_or_else(not_good)?;
    if good.is_fresh {
        token::touch(&connection, digest(bearer), good.grant_id, now).await?;
    }
    let person = Sql::file(include_str!("../../../sql/queries/oauth/userinfo.sql"), &[good.user_id.into()]);
    let rows = connection.query(person).await?;
    Ok(rows.first().map(|row| described(row, good.user_id)))
}

fn described(row: &Row, user_id: i64) -> Json {
    let mut body =
        json!({"sub": user_id.to_string(), "preferred_username": text(row, 0), "name": text(row, 1)});
    if let Some(body) = body.as_object_mut() {
        for (name, place) in [("email", 2), ("zoneinfo", 3), ("locale", 4)] {
            let value = text(row, place);
            if !value.is_empty() {
                body.insert(
                    name.to_owned(),
                    value.replace('_', if name == "locale" { "-" } else { "_" }).into(),
                );
            }
        }
    }
    body
}
