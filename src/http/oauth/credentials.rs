//! Who calls: a client by Basic or in the body (RFC 6749, 2.3.1), a user by a bearer token (RFC 6750, 2.1).

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::form::Form;
use crate::auth::oauth::client::Credentials;
use crate::auth::oauth::{Outcome, Refusal};
use crate::rpc::App;

/// The value after a scheme, whose letters may be of either case; none for another scheme.
///
/// # Errors
///
/// [`Refusal::InvalidRequest`] for two headers.
fn after_scheme<'a>(request: &'a HttpRequest, scheme: &str) -> Outcome<Option<&'a str>> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(Refusal::request("There is more than one Authorization header."));
    }
    let text = header.to_str().map_err(|_error| Refusal::request("The Authorization header is no text."))?;
    let (given, value) = text.split_once(' ').unwrap_or((text, ""));
    Ok(given.eq_ignore_ascii_case(scheme).then_some(value))
}

/// The client id and the secret of a Basic header, which are urlencoded before they are put together.
///
/// # Errors
///
/// [`Refusal::InvalidClient`] for what is no such pair.
pub(in crate::http) fn basic(request: &HttpRequest) -> Outcome<Option<(String, String)>> {
    let Some((id, secret)) = raw_basic(request)? else { return Ok(None) };
    Ok(Some((form_decoded(&id)?, form_decoded(&secret)?)))
}

/// The same as they stand there: the plugin puts them together as they are.
///
/// # Errors
///
/// As [`basic`].
pub(in crate::http) fn raw_basic(request: &HttpRequest) -> Outcome<Option<(String, String)>> {
    let Some(value) = after_scheme(request, "Basic")? else { return Ok(None) };
    let decoded = STANDARD.decode(value.trim()).map_err(|_error| Refusal::InvalidClient)?;
    let text = String::from_utf8(decoded).map_err(|_error| Refusal::InvalidClient)?;
    let (id, secret) = text.split_once(':').ok_or(Refusal::InvalidClient)?;
    Ok(Some((id.to_owned(), secret.to_owned())))
}

fn form_decoded(text: &str) -> Outcome<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_error| Refusal::InvalidClient)?;
    Ok(decoded.into_owned())
}

/// The client of a request: by one way, and one identity.
///
/// # Errors
///
/// [`Refusal::InvalidRequest`] for two ways or two identities, [`Refusal::InvalidClient`] for none.
pub(super) fn client(app: &App, request: &HttpRequest, form: &Form) -> Outcome<Credentials> {
    let (in_body, secret) = (form.get("client_id"), form.get("client_secret"));
    let (client_id, client_secret) = match basic(request)? {
        Some(_) if secret.is_some() => {
            return Err(Refusal::request("The client authenticates in the header and in the body."));
        }
        Some((id, _)) if in_body.is_some_and(|other| other != id) => {
            return Err(Refusal::request("The header and the body name different clients."));
        }
        Some(pair) => pair,
        None => match (in_body, secret) {
            (Some(id), Some(secret)) => (id.to_owned(), secret.to_owned()),
            _ => return Err(Refusal::InvalidClient),
        },
    };
    let max_failures = app.shared.settings.max_failures;
    Ok(Credentials { client_id, client_secret: client_secret.into(), max_failures })
}

/// The token of a bearer header.
///
/// # Errors
///
/// [`Refusal::InvalidRequest`] for a header that has another form.
pub(in crate::http) fn bearer(request: &HttpRequest) -> Outcome<Option<&str>> {
    let Some(token) = after_scheme(request, "Bearer")? else { return Ok(None) };
    let is_b64 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_b64) {
        return Err(Refusal::request("The bearer header has to be one token after one space."));
    }
    Ok(Some(token))
}
