//! The JSON-RPC envelope of `/web/*`: who sends it, what is asked, and in what the answer is wrapped.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};

use super::reply;
use crate::auth::session::SessionId;
use crate::error::{Error, Result};
use crate::orm::method::Reply;
use crate::rpc::retrying::Caller;

/// The name of the session's cookie.
pub(super) const COOKIE: &str = "session_id";

/// A request, unwrapped.
pub(super) struct Envelope {
    /// What the answer repeats.
    pub id: Json,
    /// What is asked.
    pub params: Json,
}

/// Reads the envelope, hands its parameters on, and wraps the answer.
pub(super) async fn handle(
    request: &HttpRequest,
    body: std::result::Result<Bytes, actix_web::Error>,
    answer: impl AsyncFnOnce(Json) -> Result<Reply>,
) -> HttpResponse {
    match open(request, body, |error| reply::envelope(&Json::Null, Err(error))) {
        Ok(envelope) => reply::envelope(&envelope.id, answer(envelope.params).await),
        Err(refusal) => *refusal,
    }
}

/// Reads the envelope, or tells what is wrong with it; `broken` answers to what is no envelope at all.
///
/// # Errors
///
/// The response itself.
pub(super) fn open(
    request: &HttpRequest,
    body: std::result::Result<Bytes, actix_web::Error>,
    broken: impl Fn(Error) -> HttpResponse,
) -> std::result::Result<Envelope, Box<HttpResponse>> {
    if !is_json(request) {
        return Err(Box::new(reply::bad_request(
            "This address takes JSON: send the content type application/json.",
        )));
    }
    let body = body.map_err(|error| Box::new(unreadable(&error)))?;
    unwrap(&body).map_err(|wrong| {
        Box::new(match wrong {
            Wrong::Body(error) => broken(error),
            Wrong::Params(id, error) => reply::envelope(&id, Err(error)),
        })
    })
}

/// What is wrong with an envelope.
pub(super) enum Wrong {
    /// It is none.
    Body(Error),
    /// Its parameters are none; the answer repeats its id.
    Params(Json, Error),
}

/// What an envelope has that matters: its other keys are passed over.
#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    id: Json,
    /// Nothing only where there is no such key.
    #[serde(default, deserialize_with = "present")]
    params: Option<Json>,
}

/// A value that is there, `null` among them.
fn present<'de, D: Deserializer<'de>>(value: D) -> std::result::Result<Option<Json>, D::Error> {
    Json::deserialize(value).map(Some)
}

impl Given {
    /// What any JSON has of an envelope. Of a key that is there twice the last one counts.
    fn of_any(body: &[u8]) -> std::result::Result<Self, Wrong> {
        match serde_json::from_slice(body) {
            Ok(Json::Object(mut envelope)) => {
                let id = envelope.remove("id").unwrap_or_default();
                Ok(Self { id, params: envelope.remove("params") })
            }
            Ok(_) => Err(Wrong::Body(Error::Type("A JSON-RPC request has to be an object.".to_owned()))),
            Err(error) => Err(Wrong::Body(Error::JsonDecode(format!("The body is no JSON: {error}.")))),
        }
    }
}

/// Takes a body out of its envelope.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn unwrap(body: &[u8]) -> std::result::Result<Envelope, Wrong> {
    let Given { id, params } = match serde_json::from_slice(body) {
        Ok(given) if body.trim_ascii_start().first() == Some(&b'{') => given,
        // A key that is there twice, or no envelope at all.
        _ => Given::of_any(body)?,
    };
    let params = match params {
        None => Json::Object(Map::new()),
        Some(Json::Array(items)) if items.is_empty() => Json::Object(Map::new()),
        Some(params @ Json::Object(_)) => params,
        Some(_) => {
            let error = Error::Type("The parameters of a JSON-RPC request have to be an object.".to_owned());
            return Err(Wrong::Params(id, error));
        }
    };
    Ok(Envelope { id, params })
}

pub(super) fn is_json(request: &HttpRequest) -> bool {
    let content_type =
        request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    ["application/json", "application/json-rpc"].iter().any(|known| essence.eq_ignore_ascii_case(known))
}

/// A body that is too large, or that broke off.
pub(super) fn unreadable(error: &actix_web::Error) -> HttpResponse {
    let status = error.as_response_error().status_code();
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return reply::page(
            status,
            "Payload Too Large",
            "The body is larger than the server takes (--max-body).",
        );
    }
    reply::bad_request("The body could not be read.")
}

/// Whose session the request has.
///
/// # Errors
///
/// [`Error::SessionExpired`] when it has none.
pub(super) fn caller(request: &HttpRequest) -> Result<Caller> {
    session_id(request).map(Caller::Session).ok_or(Error::SessionExpired)
}

/// The session that the request's cookie names.
pub(super) fn session_id(request: &HttpRequest) -> Option<SessionId> {
    request.cookie(COOKIE).and_then(|cookie| SessionId::of_cookie(cookie.value()))
}
