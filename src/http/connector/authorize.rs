//! The routes of the plugin that a user's browser opens: authorization, the caller's own identity, a sign
//! of life.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::answer::{self, Body, Refusal, answered, refused, under};
use super::token::spellings;
use crate::auth::oauth::client::{self, Credentials};
use crate::auth::oauth::request::{self, Face, Pending, Uri};
use crate::auth::oauth::scope::{DEFAULT, Scope};
use crate::auth::oauth::{Refusal as Cause, pkce};
use crate::db::{Connection, Sql};
use crate::http::oauth::authorize::{self as standard, Known, Step};
use crate::http::oauth::form::Form;
use crate::http::oauth::pages;
use crate::http::pages::texts_of;
use crate::orm::context::BASE_LANG;
use crate::orm::registry::{int, text};
use crate::rpc::App;

const AUTHORIZATION: &str = "OrestapiOauth2Authorization-";
const USER: &str = "OrestapiApplicationUserClient-";

/// Asks the user, and sends the browser back with a code.
pub(super) async fn authorize(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let form = answer::parameters(&request, &body);
    let outcome = match &form {
        Ok(form) => asked(&app, &request, form).await,
        Err(cause) => Err(refusal("0001", &cause.to_string())),
    };
    match outcome {
        Ok(Step::SignIn) => {
            let posted = String::from_utf8_lossy(answer::form_of(&request, &body).unwrap_or_default());
            let all = [request.query_string(), &posted];
            let query = all.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("&");
            standard::to_sign_in(&request, request.path(), &query)
        }
        Ok(Step::Back(location)) => standard::sent(StatusCode::FOUND, &location),
        Ok(Step::Page(page)) => page,
        Err(refusal) => shown(&request, &refusal),
    }
}

fn refusal(number: &str, text: &str) -> Refusal {
    Refusal::code(format!("{AUTHORIZATION}{number}"), text)
}

/// A page for people, JSON for programs; never a way to anywhere.
fn shown(request: &HttpRequest, refusal: &Refusal) -> HttpResponse {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match refusal {
        Refusal::Code(code, text, _) if accept.contains("text/html") => {
            let mut page =
                pages::refusal(texts_of(request), &Cause::InvalidRequest(format!("{text} ({code})").into()));
            *page.status_mut() = StatusCode::UNAUTHORIZED;
            page
        }
        other => refused(other),
    }
}

async fn asked(app: &App, request: &HttpRequest, form: &Form) -> Result<Step, Refusal> {
    if form.is_empty() {
        return Err(refusal("0001", "There are no parameters."));
    }
    if form.get("response_type").is_some_and(|kind| kind != "code") {
        return Err(refusal("0001", "The response_type has to be code."));
    }
    if form.get("state").is_some_and(|state| state.len() > standard::LONGEST_STATE) {
        return Err(refusal("0001", "The state is too long."));
    }
    if form.get("state").is_some_and(|state| state.contains('\0')) {
        return Err(refusal("0001", "The state must not contain a NUL character."));
    }
    let failed = under(&format!("{AUTHORIZATION}0006"));
    let client_id =
        form.get("client_id").ok_or_else(|| refusal("0002", "The parameter client_id is missing."))?;
    let wanted =
        form.get("redirect_uri").ok_or_else(|| refusal("0003", "The parameter redirect_uri is missing."))?;
    let connection = app.pool.get().await?;
    let application = client::find(&connection, client_id, BASE_LANG)
        .await
        .map_err(&failed)?
        .ok_or_else(|| refusal("0004", "There is no active application with this client_id."))?;
    let uri = registered(&connection, application.application_id, wanted)
        .await
        .map_err(&failed)?
        .ok_or_else(|| refusal("0005", "The redirect_uri is not registered for this application."))?;
    if !standard::is_allowed(&connection, &uri).await.map_err(&failed)? {
        return Err(refusal("0005", "The redirect_uri has to be https here (oregional.allow_http)."));
    }
    let Some(browser) = standard::browser(app, &connection, request).await? else { return Ok(Step::SignIn) };
    let pending = Pending {
        application_id: application.application_id,
        uri_id: uri.id,
        uri_named: true,
        // The plugin asks for nothing that these words mean.
        scope: Scope::parse(form.get("scope")).unwrap_or(DEFAULT),
        state: form.get("state").map(str::to_owned),
        challenge: pkce::challenge(form.get("code_challenge"), form.get("code_challenge_method"))
            .map_err(under(&format!("{AUTHORIZATION}0001")))?,
        face: Face::Connector,
    };
    let known = Known { application, uri, browser };
    if standard::lacks_challenge(&connection, &known, &pending).await.map_err(&failed)? {
        return Err(refusal("0001", standard::NO_CHALLENGE));
    }
    standard::go_on(app, connection, &known, pending).await.map_err(failed)
}

