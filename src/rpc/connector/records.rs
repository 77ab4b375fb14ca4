//! Records by name, and records by id.

use serde_json::{Value as Json, json};

use super::super::App;
use super::super::retrying::Caller;
use super::models::offered;
use super::{Answer, Refusal, refused, run};
use crate::db::sql::column;
use crate::db::{Row, Sql};
use crate::error::{Error, Result};
use crate::orm::domain::{Domain, Operator, name_domain, parse};
use crate::orm::environment::Environment;
use crate::orm::method;
use crate::orm::model::Model;
use crate::orm::query::{self, SELF};
use crate::orm::read::{self, Load, Wanted};
use crate::orm::registry::{int, text};

/// Which page of the names.
#[derive(Debug, Clone)]
pub struct Page {
    /// How many at the most; 0 is none.
    pub limit: i64,
    /// How many to pass over.
    pub offset: i64,
    /// The order, as Odoo writes it.
    pub order: String,
}

/// The window action of a model that stands in a menu, and that menu; false where there is none.
async fn opening(env: &Environment, model: &Model) -> Result<(Json, Json)> {
    let statement =
        Sql::with_parameter(include_str!("../../../sql/queries/connector/opening.sql"), model.name.as_str());
    let rows = env.connection().query(statement).await?;
    Ok(rows
        .first()
        .map_or((Json::Bool(false), Json::Bool(false)), |row| (int(row, 0).into(), int(row, 1).into())))
}

/// Records whose name contains a text.
///
/// # Errors
///
/// What a call fails with.
pub async fn name_search(app: &App, caller: Caller, model: &str, name: &str, page: &Page) -> Result<Answer> {
    run(app, caller, async |env| {
        let model = match offered(env, model) {
            Ok(model) => model,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match names(env, &model, name, page).await {
            Ok(found) => {
                let (action, menu) = opening(env, &model).await?;
                let data: Vec<Json> = found
                    .iter()
                    .map(|row| json!({"id": int(row, 0), "display_name": text(row, 1)}))
                    .collect();
                let header = json!({
                    "model": model.name, "action_id": action, "menu_id": menu, "count": data.len(),
                    "offset": page.offset, "limit": page.limit,
                });
                Ok(Ok(json!([{"header": header}, {"data": data}]).to_string()))
            }
            Err(error) => refused(error),
        }
    })
    .await
}

async fn names(env: &Environment, model: &Model, name: &str, page: &Page) -> Result<Vec<Row>> {
    let named = if name.is_empty() {
        Domain::True
    } else {
        name_domain(env, model, Operator::Ilike, &Json::String(name.to_owned()))
    };
    let wanted = column(SELF, "id").and_text(", ").then(read::display_name(env, model)?);
    let page = query::Page { offset: page.offset, limit: Some(page.limit), order: page.order.clone() };
    let select = query::select(env, model, wanted, named, &page)?;
    env.connection().read_guarded(|guard| select.statement(guard)).await
}

/// Records by id, in the order of their model; unknown ones are left out.
///
/// # Errors
///
/// What a call fails with.
pub async fn read(
    app: &App,
    caller: Caller,
    model: &str,
    ids: &Json,
    fields: Option<&[String]>,
) -> Result<Answer> {
    run(app, caller, async |env| {
        let model = match offered(env, model) {
            Ok(model) => model,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(ids) = method::ids(ids).ok().filter(|ids| !ids.is_empty() && ids.iter().all(|id| *id > 0))
        else {
            return Ok(Err(Refusal::BadIds));
        };
        match rows(env, &model, &ids, fields).await {
            Ok(rows) if rows == "[]" => Ok(Err(Refusal::Nothing)),
            Ok(rows) => {
                let (action, menu) = opening(env, &model).await?;
                let header = json!({"model": model.name, "action_id": action, "menu_id": menu});
                Ok(Ok(format!("[{{\"header\": {header}}}, {{\"data\": {rows}}}]")))
            }
            Err(error) => refused(error),
        }
    })
    .await
}

async fn rows(env: &Environment, model: &Model, ids: &[i64], fields: Option<&[String]>) -> Result<String> {
    // A field that the scheme keeps back is as unknown as one that is not there.
    let fields = read::fields(env, model, fields).map_err(|error| match error {
        Error::Access(text) => Error::Value(text),
        other => other,
    })?;
    let domain = parse::parse(&json!([["id", "in", ids]]))?;
    // Archived records were linked to while they were active, and are shown on.
    let env = env.with_active_test(false);
    let wanted = Wanted::Domain(domain, query::Page::default());
    let text = read::read(&env, model, wanted, &fields, Load::Classic).await?;
    String::from_utf8(text).map_err(|error| Error::Internal(error.to_string()))
}
