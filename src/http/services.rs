//! POST `/jsonrpc`: the services `common`, `db` and `object` in JSON-RPC's envelope.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value as Json;

use super::jsonrpc::{self, Envelope};
use super::reply;
use crate::error::{Error, Result};
use crate::rpc::{App, service};

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
        Ok((service, method, args)) => service::dispatch(&app, &service, &method, args).await,
        Err(error) => Err(error),
    };
    reply::envelope(&id, answer)
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
