//! The views of a model as `get_views` gives them to any client, and the fields that they show.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value as Json, json};

use crate::error::{Error, Result};
use crate::orm::python;
use crate::orm::view::arch::{Element, Node};
use crate::rpc::page::Visit;

/// What `fields_get` tells of one field.
#[derive(Debug, Clone)]
pub(in crate::http) struct Shape {
    /// The field's name.
    pub name: String,
    told: Rc<Map<String, Json>>,
}

impl Shape {
    fn text(&self, name: &str) -> &str {
        self.told.get(name).and_then(Json::as_str).unwrap_or_default()
    }

    /// The type, in Odoo's word.
    pub(in crate::http) fn kind(&self) -> &str {
        self.text("type")
    }

    /// The label.
    pub(in crate::http) fn label(&self) -> &str {
        self.text("string")
    }

    /// What it is for.
    pub(in crate::http) fn help(&self) -> &str {
        self.text("help")
    }

    /// The model behind a relation.
    pub(in crate::http) fn comodel(&self) -> &str {
        self.text("relation")
    }

    /// The field of the other model that leads back.
    pub(in crate::http) fn inverse(&self) -> &str {
        self.text("relation_field")
    }

    /// A truth among what is told.
    pub(in crate::http) fn is(&self, name: &str) -> bool {
        self.told.get(name).is_some_and(python::truth)
    }

    /// The domain of a relation, as a text or a list.
    pub(in crate::http) fn domain(&self) -> Option<&Json> {
        self.told.get("domain")
    }

    /// The choices of a selection, with their labels.
    pub(in crate::http) fn choices(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.told.get("selection").and_then(Json::as_array).into_iter().flatten();
        pairs.filter_map(|pair| Some((pair.get(0)?.as_str()?, pair.get(1)?.as_str()?)))
    }

    /// Whether it holds several records.
    pub(in crate::http) fn is_x2many(&self) -> bool {
        ["one2many", "many2many"].contains(&self.kind())
    }
}

/// Views and fields; see the module.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Drawn {
    views: Map<String, Json>,
    /// By model and field; drawing asks for them again and again.
    models: HashMap<String, Vec<Shape>>,
}

impl Drawn {
    /// Asks for some kinds of view, each a certain one or the first.
    pub(in crate::http) async fn load(
        visit: &Visit,
        model: &str,
        wanted: &[(Option<i64>, &str)],
        context: &Map<String, Json>,
    ) -> Result<Self> {
        let views: Json =
            wanted.iter().map(|(id, kind)| json!([id.map_or(Json::Bool(false), Json::from), kind])).collect();
        let kwargs = json!({"views": views, "options": {"toolbar": true}});
        let mut told = visit.call(model, "get_views", json!([]), kwargs, context).await?;
        let mut part = |name: &str| match told.get_mut(name).map(Json::take) {
            Some(Json::Object(part)) => part,
            _ => Map::new(),
        };
        let models = part("models").into_iter().map(|(model, told)| (model, shapes(told))).collect();
        Ok(Self { views: part("views"), models })
    }

    /// The arch of a kind of view.
    pub(in crate::http) fn arch(&self, kind: &str) -> Result<Element> {
        let arch = self.views.get(kind).and_then(|view| view.get("arch")).and_then(Json::as_str);
        let arch = arch.ok_or_else(|| Error::Internal(format!("there is no {kind} view")))?;
        Element::parse(arch)
            .map_err(|fault| Error::Internal(format!("a {kind} view cannot be read: {fault}")))
    }

    /// The actions that are bound to a kind of view: id and name.
    pub(in crate::http) fn actions(&self, kind: &str) -> Vec<(i64, String)> {
        let toolbar = self.views.get(kind).and_then(|view| view.get("toolbar"));
        let actions = toolbar.and_then(|toolbar| toolbar.get("action")).and_then(Json::as_array);
        let told =
            |action: &Json| Some((action.get("id")?.as_i64()?, action.get("name")?.as_str()?.to_owned()));
        actions.into_iter().flatten().filter_map(told).collect()
    }

    /// What is told of a field, if the views show it.
    pub(in crate::http) fn shape(&self, model: &str, name: &str) -> Option<Shape> {
        self.models.get(model)?.iter().find(|shape| shape.name == name).cloned()
    }

    /// What is told of all fields of a model.
    pub(in crate::http) fn shapes(&self, model: &str) -> Vec<Shape> {
        self.models.get(model).cloned().unwrap_or_default()
    }
}

/// The fields of a model, as `get_views` tells them.
fn shapes(mut told: Json) -> Vec<Shape> {
    let fields = told.get_mut("fields").map(Json::take);
    let Some(Json::Object(fields)) = fields else { return Vec::new() };
    let shape = |(name, told)| match told {
        Json::Object(told) => Some(Shape { name, told: Rc::new(told) }),
        _ => None,
    };
    fields.into_iter().filter_map(shape).collect()
}

/// Whether an attribute is there and true, in any of the ways in which views write that.
pub(in crate::http) fn flag(element: &Element, name: &str) -> Option<bool> {
    match element.attribute(name)? {
        "1" | "True" | "true" => Some(true),
        "0" | "False" | "false" | "" => Some(false),
        _ => None,
    }
}

/// The text inside an element.
pub(in crate::http) fn text_of(element: &Element) -> String {
    let part = |node: &Node| match node {
        Node::Text(text) => text.clone(),
        Node::Element(inner) => text_of(inner),
    };
    element.children.iter().map(part).collect()
}

/// What is asked of `web_read` for a field of a list or a form; `None` for what is drawn by its address.
pub(in crate::http) fn specification(shape: &Shape) -> Option<Json> {
    match shape.kind() {
        "many2one" => Some(json!({"fields": {"display_name": {}}})),
        "binary" => None,
        _ => Some(json!({})),
    }
}
