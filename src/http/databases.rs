//! POST `/web/database/<deed>`: the forms of Odoo's database manager. They ask for a master password, and this
//! server has none: whoever makes and drops databases has other tools.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::reply;

/// The deeds that Odoo knows.
pub(super) const ADDRESS: &str = "/web/database/{deed:create|drop|duplicate|backup|restore|change_password}";

/// Whatever the form says, it is refused; not a byte of it is read.
pub(super) fn refuse() -> std::future::Ready<HttpResponse> {
    std::future::ready(reply::page(
        StatusCode::FORBIDDEN,
        "Access Denied",
        "This server has no master password: databases are made and dropped by PostgreSQL's own tools.",
    ))
}
