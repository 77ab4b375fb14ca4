//! `/orestapi/*`: the interface that the Confluence plugin in the field speaks, over the same core as
//! `/oauth2/*`. Paths, parameters, keys and codes are fixed by it.

mod answer;
mod authorize;
mod records;
mod token;

use actix_web::web::{self, ServiceConfig};

/// The routes of the plugin. It uses GET and POST as it likes.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/orestapi/version").to(records::version))
        .service(web::resource("/orestapi/application/status").to(token::status))
        .service(web::resource("/orestapi/oauth2/authorization").to(authorize::authorize))
        .service(web::resource("/orestapi/oauth2/access_token").to(token::access_token))
        .service(web::resource("/orestapi/application/model").to(records::models))
        .service(web::resource("/orestapi/record/name_search").to(records::name_search))
        .service(web::resource("/orestapi/record/read").to(records::read))
        .service(web::resource("/orestapi/model/field").to(records::fields))
        .service(web::resource("/orestapi/application/user").to(authorize::user))
        .service(web::resource("/orestapi/application/confluence/link").to(authorize::link));
}
