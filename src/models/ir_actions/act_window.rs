//! Actions that open a window: which model, in which views, which of its records.

use crate::db::Sql;
use crate::error::{Error, Result};
use crate::orm::behaviour::{Behaviour, Values};
use crate::orm::declare::{boolean, char, integer, many2many, many2one, one2many, selection};
use crate::orm::environment::Environment;
use crate::orm::field::{OnDelete, Scope};
use crate::orm::model::Model;
use crate::orm::view::Kind;

const TARGETS: [(&str, &str); 5] = [
    ("current", "Current Window"),
    ("new", "New Window"),
    ("inline", "Inline Edit"),
    ("fullscreen", "Full Screen"),
    ("main", "Main action of Current Window"),
];

const MODES: [(&str, &str); 7] = [
    ("list", "List"),
    ("form", "Form"),
    ("graph", "Graph"),
    ("pivot", "Pivot"),
    ("calendar", "Calendar"),
    ("kanban", "Kanban"),
    ("activity", "Activity"),
];

fn xml_id(scope: Scope<'_>) -> Sql {
    super::super::xml_id("ir.actions.act_window", scope)
}

pub(super) fn models() -> Vec<Model> {
    vec![window(), line()]
}

fn window() -> Model {
    Model::new("ir.actions.act_window", "Action Window")
        .table("ir_act_window")
        .numbered_by(super::SEQUENCE)
        .order("name, id")
        .fields(super::common("ir.actions.act_window", "action", xml_id))
        .fields([
            many2one("view_id", "ir.ui.view").string("View Ref.").ondelete(OnDelete::SetNull),
            char("domain").string("Domain Value"),
            char("context").string("Context Value").default("{}").required(),
            integer("res_id").string("Record ID"),
            char("res_model").string("Destination Model").required(),
            selection("target", &TARGETS).string("Target Window").default("current"),
            char("view_mode").default("list,form").required(),
            char("mobile_view_mode").default("kanban"),
            char("usage").string("Action Usage"),
            one2many("view_ids", "ir.actions.act_window.view", "act_window_id")
                .string("No of Views")
                .with_copy(),
            integer("limit").default(80),
            many2many("groups_id", "res.groups", "ir_act_window_group_rel", "act_id", "gid").string("Groups"),
            many2one("search_view_id", "ir.ui.view").string("Search View Ref.").ondelete(OnDelete::SetNull),
            boolean("filter"),
        ])
        .behaviour(&Windows)
}

/// The views of an action that are certain ones.
fn line() -> Model {
    Model::new("ir.actions.act_window.view", "Action Window View")
        .table("ir_act_window_view")
        .order("sequence, id")
        .rec_name("view_id")
        .fields([
            integer("sequence"),
            many2one("view_id", "ir.ui.view").string("View").ondelete(OnDelete::Cascade),
            selection("view_mode", &MODES).string("View Type").required(),
            many2one("act_window_id", "ir.actions.act_window")
                .string("Action")
                .ondelete(OnDelete::Cascade)
                .index(),
            boolean("multi").string("On Multiple Doc."),
        ])
}

struct Windows;

impl Behaviour for Windows {
    fn validate(&self, env: &Environment, values: &Values) -> Result<()> {
        if let Some(model) = values.get("res_model").and_then(serde_json::Value::as_str)
            && env.registry().find(model).is_none()
        {
            return Err(Error::Validation(format!(
                "The action opens the model '{model}', which does not exist."
            )));
        }
        let modes = values.get("view_mode").and_then(serde_json::Value::as_str).unwrap_or_default();
        match modes.split(',').map(str::trim).find(|mode| !mode.is_empty() && Kind::parse(mode).is_none()) {
            Some(mode) => Err(Error::Validation(format!("'{mode}' is no kind of view: {}.", Kind::all()))),
            None => Ok(()),
        }
    }
}
