//! POST `/json/2/<model>/<method>`: a method of a model with named arguments, an answer without an
//! envelope, the HTTP status for what went wrong.

mod spelling;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value as Json};

use self::spelling::Spelling;
use super::{bearer, jsonrpc, reply};
use crate::error::{Error, Result};
use crate::rpc::App;
use crate::rpc::call_kw::{self, Request};

/// A method's result.
pub(super) async fn call(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
    body: std::result::Result<Bytes, actix_web::Error>,
) -> HttpResponse {
    let body = match body {
        Ok(body) => body,
        Err(error) => return jsonrpc::unreadable(&error),
    };
    if !body.is_empty() && !jsonrpc::is_json(&request) {
        return reply::page(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported Media Type",
            "This address takes JSON: send the content type application/json.",
        );
    }
    let (model, method) = path.into_inner();
    let asked = arguments(&body).map(|kwargs| Request::named(model, method, kwargs));
    // Nothing is done with what somebody sends who has not said who it is.
    let done = bearer::work(&app, &request, async |caller| {
        let mut asked = asked.clone()?;
        let spelling = Spelling::settle(&app.shared.caches.registry(), &mut asked);
        call_kw::call_kw(&app, caller, &asked).await.map(|reply| spelling.answer(reply))
    });
    done.await.map_or_else(|refusal| refusal, reply::plain_result)
}

/// What is no object has no arguments.
fn arguments(body: &[u8]) -> Result<Map<String, Json>> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Json::Object(arguments)) => Ok(arguments),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(Error::BadRequest(format!("The body is no JSON: {error}."))),
    }
}

/// Nothing but methods of models is at these addresses, and those by POST.
pub(super) fn not_found() -> std::future::Ready<HttpResponse> {
    let error = Error::NotFound("Call POST /json/2/<model>/<method>.".to_owned());
    std::future::ready(reply::plain_error(&error))
}
