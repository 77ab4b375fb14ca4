//! Who calls by an API key or an application's access token in the head of the request:
//! `Authorization: Bearer <key>`.

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse};

use super::oauth::credentials::bearer;
use super::{jsonrpc, reply};
use crate::auth::oauth;
use crate::error::{Error, Result};
use crate::origin::Origin;
use crate::orm::method::Reply;
use crate::rpc::credentials::{self, Claim};
use crate::rpc::retrying::Caller;
use crate::rpc::{self, App};

/// With which database a client means to speak.
const DATABASE: &str = "x-odoo-database";

/// Works in the name of the key's user.
///
/// # Errors
///
/// The response itself.
pub(super) async fn work(
    app: &App,
    request: &HttpRequest,
    work: impl AsyncFn(Caller) -> Result<Reply>,
) -> std::result::Result<Reply, HttpResponse> {
    if let Some(refusal) = other_database(app, request) {
        return Err(refusal);
    }
    let done = run(app, request, work).await;
    if let Err(Error::Unauthorized(_)) = done {
        // Nobody guesses a key of 238 bits: it is noted, and no neighbour is locked out for it.
        tracing::warn!(address = Origin::current().address, "a key or a token was refused");
    }
    done.map_err(|error| reply::plain_error(&error))
}

async fn run(app: &App, request: &HttpRequest, work: impl AsyncFn(Caller) -> Result<Reply>) -> Result<Reply> {
    let missing = || Error::Unauthorized("Send an API key: 'Authorization: Bearer <key>'.".to_owned());
    let key = key(request).ok_or_else(missing)?;
    if oauth::is_token(key) {
        // RFC 6750 has one form; who writes a key of Odoo's may be less exact.
        bearer(request).map_err(|refusal| Error::Unauthorized(refusal.to_string()))?;
        let done = rpc::bearer::run(app, key, work).await;
        return done.map_err(|error| match error {
            denied if denied == rpc::bearer::not_good() => Error::Unauthorized(denied.to_string()),
            other => other,
        });
    }
    credentials::run(app, Claim::ApiKey(key), async |caller| {
        check_cookie(app, request, caller).await?;
        work(caller).await
    })
    .await
}

/// What follows the word, in one header.
fn key(request: &HttpRequest) -> Option<&str> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (scheme, key) = headers.next()?.to_str().ok()?.split_once(' ')?;
    let is_one = headers.next().is_none();
    (is_one && scheme.eq_ignore_ascii_case("bearer")).then(|| key.trim())
}

/// A session that comes along has to be of the same user: a page must not act for two.
async fn check_cookie(app: &App, request: &HttpRequest, caller: Caller) -> Result<()> {
    let (Some(id), Caller::Credential(credential)) = (jsonrpc::session_id(request), caller) else {
        return Ok(());
    };
    match rpc::session::user(app, id).await? {
        Some(user) if user != credential.user_id => {
            Err(Error::AccessDenied("The session is of another user than the API key.".to_owned()))
        }
        _ => Ok(()),
    }
}

fn other_database(app: &App, request: &HttpRequest) -> Option<HttpResponse> {
    let asked = request.headers().get(DATABASE)?.to_str().unwrap_or_default();
    if asked.is_empty() || asked == app.shared.settings.db_name {
        return None;
    }
    let (status, title) = match jsonrpc::session_id(request) {
        Some(_) => (StatusCode::FORBIDDEN, "Forbidden"),
        None => (StatusCode::NOT_FOUND, "Not Found"),
    };
    Some(reply::page(status, title, "There is no such database here."))
}
