//! POST `/web/dataset/call_kw` and `/web/dataset/call_button`: methods of models.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value as Json;

use super::jsonrpc;
use crate::orm::method::Reply;
use crate::rpc::App;
use crate::rpc::call_kw;

type Body = Result<Bytes, actix_web::Error>;

/// A method's result.
pub(super) async fn call_kw(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    jsonrpc::handle(&request, body, async |params| {
        let caller = jsonrpc::caller(&request)?;
        call_kw::call_params(&app, caller, params).await
    })
    .await
}

/// The action that a button opens, or `false`.
pub(super) async fn call_button(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    jsonrpc::handle(&request, body, async |params| {
        let caller = jsonrpc::caller(&request)?;
        let reply = call_kw::call_params(&app, caller, params).await?;
        let action = match &reply {
            Reply::Json(json) => {
                serde_json::from_slice::<Json>(json).ok().filter(|value| value.get("type").is_some())
            }
            Reply::Void => None,
        };
        Ok(if action.is_some() { reply } else { Reply::value(&Json::Bool(false)) })
    })
    .await
}
