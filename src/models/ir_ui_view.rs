//! Views as records: the XML of forms, lists and searches, checked against their model when written.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::behaviour::{Behaviour, Promise, Values};
use crate::orm::declare::{boolean, char, integer, many2many, many2one, one2many, selection, text};
use crate::orm::environment::Environment;
use crate::orm::field::{OnDelete, Scope};
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::registry;
use crate::orm::view::arch::Element;
use crate::orm::view::stored::{self, Stored};
use crate::orm::view::{Kind, check};

const TYPES: [(&str, &str); 9] = [
    ("list", "List"),
    ("form", "Form"),
    ("graph", "Graph"),
    ("pivot", "Pivot"),
    ("calendar", "Calendar"),
    ("kanban", "Kanban"),
    ("search", "Search"),
    ("qweb", "QWeb"),
    ("activity", "Activity"),
];

const MODES: [(&str, &str); 2] = [("primary", "Base view"), ("extension", "Extension View")];

/// Fields that give the arch under another name.
const ARCHES: [&str; 2] = ["arch", "arch_base"];

fn arch(scope: Scope<'_>) -> Sql {
    column(scope.alias, "arch_db")
}

fn xml_id(scope: Scope<'_>) -> Sql {
    super::xml_id("ir.ui.view", scope)
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("ir.ui.view", "View")
            .order("priority, name, id")
            .fields([
                char("name").string("View Name").required(),
                char("model").index(),
                char("key"),
                integer("priority").string("Sequence").default(16).required(),
                selection("type", &TYPES).string("View Type"),
                text("arch").string("View Architecture").compute(arch, &["arch_db"]),
                text("arch_base").string("Base View Architecture").compute(arch, &["arch_db"]),
                text("arch_db").string("Arch Blob").required(),
                boolean("arch_updated").string("Modified Architecture").no_copy(),
                many2one("inherit_id", "ir.ui.view")
                    .string("Inherited View")
                    .ondelete(OnDelete::Restrict)
                    .index(),
                one2many("inherit_children_ids", "ir.ui.view", "inherit_id")
                    .string("Views which inherit from this one"),
                selection("mode", &MODES).string("View inheritance mode").required(),
                boolean("active").default(true),
                many2many("groups_id", "res.groups", "ir_ui_view_group_rel", "view_id", "group_id")
                    .string("Groups"),
                char("xml_id").string("External ID").compute(xml_id, &[]),
            ])
            .behaviour(&Views),
    ]
}

struct Views;

/// Brings the arch to the field that keeps it.
fn gather(env: &Environment, values: &mut Values) {
    for name in ARCHES {
        if let Some(arch) = values.shift_remove(name)
            && python::truth(&arch)
        {
            values.entry("arch_db").or_insert(arch);
        }
    }
    if values.contains_key("arch_db") {
        // What the server itself writes is what the program ships.
        values.insert("arch_updated".to_owned(), (!env.user().is_superuser()).into());
    }
}

/// What a new view does not say of itself: its kind is its root, it changes the view that it inherits.
fn complete(values: &mut Values) {
    if !values.get("mode").is_some_and(python::truth) {
        let inherits = values.get("inherit_id").is_some_and(python::truth);
        values.insert("mode".to_owned(), if inherits { "extension" } else { "primary" }.into());
    }
    let root = values.get("arch_db").and_then(Json::as_str).and_then(|text| Element::parse(text).ok());
    if let Some(root) = root
        && !values.get("type").is_some_and(python::truth)
        && Kind::parse(&root.tag).is_some()
    {
        values.insert("type".to_owned(), root.tag.into());
    }
    if !values.get("name").is_some_and(python::truth) {
        let of = |name: &str| values.get(name).and_then(Json::as_str).unwrap_or_default();
        let name = format!("{} {}", of("model"), of("type"));
        values.insert("name".to_owned(), name.trim().into());
    }
}

/// What an extension takes from the view that it changes.
async fn adopt(env: &Environment, values: &mut Values) -> Result<()> {
    let Some(parent) = values.get("inherit_id").and_then(Json::as_i64) else { return Ok(()) };
    let statement = Sql::text("SELECT model, type FROM ir_ui_view WHERE id = ").then(Sql::param(parent));
    if let Some(row) = env.connection().query(statement).await?.first() {
        for (place, name) in ["model", "type"].into_iter().enumerate() {
            let is_given = values.get(name).is_some_and(python::truth);
            if !is_given || name == "type" {
                values.insert(name.to_owned(), registry::text(row, place).into());
            }
        }
    }
    Ok(())
}

impl Behaviour for Views {
    fn before_create<'a>(&'a self, env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        Box::pin(async move {
            for record in values.iter_mut() {
                gather(env, record);
                complete(record);
                adopt(env, record).await?;
            }
            Ok(())
        })
    }

    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        _ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            gather(env, values);
            Ok(())
        })
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
            let concerns = ["arch_db", "model", "inherit_id", "mode", "active", "type", "priority"];
            if values.iter().any(|record| concerns.iter().any(|name| record.contains_key(*name))) {
                for id in ids {
                    check_view(env, *id).await?;
                }
            }
            Ok(())
        })
    }
}

/// The external ids of all groups, those that this very call made among them.
async fn groups(env: &Environment) -> Result<BTreeSet<String>> {
    let statement = Sql::text("SELECT module || '.' || name FROM ir_model_data WHERE model = 'res.groups'");
    Ok(env.connection().query(statement).await?.iter().map(|row| registry::text(row, 0)).collect())
}

/// Checks a view that was just written, with all that it changes or that changes it.
async fn check_view(env: &Environment, id: i64) -> Result<()> {
    let statement = Sql::text("SELECT model FROM ir_ui_view WHERE id = ").then(Sql::param(id));
    let rows = env.connection().query(statement).await?;
    let model = rows.first().map(|row| registry::text(row, 0)).unwrap_or_default();
    let known = stored::load(env, &model, &[id]).await?;
    // Whose view it is does not matter here: it has to fit for everybody.
    let known: Vec<Stored> = known.into_iter().map(|view| Stored { is_for_user: true, ..view }).collect();
    let Some(view) = known.iter().find(|view| view.id == id) else { return Ok(()) };
    let groups = groups(env).await?;
    let own = Element::parse(&view.arch).map_err(|fault| stored::refuse(view, &fault))?;
    if view.inherits.is_some_and(|parent| known.iter().all(|other| other.id != parent)) {
        return Err(Error::Validation(format!(
            "The view '{}' inherits a view that is archived or of another model.",
            view.name
        )));
    }
    if model.is_empty() {
        // A template belongs to no model.
        return Ok(());
    }
    let model = env.registry().find(&model).ok_or_else(|| {
        Error::Validation(format!(
            "The view '{}' is for the model '{model}', which does not exist.",
            view.name
        ))
    })?;
    if view.inherits.is_none() && own.tag != view.kind {
        let text = format!("The view '{}' is a {}, and its root is <{}>.", view.name, view.kind, own.tag);
        return match Kind::parse(&own.tag) {
            Some(_) => Err(Error::Validation(text)),
            None => check::check(env.registry(), &groups, model, &own)
                .map_err(|fault| stored::refuse(view, &fault)),
        };
    }
    // Views that begin with this one have to fit as well.
    let drawn: Vec<&Stored> = known.iter().filter(|other| !other.is_extension || other.id == id).collect();
    for other in drawn {
        let whole = stored::combine(&known, other)?;
        check::check(env.registry(), &groups, model, &whole)
            .map_err(|fault| stored::refuse(other, &fault))?;
    }
    Ok(())
}
