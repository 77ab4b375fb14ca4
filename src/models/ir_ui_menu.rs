//! The menu: a tree of entries, each of which may open an action.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json, json};

use crate::db::sql::column;
use crate::db::{Raw, Row, Sql};
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation};
use crate::orm::behaviour::{Behaviour, Promise, Values};
use crate::orm::declare::{binary, boolean, char, integer, many2many, many2one, one2many};
use crate::orm::environment::Environment;
use crate::orm::field::{OnDelete, Scope};
use crate::orm::model::Model;
use crate::orm::registry::{int, text};

fn complete_name(scope: Scope<'_>) -> Sql {
    Sql::text("(WITH RECURSIVE up (id, parent_id, path, depth) AS (SELECT m.id, m.parent_id, ")
        .then(crate::orm::value_sql::translated("m", "name", scope.lang))
        .and_text(", 1 FROM ir_ui_menu AS m WHERE m.id = ")
        .then(column(scope.alias, "id"))
        .and_text(" UNION ALL SELECT m.id, m.parent_id, ")
        .then(crate::orm::value_sql::translated("m", "name", scope.lang))
        .and_text(" || '/' || up.path, up.depth + 1 FROM ir_ui_menu AS m JOIN up ON up.parent_id = m.id WHERE up.depth < 100) SELECT path FROM up ORDER BY depth DESC LIMIT 1)")
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("ir.ui.menu", "Menu")
            .order("sequence, id")
            .fields([
                char("name").string("Menu").required().translate(),
                boolean("active").default(true),
                integer("sequence").default(10),
                many2one("parent_id", "ir.ui.menu")
                    .string("Parent Menu")
                    .ondelete(OnDelete::Restrict)
                    .index(),
                one2many("child_id", "ir.ui.menu", "parent_id").string("Child IDs"),
                char("complete_name").string("Full Path").compute(complete_name, &["name", "parent_id"]),
                // Odoo's reference: a model and an id, such as `ir.actions.act_window,12`.
                char("action"),
                char("web_icon").string("Web Icon File"),
                binary("web_icon_data").string("Web Icon Image"),
                many2many("groups_id", "res.groups", "ir_ui_menu_group_rel", "menu_id", "gid")
                    .string("Groups"),
            ])
            .display_name(complete_name, &["name", "parent_id"])
            .behaviour(&Menus),
    ]
}

struct Menus;

impl Behaviour for Menus {
    fn validate(&self, env: &Environment, values: &Values) -> Result<()> {
        let Some(Json::String(action)) = values.get("action") else { return Ok(()) };
        if action.is_empty() {
            return Ok(());
        }
        let known = action.split_once(',').filter(|(model, id)| {
            super::ir_actions::is_action(model)
                && env.registry().find(model).is_some()
                && id.parse::<i64>().is_ok()
        });
        match known {
            Some(_) => Ok(()),
            None => Err(Error::Validation(format!(
                "'{action}' is no action: a model of actions and an id, such as ir.actions.act_window,12."
            ))),
        }
    }

    fn acts_after_change(&self) -> bool {
        true
    }

    fn after_change<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a [Values],
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            if !values.iter().any(|record| record.contains_key("parent_id")) {
                return Ok(());
            }
            let statement =
                Sql::with_parameter(include_str!("../../sql/queries/views/menu_circle.sql"), ids.to_vec());
            if env.connection().query(statement).await?.is_empty() {
                return Ok(());
            }
            Err(Error::Validation("A menu cannot lie below itself.".to_owned()))
        })
    }
}

/// An entry as it is kept.
struct Entry {
    id: i64,
    name: String,
    parent: Option<i64>,
    action: Option<(String, i64)>,
    icon: String,
    xmlid: String,
    path: String,
    res_model: String,
    groups: Vec<i64>,
    action_groups: Vec<i64>,
}

fn entry(row: &Row) -> Entry {
    let raw = |place: usize| row.try_get::<_, Option<Raw<'_>>>(place).ok().flatten();
    let ids = |place: usize| -> Vec<i64> {
        let json = raw(place).and_then(Raw::json);
        json.as_ref().and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_i64).collect()
    };
    let action = text(row, 3);
    Entry {
        id: int(row, 0),
        name: text(row, 1),
        parent: raw(2).and_then(Raw::int),
        action: action.split_once(',').and_then(|(model, id)| Some((model.to_owned(), id.parse().ok()?))),
        icon: text(row, 4),
        xmlid: text(row, 5),
        path: text(row, 6),
        res_model: text(row, 7),
        groups: ids(8),
        action_groups: ids(9),
    }
}

