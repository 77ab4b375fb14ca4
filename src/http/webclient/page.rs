//! Where a browser is sent: to sign in, back again, and what it is told when that fails.

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use actix_web::{HttpRequest, HttpResponse};

use super::super::reply;
use crate::error::Error;

/// Go there and look.
pub(in crate::http) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().content_type(ContentType::html()).insert_header((LOCATION, path)).finish()
}

/// A path on this server, for a redirect that a client names; none for anything that leads elsewhere.
pub(in crate::http) fn own_path(path: &str) -> Option<&str> {
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
pub(in crate::http) fn trouble(request: &HttpRequest, error: &Error) -> HttpResponse {
    match error {
        Error::SessionExpired => to_login(request),
        Error::Unavailable(_) => {
            reply::later(error, "The database does not answer. Please try again in a moment.")
        }
        Error::Limited(_) | Error::InDoubt => reply::later(error, &error.to_string()),
        Error::Access(_) | Error::AccessDenied(_) => {
            reply::page(StatusCode::FORBIDDEN, "Forbidden", "You are not allowed to see this.")
        }
        Error::Missing(_) | Error::NotFound(_) => {
            reply::page(StatusCode::NOT_FOUND, "Not Found", "There is nothing at this address.")
        }
        Error::Internal(_) => {
            reply::note(error);
            reply::page(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", &error.told())
        }
        _ => reply::bad_request("The request is not understood."),
    }
}

/// Whoever comes without a path is led to the pages; what stands behind a `#` goes along.
pub(super) async fn root() -> HttpResponse {
    see_other("/odoo")
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
