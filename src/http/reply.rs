//! Results on their way out: the JSON-RPC envelope, and pages for whoever is lost.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, ContentType, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::{Value as Json, json};

use super::parts::Parts;
use crate::error::{Error, Result};
use crate::orm::method::Reply;

const JSON: &str = "application/json; charset=utf-8";

/// Results from this length on go out as they are, between two halves of their envelope.
const LONG: usize = 4096;

/// The envelope of a result or an error. An absent result is a void one.
pub(super) fn envelope(id: &Json, result: Result<Reply>) -> HttpResponse {
    let reply = match result {
        Ok(reply) => reply,
        Err(error) => return refusal(id, &error),
    };
    let mut body = Vec::with_capacity(64);
    body.extend_from_slice(b"{\"jsonrpc\": \"2.0\", \"id\": ");
    body.extend_from_slice(id.to_string().as_bytes());
    let mut response = HttpResponse::Ok();
    response.content_type(JSON);
    if let Reply::Json(json) = reply {
        body.extend_from_slice(b", \"result\": ");
        if json.len() >= LONG {
            return response.body(BoxBody::new(Parts::new([body, json, b"}".to_vec()])));
        }
        body.reserve(json.len() + 1);
        body.extend_from_slice(&json);
    }
    body.push(b'}');
    response.body(body)
}

/// What `data` of a JSON-RPC error has, and the body of a plain one.
fn exception(error: &Error, arguments: &Json) -> Json {
    let message = error.told();
    json!({
        "name": error.name(),
        "debug": format!("{}: {message}", error.name()),
        "message": message,
        "arguments": arguments,
        "context": {},
    })
}

/// An error by itself, with the HTTP status that says what kind it is.
pub(super) fn plain_error(error: &Error) -> HttpResponse {
    let code = match error {
        Error::BadRequest(_) => StatusCode::BAD_REQUEST,
        Error::Unauthorized(_) | Error::SessionExpired => StatusCode::UNAUTHORIZED,
        Error::Access(_) | Error::AccessDenied(_) => StatusCode::FORBIDDEN,
        Error::NotFound(_) | Error::Missing(_) => StatusCode::NOT_FOUND,
        Error::Conflict | Error::Locked => StatusCode::CONFLICT,
        Error::Unavailable(_) | Error::InDoubt | Error::Limited(_) | Error::Internal(_) => {
            status(error).finish().status()
        }
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let arguments = match error {
        Error::BadRequest(_) | Error::Unauthorized(_) | Error::NotFound(_) | Error::Unprocessable(_) => {
            json!([error.told(), code.as_u16()])
        }
        _ => json!([error.told()]),
    };
    note(error);
    let mut response = status(error);
    response.status(code).content_type(JSON);
    if code == StatusCode::UNAUTHORIZED {
        response.insert_header((WWW_AUTHENTICATE, "Bearer"));
    }
    response.body(exception(error, &arguments).to_string())
}

/// A result by itself; a void one is `null`.
pub(super) fn plain_result(reply: Reply) -> HttpResponse {
    let body = match reply {
        Reply::Json(json) => json,
        Reply::Void => b"null".to_vec(),
    };
    HttpResponse::Ok().content_type(JSON).body(body)
}

fn refusal(id: &Json, error: &Error) -> HttpResponse {
    note(error);
    let message = error.told();
    let id = if error.hides_request_id() { &Json::Null } else { id };
    let title = match error {
        Error::SessionExpired => "Odoo Session Expired",
        Error::NotFound(_) => "404: Not Found",
        _ => "Odoo Server Error",
    };
    let arguments = if matches!(error, Error::NotFound(_)) { json!([]) } else { json!([message]) };
    let body = json!({
        "jsonrpc": "2.0",
        "id": id,
        "error": {
            "code": error.code(),
            "message": title,
            "data": exception(error, &arguments),
        },
    });
    let mut response = status(error).content_type(JSON).body(body.to_string());
    response.extensions_mut().insert(Refused);
    response
}

/// Puts the cause of a defect into the log, where an answer is made that keeps it back.
pub(super) fn note(error: &Error) {
    if let Error::Internal(cause) = error {
        tracing::error!(cause, "a call failed by a defect of the server");
    }
}

/// The mark of an answer that is an error, whatever its status says.
pub(super) struct Refused;

/// Errors of the caller are answers like any other; ours have a status of their own.
fn status(error: &Error) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(match error {
        Error::Unavailable(_) | Error::InDoubt => StatusCode::SERVICE_UNAVAILABLE,
        Error::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::OK,
    });
    if let Some(again) = retry(error) {
        response.insert_header(again);
    }
    response
}

/// When a client may come again: the one header of everything that is answered 429 or 503.
pub(super) fn retry(error: &Error) -> Option<(HeaderName, HeaderValue)> {
    error.retry_after().map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)))
}

/// A page in one sentence about an error that passes by itself.
pub(super) fn later(error: &Error, text: &str) -> HttpResponse {
    let (status, title) = match error {
        Error::Limited(_) => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
    };
    let mut response = page(status, title, text);
    if let Some((name, value)) = retry(error) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// A refusal in plain text, for programs that look at the status.
pub(super) fn plain(status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::plaintext()).body(text)
}

/// A page in one sentence.
pub(super) fn page(status: StatusCode, title: &str, text: &str) -> HttpResponse {
    let body = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>\n"
    );
    HttpResponse::build(status).content_type(ContentType::html()).body(body)
}

/// There is nothing at this address.
pub(super) fn not_found() -> std::future::Ready<HttpResponse> {
    std::future::ready(page(StatusCode::NOT_FOUND, "Not Found", "There is nothing at this address."))
}

/// The address takes JSON by POST and nothing else.
pub(super) fn not_json() -> std::future::Ready<HttpResponse> {
    std::future::ready(bad_request("This address takes a POST with the content type application/json."))
}

/// The address takes POST and nothing else.
pub(super) fn method_not_allowed() -> std::future::Ready<HttpResponse> {
    let mut response =
        page(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed", "This address takes a POST.");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    std::future::ready(response)
}

/// A request that is not understood, in the words of a page.
pub(super) fn bad_request(text: &str) -> HttpResponse {
    page(StatusCode::BAD_REQUEST, "Bad Request", text)
}
