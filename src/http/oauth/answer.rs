//! Answers of the token, revocation and introspection endpoints: JSON that nobody keeps (RFC 6749, 5).

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, HeaderName, HeaderValue, PRAGMA, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::{Value as Json, json};

use super::super::reply;
use crate::auth::oauth::Refusal;
use crate::error::Error;

/// An answer that no cache keeps.
pub(in crate::http) fn uncached(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, "no-cache"));
    response
}

/// A success.
pub(super) fn success(body: &Json) -> HttpResponse {
    uncached(StatusCode::OK).content_type("application/json; charset=utf-8").body(body.to_string())
}

/// The status of a refusal on these endpoints.
pub(in crate::http) fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::InvalidClient => StatusCode::UNAUTHORIZED,
        Refusal::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
        Refusal::Failed(Error::Unavailable(_) | Error::InDoubt | Error::Conflict | Error::Locked) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Refusal::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// When it may be tried again, where that helps.
pub(in crate::http) fn retry(refusal: &Refusal) -> Option<(HeaderName, HeaderValue)> {
    match refusal {
        Refusal::Limited(seconds) => reply::retry(&Error::Limited(*seconds)),
        // Who came second may try again as soon as after an outage.
        Refusal::Failed(Error::Conflict | Error::Locked) => reply::retry(&Error::Unavailable(String::new())),
        Refusal::Failed(error) => reply::retry(error),
        _ => None,
    }
}

/// A refusal. What is our own defect is in the log, and not in the answer.
pub(super) fn refusal(refusal: &Refusal) -> HttpResponse {
    if let Refusal::Failed(error) = refusal {
        tracing::error!(%error, "an OAuth request could not be answered");
    }
    let mut response = uncached(status(refusal));
    if *refusal == Refusal::InvalidClient {
        response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"oregional\""));
    }
    if let Some(again) = retry(refusal) {
        response.insert_header(again);
    }
    let description = match refusal {
        Refusal::Failed(_) => "The server cannot answer at the moment.".to_owned(),
        other => other.to_string(),
    };
    told(response, refusal.code(), &description)
}

/// The endpoint takes a form by POST and nothing else.
pub(super) fn method_not_allowed() -> HttpResponse {
    let mut response = uncached(StatusCode::METHOD_NOT_ALLOWED);
    response.insert_header((ALLOW, "POST"));
    told(response, "invalid_request", "This endpoint takes a form by POST.")
}

fn told(mut response: HttpResponseBuilder, code: &str, description: &str) -> HttpResponse {
    let body = json!({"error": code, "error_description": description});
    response.content_type("application/json; charset=utf-8").body(body.to_string())
}
