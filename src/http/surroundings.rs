//! What surrounds each request: its origin, headers that keep browsers from guessing, and one line in the log.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::origin;
use super::reply::Refused;
use crate::rpc::App;

const HEADERS: [(&str, &str); 3] =
    [("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"), ("x-frame-options", "DENY")];

/// Pages run no script but the server's own files, are framed by nobody, and send forms nowhere else.
const PAGES: &str = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// Passes the request on, and lets all that answers it know its origin; afterwards sets headers and writes
/// the log line. Only the path is logged: a query may carry secrets.
pub async fn surround(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let mut response = origin::of(request.request()).scope(next.call(request)).await?;
    // As Odoo's server spells them: some clients look a header up letter by letter.
    response.response_mut().head_mut().set_camel_case_headers(true);
    for (name, value) in HEADERS {
        // A page may be stricter.
        if !response.headers().contains_key(name) {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
    let is_page =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page && !response.headers().contains_key(CONTENT_SECURITY_POLICY) {
        let policy = HeaderValue::from_static(PAGES);
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    let (status, request) = (response.status(), response.request());
    let took = began.elapsed();
    let micros = took.as_micros();
    if let Some(app) = request.app_data::<Data<App>>() {
        let result = match status.as_u16() {
            500.. => "failed",
            400.. => "refused",
            _ if response.response().extensions().get::<Refused>().is_some() => "refused",
            _ => "ok",
        };
        let second = u64::try_from(app.shared.world.now().and_utc().timestamp()).unwrap_or_default();
        app.shared.metrics.request(request.path(), result, took, second);
    }
    if status.is_server_error() {
        tracing::warn!(method = %request.method(), path = request.path(), status = status.as_u16(), micros, "answered");
    } else {
        tracing::debug!(method = %request.method(), path = request.path(), status = status.as_u16(), micros, "answered");
    }
    Ok(response)
}
