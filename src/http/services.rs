//! POST `/jsonrpc`: the services `common`, `db` and `object` in JSON-RPC's envelope.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value as Json;

use super::jsonrpc::{self, Envelope};
use super::reply;
use crate::error::{Error, Result};
use crate::orm::method::Reply;
use crate::orm::python;
use crate::rpc::{App, attempt, service};

/// Calls a method of a service.
pub(super) async fn jsonrpc(
    app: Data<App>,
    request: HttpRequest,
    body: std::result::Result<Bytes, actix_web::Error>,
) -> HttpResponse {
    let broken = |error: Error| reply::plain(StatusCode::BAD_REQUEST, error.to_string());
    let Envelope { id, params } = match jsonrpc::open(&request, body, broken) {
        Ok(envelope) => envelope,
        Err(refusal) => return *refusal,
    };
    let answer = match parse(params) {
        Ok((service, method, args)) => call(&app, &service, &method, args).await,
        Err(error) => Err(error),
    };
    reply::envelope(&id, answer)
}

/// Calls a method of a service, and notes who was not let in.
pub(super) async fn call(app: &App, service: &str, method: &str, args: Vec<Json>) -> Result<Reply> {
    // The login or the user's id: the second argument of all that asks for a password.
    let who = match args.get(1) {
        // However it is written, it is one user.
        Some(named)
            if service == "object"
                && let Ok(id) = service::user_id(named) =>
        {
            id.to_string()
        }
        Some(named @ (Json::String(_) | Json::Number(_))) => python::text(named),
        _ => String::new(),
    };
    let attempt = async || service::dispatch(app, service, method, args).await;
    // A wrong password is no error of a login: it is `false`.
    let refuses = |answer: &Result<Reply>| match answer {
        Ok(Reply::Json(json)) => service == "common" && json == b"false",
        other => attempt::is_refused(other),
    };
    attempt::guarded(app, &who, attempt, refuses).await
}

fn parse(mut params: Json) -> Result<(String, String, Vec<Json>)> {
    let mut part = |name: &str| {
        let missing = || Error::Type(format!("the parameter '{name}' is missing"));
        params.get_mut(name).map(Json::take).ok_or_else(missing)
    };
    match (part("service")?, part("method")?, part("args")?) {
        (Json::String(service), Json::String(method), Json::Array(args)) => Ok((service, method, args)),
        _ => {
            Err(Error::Type("A call names a service and a method, and gives a list of arguments.".to_owned()))
        }
    }
}
