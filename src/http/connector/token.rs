//! `oauth2/access_token` and `application/status`: what the plugin asks by itself.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};

use super::answer::{self, Body, Refusal, answered, under};
use crate::auth::oauth::client::{self, Credentials};
use crate::auth::oauth::code::{self, Brought};
use crate::auth::oauth::token::{self, Pair};
use crate::auth::oauth::{Refusal as Cause, pkce};
use crate::db::{Connection, Sql};
use crate::http::oauth::credentials;
use crate::http::oauth::form::Form;
use crate::orm::registry::{int, text};
use crate::rpc::App;

const TOKEN: &str = "OrestapiOauth2AccessToken-";

/// A refusal with the word of RFC 6749 besides.
fn with_cause(number: &str, text: &'static str, cause: Cause) -> Refusal {
    Refusal::Code(format!("{TOKEN}{number}"), text.to_owned(), Some(cause))
}

fn missing(number: &str, text: &'static str) -> Refusal {
    with_cause(number, text, Cause::request(text))
}

/// Exchanges a code, or a refresh token.
pub(super) async fn access_token(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let outcome = exchanged(&app, &request, &body).await;
    app.shared.metrics.grant("connector", if outcome.is_ok() { "ok" } else { "refused" });
    answered(outcome)
}

async fn exchanged(app: &App, request: &HttpRequest, body: &Body) -> Result<String, Refusal> {
    let form = answer::parameters(request, body).map_err(under(&format!("{TOKEN}0001")))?;
    if form.is_empty() {
        return Err(missing("0001", "There are no parameters."));
    }
    let pair = match form.get("grant_type") {
        None => return Err(missing("0020", "The parameter grant_type is missing.")),
        Some("authorization_code") => by_code(app, &form).await?,
        Some("refresh_token") => by_refresh_token(app, request, &form).await?,
        Some(_) => {
            return Err(with_cause("0021", "The grant type is not served.", Cause::UnsupportedGrantType));
        }
    };
    let Pair { access, refresh, expires_in, .. } = pair;
    let told = json!({
        "access_token": access, "token_type": "Bearer", "expires_in": expires_in, "refresh_token": refresh,
    });
    Ok(told.to_string())
}

/// A URI as it was sent, and decoded once more: the plugin encodes twice.
pub(super) fn spellings(uri: &str) -> Vec<String> {
    let mut all = vec![uri.to_owned()];
    if let Ok(decoded) = percent_decode_str(uri).decode_utf8()
        && decoded != uri
    {
        all.push(decoded.into_owned());
    }
    all
}

async fn by_code(app: &App, form: &Form) -> Result<Pair, Refusal> {
    let code = form.get("code").ok_or_else(|| missing("0030", "The parameter code is missing."))?;
    let client_id =
        form.get("client_id").ok_or_else(|| missing("0040", "The parameter client_id is missing."))?;
    let secret = form
        .get("client_secret")
        .ok_or_else(|| missing("0050", "The parameter client_secret is missing."))?;
    let uri =
        form.get("redirect_uri").ok_or_else(|| missing("0051", "The parameter redirect_uri is missing."))?;
    let credentials = Credentials {
        client_id: client_id.to_owned(),
        client_secret: secret.into(),
        max_failures: app.shared.settings.max_failures,
    };
    let refused = under(&format!("{TOKEN}0070"));
    let (now, connection) = (app.shared.world.now(), app.pool.get().await?);
    let client =
        client::authenticate(&connection, &app.shared.sealer, &credentials, now).await.map_err(&refused)?;
    let brought = Brought {
        code: code.to_owned(),
        redirect_uris: spellings(uri),
        answered: pkce::answered(form.get("code_verifier")).map_err(&refused)?,
    };
    let outcome = code::exchange(&connection, &app.shared.world, &client, brought).await;
    if outcome.as_ref().is_err_and(Cause::is_failed_attempt) {
        client::failed_grant(&connection, &credentials, &client, "issue_token", now)
            .await
            .map_err(&refused)?;
    }
    outcome.map_err(refused)
}

/// The client of a Basic header. The plugin puts id and secret together as they are, others encode them first:
/// what stands there counts where it is right, and else what it stands for.
async fn basic(
    app: &App,
    connection: &Connection,
    request: &HttpRequest,
) -> Result<Option<Credentials>, Cause> {
    let Some(raw) = credentials::raw_basic(request)? else { return Ok(None) };
    let of = |(client_id, secret): (String, String)| Credentials {
        client_id,
        client_secret: secret.into(),
        max_failures: app.shared.settings.max_failures,
    };
    let decoded = credentials::basic(request).ok().flatten().filter(|decoded| *decoded != raw);
    let Some(decoded) = decoded else { return Ok(Some(of(raw))) };
    let raw = of(raw);
    let is_raw = client::is_right(connection, &app.shared.sealer, &raw, app.shared.world.now()).await?;
    Ok(Some(if is_raw { raw } else { of(decoded) }))
}

async fn by_refresh_token(app: &App, request: &HttpRequest, form: &Form) -> Result<Pair, Refusal> {
    let no_client = |number, text| with_cause(number, text, Cause::InvalidClient);
    let connection = app.pool.get().await?;
    let credentials = basic(app, &connection, request).await.map_err(|cause| match cause {
        Cause::Failed(error) => Refusal::Failed(error),
        _ => no_client("0202", "The Basic header is empty or no pair."),
    })?;
    let credentials = credentials.ok_or_else(|| no_client("0201", "There is no Basic header."))?;
    if credentials.client_id.is_empty() {
        return Err(no_client("0202", "The Basic header is empty or no pair."));
    }
    let refresh = form
        .get("refresh_token")
        .ok_or_else(|| missing("0203", "The parameter refresh_token is missing."))?;
    let rotated =
        token::rotate(&connection, &app.shared.world, &app.shared.sealer, &credentials, refresh, None).await;
    rotated.map_err(|cause| match cause {
        Cause::InvalidClient => under(&format!("{TOKEN}0204"))(cause),
        other => under(&format!("{TOKEN}0205"))(other),
    })
}

/// Tells the plugin of its own application, archived or not.
pub(super) async fn status(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    answered(told(&app, &request, &body).await)
}

async fn told(app: &App, request: &HttpRequest, body: &Body) -> Result<String, Refusal> {
    answer::check_parameters(request, body, "OrestapiApplicationData-0001")?;
    let refused = under("OrestapiApplicationData-0010");
    let connection = app.pool.get().await?;
    let credentials = basic(app, &connection, request).await.map_err(&refused)?;
    let credentials = credentials.ok_or_else(|| refused(Cause::InvalidClient))?;
    let client = client::identify(&connection, &app.shared.sealer, &credentials, app.shared.world.now())
        .await
        .map_err(refused)?;
    let statement =
        Sql::with_parameter(include_str!("../../../sql/queries/connector/status.sql"), client.application_id);
    let rows = connection.query(statement).await?;
    let row = rows.first().ok_or_else(|| refusal_of_data("0030", "The application is gone."))?;
    let application: Json = json!({
        "id": int(row, 0),
        "active": int(row, 1) == 1,
        "display_name": text(row, 2),
        "company": [int(row, 3), text(row, 4)],
    });
    Ok(json!([application]).to_string())
}

fn refusal_of_data(number: &str, text: &str) -> Refusal {
    Refusal::code(format!("OrestapiApplicationData-{number}"), text)
}
