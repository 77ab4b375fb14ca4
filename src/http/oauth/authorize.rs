//! `/oauth2/authorize` and the consent form (RFC 6749 4.1.1, RFC 7636, RFC 9207).
//!
//! The order of checks is what keeps the endpoint from sending anybody anywhere: client, redirect URI,
//! session; only then may an error go back to the client.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use super::super::pages::{Texts, texts_of};
use super::form::Form;
use super::pages::{self, Consent};
use super::redirect::with_parameters;
use crate::auth::audit::{self, Event};
use crate::auth::oauth::client::{self, Found};
use crate::auth::oauth::code::{self, Wanted};
use crate::auth::oauth::grant::{self, Grant};
use crate::auth::oauth::request::{self, Face, Pending, Ticket, Uri};
use crate::auth::oauth::scope::Scope;
use crate::auth::oauth::{Outcome, Refusal, pkce};
use crate::auth::parameter;
use crate::auth::session::{self, SessionId};
use crate::db::{Connection, Sql};
use crate::http::jsonrpc;
use crate::orm::context::BASE_LANG;
use crate::orm::registry::text;
use crate::rpc::App;

type Body = Result<Bytes, actix_web::Error>;

/// The longest `state` that is kept and given back.
pub(in crate::http) const LONGEST_STATE: usize = 8192;

/// What a browser may leave as it is in an address, and the way back from the sign-in may not have.
const ODD: &AsciiSet = &CONTROLS.add(b' ').add(b'\\');

/// The longest parameters that are carried along while a user signs in.
const LONGEST_QUERY: usize = 32_768;

/// Asked by a browser that follows a link.
pub(super) async fn get(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let form = Form::parse(&[request.query_string().as_bytes()]);
    answer(&app, &request, form, request.query_string()).await
}

/// Asked by a form.
pub(super) async fn post(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let Ok(body) = body else {
        return pages::refusal(texts_of(&request), &Refusal::request("The body could not be read."));
    };
    let form = Form::parse(&[request.query_string().as_bytes(), &body]);
    let texts = [request.query_string(), std::str::from_utf8(&body).unwrap_or_default()];
    let query = texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("&");
    answer(&app, &request, form, &query).await
}

/// Where it goes on.
pub(in crate::http) enum Step {
    /// To the sign-in page.
    SignIn,
    /// Back to the client.
    Back(String),
    /// To the consent page.
    Page(HttpResponse),
}

async fn answer(app: &App, request: &HttpRequest, form: Outcome<Form>, query: &str) -> HttpResponse {
    let step = match form {
        Ok(form) => authorize(app, request, &form).await,
        Err(refusal) => Err(refusal),
    };
    match step {
        Ok(Step::SignIn) => to_sign_in(request, "/oauth2/authorize", query),
        Ok(Step::Back(location)) => see_other(&location),
        Ok(Step::Page(page)) => page,
        Err(refusal) => pages::refusal(texts_of(request), &refusal),
    }
}

/// To the sign-in page, and from there back with all parameters; they have to fit into an address.
pub(in crate::http) fn to_sign_in(request: &HttpRequest, path: &str, query: &str) -> HttpResponse {
    if query.len() > LONGEST_QUERY {
        return pages::refusal(texts_of(request), &Refusal::request("The parameters are too long."));
    }
    let back = format!("{path}?{}", utf8_percent_encode(query, ODD));
    see_other(&with_parameters("/web/login", &[("redirect", &back)]))
}

/// 303, after which a browser asks by GET: what was posted is never posted on.
pub(in crate::http) fn see_other(location: &str) -> HttpResponse {
    sent(StatusCode::SEE_OTHER, location)
}

/// Sends a browser somewhere, and tells nobody where it came from.
pub(in crate::http) fn sent(status: StatusCode, location: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((LOCATION, location))
        .insert_header(("cache-control", "no-store"))
        .insert_header(("referrer-policy", "no-referrer"))
        .finish()
}

