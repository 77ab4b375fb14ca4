//! Answers to the plugin: JSON, and for every refusal a 401 with one of its codes.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::auth::oauth::Refusal as Cause;
use crate::error::Error;
use crate::http::oauth::answer;
use crate::http::oauth::form::Form;

pub(super) type Body = Result<Bytes, actix_web::Error>;

/// Why a request is refused.
#[derive(Debug)]
pub(super) enum Refusal {
    /// By a code of the plugin, in words, with the cause where the specifications have one.
    Code(String, String, Option<Cause>),
    /// Too many failures.
    Limited(Cause),
    /// The database is away, or a defect of ours.
    Failed(Error),
}

impl Refusal {
    /// A refusal by its code.
    pub(super) fn code(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Code(code.into(), text.into(), None)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A refusal of the core, under a code of the plugin.
pub(super) fn under(code: &str) -> impl Fn(Cause) -> Refusal + use<> {
    let code = code.to_owned();
    move |cause| match cause {
        Cause::Failed(error) => Refusal::Failed(error),
        limited @ Cause::Limited(_) => Refusal::Limited(limited),
        cause => Refusal::Code(code.clone(), cause.to_string(), Some(cause)),
    }
}

/// An outcome on its way out.
pub(super) fn answered(outcome: Result<String, Refusal>) -> HttpResponse {
    match outcome {
        Ok(body) => json_of(StatusCode::OK, body),
        Err(refusal) => refused(&refusal),
    }
}

fn json_of(status: StatusCode, body: String) -> HttpResponse {
    answer::uncached(status).content_type("application/json").body(body)
}

/// A refusal on its way out.
pub(super) fn refused(refusal: &Refusal) -> HttpResponse {
    match refusal {
        Refusal::Code(code, text, cause) => {
            let mut body = json!({"orestapi_code": code, "orestapi_message": text});
            if let (Some(cause), Some(body)) = (cause, body.as_object_mut()) {
                body.insert("error".to_owned(), cause.code().into());
                body.insert("error_description".to_owned(), cause.to_string().into());
            }
            let mut response = json_of(StatusCode::UNAUTHORIZED, body.to_string());
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge(code)));
            response
        }
        Refusal::Limited(cause) => later(StatusCode::TOO_MANY_REQUESTS, cause),
        Refusal::Failed(error) => {
            tracing::error!(%error, "a request of the plugin could not be answered");
            let cause = Cause::Failed(error.clone());
            later(answer::status(&cause), &cause)
        }
    }
}

/// How a caller proves itself where this code came from (RFC 9110, 15.5.2).
fn challenge(code: &str) -> &'static str {
    let is_client = ["OrestapiOauth2AccessToken", "OrestapiApplicationData"].iter();
    if is_client.into_iter().any(|start| code.starts_with(start)) {
        "Basic realm=\"oregional\""
    } else {
        "Bearer realm=\"oregional\""
    }
}

fn later(status: StatusCode, cause: &Cause) -> HttpResponse {
    let text = match cause {
        Cause::Failed(_) => "The server cannot answer at the moment.".to_owned(),
        other => other.to_string(),
    };
    let body = json!({"orestapi_code": "Orestapi-0000", "orestapi_message": text, "error": cause.code()});
    let mut response = answer::uncached(status);
    if let Some(again) = answer::retry(cause) {
        response.insert_header(again);
    }
    response.content_type("application/json").body(body.to_string())
}

/// The parameters, from the query and a form body as if they were one.
pub(super) fn parameters(request: &HttpRequest, body: &Body) -> Result<Form, Cause> {
    Form::parse(&[request.query_string().as_bytes(), form_of(request, body)?])
}

/// Refuses a parameter that is given twice, on a route that takes none.
pub(super) fn check_parameters(request: &HttpRequest, body: &Body, code: &str) -> Result<(), Refusal> {
    parameters(request, body).map(drop).map_err(|cause| Refusal::code(code, cause.to_string()))
}

/// The interface is one of GET and POST, and HEAD is a GET.
pub(super) async fn method_not_allowed() -> HttpResponse {
    let text = "This address is asked by GET or POST.";
    let mut response = answer::uncached(StatusCode::METHOD_NOT_ALLOWED);
    response.insert_header((ALLOW, "GET, HEAD, POST"));
    let body = json!({"orestapi_code": "Orestapi-0000", "orestapi_message": text});
    response.content_type("application/json").body(body.to_string())
}

/// The body, where it is a form. One of another kind is none: the plugin sends one along with its parameters in
/// the query.
pub(super) fn form_of<'a>(request: &HttpRequest, body: &'a Body) -> Result<&'a [u8], Cause> {
    let body = match body {
        Ok(body) => body.as_ref(),
        Err(_) => return Err(Cause::request("The body could not be read.")),
    };
    let is_form = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
    Ok(if is_form { body } else { b"" })
}
