//! POST `/web/session/*`, and what anybody may ask: the version and the databases.

use actix_web::cookie::time::{Duration, OffsetDateTime};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value as Json, json};

use super::jsonrpc::{self, COOKIE, Envelope};
use super::reply;
use crate::auth::session::{SessionId, fresh_cookie};
use crate::error::{Error, Result};
use crate::orm::method::Reply;
use crate::orm::python;
use crate::rpc::attempt;
use crate::rpc::retrying::Caller;
use crate::rpc::{App, SERVER_VERSION, session};

type Body = std::result::Result<Bytes, actix_web::Error>;

/// The attributes of Odoo's cookie: a week, refreshed while it is used; `SameSite` besides, and Secure
/// where people reach the server over https.
fn cookie(app: &App, value: &str) -> Option<HeaderValue> {
    let is_https = app.shared.settings.public_url.as_deref().is_some_and(|url| url.starts_with("https:"));
    let mut cookie = Cookie::build(COOKIE, value.to_owned())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::days(7))
        .expires(
            OffsetDateTime::from_unix_timestamp(app.shared.world.now().and_utc().timestamp()).ok()?
                + Duration::days(365),
        )
        .finish();
    if is_https {
        cookie.set_secure(true);
    }
    HeaderValue::from_str(&cookie.to_string()).ok()
}

/// Gives a browser the cookie of its session.
pub(super) fn with_cookie(app: &App, mut response: HttpResponse, value: &str) -> HttpResponse {
    if let Some(header) = cookie(app, value) {
        response.headers_mut().append(SET_COOKIE, header);
    }
    response
}

/// Whoever comes without a session is given the id of an anonymous one, which nobody remembers.
fn anonymous(app: &App, request: &HttpRequest, response: HttpResponse) -> HttpResponse {
    if request.cookie(COOKIE).is_some() {
        return response;
    }
    with_cookie(app, response, &fresh_cookie(&app.shared.world))
}

fn text(params: &Json, name: &str) -> Result<String> {
    match params.get(name) {
        Some(Json::String(text)) => Ok(text.clone()),
        Some(other) => {
            Err(Error::Type(format!("'{name}' has to be a text, not {}.", python::type_name(other))))
        }
        None => Err(Error::Type(format!("authenticate() is missing the required argument '{name}'"))),
    }
}

/// Signs in by login and password.
pub(super) async fn authenticate(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let broken = |error| reply::envelope(&Json::Null, Err(error));
    let Envelope { id, params } = match jsonrpc::open(&request, body, broken) {
        Ok(envelope) => envelope,
        Err(refusal) => return *refusal,
    };
    let login = params.get("login").and_then(Json::as_str).unwrap_or_default();
    let attempt = async || sign_in(&app, &params).await;
    match attempt::guarded(&app, login, attempt, attempt::is_refused).await {
        Ok((value, info)) => with_cookie(&app, reply::envelope(&id, Ok(Reply::value(&info))), &value),
        Err(error) => reply::envelope(&id, Err(error)),
    }
}

async fn sign_in(app: &App, params: &Json) -> Result<(String, Json)> {
    let (db, login, password) = (text(params, "db")?, text(params, "login")?, text(params, "password")?);
    if db != app.shared.settings.db_name {
        return Err(Error::Access("Database not found.".to_owned()));
    }
    let (user, version) = session::authenticate(app, &login, &password).await?;
    let value = session::open(app, user, Some(version)).await?;
    let caller = SessionId::of_cookie(&value).map_or(Caller::User(user), Caller::Session);
    let info = session::session_info(app, caller).await?;
    Ok((value, info))
}

/// What a client is told about its session; the cookie is refreshed.
pub(super) async fn get_session_info(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let response = jsonrpc::handle(&request, body, async |_params| {
        let info = session::session_info(&app, jsonrpc::caller(&request)?).await?;
        Ok(Reply::value(&info))
    })
    .await;
    match request.cookie(COOKIE) {
        Some(known) if jsonrpc::session_id(&request).is_some() && response.status().is_success() => {
            with_cookie(&app, response, known.value())
        }
        _ => response,
    }
}

/// Whether the session is good.
pub(super) async fn check(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    jsonrpc::handle(&request, body, async |_params| {
        session::check(&app, jsonrpc::caller(&request)?).await?;
        Ok(Reply::Void)
    })
    .await
}

/// Signs out. The order of the two cookies is Odoo's.
pub(super) async fn destroy(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let mut has_ended = false;
    let mut response = jsonrpc::handle(&request, body, async |_params| {
        let done = close(&app, &request).await;
        has_ended = matches!(done, Ok(()) | Err(Error::SessionExpired));
        done.map(|()| Reply::Void)
    })
    .await;
    if !has_ended {
        // Without its cookie nobody could end the session that is still open.
        return response;
    }
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("cids=; Max-Age=0; Path=/"));
    with_cookie(&app, response, &fresh_cookie(&app.shared.world))
}

async fn close(app: &App, request: &HttpRequest) -> Result<()> {
    let caller = jsonrpc::caller(request)?;
    session::check(app, caller).await?;
    match caller {
        Caller::Session(id) => session::close(app, id).await,
        _ => Ok(()),
    }
}

/// Where the user looks after the own account: Odoo leads to its maker's, this server has its own.
pub(super) async fn account(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    jsonrpc::handle(&request, body, async |_params| {
        session::check(&app, jsonrpc::caller(&request)?).await?;
        Ok(Reply::value(&"/odoo/preferences".into()))
    })
    .await
}

/// The modules that are served.
pub(super) async fn modules(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    jsonrpc::handle(&request, body, async |_params| {
        session::check(&app, jsonrpc::caller(&request)?).await?;
        Ok(Reply::value(&json!(["base", "web", "oregional"])))
    })
    .await
}

/// All languages that the server knows, for whoever is about to sign in.
pub(super) async fn get_lang_list(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    jsonrpc::handle(&request, body, async |_params| Ok(Reply::value(&session::languages(&app).await?))).await
}

/// What the server reports to be.
pub(super) async fn version_info(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let response =
        jsonrpc::handle(&request, body, async |_params| Ok(Reply::value(&session::version_info()))).await;
    anonymous(&app, &request, response)
}

/// The same for those who do without an envelope.
pub(super) async fn version() -> HttpResponse {
    HttpResponse::Ok()
        .json(json!({"version_info": session::server_version_info(), "version": SERVER_VERSION}))
}

/// The one database.
pub(super) async fn database_list(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let response = jsonrpc::handle(&request, body, async |_params| {
        Ok(Reply::value(&json!([app.shared.settings.db_name])))
    })
    .await;
    anonymous(&app, &request, response)
}
