//! Actions: what a menu entry, a button or a bound entry of a list does.
//!
//! All kinds of action take their ids from one sequence: clients load an action by its id alone.

mod act_window;
mod load;
mod server;

pub use load::{Reference, load, read_whole};
pub use server::run;

use serde_json::{Value as Json, json};

use crate::db::Sql;
use crate::orm::declare::{char, html, many2one, selection};
use crate::orm::field::{Field, OnDelete, Scope};
use crate::orm::method::Reply;
use crate::orm::model::Model;

/// The sequence of all actions.
const SEQUENCE: &str = "ir_actions_id_seq";

/// The kinds of action that are kept: the model, the table.
const KINDS: [(&str, &str); 3] = [
    ("ir.actions.act_window", "ir_act_window"),
    ("ir.actions.server", "ir_act_server"),
    ("ir.actions.report", "ir_act_report_xml"),
];

/// Whether a model is one of actions.
pub(super) fn is_action(model: &str) -> bool {
    KINDS.iter().any(|(known, _)| *known == model)
}

/// The action that the reply of a button opens, or `false`. A window tells its views, which a client
/// does not make up.
pub fn opened(reply: &Reply) -> Json {
    let Reply::Json(reply) = reply else { return Json::Bool(false) };
    let action = serde_json::from_slice(reply).ok();
    let Some(Json::Object(mut action)) = action.filter(|action: &Json| action.get("type").is_some()) else {
        return Json::Bool(false);
    };
    if action.get("type").is_some_and(|kind| kind == "ir.actions.act_window") && !action.contains_key("views")
    {
        let first = action.get("view_id").and_then(|view| view.as_i64().or_else(|| view.get(0)?.as_i64()));
        let modes = load::modes(&action).into_iter().enumerate();
        let views = modes.map(|(place, mode)| {
            json!([first.filter(|_| place == 0).map_or(Json::Bool(false), Json::from), mode])
        });
        let views: Json = views.collect();
        action.insert("views".to_owned(), views);
    }
    Json::Object(action)
}

const BINDINGS: [(&str, &str); 2] = [("action", "Action"), ("report", "Report")];

/// What every kind of action has.
fn common(model: &str, binding: &str, xml_id: fn(Scope<'_>) -> Sql) -> Vec<Field> {
    vec![
        char("name").string("Action Name").required().translate(),
        char("type").string("Action Type").default(model).required(),
        char("xml_id").string("External ID").compute(xml_id, &[]),
        char("path").string("Path to show in the URL"),
        html("help").string("Action Description").translate(),
        many2one("binding_model_id", "ir.model").ondelete(OnDelete::Cascade).index(),
        selection("binding_type", &BINDINGS).default(binding).required(),
        char("binding_view_types").default("list,form"),
    ]
}

pub(super) fn models() -> Vec<Model> {
    let mut models = act_window::models();
    models.extend(server::models());
    models.push(report());
    models
}

fn report_xml_id(scope: Scope<'_>) -> Sql {
    super::xml_id("ir.actions.report", scope)
}

/// Reports: there are none, and clients that list them are told so.
fn report() -> Model {
    Model::new("ir.actions.report", "Report Action")
        .table("ir_act_report_xml")
        .numbered_by(SEQUENCE)
        .order("name, id")
        .fields(common("ir.actions.report", "report", report_xml_id))
        .fields([
            char("model").string("Model Name").required(),
            char("report_name").string("Template Name").required(),
            char("report_type").default("qweb-pdf").required(),
        ])
}