/// The registered URI that is meant: as it came, or decoded once more.
async fn registered(connection: &Connection, application: i64, wanted: &str) -> Result<Option<Uri>, Cause> {
    for spelling in spellings(wanted) {
        if let Some(uri) = request::find_uri(connection, application, Some(&spelling)).await? {
            return Ok(Some(uri));
        }
    }
    Ok(None)
}

/// Whose session it is, if it is a good one.
async fn signed_in(
    app: &App,
    connection: &Connection,
    request: &HttpRequest,
    code: &str,
) -> Result<i64, Refusal> {
    let browser = standard::browser(app, connection, request).await?;
    let nobody = || Refusal::code(code, "There is no login session.");
    browser.map(|browser| browser.user_id).ok_or_else(nobody)
}

/// Two values that stand for the caller's authorization. They are derived from it, and stored nowhere.
pub(super) async fn user(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    answered(told(&app, &request, &body).await)
}

async fn told(app: &App, request: &HttpRequest, body: &Body) -> Result<String, Refusal> {
    let refusal = |number: &str, text: &str| Refusal::code(format!("{USER}{number}"), text);
    let form = answer::parameters(request, body).map_err(|cause| refusal("0001", &cause.to_string()))?;
    if form.is_empty() {
        return Err(refusal("0001", "There are no parameters."));
    }
    let (Some(client_id), Some(secret)) = (form.get("client_id"), form.get("client_secret")) else {
        return Err(refusal("0002", "client_id or client_secret is missing."));
    };
    let wanted = form.get("redirect_uri").ok_or_else(|| refusal("0003", "redirect_uri is missing."))?;
    let credentials = Credentials {
        client_id: client_id.to_owned(),
        client_secret: secret.into(),
        max_failures: app.shared.settings.max_failures,
    };
    let connection = app.pool.get().await?;
    let user_id = signed_in(app, &connection, request, &format!("{USER}0007")).await?;
    let (sealer, now) = (&app.shared.sealer, app.shared.world.now());
    let client = client::authenticate(&connection, sealer, &credentials, now)
        .await
        .map_err(under(&format!("{USER}0005")))?;
    let uri = registered(&connection, client.application_id, wanted)
        .await
        .map_err(under(&format!("{USER}0004")))?;
    if uri.is_none() {
        return Err(refusal("0004", "The redirect_uri is not registered for this application."));
    }
    let statement = Sql::file(
        include_str!("../../../sql/queries/connector/own_grant.sql"),
        &[user_id.into(), client.application_id.into()],
    );
    let rows = connection.query(statement).await?;
    let row = rows.first().ok_or_else(|| refusal("0007", "The user has not authorized this application."))?;
    let grant = format!("{} {}", int(row, 0), text(row, 1));
    let derived = |purpose: &str| hex(&sealer.mac(purpose, grant.as_bytes()));
    Ok(json!({"user_id": derived("connector user id"), "user_secret": derived("connector user secret")})
        .to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// A sign of life for a browser that is signed in.
pub(super) async fn link(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        answer::check_parameters(&request, &body, "OrestapiApplicationConfluenceLink-0001")?;
        let connection = app.pool.get().await?;
        signed_in(&app, &connection, &request, "OrestapiApplicationConfluenceLink-0010").await?;
        Ok("{}".to_owned())
    };
    answered(outcome.await)
}