/// What a request has passed: who asks, and where the answer goes.
pub(in crate::http) struct Known {
    /// Who asks.
    pub application: Found,
    /// Where the answer goes.
    pub uri: Uri,
    /// Whose browser it is.
    pub browser: Browser,
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Browser {
    /// Its session.
    pub session: SessionId,
    /// Who is signed in there.
    pub user_id: i64,
}

/// The browser that a request comes from, if somebody is signed in there.
pub(in crate::http) async fn browser(
    app: &App,
    connection: &Connection,
    request: &HttpRequest,
) -> crate::error::Result<Option<Browser>> {
    let Some(session) = jsonrpc::session_id(request) else { return Ok(None) };
    let user = session::user(connection, session, app.shared.world.now()).await?;
    Ok(user.map(|user_id| Browser { session, user_id }))
}

async fn authorize(app: &App, request: &HttpRequest, form: &Form) -> Outcome<Step> {
    let connection = app.pool.get().await?;
    let client_id = form.required("client_id")?;
    let application = client::find(&connection, client_id, BASE_LANG)
        .await?
        .ok_or_else(|| Refusal::request("The application is unknown or archived (client_id)."))?;
    let found = request::find_uri(&connection, application.application_id, form.get("redirect_uri")).await?;
    let uri = found.ok_or_else(|| {
        Refusal::request(
            "The address to return to (redirect_uri) is not registered for this application, letter by letter.",
        )
    })?;
    if !is_allowed(&connection, &uri).await? {
        return Err(Refusal::request("Addresses to return to have to be https here (oregional.allow_http)."));
    }
    let Some(browser) = browser(app, &connection, request).await? else { return Ok(Step::SignIn) };
    let known = Known { application, uri, browser };
    // One that is refused for its length is not carried in an address either.
    let state = form.get("state").filter(|state| state.len() <= LONGEST_STATE);
    let pending = match asked(form, &known) {
        Ok(pending) if lacks_challenge(&connection, &known, &pending).await? => {
            Err(Refusal::request(NO_CHALLENGE))
        }
        pending => pending,
    };
    match pending {
        Ok(pending) => go_on(app, connection, &known, pending).await,
        Err(refusal) => Ok(Step::Back(refused(app, &known.uri, Face::Standard, &refusal, state))),
    }
}

/// Whether the URI may be used. Over http everybody on the way reads the code, which some intranets bear.
pub(in crate::http) async fn is_allowed(connection: &Connection, uri: &Uri) -> Outcome<bool> {
    let is_https = uri.uri.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("https:"));
    Ok(is_https || parameter::flag(connection, parameter::ALLOW_HTTP, true).await?)
}

/// What is asked, of a client and for a URI that are known.
fn asked(form: &Form, known: &Known) -> Outcome<Pending> {
    match form.get("response_type") {
        None => return Err(Refusal::request("The parameter response_type is missing.")),
        Some("code") => {}
        Some(_) => return Err(Refusal::UnsupportedResponseType),
    }
    let state = form.get("state");
    if state.is_some_and(|state| state.len() > LONGEST_STATE || state.contains('\0')) {
        return Err(Refusal::request("The state is too long, or has a NUL character."));
    }
    Ok(Pending {
        application_id: known.application.application_id,
        uri_id: known.uri.id,
        uri_named: form.get("redirect_uri").is_some(),
        scope: Scope::parse(form.get("scope"))?,
        state: state.map(str::to_owned),
        challenge: pkce::challenge(form.get("code_challenge"), form.get("code_challenge_method"))?,
        face: Face::Standard,
    })
}

/// What a client is told that has to send a challenge and did not.
pub(in crate::http) const NO_CHALLENGE: &str = "This application has to send a code_challenge (PKCE, S256).";

/// Whether a challenge is demanded of the application, and missing.
pub(in crate::http) async fn lacks_challenge(
    connection: &Connection,
    known: &Known,
    pending: &Pending,
) -> Outcome<bool> {
    let client_id = &known.application.client_id;
    Ok(pending.challenge.is_none()
        && parameter::flag_of(connection, parameter::REQUIRE_PKCE, client_id, false).await?)
}

/// Goes back at once where the user has allowed it before, and asks otherwise.
pub(in crate::http) async fn go_on(
    app: &App,
    connection: Connection,
    known: &Known,
    pending: Pending,
) -> Outcome<Step> {
    let mut granted =
        grant::find(&connection, known.browser.user_id, pending.application_id, &known.uri).await?;
    if granted.is_none() && approves_silently(&connection, pending.face).await? {
        let (user, application, now) =
            (known.browser.user_id, pending.application_id, app.shared.world.now());
        granted = grant::allow(&connection, user, application, &known.uri, pending.scope, now).await?;
    }
    if let Some(grant) = granted.filter(|grant| pending.scope.is_within(grant.scope)) {
        let location = with_code(app, &connection, known.browser, grant, pending, &known.uri).await?;
        return Ok(location.map_or(Step::SignIn, Step::Back));
    }
    let ticket = request::keep(&connection, &app.shared.world, known.browser.session, &pending).await?;
    Ok(Step::Page(consent(&connection, known, pending.scope, &ticket).await?))
}

/// Whether the plugin's users are not asked, as the system that it knew did not.
async fn approves_silently(connection: &Connection, face: Face) -> Outcome<bool> {
    Ok(face == Face::Connector && !parameter::flag(connection, parameter::REQUIRE_CONSENT, true).await?)
}

