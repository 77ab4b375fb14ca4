//! The pages of sign-in through OAuth: consent, and what went wrong. No script, nothing from elsewhere.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use super::super::pages::Texts;
use super::super::shell::shell;
use super::answer;
use crate::auth::oauth::Refusal;
use crate::auth::oauth::request::Ticket;
use crate::auth::oauth::scope::Scope;

/// A page that nobody frames or keeps, whose forms go nowhere but here and to `form_target`.
fn page(status: StatusCode, texts: Texts, title: &str, form_target: &str, content: &Markup) -> HttpResponse {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' {form_target}; frame-ancestors 'none'; base-uri 'none'"
    );
    HttpResponse::build(status)
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/html; charset=utf-8")
        .body(shell(texts, title, None, content))
}

/// What the consent page tells and asks.
pub(super) struct Consent<'a> {
    /// The application's name.
    pub application: &'a str,
    /// Its logo, a PNG of ours, if it has one.
    pub logo: Option<&'a [u8]>,
    /// Who is asked.
    pub user: &'a str,
    /// What is asked.
    pub scope: Scope,
    /// Where the browser goes afterwards.
    pub host: &'a str,
    /// The origin of that place, checked.
    pub origin: &'a str,
    /// What the form carries.
    pub ticket: &'a Ticket,
    /// The texts of the user's language.
    pub texts: Texts,
}

/// Asks the user.
pub(super) fn consent(asked: &Consent<'_>) -> HttpResponse {
    let t = |english: &'static str| asked.texts.t(english);
    let content = html! {
        @if let Some(logo) = asked.logo {
            img.logo alt="" src=(format!("data:image/png;base64,{}", STANDARD.encode(logo)));
        }
        h1 { (asked.texts.fill("{} asks for access", &[&asked.application])) }
        p { (t("If you allow it, it acts in your name and can")) }
        ul {
            // Every scope reads: whoever changes a record sees it.
            li { (t("look at the records that you see, of the models that it is offered")) }
            @if asked.scope.write { li { (t("create, change and delete such records")) } }
        }
        p { (t("You are signed in as")) " " strong { (asked.user) } "." }
        p.quiet { (t("It never learns your password. You can take this back at any time, in your preferences.")) }
        form method="post" action="/oauth2/consent" {
            input type="hidden" name="request" value=(asked.ticket.id);
            input type="hidden" name="token" value=(asked.ticket.form_token);
            div.row {
                button.main type="submit" name="decision" value="allow" { (t("Allow")) }
                button type="submit" name="decision" value="deny" { (t("Deny")) }
            }
        }
        p.quiet { (t("Afterwards you return to")) " " strong { (asked.host) } "." }
    };
    page(StatusCode::OK, asked.texts, t("Allow access?"), asked.origin, &content)
}

/// Tells the user what is wrong with a request that must not be sent back.
pub(in crate::http) fn refusal(texts: Texts, refusal: &Refusal) -> HttpResponse {
    let (status, text) = match refusal {
        Refusal::Failed(error) => {
            tracing::error!(%error, "an authorization request could not be answered");
            (
                answer::status(refusal),
                texts.t("The server cannot answer at the moment. Try again in a minute.").to_owned(),
            )
        }
        Refusal::Limited(_) => (StatusCode::TOO_MANY_REQUESTS, refusal.to_string()),
        other => (StatusCode::BAD_REQUEST, other.to_string()),
    };
    let content = html! {
        h1 { (texts.t("This sign-in cannot go on")) }
        p.bad { (text) }
        p.quiet { (texts.fill("Nothing was allowed and nothing was sent. If it happens again, show this page to whoever set the application up ({}).", &[&refusal.code()])) }
    };
    let mut response = page(status, texts, texts.t("Sign-in refused"), "", &content);
    if let Some((name, value)) = answer::retry(refusal) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Tells the user that the consent form is not good, or no more.
pub(super) fn stale_form(texts: Texts) -> HttpResponse {
    let content = html! {
        h1 { (texts.t("This form is no longer good")) }
        p { (texts.t("It has already been used, is too old, or belongs to another session. Go back to the application and sign in from there again.")) }
    };
    page(StatusCode::FORBIDDEN, texts, texts.t("This form is no longer good"), "", &content)
}
