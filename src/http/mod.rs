//! Every route, and what surrounds them. Only this layer, `startup` and `telemetry` know actix.

mod bearer;
mod connector;
mod content;
mod databases;
mod dataset;
mod doc;
mod health;
mod json2;
mod jsonrpc;
mod kept;
mod metrics;
mod oauth;
mod origin;
mod pages;
mod parts;
mod paths;
mod query;
mod reply;
mod services;
mod session;
mod shell;
mod surroundings;
mod webclient;
mod xmlrpc;

use actix_web::guard;
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};

/// All routes, grouped by who calls.
pub fn routes(config: &mut ServiceConfig) {
    // Looked through in this order. Addresses with a part to be matched come last: each of them costs those
    // after it a regular expression.
    config
        // Odoo's clients, with a session.
        .configure(under("/web/dataset/call_kw", dataset::call_kw))
        .configure(under("/web/dataset/call_button", dataset::call_button))
        .service(post("/web/session/authenticate", session::authenticate))
        .service(post("/web/session/get_session_info", session::get_session_info))
        .service(post("/web/session/check", session::check))
        .service(post("/web/session/destroy", session::destroy))
        .service(post("/web/session/modules", session::modules))
        .service(post("/web/session/get_lang_list", session::get_lang_list))
        .service(post("/web/session/account", session::account))
        // Odoo's clients, with the password or an API key in every call.
        .service(post("/jsonrpc", services::jsonrpc))
        // Applications that act for users.
        .configure(oauth::routes)
        .configure(connector::routes)
        // Anybody.
        .service(look("/web/version", session::version))
        .service(look("/json/version", session::version))
        .service(post("/web/webclient/version_info", session::version_info))
        .service(post("/web/database/list", session::database_list))
        // Whoever watches over the server.
        .service(look("/web/health", health::health))
        .service(web::resource("/metrics").route(web::get().to(metrics::metrics)))
        // Odoo's clients that speak XML.
        .service(xml("/xmlrpc/2/{service}", xmlrpc::version_2))
        .service(xml("/xmlrpc/{service}", xmlrpc::version_1))
        // Odoo's clients, with an API key in the head of every call.
        .service(
            web::resource("/json/2/{model}/{method}")
                .route(web::method(Method::POST).to(json2::call))
                .default_service(web::to(json2::not_found)),
        )
        .service(web::resource(["/json/2", "/json/2/{path:.*}"]).route(web::to(json2::not_found)))
        .service(look("/doc-bearer/index.json", doc::index))
        .service(look("/doc-bearer/{model}.json", doc::model))
        // Browsers: pages, files and pictures, and what Odoo's web client loads besides records.
        .configure(webclient::routes)
        .configure(pages::routes)
        .service(look("/web/image{tail:.*}", content::image))
        .service(look("/web/content{tail:.*}", content::content))
        .service(
            web::resource(databases::ADDRESS)
                .route(web::method(Method::POST).to(databases::refuse))
                .default_service(web::to(reply::method_not_allowed)),
        )
        .default_service(web::to(reply::not_found));
}

/// A route that takes JSON by POST; every other verb is told so.
fn post<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path).route(web::method(Method::POST).to(handler)).default_service(web::to(reply::not_json))
}

/// The same for an address and all addresses below it, which clients choose as they like.
fn under<F, Args>(path: &'static str, handler: F) -> impl FnOnce(&mut ServiceConfig)
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    move |config| {
        config
            .service(web::scope(path).guard(guard::Post()).default_service(web::to(handler)))
            .service(web::scope(path).default_service(web::to(reply::not_json)));
    }
}

/// A route for browsers, which look and change nothing.
fn look<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args> + Clone,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path).route(web::get().to(handler.clone())).route(web::head().to(handler))
}

/// A route that takes XML by POST, whatever the content type says; no other verb.
fn xml<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path)
        .route(web::method(Method::POST).to(handler))
        .default_service(web::to(reply::method_not_allowed))
}

pub use paths::normalize;
pub use surroundings::surround;

/// Doors for `tests/fuzz` alone: what reads bodies that strangers send.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// Reads a JSON-RPC envelope, and what it asks for.
    pub fn envelope(body: &[u8]) {
        if let Ok(envelope) = super::jsonrpc::unwrap(body) {
            _ = crate::rpc::call_kw::Request::parse(envelope.params);
        }
    }

    /// Reads the body of an XML-RPC call.
    pub fn xml(body: &[u8]) {
        _ = super::xmlrpc::parse::method_call(body);
    }
}
