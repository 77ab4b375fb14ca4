//! `/orestapi/*`: the interface that the Confluence plugin in the field speaks, over the same core as
//! `/oauth2/*`. Paths, parameters, keys and codes are fixed by it.

mod answer;
mod authorize;
mod records;
mod token;

use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, Resource, Responder};

/// The routes of the plugin. It uses GET and POST as it likes.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(ask("/orestapi/version", records::version))
        .service(ask("/orestapi/application/status", token::status))
        .service(ask("/orestapi/oauth2/authorization", authorize::authorize))
        .service(ask("/orestapi/oauth2/access_token", token::access_token))
        .service(ask("/orestapi/application/model", records::models))
        .service(ask("/orestapi/record/name_search", records::name_search))
        .service(ask("/orestapi/record/read", records::read))
        .service(ask("/orestapi/model/field", records::fields))
        .service(ask("/orestapi/application/user", authorize::user))
        .service(ask("/orestapi/application/confluence/link", authorize::link));
}

/// A route that is asked by GET or POST, as the caller likes.
fn ask<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args> + Clone,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler.clone()))
        .route(web::post().to(handler))
        .default_service(web::to(answer::method_not_allowed))
}
