//! The shell of a page, and where a browser without a session is sent.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde_json::Value as Json;

use super::super::jsonrpc;
use super::super::reply;
use super::super::shell::shell;
use crate::error::{Error, Result};
use crate::rpc::{App, session};

/// A page.
pub(super) fn page(status: StatusCode, title: &str, body: &Markup) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(ContentType::html())
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(shell(title, body))
}

/// Go there and look.
pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().content_type(ContentType::html()).insert_header((LOCATION, path)).finish()
}

/// A path on this server, for a redirect that a client names; none for anything that leads elsewhere.
pub(super) fn own_path(path: &str) -> Option<&str> {
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && path.chars().all(|letter| letter.is_ascii_graphic() && letter != '\\');
    is_own.then_some(path)
}

/// Sends to the form that signs in, and from there back.
pub(super) fn to_login(request: &HttpRequest) -> HttpResponse {
    let back = format!("{}?{}", request.path(), request.query_string());
    let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
    see_other(&format!("/web/login?redirect={back}"))
}

/// What went wrong, as a page.
pub(super) fn trouble(request: &HttpRequest, error: &Error) -> HttpResponse {
    match error {
        Error::SessionExpired => to_login(request),
        Error::Unavailable(_) => reply::page(
            StatusCode::SERVICE_UNAVAILABLE,
            "Service Unavailable",
            "The database does not answer. Please try again in a moment.",
        ),
        Error::Access(_) | Error::AccessDenied(_) => {
            reply::page(StatusCode::FORBIDDEN, "Forbidden", "You are not allowed to see this.")
        }
        Error::Missing(_) | Error::NotFound(_) => {
            reply::page(StatusCode::NOT_FOUND, "Not Found", "There is nothing at this address.")
        }
        Error::Internal(_) => reply::page(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal Server Error",
            "The server made a mistake; its log says which.",
        ),
        _ => reply::bad_request("The request is not understood."),
    }
}

/// Whoever comes without a path is led to the client.
pub(super) async fn root() -> HttpResponse {
    see_other("/odoo")
}

/// Where the client will be drawn: for now, who is signed in.
pub(super) async fn client(app: Data<App>, request: HttpRequest) -> HttpResponse {
    match signed_in(&app, &request).await {
        Ok(info) => {
            let of = |name: &str| info.get(name).and_then(Json::as_str).unwrap_or_default();
            let body = html! {
                h1 { "Oregional" }
                p { "Signed in as " strong { (of("name")) } " (" (of("username")) ")." }
                p { a href="/web/session/logout" { "Sign out" } }
            };
            page(StatusCode::OK, "Oregional", &body)
        }
        Err(error) => trouble(&request, &error),
    }
}

async fn signed_in(app: &App, request: &HttpRequest) -> Result<Json> {
    session::session_info(app, jsonrpc::caller(request)?).await
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn a_redirect_stays_on_this_server() {
        for good in ["/odoo", "/odoo?x=1", "/web#a", "/"] {
            assert_eq!(own_path(good), Some(good));
        }
        for bad in [
            "",
            "odoo",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
            "javascript:x",
            "/ödoo",
        ] {
            assert_eq!(own_path(bad), None, "{bad}");
        }
    }
}
