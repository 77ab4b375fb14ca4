//! Odoo 19 says `group_ids` where Odoo 18 says `groups_id`, of users, views, menus and actions. `/json/2` takes
//! both, and answers with the name that was asked for; nothing behind this file knows the newer one.

use serde_json::{Map, Value as Json};

use crate::orm::field::Field;
use crate::orm::method::Reply;
use crate::orm::model::Model;
use crate::orm::registry::Registry;
use crate::rpc::call_kw::Request;

/// As Odoo 19 spells it.
const NEWER: &str = "group_ids";

/// As the models here do.
const OLDER: &str = "groups_id";

/// Arguments that hold domains.
const DOMAINS: [&str; 2] = ["domain", "args"];

/// Arguments that name fields, one or several, and so what the answer has.
const NAMES: [&str; 6] = ["fields", "allfields", "fields_list", "fields_to_export", "groupby", "aggregates"];

/// Arguments that sort by fields.
const ORDERS: [&str; 2] = ["order", "orderby"];

/// Arguments with values by field, of one record or of several.
const VALUES: [&str; 3] = ["vals", "vals_list", "default"];

/// Which spellings a request names in what it wants to have answered.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelling {
    newer: bool,
    older: bool,
}

impl Spelling {
    /// Puts a request into the older spelling.
    pub(super) fn settle(registry: &Registry, request: &mut Request) -> Self {
        let mut speller = Speller { registry, found: Self::default() };
        let Some(model) = registry.find(&request.model) else { return speller.found };
        for (name, value) in &mut request.kwargs {
            match name.as_str() {
                name if DOMAINS.contains(&name) => speller.domain(model, value),
                name if NAMES.contains(&name) => speller.names(model, value),
                name if ORDERS.contains(&name) => speller.order(model, value),
                name if VALUES.contains(&name) => speller.values(model, value),
                "specification" => speller.specification(model, value),
                _ => {}
            }
        }
        speller.found
    }

    /// Puts an answer into the spelling that was asked for.
    pub(super) fn answer(self, reply: Reply) -> Reply {
        let Reply::Json(json) = &reply else { return reply };
        if !self.newer {
            return reply;
        }
        match serde_json::from_slice(json) {
            Ok(mut answer) => {
                self.respell(&mut answer);
                Reply::value(&answer)
            }
            Err(_) => reply,
        }
    }

    /// Keys of objects, those too that are read over links.
    fn respell(self, answer: &mut Json) {
        match answer {
            Json::Array(items) => items.iter_mut().for_each(|item| self.respell(item)),
            Json::Object(members) => {
                for (key, mut value) in std::mem::take(members) {
                    self.respell(&mut value);
                    // `groups_id`, and what groups of records have: `groups_id_count`, `groups_id:count`.
                    let newer = key
                        .strip_prefix(OLDER)
                        .filter(|rest| rest.is_empty() || rest.starts_with(['_', ':']));
                    let newer = newer.map(|rest| format!("{NEWER}{rest}"));
                    if newer.is_none() || self.older {
                        members.insert(key, value.clone());
                    }
                    if let Some(newer) = newer {
                        members.insert(newer, value);
                    }
                }
            }
            _ => {}
        }
    }
}

struct Speller<'a> {
    registry: &'a Registry,
    found: Spelling,
}

/// The older name, where the model has it and means it by the newer one.
fn older(model: &Model, name: &str) -> Option<&'static str> {
    (name == NEWER && model.field(NEWER).is_none() && model.field(OLDER).is_some()).then_some(OLDER)
}

/// A name, and what stands behind it: `:count`, `.name`, `/id`, ` desc`.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    text.split_at(end.unwrap_or(text.len()))
}

impl<'a> Speller<'a> {
    fn comodel(&self, field: Option<&Field>) -> Option<&'a Model> {
        self.registry.find(field?.kind.comodel()?).map(AsRef::as_ref)
    }

    /// A path of fields, as domains have it, and the model that it leads to.
    fn path(&self, model: &'a Model, path: &str) -> (String, Option<&'a Model>) {
        let mut at = Some(model);
        let mut steps = Vec::new();
        for step in path.split('.') {
            let step = at.and_then(|model| older(model, step)).unwrap_or(step);
            at = at.and_then(|model| self.comodel(model.field(step)));
            steps.push(step);
        }
        (steps.join("."), at)
    }

    fn domain(&self, model: &'a Model, domain: &mut Json) {
        for term in domain.as_array_mut().into_iter().flatten() {
            let Some([Json::String(path), Json::String(operator), value]) =
                term.as_array_mut().map(Vec::as_mut_slice)
            else {
                continue;
            };
            let (spelt, comodel) = self.path(model, path);
            *path = spelt;
            if let (Some(comodel), true) = (comodel, operator.ends_with("any")) {
                self.domain(comodel, value);
            }
        }
    }

    /// A list of names, or a single one.
    fn names(&mut self, model: &Model, names: &mut Json) {
        match names {
            Json::String(name) => self.name(model, name),
            Json::Array(items) => {
                let is_older = |item: &Json| item.as_str().is_some_and(|name| split(name).0 == OLDER);
                let has_older = items.iter().any(is_older);
                // Named in both ways, it is read once.
                items.retain_mut(|item| {
                    let Json::String(name) = item else { return true };
                    let before = self.found.newer;
                    self.found.newer = false;
                    self.name(model, name);
                    let is_newer = self.found.newer;
                    self.found.newer |= before;
                    !(is_newer && has_older)
                });
            }
            _ => {}
        }
    }

    fn name(&mut self, model: &Model, text: &mut String) {
        let (name, rest) = split(text);
        self.found.older |= name == OLDER;
        if let Some(older) = older(model, name) {
            self.found.newer = true;
            *text = format!("{older}{rest}");
        }
    }

    fn order(&self, model: &'a Model, order: &mut Json) {
        let Json::String(order) = order else { return };
        let terms = order.split(',').map(|term| {
            let (path, direction) = term.trim().split_once(' ').unwrap_or((term.trim(), ""));
            format!("{} {direction}", self.path(model, path).0).trim_end().to_owned()
        });
        *order = terms.collect::<Vec<String>>().join(", ");
    }

    fn values(&self, model: &Model, values: &mut Json) {
        match values {
            Json::Array(records) => records.iter_mut().for_each(|record| self.values(model, record)),
            Json::Object(record) => {
                rename(record, |name| older(model, name));
                for (name, value) in record {
                    let Some(comodel) = self.comodel(model.field(name)) else { continue };
                    // Commands that make and change lines have values of their own.
                    for command in value.as_array_mut().into_iter().flatten() {
                        if let Some(line @ Json::Object(_)) = command.get_mut(2) {
                            self.values(comodel, line);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn specification(&mut self, model: &Model, specification: &mut Json) {
        let Json::Object(fields) = specification else { return };
        self.found.older |= fields.contains_key(OLDER);
        self.found.newer |= rename(fields, |name| older(model, name));
        for (name, wanted) in fields {
            if let (Some(comodel), Some(below)) = (self.comodel(model.field(name)), wanted.get_mut("fields"))
            {
                self.specification(comodel, below);
            }
        }
    }
}

/// Gives members other names in their places, and tells whether there were any.
fn rename(members: &mut Map<String, Json>, other: impl Fn(&str) -> Option<&'static str>) -> bool {
    if !members.keys().any(|name| other(name).is_some()) {
        return false;
    }
    let old = std::mem::take(members);
    members.extend(old.into_iter().map(|(name, value)| match other(&name) {
        Some(name) => (name.to_owned(), value),
        None => (name, value),
    }));
    true
}
