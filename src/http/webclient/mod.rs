//! What a browser asks for: the pages of signing in and out, and what Odoo's web client loads besides
//! records.

mod files;
mod login;
mod page;

use actix_web::web::{self, ServiceConfig};

pub(super) use self::page::{see_other, trouble};

use super::{look, post};

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(look("/", page::root))
        .service(look("/web", login::web))
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