async fn consent(
    connection: &Connection,
    known: &Known,
    scope: Scope,
    ticket: &Ticket,
) -> Outcome<HttpResponse> {
    let person = Sql::file(
        include_str!("../../../sql/queries/oauth/consent.sql"),
        &[known.browser.user_id.into(), known.application.application_id.into()],
    );
    let rows = connection.query(person).await?;
    let row = rows.first();
    let logo: Option<Vec<u8>> = row.and_then(|row| row.try_get(1).ok().flatten());
    let parsed = Url::parse(&known.uri.uri)
        .map_err(|_error| Refusal::request("The address to return to is no address."))?;
    let origin = parsed.origin().ascii_serialization();
    Ok(pages::consent(&Consent {
        application: &known.application.name,
        logo: logo.as_deref(),
        user: &row.map(|row| text(row, 0)).unwrap_or_default(),
        scope,
        host: parsed.host_str().unwrap_or_default(),
        origin: &origin,
        ticket,
        texts: Texts::of(&row.map(|row| text(row, 2)).unwrap_or_default()),
    }))
}

/// Makes a code and the address that carries it; none when the session has just ended.
async fn with_code(
    app: &App,
    connection: &Connection,
    browser: Browser,
    grant: Grant,
    pending: Pending,
    uri: &Uri,
) -> Outcome<Option<String>> {
    let state = pending.state.clone();
    let wanted = Wanted {
        grant_id: grant.id,
        user_id: browser.user_id,
        session: browser.session,
        uri_id: pending.uri_id,
        uri_named: pending.uri_named,
        scope: pending.scope,
        challenge: pending.challenge,
    };
    if let Some(code) = code::issue(connection, &app.shared.world, wanted).await? {
        return Ok(Some(told(app, uri, pending.face, &[("code", &code)], state.as_deref())));
    }
    // Ended, archived or deleted between two statements: the same page as a moment later.
    if session::user(connection, browser.session, app.shared.world.now()).await?.is_none() {
        return Ok(None);
    }
    Err(Refusal::request("The application or its address to return to has just gone."))
}

/// The way back, with the state as it came and the issuer; the plugin knows of no issuer.
fn told(app: &App, uri: &Uri, face: Face, what: &[(&str, &str)], state: Option<&str>) -> String {
    let mut parameters = what.to_vec();
    parameters.extend(state.map(|state| ("state", state)));
    if face == Face::Standard {
        parameters.push(("iss", &app.shared.settings.issuer));
    }
    with_parameters(&uri.uri, &parameters)
}

fn refused(app: &App, uri: &Uri, face: Face, refusal: &Refusal, state: Option<&str>) -> String {
    let description = refusal.to_string();
    told(app, uri, face, &[("error", refusal.code()), ("error_description", &description)], state)
}

/// The user's word.
pub(super) async fn decide(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let Ok(body) = body else {
        return pages::refusal(texts_of(&request), &Refusal::request("The body could not be read."));
    };
    let outcome = match Form::parse(&[&body]) {
        Ok(form) => decided(&app, &request, &form).await,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(Some(location)) => see_other(&location),
        Ok(None) => pages::stale_form(texts_of(&request)),
        Err(refusal) => pages::refusal(texts_of(&request), &refusal),
    }
}

/// None for a form that is not good: not ours, used, of another session, or of nobody.
async fn decided(app: &App, request: &HttpRequest, form: &Form) -> Outcome<Option<String>> {
    let (Some(id), Some(form_token)) = (form.get("request"), form.get("token")) else { return Ok(None) };
    let (connection, now) = (app.pool.get().await?, app.shared.world.now());
    let Some(browser) = browser(app, &connection, request).await? else { return Ok(None) };
    let user_id = browser.user_id;
    let ticket = Ticket { id: id.to_owned(), form_token: form_token.to_owned() };
    let Some((pending, uri)) =
        request::take(&connection, &app.shared.world, browser.session, &ticket).await?
    else {
        return Ok(None);
    };
    if form.get("decision") != Some("allow") {
        let event = Event {
            event: "authorize",
            outcome: "denied",
            user_id,
            application_id: pending.application_id,
            details: &uri.uri,
            ..Event::default()
        };
        connection.query(audit::note(&event, now)).await?;
        return Ok(Some(refused(app, &uri, pending.face, &Refusal::AccessDenied, pending.state.as_deref())));
    }
    let grant = grant::allow(&connection, user_id, pending.application_id, &uri, pending.scope, now).await?;
    let Some(grant) = grant else { return Ok(None) };
    with_code(app, &connection, browser, grant, pending, &uri).await
}
