//! An action as the web client loads it.

use serde_json::{Map, Value as Json, json};

use super::KINDS;
use crate::db::Sql;
use crate::db::sql::ident;
use crate::error::{Error, Result};
use crate::orm::behaviour::Values;
use crate::orm::environment::Environment;
use crate::orm::field::Field;
use crate::orm::read::{self, Load};
use crate::orm::registry::{int, text};

/// What names an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// Its id.
    Id(i64),
    /// Its external id, or the path that it has in addresses.
    Name(String),
}

impl Reference {
    /// What a client sent: an id, as a number or a text, an external id, or a path.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] for anything else.
    pub fn parse(value: &Json) -> Result<Self> {
        match value {
            Json::Number(number) => number.as_i64().map(Self::Id).ok_or_else(|| wrong(value)),
            Json::String(text) => match text.parse() {
                Ok(id) => Ok(Self::Id(id)),
                Err(_) if text.is_empty() => Err(wrong(value)),
                Err(_) => Ok(Self::Name(text.clone())),
            },
            _ => Err(wrong(value)),
        }
    }
}

fn wrong(value: &Json) -> Error {
    Error::Value(format!("An action is named by its id, its external id or its path, not by {value}."))
}

/// The kind and the id of an action.
async fn find(env: &Environment, reference: &Reference) -> Result<(&'static str, i64)> {
    let gone = || Error::Missing("The action does not exist or has been deleted.".to_owned());
    let kind_of = |model: &str| KINDS.iter().find(|(known, _)| *known == model).map(|(model, _)| *model);
    if let Reference::Name(name) = reference
        && let Some((module, name)) = name.split_once('.')
    {
        let statement = Sql::text("SELECT model, res_id FROM ir_model_data WHERE module = ")
            .then(Sql::param(module))
            .and_text(" AND name = ")
            .then(Sql::param(name));
        let rows = env.connection().query(statement).await?;
        let found = rows.first().and_then(|row| Some((kind_of(&text(row, 0))?, int(row, 1))));
        return found.ok_or_else(gone);
    }
    for (model, table) in KINDS {
        let condition = match reference {
            Reference::Id(id) => Sql::text(" WHERE id = ").then(Sql::param(*id)),
            Reference::Name(path) => Sql::text(" WHERE path = ").then(Sql::param(path.as_str())),
        };
        let statement = Sql::text("SELECT id FROM ").then(ident(table)).then(condition).and_text(" LIMIT 1");
        if let Some(row) = env.connection().query(statement).await?.first() {
            return Ok((model, int(row, 0)));
        }
    }
    Err(gone())
}

/// Refuses an action that is for groups of which the caller has none.
pub(super) async fn check_groups(env: &Environment, relation: &str, id: i64) -> Result<()> {
    let statement =
        Sql::text("SELECT gid FROM ").then(ident(relation)).and_text(" WHERE act_id = ").then(Sql::param(id));
    let groups: Vec<i64> = env.connection().query(statement).await?.iter().map(|row| int(row, 0)).collect();
    if groups.is_empty() || env.su || groups.iter().any(|group| env.user().groups.contains(group)) {
        return Ok(());
    }
    Err(Error::Access("This action is not for you: it asks for a group that you are not in.".to_owned()))
}

/// What the web client does not want to know.
const WITHHELD: [&str; 7] =
    ["create_uid", "create_date", "write_uid", "write_date", "usage", "view_ids", "code"];

/// An action for the web client.
///
/// # Errors
///
/// [`Error::Missing`] when there is none, [`Error::Access`] when it is for others.
pub async fn load(env: &Environment, reference: &Reference) -> Result<Json> {
    let mut action = whole(env, reference).await?;
    action.retain(|name, _| !WITHHELD.contains(&name.as_str()));
    Ok(Json::Object(action))
}

/// The same with all that is kept of it.
///
/// # Errors
///
/// As [`load`].
pub async fn read_whole(env: &Environment, reference: &Reference) -> Result<Json> {
    whole(env, reference).await.map(Json::Object)
}

async fn whole(env: &Environment, reference: &Reference) -> Result<Values> {
    let (model, id) = find(env, reference).await?;
    match model {
        "ir.actions.act_window" => check_groups(env, "ir_act_window_group_rel", id).await?,
        "ir.actions.server" => check_groups(env, "ir_act_server_group_rel", id).await?,
        _ => {}
    }
    // Whoever sees a menu may open it, and reads no actions otherwise.
    let sudo = env.sudo();
    let model = env.model(model)?;
    let fields: Vec<&Field> = model.fields.values().collect();
    let records = read::values(&sudo, &model, &[id], &fields, Load::Classic).await?;
    let mut action = records.into_iter().next().unwrap_or_default();
    if model.name == "ir.actions.act_window" {
        let views = views(&sudo, &action).await?;
        action.insert("views".to_owned(), views);
        action.insert("embedded_action_ids".to_owned(), json!([]));
    }
    Ok(action)
}

/// The views of a window: those that the action names, then the first of each further kind.
async fn views(env: &Environment, action: &Map<String, Json>) -> Result<Json> {
    let ids: Vec<i64> = action
        .get("view_ids")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_i64)
        .collect();
    let statement = Sql::text("SELECT view_id, view_mode FROM ir_act_window_view WHERE id = ANY(")
        .then(Sql::param(ids))
        .and_text(") ORDER BY sequence, id");
    let rows = env.connection().query(statement).await?;
    let mut views: Vec<(Json, String)> = rows
        .iter()
        .map(|row| {
            let id = Some(int(row, 0)).filter(|id| *id != 0);
            (id.map_or(Json::Bool(false), Json::from), text(row, 1))
        })
        .collect();
    if let Some(id) = action.get("view_id").and_then(|view| view.get(0)).and_then(Json::as_i64) {
        let statement = Sql::text("SELECT type FROM ir_ui_view WHERE id = ").then(Sql::param(id));
        let kind = env.connection().query(statement).await?.first().map(|row| text(row, 0));
        if let Some(kind) = kind.filter(|kind| views.iter().all(|(_, known)| known != kind)) {
            let at = mode_place(action, &kind).min(views.len());
            views.insert(at, (id.into(), kind));
        }
    }
    for mode in modes(action) {
        if views.iter().all(|(_, known)| *known != mode) {
            views.push((Json::Bool(false), mode));
        }
    }
    Ok(views.into_iter().map(|(id, mode)| json!([id, mode])).collect())
}

/// The kinds of view that a window is drawn in.
pub(super) fn modes(action: &Map<String, Json>) -> Vec<String> {
    let modes = action.get("view_mode").and_then(Json::as_str).unwrap_or_default();
    modes.split(',').map(str::trim).filter(|mode| !mode.is_empty()).map(str::to_owned).collect()
}

fn mode_place(action: &Map<String, Json>, kind: &str) -> usize {
    modes(action).iter().position(|mode| mode == kind).unwrap_or(0)
}
