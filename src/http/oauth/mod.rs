//! OAuth 2.0 on the wire: the standard face (RFC 6749, 7009, 7636, 7662, 8414, 9207).

pub(super) mod answer;
pub(super) mod authorize;
pub(super) mod credentials;
pub(super) mod form;
mod metadata;
pub(super) mod pages;
pub(super) mod redirect;
mod token;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};

/// The routes of the standard face.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/oauth2/authorize")
                .route(web::get().to(authorize::get))
                .route(web::head().to(authorize::get))
                .route(web::post().to(authorize::post)),
        )
        .service(web::resource("/oauth2/consent").route(web::post().to(authorize::decide)))
        .service(post("/oauth2/token", token::token))
        .service(post("/oauth2/revoke", token::revoke))
        .service(post("/oauth2/introspect", token::introspect))
        .service(
            web::resource("/oauth2/userinfo")
                .route(web::get().to(metadata::userinfo))
                .route(web::head().to(metadata::userinfo))
                .route(web::post().to(metadata::userinfo)),
        )
        .service(
            web::resource("/.well-known/oauth-authorization-server")
                .route(web::get().to(metadata::metadata))
                .route(web::head().to(metadata::metadata)),
        );
}

/// A route for POST alone; every other verb is told so (RFC 6749, 3.2).
fn post<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    let other = web::to(async || answer::method_not_allowed());
    web::resource(path).route(web::method(Method::POST).to(handler)).default_service(other)
}
