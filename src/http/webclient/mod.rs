//! What a browser asks for: the pages of signing in and out, and what Odoo's web client loads besides
//! records.

mod files;
mod login;
mod page;

use actix_web::web::{self, ServiceConfig};

pub(super) use self::page::{see_other, trouble};

use super::post;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(look("/", page::root))
        .service(look("/web", page::root))
        .service(
            web::resource("/web/login")
                .route(web::get().to(login::form))
                .route(web::head().to(login::form))
                .route(web::post().to(login::sign_in)),
        )
        .service(look("/web/session/logout", login::sign_out))
        .service(look("/web/webclient/load_menus", files::menus))
        .service(look("/web/webclient/load_menus/{hash}", files::menus))
        .service(look("/web/webclient/translations", files::translations))
        .service(look("/web/webclient/translations/{hash}", files::translations))
        .service(post("/web/webclient/bootstrap_translations", files::bootstrap_translations))
        .service(look("/web/binary/company_logo", files::company_logo))
        .service(post("/web/action/load", files::load_action))
        .service(post("/web/action/run", files::run_action));
}

/// A route that is only looked at.
fn look<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args> + Clone,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path).route(web::get().to(handler.clone())).route(web::head().to(handler))
}
