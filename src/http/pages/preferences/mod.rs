//! `/odoo/preferences`: what people see and change of themselves: name, language, password, API keys, the
//! applications that act for them.

mod act;
mod page;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use maud::Markup;

pub(super) use self::act::act;

use super::answered;
use super::desk::{Asked, Desk};
use super::frame::{Page, frame};
use crate::error::Result;
use crate::rpc::App;
use crate::rpc::page::Visit;

/// Where this is.
const ADDRESS: &str = "/odoo/preferences";

/// The page.
pub(in crate::http) async fn preferences(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let asked = Asked::of(&app, &request);
    let shown = async |visit: &Visit| show(visit, &asked, StatusCode::OK, None).await;
    answered(&app, &request, shown).await
}

/// Draws it, with what there is to say first.
async fn show(
    visit: &Visit,
    asked: &Asked,
    status: StatusCode,
    said: Option<&Markup>,
) -> Result<HttpResponse> {
    let desk = Desk::open(visit, asked).await?;
    let body = page::draw(visit, &desk, said).await?;
    let title = desk.t("Preferences").to_owned();
    Ok(frame(&desk, status, &Page { title, model: String::new(), crumbs: Vec::new(), body }))
}
