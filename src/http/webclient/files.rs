//! What the web client loads: menu, texts, actions, logo. The browser keeps what an address names by
//! its hash.

use actix_web::http::header::{CACHE_CONTROL, ETag, EntityTag};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::super::jsonrpc;
use super::super::kept;
use super::super::query::Query;
use super::page::trouble;
use crate::orm::method::Reply;
use crate::rpc::App;
use crate::rpc::webclient::{self, Cached};

type Body = Result<Bytes, actix_web::Error>;

/// The logo of a company that has none.
const NO_LOGO: &[u8] = include_bytes!("company.png");

/// An answer that the browser may keep: for ever under the address that has its hash, and otherwise
/// as long as the server says that it has not changed.
fn answer(
    request: &HttpRequest,
    content_type: &str,
    hash: &str,
    body: impl Into<Vec<u8>>,
    scope: &str,
) -> HttpResponse {
    let tag = EntityTag::new_strong(hash.to_owned());
    let is_named = request.match_info().get("hash") == Some(hash);
    let life =
        if is_named { format!("{scope}, max-age=31536000, immutable") } else { format!("{scope}, no-cache") };
    let is_known = kept::is_known(request, &tag);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, life)).insert_header(ETag(tag));
    if is_known {
        return response.finish();
    }
    response.content_type(content_type).body(body.into())
}

fn json_of(request: &HttpRequest, cached: &Cached, scope: &str) -> HttpResponse {
    answer(request, "application/json; charset=utf-8", &cached.hash, cached.body.to_string(), scope)
}

/// The menu as the caller sees it.
pub(super) async fn menus(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let found = match jsonrpc::caller(&request) {
        Ok(caller) => webclient::menus(&app, caller).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(menus) => json_of(&request, &menus, "private"),
        Err(error) => trouble(&request, &error),
    }
}

/// Which texts are wanted.
#[derive(Deserialize)]
pub(super) struct Texts {
    lang: Option<String>,
}

/// The texts of the web client, for anybody.
pub(super) async fn translations(
    app: Data<App>,
    request: HttpRequest,
    Query(texts): Query<Texts>,
) -> HttpResponse {
    match webclient::translations(&app, texts.lang.as_deref()).await {
        Ok(texts) => json_of(&request, &texts, "public"),
        Err(error) => trouble(&request, &error),
    }
}

/// The texts that older clients ask for before anybody has signed in.
pub(super) async fn bootstrap_translations(request: HttpRequest, body: Body) -> HttpResponse {
    jsonrpc::handle(&request, body, async |_params| {
        Ok(Reply::value(&json!({"modules": {}, "lang_parameters": null})))
    })
    .await
}

/// Whose logo is wanted.
#[derive(Deserialize)]
pub(super) struct Whose {
    company: Option<String>,
}

/// The logo of a company, for anybody: the page that signs in shows it.
pub(super) async fn company_logo(
    app: Data<App>,
    request: HttpRequest,
    Query(whose): Query<Whose>,
) -> HttpResponse {
    let company = whose.company.as_deref().and_then(|company| company.parse().ok());
    match webclient::company_logo(&app, company).await {
        Ok(Some(logo)) => picture(&request, logo),
        Ok(None) => picture(&request, NO_LOGO.to_vec()),
        Err(error) => trouble(&request, &error),
    }
}

fn picture(request: &HttpRequest, bytes: Vec<u8>) -> HttpResponse {
    let kind = match bytes.as_slice() {
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        _ => "image/png",
    };
    let hash = webclient::hash(&bytes);
    answer(request, kind, &hash, bytes, "public")
}

/// An action by its id, its external id or its path.
pub(super) async fn load_action(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    jsonrpc::handle(&request, body, async |params| {
        webclient::load_action(&app, jsonrpc::caller(&request)?, &params).await
    })
    .await
}

/// Runs an action of the server.
pub(super) async fn run_action(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    jsonrpc::handle(&request, body, async |params| {
        webclient::run_action(&app, jsonrpc::caller(&request)?, &params).await
    })
    .await
}
