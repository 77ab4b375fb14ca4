//! POST `/xmlrpc/2/<service>` and `/xmlrpc/<service>`: the services in XML-RPC, with the two forms that
//! Odoo's faults have.
//!
//! The codec stands on quick-xml, not on a crate for XML-RPC: version 1 has texts for fault codes, the
//! layout is Python's, an integer beyond 32 bits and an empty value are faults, and a hostile body must
//! not nest deeper than the stack is.

mod encoding;
mod fault;
pub(super) mod parse;
mod write;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};

use self::fault::Version;
use super::{jsonrpc, reply};
use crate::error::{Error, Result};
use crate::rpc::App;
use crate::rpc::service::dispatch;

type Body = std::result::Result<Bytes, actix_web::Error>;

const XML: &str = "text/xml; charset=utf-8";

/// Faults have numbers for codes.
pub(super) async fn version_2(app: Data<App>, service: Path<String>, body: Body) -> HttpResponse {
    answer(&app, &service, body, Version::Two).await
}

/// Faults have texts for codes.
pub(super) async fn version_1(app: Data<App>, service: Path<String>, body: Body) -> HttpResponse {
    answer(&app, &service, body, Version::One).await
}

async fn answer(app: &App, service: &str, body: Body, version: Version) -> HttpResponse {
    let body = match body {
        Ok(body) => body,
        Err(error) => return jsonrpc::unreadable(&error),
    };
    match call(app, service, &body).await {
        Ok(xml) => HttpResponse::Ok().content_type(XML).body(xml),
        Err(error) => {
            reply::note(&error);
            let mut response = HttpResponse::build(match error {
                Error::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
                Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::OK,
            });
            // An outage is a fault like any other here, and clients read no header of those.
            if let (Error::Limited(_), Some(again)) = (&error, reply::retry(&error)) {
                response.insert_header(again);
            }
            response.content_type(XML).body(fault::fault(&error, version))
        }
    }
}

/// What cannot be said in XML-RPC fails after the work was done, as it does in Odoo.
async fn call(app: &App, service: &str, body: &[u8]) -> Result<String> {
    let call = parse::method_call(body)?;
    let reply = dispatch(app, service, &call.method, call.args).await?;
    write::response(&reply)
}
