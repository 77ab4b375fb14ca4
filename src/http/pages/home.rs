//! `/odoo`: the menu as a page, and addresses of old that lead into it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde_json::Value as Json;

use super::address::{list_path, record_path};
use super::desk::{Asked, Desk};
use super::frame::{Entry, Page, entries, frame, usual_action};
use super::{answered, see_other};
use crate::error::{Error, Result};
use crate::rpc::App;
use crate::rpc::page::Visit;

/// The menu. Addresses such as `/web#id=5&model=…` end here, as only the browser knows what stands
/// behind the `#`: the script goes on from there.
pub(in crate::http) async fn home(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let asked = Asked::of(&app, &request);
    answered(&app, &request, async |visit| {
        let desk = Desk::open(visit, &asked).await?;
        let body = html! {
            h1 data-from-hash="" { (desk.t("Welcome")) ", " (desk.user_name) }
            div.cards {
                section.card {
                    h2 { (desk.t("Your account")) }
                    ul {
                        li { a href="/odoo/preferences" { (desk.t("Preferences")) } }
                        li { a href="/odoo/preferences#connected" { (desk.t("Connected applications")) } }
                    }
                }
                @for app in entries(&desk, "root") { @for section in &app.below { (card(&desk, section)) } }
            }
        };
        Ok(frame(
            &desk,
            StatusCode::OK,
            &Page { title: desk.t("Menu").to_owned(), model: String::new(), crumbs: Vec::new(), body },
        ))
    })
    .await
}

fn card(desk: &Desk, section: &Entry<'_>) -> Markup {
    let leaves = section
        .below
        .iter()
        .flat_map(|entry| if entry.below.is_empty() { vec![entry] } else { entry.below.iter().collect() });
    let leaves: Vec<&Entry<'_>> = if section.below.is_empty() { vec![section] } else { leaves.collect() };
    html! {
        section.card {
            h2 { (desk.t(section.name)) }
            ul { @for entry in leaves { @if let Some(href) = &entry.href { li { a href=(href) { (desk.t(entry.name)) } } } } }
        }
    }
}

/// An action by its id: the list of its model.
pub(in crate::http) async fn action(
    app: Data<App>,
    request: HttpRequest,
    path: Path<String>,
) -> HttpResponse {
    let asked = Asked::of(&app, &request);
    answered(&app, &request, async |visit| {
        let (model, id) = opens(visit, &path).await?;
        let desk = Desk::open(visit, &asked).await?;
        let usual = usual_action(&desk, &model) == Some(id);
        Ok(see_other(&if usual { list_path(&model) } else { format!("{}?action={id}", list_path(&model)) }))
    })
    .await
}

/// A record of an action.
pub(in crate::http) async fn action_record(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, i64)>,
) -> HttpResponse {
    answered(&app, &request, async |visit| {
        let (model, _) = opens(visit, &path.0).await?;
        Ok(see_other(&record_path(&model, path.1)))
    })
    .await
}

/// The model that an action opens, and the action's id.
async fn opens(visit: &Visit, action: &str) -> Result<(String, i64)> {
    let told = visit.action(&action.into()).await?;
    let model = told.get("res_model").and_then(Json::as_str);
    let model = model.ok_or_else(|| Error::NotFound("This action opens no records.".to_owned()))?;
    Ok((model.to_owned(), told.get("id").and_then(Json::as_i64).unwrap_or_default()))
}
