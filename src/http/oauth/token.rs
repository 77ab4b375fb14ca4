//! POST `/oauth2/token`, `/oauth2/revoke`, `/oauth2/introspect`: what clients ask by themselves.

use std::cell::Cell;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value as Json, json};

use super::answer;
use super::credentials;
use super::form::Form;
use crate::auth::oauth::client::{self, Credentials};
use crate::auth::oauth::code::{self, Brought};
use crate::auth::oauth::scope::Scope;
use crate::auth::oauth::token::{self, Good, Pair};
use crate::auth::oauth::{Outcome, Refusal, digest, is_token, pkce};
use crate::rpc::App;

type Body = Result<Bytes, actix_web::Error>;

/// Parameters that must never stand in an address, where logs and histories keep them.
const SECRETS: [&str; 5] = ["client_secret", "code", "code_verifier", "refresh_token", "token"];

/// The form of a request to one of these endpoints.
fn form(request: &HttpRequest, body: Body) -> Outcome<Form> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::request("The body has to be application/x-www-form-urlencoded."));
    }
    let body = body.map_err(|_error| Refusal::request("The body could not be read."))?;
    let query = Form::parse(&[request.query_string().as_bytes()])?;
    if SECRETS.iter().any(|name| query.get(name).is_some()) {
        return Err(Refusal::request("A secret must not be in the URL; send it in the body of the request."));
    }
    // A parameter in both is given twice.
    Form::parse(&[request.query_string().as_bytes(), &body])?;
    Form::parse(&[&body])
}

fn answered(outcome: Outcome<Json>) -> HttpResponse {
    match outcome {
        Ok(body) => answer::success(&body),
        Err(refusal) => answer::refusal(&refusal),
    }
}

/// Exchanges a code or a refresh token.
pub(super) async fn token(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    // What was asked for counts, also where it was refused; a word that nobody knows is no label.
    let grant = Cell::new("other");
    let outcome = exchange(&app, &request, body, &grant).await;
    app.shared.metrics.grant(grant.get(), counted(&outcome));
    answered(outcome)
}

/// How an outcome is counted.
fn counted<T>(outcome: &Outcome<T>) -> &'static str {
    outcome.as_ref().map_or_else(Refusal::code, |_| "ok")
}

/// The answer; `grant` is the grant type as soon as it is read.
async fn exchange(app: &App, request: &HttpRequest, body: Body, grant: &Cell<&'static str>) -> Outcome<Json> {
    let form = form(request, body)?;
    let grant_type = form.required("grant_type")?;
    grant.set(match grant_type {
        "authorization_code" => "authorization_code",
        "refresh_token" => "refresh_token",
        _ => "other",
    });
    let credentials = credentials::client(app, request, &form)?;
    match grant_type {
        "authorization_code" => {
            let pair = exchange_code(app, &form, &credentials).await?;
            // Many clients repeat the scope here, where it means nothing (RFC 6749, 4.1.3).
            Ok(told(&pair))
        }
        "refresh_token" => {
            let refresh = form.required("refresh_token")?;
            let asked = form.get("scope").map(|text| Scope::parse(Some(text))).transpose()?;
            let connection = app.pool.get().await?;
            let (world, sealer) = (&app.shared.world, &app.shared.sealer);
            let pair = token::rotate(&connection, world, sealer, &credentials, refresh, asked).await?;
            Ok(told(&pair))
        }
        _ => {
            let connection = app.pool.get().await?;
            client::authenticate(&connection, &app.shared.sealer, &credentials, app.shared.world.now())
                .await?;
            Err(Refusal::UnsupportedGrantType)
        }
    }
}

async fn exchange_code(app: &App, form: &Form, credentials: &Credentials) -> Outcome<Pair> {
    let now = app.shared.world.now();
    let connection = app.pool.get().await?;
    let client = client::authenticate(&connection, &app.shared.sealer, credentials, now).await?;
    let brought = Brought {
        code: form.required("code")?.to_owned(),
        redirect_uris: form.get("redirect_uri").map(str::to_owned).into_iter().collect(),
        answered: pkce::answered(form.get("code_verifier"))?,
    };
    let outcome = code::exchange(&connection, &app.shared.world, &client, brought).await;
    if outcome.as_ref().is_err_and(Refusal::is_failed_attempt) {
        client::failed_grant(&connection, credentials, &client, "issue_token", now).await?;
    }
    outcome
}

/// RFC 6749, 5.1.
fn told(pair: &Pair) -> Json {
    json!({
        "access_token": pair.access,
        "token_type": "Bearer",
        "expires_in": pair.expires_in,
        "refresh_token": pair.refresh,
        "scope": pair.scope.as_str(),
    })
}

/// Ends a token (RFC 7009). Unknown tokens, and those of others, are answered alike.
pub(super) async fn revoke(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let form = form(&request, body)?;
        let credentials = credentials::client(&app, &request, &form)?;
        let (connection, now) = (app.pool.get().await?, app.shared.world.now());
        let client = client::authenticate(&connection, &app.shared.sealer, &credentials, now).await?;
        let token = form.required("token")?;
        token::revoke(&connection, client.application_id, token, now).await?;
        Ok(json!({}))
    };
    let outcome = outcome.await;
    app.shared.metrics.grant("revocation", counted(&outcome));
    answered(outcome)
}

/// Tells a client of its own tokens (RFC 7662); of others' it learns nothing.
pub(super) async fn introspect(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let outcome = introspected(&app, &request, body).await;
    app.shared.metrics.grant("introspection", counted(&outcome));
    answered(outcome)
}

async fn introspected(app: &App, request: &HttpRequest, body: Body) -> Outcome<Json> {
    let form = form(request, body)?;
    let credentials = credentials::client(app, request, &form)?;
    let token = form.required("token")?;
    let (connection, now) = (app.pool.get().await?, app.shared.world.now());
    // Client and token in one round trip.
    let statements = vec![credentials.look_up(now), token::check(digest(token), now)];
    let answers = connection.query_all(statements).await?;
    let [client, found] = answers.as_slice() else {
        return Err(crate::error::Error::Internal("a look-up gave no answer".to_owned()).into());
    };
    let verdict = client::verdict(&credentials, &app.shared.sealer, client);
    if verdict == Err(Refusal::InvalidClient) {
        client::failed(&connection, &credentials, now).await?;
    }
    let client = verdict?;
    let good = found.first().filter(|_| is_token(token)).map(token::good);
    let own = good.filter(|good| good.application_id == client.application_id);
    Ok(own.map_or_else(|| json!({"active": false}), |good| described(app, &good)))
}

/// RFC 7662, 2.2. What never expires has no `exp`.
fn described(app: &App, good: &Good) -> Json {
    let seconds = |moment: chrono::NaiveDateTime| moment.and_utc().timestamp();
    let mut body = json!({
        "active": true,
        "scope": good.scope.as_str(),
        "client_id": good.client_id,
        "username": good.login,
        "sub": good.user_id.to_string(),
        "iss": app.shared.settings.issuer,
        "iat": good.issued_at.map(seconds),
    });
    if let Some(body) = body.as_object_mut() {
        if good.is_access {
            body.insert("token_type".to_owned(), "Bearer".into());
        }
        if let Some(expires_at) = good.expires_at {
            body.insert("exp".to_owned(), seconds(expires_at).into());
        }
    }
    body
}