fn is_visible(env: &Environment, entry: &Entry) -> bool {
    let has_one =
        |groups: &[i64]| groups.is_empty() || groups.iter().any(|id| env.user().groups.contains(id));
    let opens = match env.registry().find(&entry.res_model) {
        Some(model) => access::has_model_access(env, model, Operation::Read),
        None => entry.res_model.is_empty(),
    };
    has_one(&entry.groups) && has_one(&entry.action_groups) && opens
}

/// The menu as the caller sees it, in the shape that the web client reads: every entry by its id,
/// and `root`. An entry that neither opens anything nor has anything below it is not there.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn load_menus(env: &Environment) -> Result<Json> {
    load(env, false).await
}

/// The same with the model that each entry opens, `actionResModel`.
///
/// # Errors
///
/// As [`load_menus`].
pub async fn load_menus_with_models(env: &Environment) -> Result<Json> {
    load(env, true).await
}

async fn load(env: &Environment, tells_models: bool) -> Result<Json> {
    let statement =
        Sql::with_parameter(include_str!("../../sql/queries/views/menus.sql"), env.context.lang.as_str());
    let rows = env.connection().query(statement).await?;
    let entries: Vec<Entry> = rows.iter().map(entry).filter(|entry| is_visible(env, entry)).collect();
    let mut children: HashMap<Option<i64>, Vec<&Entry>> = HashMap::new();
    for entry in &entries {
        children.entry(entry.parent).or_default().push(entry);
    }
    let mut menus = Map::new();
    let mut tree = Tree { children: &children, menus: &mut menus, seen: HashSet::new(), tells_models };
    let apps: Vec<i64> = children
        .get(&None)
        .into_iter()
        .flatten()
        .filter_map(|app| tree.add(app, app.id).map(|_action| app.id))
        .collect();
    menus.insert(
        "root".to_owned(),
        json!({
            "id": "root", "name": "root", "children": apps, "appID": false, "xmlid": "", "actionID": false,
            "actionModel": false, "actionPath": false, "webIcon": null, "webIconData": null,
            "webIconDataMimetype": null, "backgroundImage": null,
        }),
    );
    Ok(Json::Object(menus))
}

struct Tree<'a> {
    children: &'a HashMap<Option<i64>, Vec<&'a Entry>>,
    menus: &'a mut Map<String, Json>,
    seen: HashSet<i64>,
    tells_models: bool,
}

/// The action that an entry opens: model, id, path.
type Opens = (String, i64, String);

impl Tree<'_> {
    /// Adds an entry and what lies below; gives the first action that is found there.
    fn add(&mut self, entry: &Entry, app: i64) -> Option<Opens> {
        if !self.seen.insert(entry.id) {
            return None;
        }
        let mut below = Vec::new();
        let mut first = None;
        for child in self.children.get(&Some(entry.id)).into_iter().flatten() {
            if let Some(opens) = self.add(child, app) {
                below.push(child.id);
                first = first.or(Some(opens));
            }
        }
        let own = entry.action.clone().map(|(model, id)| (model, id, entry.path.clone()));
        let opens = own.clone().or(first)?;
        // An app opens what is first in it; any other entry opens its own action or nothing.
        let told = own.or_else(|| (entry.id == app).then(|| opens.clone()));
        let or_false = |text: &str| if text.is_empty() { Json::Bool(false) } else { text.into() };
        let (model, id, path) = told
            .map_or((Json::Bool(false), Json::Bool(false), Json::Bool(false)), |(model, id, path)| {
                (model.into(), id.into(), or_false(&path))
            });
        let mut told = json!({
            "id": entry.id, "name": entry.name, "children": below, "appID": app, "xmlid": entry.xmlid,
            "actionID": id, "actionModel": model, "actionPath": path, "webIcon": or_false(&entry.icon),
            "webIconData": false, "webIconDataMimetype": false,
        });
        if self.tells_models
            && let Some(told) = told.as_object_mut()
        {
            told.insert("actionResModel".to_owned(), or_false(&entry.res_model));
        }
        self.menus.insert(entry.id.to_string(), told);
        Some(opens)
    }
}
