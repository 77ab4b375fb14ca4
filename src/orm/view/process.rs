//! A view as one user may see it: without what is another group's, and with what the web client has
//! to know of the user's rights.

use std::collections::{BTreeMap, BTreeSet};

use super::super::access::{self, Operation};
use super::super::environment::Environment;
use super::super::field::FieldType;
use super::super::model::Model;
use super::arch::{Element, Node};
use super::check::kind_of;
use super::names;
use super::{EXPRESSIONS, Kind};

/// The fields that views show, by model.
pub type Shown = BTreeMap<String, BTreeSet<String>>;

/// Makes a view the user's own, and notes which fields it shows.
pub fn process(env: &Environment, model: &Model, view: &mut Element, kind: Kind, shown: &mut Shown) {
    let mut drawing = Drawing { env, model, kind, own: BTreeSet::new(), asked: BTreeSet::new(), shown };
    drawing.rights(view);
    drawing.elements(view);
    let Drawing { own, asked, .. } = drawing;
    let missing: Vec<String> = asked.difference(&own).cloned().collect();
    // The client can only evaluate an expression over fields that the view has.
    for name in &missing {
        let hidden = if kind == Kind::List { "column_invisible" } else { "invisible" };
        view.children.push(Node::Element(Element::new(
            "field",
            &[("name", name), (hidden, "True"), ("readonly", "True")],
        )));
    }
    shown.entry(model.name.clone()).or_default().extend(own.into_iter().chain(missing));
}

struct Drawing<'a> {
    env: &'a Environment,
    model: &'a Model,
    kind: Kind,
    /// The fields that this very view shows.
    own: BTreeSet<String>,
    /// The fields that its expressions ask for.
    asked: BTreeSet<String>,
    shown: &'a mut Shown,
}

impl Drawing<'_> {
    /// Buttons for what the user may not do are not drawn.
    fn rights(&self, view: &mut Element) {
        if !matches!(self.kind, Kind::List | Kind::Form | Kind::Kanban) {
            return;
        }
        for (attribute, operation) in
            [("create", Operation::Create), ("edit", Operation::Write), ("delete", Operation::Unlink)]
        {
            if !access::has_model_access(self.env, self.model, operation) {
                view.set(attribute, "False");
            }
        }
    }

    fn elements(&mut self, parent: &mut Element) {
        let children = std::mem::take(&mut parent.children);
        for child in children {
            match child {
                Node::Text(_) => parent.children.push(child),
                Node::Element(mut element) => {
                    if self.keeps(&mut element) {
                        parent.children.push(Node::Element(element));
                    }
                }
            }
        }
    }

    /// Whether the user sees an element; what is in it is looked at as well.
    fn keeps(&mut self, element: &mut Element) -> bool {
        let groups = element.remove("groups").unwrap_or_default();
        if !access::is_in_groups(self.env, &groups) {
            return false;
        }
        let is_visible = match (element.tag.as_str(), element.attribute("name"), element.attribute("for")) {
            ("field", Some(name), _) | ("label", _, Some(name)) => self
                .model
                .field(name)
                .is_none_or(|field| access::has_field_access(self.env, self.model, field)),
            _ => true,
        };
        if !is_visible {
            return false;
        }
        for (name, expression) in &element.attributes {
            if EXPRESSIONS.contains(&name.as_str()) || name.starts_with("decoration-") {
                let names = names::fields(expression).into_iter();
                let known = names.filter(|name| self.model.field(name).is_some());
                self.asked.extend(known.map(str::to_owned));
            }
        }
        if element.tag == "field" {
            self.field(element);
        } else {
            self.elements(element);
        }
        true
    }

    fn field(&mut self, element: &mut Element) {
        let Some(field) = element.attribute("name").and_then(|name| self.model.field(name)) else { return };
        self.own.insert(field.name.clone());
        let comodel = field.kind.comodel().and_then(|comodel| self.env.registry().find(comodel)).cloned();
        if let (FieldType::Many2one { .. } | FieldType::Many2many { .. }, Some(comodel)) =
            (&field.kind, &comodel)
            && self.kind != Kind::Search
        {
            for (attribute, operation) in [("can_create", Operation::Create), ("can_write", Operation::Write)]
            {
                if element.attribute(attribute).is_none() {
                    let may = access::has_model_access(self.env, comodel, operation);
                    element.set(attribute, if may { "True" } else { "False" });
                }
            }
        }
        if self.model.fields.values().any(|other| follows(other.related_path(), &field.name)) {
            element.set("on_change", "1");
        }
        let children = std::mem::take(&mut element.children);
        for child in children {
            match (child, &comodel) {
                (Node::Element(mut inner), Some(comodel)) if kind_of(&inner).is_some() => {
                    let kind = kind_of(&inner).unwrap_or(Kind::List);
                    process(self.env, comodel, &mut inner, kind, self.shown);
                    element.children.push(Node::Element(inner));
                }
                (Node::Element(mut inner), _) => {
                    if self.keeps(&mut inner) {
                        element.children.push(Node::Element(inner));
                    }
                }
                (text, _) => element.children.push(text),
            }
        }
    }
}

/// Whether a related field is read over the many2one `link`.
fn follows(path: Option<&[String]>, link: &str) -> bool {
    path.is_some_and(|path| path.len() > 1 && path.first().is_some_and(|first| first == link))
}
