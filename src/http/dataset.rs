//! POST `/web/dataset/call_kw` and `/web/dataset/call_button`: methods of models, by a session or by the
//! access token of an application.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value as Json;

use super::jsonrpc;
use super::oauth::credentials;
use crate::error::{Error, Result};
use crate::models::ir_actions;
use crate::orm::method::Reply;
use crate::rpc::App;
use crate::rpc::bearer;
use crate::rpc::call_kw;

type Body = std::result::Result<Bytes, actix_web::Error>;

/// Runs a method for whoever the request speaks for.
async fn call(app: &App, request: &HttpRequest, params: Json) -> Result<Reply> {
    match credentials::bearer(request) {
        Ok(Some(token)) => {
            bearer::run(app, token, async |caller| call_kw::call_params(app, caller, params.clone()).await)
                .await
        }
        Ok(None) => call_kw::call_params(app, jsonrpc::caller(request)?, params).await,
        Err(refusal) => Err(Error::AccessDenied(refusal.to_string())),
    }
}

/// A token that opens nothing is answered as RFC 6750 (3.1) wants it, with the error in the body besides.
fn challenged(request: &HttpRequest, outcome: &Result<Reply>, mut response: HttpResponse) -> HttpResponse {
    let has_token = !matches!(credentials::bearer(request), Ok(None));
    if has_token && matches!(outcome, Err(Error::AccessDenied(_))) {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        let challenge = HeaderValue::from_static("Bearer realm=\"oregional\", error=\"invalid_token\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Answers with what `work` makes of the parameters.
async fn answer(
    request: &HttpRequest,
    body: Body,
    work: impl AsyncFnOnce(Json) -> Result<Reply>,
) -> HttpResponse {
    let mut outcome = Ok(Reply::Void);
    let response = jsonrpc::handle(request, body, async |params| {
        let answer = work(params).await;
        if let Err(error) = &answer {
            outcome = Err(error.clone());
        }
        answer
    })
    .await;
    challenged(request, &outcome, response)
}

/// A method's result.
pub(super) async fn call_kw(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    answer(&request, body, async |params| call(&app, &request, params).await).await
}

/// The action that a button opens, or `false`.
pub(super) async fn call_button(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    answer(&request, body, async |params| {
        let reply = call(&app, &request, params).await?;
        Ok(Reply::value(&ir_actions::opened(&reply)))
    })
    .await
}
