//! `/odoo/<model>/<id>` and `/odoo/<model>/new`: one record.

mod advice;
mod conflict;
mod input;
mod layout;
mod lines;
mod page;
mod plain;
mod sheet;
mod submit;
mod typed;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

pub(super) use self::submit::submit;

use self::sheet::Sheet;
use super::address::{record_path, with_query};
use super::desk::{Asked, Desk};
use super::{answered, see_other};
use crate::error::{Error, Result};
use crate::rpc::App;
use crate::rpc::page::Visit;

/// Which record an address names: none for a new one.
fn record_of(id: &str) -> Result<Option<i64>> {
    if id == "new" {
        return Ok(None);
    }
    let known = id.parse::<i64>().ok().filter(|id| *id > 0);
    known.map(Some).ok_or_else(|| Error::NotFound("A record is named by its number, or by “new”.".to_owned()))
}

/// The secrets that an address asks to see.
fn reveal(query: &str) -> String {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "reveal")
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// The page.
pub(in crate::http) async fn form(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> HttpResponse {
    let asked = Asked::of(&app, &request);
    let shown = async |visit: &Visit| {
        let (model, id) = (path.0.as_str(), record_of(&path.1)?);
        let known = visit.registry().model(model).map(|model| model.name.clone());
        match known {
            Ok(name) if name == model => {}
            Ok(name) => return Ok(see_other(&with_query(&other(&name, id), &asked.query))),
            // An action by its path leads to the records of its model.
            Err(_) => {
                let action = visit
                    .action(&model.into())
                    .await
                    .map_err(|_error| Error::NotFound(format!("There is no model '{model}'.")))?;
                let name = action.get("res_model").and_then(serde_json::Value::as_str);
                let name = name.ok_or_else(|| Error::NotFound(format!("There is no model '{model}'.")))?;
                return Ok(see_other(&other(name, id)));
            }
        }
        let desk = Desk::open(visit, &asked).await?;
        let mut sheet = Sheet::open(visit, &desk, model, id, &reveal(&asked.query)).await?;
        sheet.choose(visit).await?;
        page::show(visit, &app, &sheet, None, StatusCode::OK).await
    };
    answered(&app, &request, shown).await
}

fn other(model: &str, id: Option<i64>) -> String {
    id.map_or_else(|| format!("{}/new", super::address::list_path(model)), |id| record_path(model, id))
}
