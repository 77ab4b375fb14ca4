//! What stands around a view: actions and reports that are bound to its model, filters that users kept.

use serde_json::{Map, Value as Json, json};

use super::super::environment::Environment;
use super::super::method::{Arguments, Call, Reply};
use super::super::model::Model;
use super::super::registry::{int, text};
use super::super::view::Kind;
use crate::db::{Raw, Row, Sql};
use crate::error::Result;

/// An action that is bound to a model.
struct Binding {
    told: Json,
    views: String,
    is_report: bool,
}

/// All of a model that the caller may use.
pub(super) struct Bindings(Vec<Binding>);

/// Finds the actions that are bound to a model.
pub(super) async fn bindings(env: &Environment, model: &Model) -> Result<Bindings> {
    let statement = Sql::with_parameter(include_str!("../../../sql/queries/views/bindings.sql"), model.id);
    let rows = env.connection().query(statement).await?;
    Ok(Bindings(rows.iter().filter(|row| is_for_user(env, row)).map(binding).collect()))
}

fn is_for_user(env: &Environment, row: &Row) -> bool {
    let groups = row.try_get::<_, Option<Raw<'_>>>(5).ok().flatten().and_then(Raw::json);
    let groups: Vec<i64> = groups
        .as_ref()
        .and_then(Json::as_array)
        .map(|ids| ids.iter().filter_map(Json::as_i64).collect())
        .unwrap_or_default();
    groups.is_empty() || groups.iter().any(|group| env.user().groups.contains(group))
}

fn binding(row: &Row) -> Binding {
    let (id, name, views) = (int(row, 0), text(row, 1), text(row, 2));
    let mut told = json!({"id": id, "name": name, "binding_view_types": views});
    if let (Some(told), Some(sequence)) =
        (told.as_object_mut(), row.try_get::<_, Option<Raw<'_>>>(4).ok().flatten().and_then(Raw::int))
    {
        told.insert("sequence".to_owned(), sequence.into());
    }
    Binding { told, views, is_report: text(row, 3) == "report" }
}

impl Bindings {
    /// Those of a kind of view: `{"action": […], "print": […]}`.
    pub(super) fn of(&self, kind: Kind) -> Json {
        let mut toolbar = Map::new();
        for (key, is_report) in [("action", false), ("print", true)] {
            let own: Vec<Json> = self
                .0
                .iter()
                .filter(|binding| {
                    binding.is_report == is_report
                        && binding.views.split(',').any(|view| view.trim() == kind.as_str())
                })
                .map(|binding| binding.told.clone())
                .collect();
            if !own.is_empty() {
                toolbar.insert(key.to_owned(), own.into());
            }
        }
        Json::Object(toolbar)
    }
}

/// The filters that the caller or everybody keeps for a model, when the server keeps any.
pub(super) async fn filters(env: &Environment, model: &Model, action: Option<&Json>) -> Result<Json> {
    let Ok(filters) = env.model("ir.filters") else { return Ok(json!([])) };
    let Ok(method) = super::find(&filters, "get_filters") else { return Ok(json!([])) };
    let keywords: Map<String, Json> = [
        ("model".to_owned(), model.name.clone().into()),
        ("action_id".to_owned(), action.cloned().unwrap_or(Json::Bool(false))),
    ]
    .into_iter()
    .collect();
    let arguments = Arguments::bind(method, Vec::new(), keywords)?;
    match (method.run)(Call { env, model: &filters, ids: Vec::new(), arguments }).await? {
        Reply::Json(found) => Ok(serde_json::from_slice(&found).unwrap_or_else(|_error| json!([]))),
        Reply::Void => Ok(json!([])),
    }
}
