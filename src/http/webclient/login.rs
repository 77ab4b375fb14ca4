//! `/web/login` and `/web/session/logout`: signing in by a form, and out again.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use maud::{PreEscaped, html};
use serde::Deserialize;

use super::super::jsonrpc::{self, COOKIE};
use super::super::pages::{script, texts_of};
use super::super::query::Query;
use super::super::reply;
use super::super::session::with_cookie;
use super::super::shell::page;
use super::page::{own_path, see_other, trouble};
use crate::auth::csrf;
use crate::auth::session::{SessionId, fresh_cookie};
use crate::error::{Error, Result};
use crate::rpc::attempt::{guarded, is_refused};
use crate::rpc::{App, session};

/// Where the form leads when nobody says.
const HOME: &str = "/odoo";

/// The form's own address.
const LOGIN: &str = "/web/login";

/// What the address of the form says.
#[derive(Deserialize)]
pub(super) struct Asked {
    redirect: Option<String>,
}

/// What is typed in.
#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    csrf_token: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    redirect: Option<String>,
}

/// The cookie that the form belongs to: the one that came, or a fresh one.
fn cookie(app: &App, request: &HttpRequest) -> (String, bool) {
    let known = request.cookie(COOKIE).map(|cookie| cookie.value().to_owned());
    match known.filter(|value| SessionId::of_cookie(value).is_some()) {
        Some(value) => (value, false),
        None => (fresh_cookie(&app.shared.world), true),
    }
}

/// The address of Odoo's client: whoever has signed in goes on to the pages, anybody else to the form, with
/// what the address asks for; what stands behind a `#` goes along.
pub(super) async fn web(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let checked = match jsonrpc::caller(&request) {
        Ok(caller) => session::check(&app, caller).await,
        Err(error) => Err(error),
    };
    match checked {
        Ok(()) => see_other(HOME),
        Err(Error::SessionExpired) if request.query_string().is_empty() => see_other(LOGIN),
        Err(Error::SessionExpired) => see_other(&format!("{LOGIN}?{}", request.query_string())),
        Err(error) => trouble(&request, &error),
    }
}

/// The form.
pub(super) async fn form(app: Data<App>, request: HttpRequest, Query(asked): Query<Asked>) -> HttpResponse {
    let redirect = asked.redirect.as_deref().and_then(own_path);
    if let Ok(caller) = jsonrpc::caller(&request)
        && session::check(&app, caller).await.is_ok()
    {
        return see_other(redirect.unwrap_or(HOME));
    }
    show(&app, &request, redirect, "", None)
}

fn show(
    app: &App,
    request: &HttpRequest,
    redirect: Option<&str>,
    login: &str,
    refusal: Option<&str>,
) -> HttpResponse {
    let (cookie, is_fresh) = cookie(app, request);
    let token = csrf::token(&app.shared.sealer, &cookie, app.shared.world.now());
    let texts = texts_of(request);
    let t = |english: &'static str| texts.t(english);
    let body = html! {
        // Clients that sign in through this page look for the token in these words.
        (PreEscaped(format!("<!-- csrf_token: \"{token}\" -->")))
        img class="logo" src="/web/binary/company_logo" alt="";
        h1 { (t("Sign in")) }
        form method="post" action="/web/login" {
            input type="hidden" name="csrf_token" value=(token);
            input type="hidden" name="redirect" value=(redirect.unwrap_or_default()) data-hash="";
            label for="login" { (t("Email or login")) }
            input id="login" name="login" type="text" value=(login) required autocomplete="username" autocapitalize="off" autofocus[login.is_empty()];
            label for="password" { (t("Password")) }
            input id="password" name="password" type="password" required autocomplete="current-password" autofocus[!login.is_empty()];
            @if let Some(refusal) = refusal {
                p class="bad" role="alert" { (texts.t(refusal)) }
            }
            button class="main" type="submit" { (t("Sign in")) }
        }
    };
    let mut response = page(StatusCode::OK, texts, t("Sign in"), Some(script()), &body);
    // Signing in may lead on to an application that the user has authorized before: browsers hold the
    // places where a form leads at last against `form-action`, which is therefore left out here.
    let policy = HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
    );
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    // The address has all that an application asked for.
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if is_fresh { with_cookie(app, response, &cookie) } else { response }
}

/// Signs in. A form that another page sent, or another session's, is refused.
pub(super) async fn sign_in(
    app: Data<App>,
    request: HttpRequest,
    given: std::result::Result<Form<Given>, actix_web::Error>,
) -> HttpResponse {
    let Ok(Form(given)) = given else { return reply::bad_request("This address takes a form.") };
    let cookie = request.cookie(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    if !csrf::is_good(&app.shared.sealer, &cookie, &given.csrf_token, app.shared.world.now()) {
        return reply::bad_request(
            "The form has expired, or does not come from this server. Please open it again.",
        );
    }
    let redirect = given.redirect.as_deref().and_then(own_path);
    let attempt = async || open(&app, &given).await;
    match guarded(&app, &given.login, attempt, is_refused).await {
        Ok(value) => with_cookie(&app, see_other(redirect.unwrap_or(HOME)), &value),
        Err(Error::AccessDenied(_)) => {
            show(&app, &request, redirect, &given.login, Some("Wrong login or password."))
        }
        Err(error) => trouble(&request, &error),
    }
}

async fn open(app: &App, given: &Given) -> Result<String> {
    let (user, version) = session::authenticate(app, &given.login, &given.password).await?;
    session::open(app, user, Some(version)).await
}

/// Signs out, and leads back to the client, which asks to sign in.
pub(super) async fn sign_out(
    app: Data<App>,
    request: HttpRequest,
    Query(asked): Query<Asked>,
) -> HttpResponse {
    if let Some(id) = jsonrpc::session_id(&request)
        && let Err(error) = session::close(&app, id).await
    {
        return trouble(&request, &error);
    }
    let redirect = asked.redirect.as_deref().and_then(own_path).unwrap_or(HOME);
    with_cookie(&app, see_other(redirect), &fresh_cookie(&app.shared.world))
}
