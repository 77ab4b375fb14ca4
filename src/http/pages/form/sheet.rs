//! A form on its way to the page: its view, the record, what may be done, what can be chosen.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value as Json, json};

use super::super::address::State;
use super::super::condition::{self, Values};
use super::super::desk::Desk;
use super::super::drawn::{Drawn, Shape, flag, specification};
use super::super::posted::Posted;
use super::plain::plain;
use crate::error::{Error, Result};
use crate::orm::python;
use crate::orm::view::arch::Element;
use crate::rpc::page::Visit;

/// Choices of a list to choose from; where there are more, one types and searches.
const MOST_CHOICES: usize = 80;

/// Lines of a list within a form.
const MOST_LINES: i64 = 500;

/// Kinds of view that show several records, as they stand within a field.
const LISTS: [&str; 3] = ["list", "tree", "kanban"];

/// What can be chosen for a relation.
pub(super) enum Choices {
    /// All of it: ids and names.
    All(Vec<(i64, String)>),
    /// Too much for a list.
    Many,
}

/// What the visitor may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct May {
    /// Change the record, or make it.
    pub edit: bool,
    /// Make one like it.
    pub create: bool,
    /// Delete it.
    pub unlink: bool,
}

/// A form; see the module.
pub(super) struct Sheet<'a> {
    /// Who looks.
    pub desk: &'a Desk,
    /// The model.
    pub model: String,
    /// The model's name for people.
    pub title: String,
    /// The record, if it is there already.
    pub id: Option<i64>,
    /// Views and fields.
    pub drawn: Drawn,
    /// The form.
    pub arch: Element,
    /// The list that one came from.
    pub state: State,
    /// What the address adds to every call: defaults of a new record.
    pub context: Map<String, Json>,
    /// The record's values as `web_read` gives them.
    pub record: Map<String, Json>,
    /// What is kept of the record, where `record` holds what was typed in.
    pub base_record: Option<Map<String, Json>>,
    /// What may be done with it.
    pub may: May,
    /// Whether records of the model are archived.
    pub has_active: bool,
    /// The secrets that are shown.
    pub revealed: BTreeSet<String>,
    /// The fields that are secrets.
    pub secrets: BTreeSet<String>,
    /// What can be chosen, by the path of the input.
    pub choices: HashMap<String, Choices>,
    /// What was typed in and is not kept yet.
    pub posted: Option<&'a Posted>,
    /// Which of it is shown again; all of it where this is none.
    pub typed: Option<BTreeSet<String>>,
    /// What is wrong, by the path of the input.
    pub errors: BTreeMap<String, String>,
}

/// The list within a field of several records.
pub(super) fn inner_list(element: &Element) -> Option<&Element> {
    element.elements().find(|inner| LISTS.contains(&inner.tag.as_str()))
}

impl<'a> Sheet<'a> {
    /// Prepares a form.
    pub(super) async fn open(
        visit: &Visit,
        desk: &'a Desk,
        model: &str,
        id: Option<i64>,
        reveal: &str,
    ) -> Result<Self> {
        let told = visit.registry().model(model)?;
        let context = State::parse(&desk.asked.query).defaults();
        let drawn = Drawn::load(visit, &told.name, &[(None, "form")], &context).await?;
        let arch = drawn.arch("form")?;
        let may = |right: &str| flag(&arch, right) != Some(false);
        let (may_create, may_write, may_unlink) = (may("create"), may("edit"), may("delete"));
        let sealed = told.fields.values().filter(|field| field.sealed).map(|field| field.name.clone());
        let mut sheet = Self {
            desk,
            title: desk.t(&told.description).to_owned(),
            id,
            state: State::parse(&desk.asked.query),
            context,
            record: Map::new(),
            base_record: None,
            may: May {
                edit: if id.is_some() { may_write } else { may_create },
                create: may_create,
                unlink: may_unlink,
            },
            has_active: told.has_active(),
            revealed: reveal.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            secrets: sealed.collect(),
            choices: HashMap::new(),
            posted: None,
            typed: None,
            errors: BTreeMap::new(),
            model: told.name.clone(),
            drawn,
            arch,
        };
        if id.is_none() && !may_create {
            return Err(Error::Access(desk.texts.fill("You may not create records of {}.", &[&sheet.title])));
        }
        sheet.record = sheet.read(visit).await?;
        if let Some(id) = id
            && sheet.may.edit
        {
            let may = visit
                .call(&sheet.model, "has_access", json!([[id], "write"]), json!({}), &Map::new())
                .await?;
            sheet.may.edit = python::truth(&may);
        }
        Ok(sheet)
    }

    /// What the record is called; what the model is called for a new one.
    pub(super) fn name(&self) -> &str {
        let name = self.record.get("display_name").and_then(Json::as_str).filter(|_| self.id.is_some());
        name.unwrap_or(&self.title)
    }

    /// The fields of the form itself, with what is told of each.
    pub(super) fn fields(&self) -> Vec<(&Element, Shape)> {
        let mut found = Vec::new();
        self.collect(&self.arch, &mut found);
        found
    }

    fn collect<'b>(&'b self, parent: &'b Element, found: &mut Vec<(&'b Element, Shape)>) {
        for element in parent.elements() {
            if element.tag == "field" {
                let shape = element.attribute("name").and_then(|name| self.drawn.shape(&self.model, name));
                found.extend(shape.map(|shape| (element, shape)));
            } else {
                self.collect(element, found);
            }
        }
    }

    /// The columns of a list within a field.
    pub(super) fn columns(&self, element: &Element, shape: &Shape) -> Vec<(Element, Shape)> {
        let list = inner_list(element).into_iter();
        let fields = list.flat_map(Element::elements).filter(|inner| inner.tag == "field");
        let shown = fields.filter(|inner| {
            flag(inner, "column_invisible") != Some(true) && flag(inner, "invisible") != Some(true)
        });
        let told = shown.filter_map(|inner| {
            Some((inner.clone(), self.drawn.shape(shape.comodel(), inner.attribute("name")?)?))
        });
        told.filter(|(inner, column)| {
            column.name != shape.inverse() && inner.attribute("widget") != Some("handle")
        })
        .collect()
    }

    /// Whether a field is a secret, which is not in the page until somebody asks for it.
    pub(super) fn is_secret(&self, name: &str) -> bool {
        self.secrets.contains(name)
    }

    /// What is asked of `web_read`. A password is never asked for.
    pub(super) fn specification(&self) -> Map<String, Json> {
        let mut wanted = Map::new();
        for (element, shape) in self.fields() {
            let is_hidden =
                self.is_secret(&shape.name) && self.id.is_some() && !self.revealed.contains(&shape.name);
            if is_hidden || flag(element, "password") == Some(true) {
                continue;
            }
            let asked = if shape.is_x2many() {
                let columns = self.columns(element, &shape);
                let mut inner: Map<String, Json> = columns
                    .into_iter()
                    .filter_map(|(_, column)| Some((column.name.clone(), specification(&column)?)))
                    .collect();
                inner.insert("display_name".to_owned(), json!({}));
                Some(json!({"fields": inner, "limit": MOST_LINES}))
            } else {
                specification(&shape)
            };
            if let Some(asked) = asked {
                wanted.insert(shape.name, asked);
            }
        }
        for name in ["display_name", "write_date", "create_date"] {
            wanted.entry(name).or_insert_with(|| json!({}));
        }
        wanted.insert("write_uid".to_owned(), json!({"fields": {"display_name": {}}}));
        wanted
    }

    /// The record as it is now, or as a new one begins.
    pub(super) async fn read(&self, visit: &Visit) -> Result<Map<String, Json>> {
        let wanted = self.specification();
        let Some(id) = self.id else { return self.fresh(visit, wanted).await };
        let kwargs = json!({"specification": wanted});
        let mut found = visit.call(&self.model, "web_read", json!([[id]]), kwargs, &self.context).await?;
        match found.get_mut(0).map(Json::take) {
            Some(Json::Object(record)) => Ok(record),
            _ => Err(Error::Missing(
                self.desk.texts.fill("This record of {} does not exist, or not any more.", &[&self.title]),
            )),
        }
    }

    /// Leaves a trace of each secret that the page shows.
    pub(super) async fn note_secrets(&self, visit: &Visit) -> Result<()> {
        let Some(id) = self.id else { return Ok(()) };
        for name in self.revealed.iter().filter(|name| self.is_secret(name)) {
            if self.record.get(name).is_some_and(python::truth) {
                visit.note_revealed(&self.model, id, self.name(), name).await?;
            }
        }
        Ok(())
    }

    async fn fresh(&self, visit: &Visit, wanted: Map<String, Json>) -> Result<Map<String, Json>> {
        let told = visit
            .call(&self.model, "onchange", json!([[], {}, [], wanted]), json!({}), &self.context)
            .await?;
        let mut record = told.get("value").and_then(Json::as_object).cloned().unwrap_or_default();
        for (_, shape) in self.fields().iter().filter(|(_, shape)| shape.is_x2many()) {
            let lines = record.get(&shape.name).and_then(Json::as_array).cloned().unwrap_or_default();
            let lines: Vec<Json> = lines
                .iter()
                .filter_map(|command| command.get(2).filter(|line| line.is_object()).cloned())
                .collect();
            record.insert(shape.name.clone(), lines.into());
        }
        Ok(record)
    }

    /// The values that expressions of the view may name.
    pub(super) fn values(&self) -> Values<'_> {
        Values { record: &self.record, user_id: self.desk.user_id, searched: None, now: self.desk.now }
    }

    /// Whether a field can be typed in.
    pub(super) fn is_open(&self, element: &Element, shape: &Shape) -> bool {
        let is_readonly = condition::holds(element, "readonly", &self.values(), shape.is("readonly"));
        self.may.edit && !is_readonly
    }

    /// Whether a field has to be filled in.
    pub(super) fn is_required(&self, element: &Element, shape: &Shape) -> bool {
        condition::holds(element, "required", &self.values(), shape.is("required"))
    }

    /// What was typed into an input, as far as it is shown again.
    pub(super) fn typed(&self, path: &str) -> Option<&str> {
        if self.typed.as_ref().is_some_and(|typed| !typed.contains(path)) {
            return None;
        }
        self.posted?.get(&format!("f.{path}"))
    }

    /// Whether a box was on the page that was sent, so that its absence means "no".
    pub(super) fn was_boxed(&self, path: &str) -> bool {
        let is_shown = self.typed.as_ref().is_none_or(|typed| typed.contains(path));
        is_shown && self.posted.is_some_and(|posted| posted.has(&format!("b.{path}")))
    }

    /// What the record was when the page was made, for whoever saves it: no secrets, no pictures.
    pub(super) fn base(&self) -> Json {
        let kept = self.fields().into_iter().filter(|(_, shape)| !self.is_secret(&shape.name));
        let record = self.base_record.as_ref().unwrap_or(&self.record);
        // A new record is compared with nothing: all that the page has is written.
        let kept = kept.filter(|_| self.id.is_some());
        kept.filter_map(|(_, shape)| Some((shape.name.clone(), plain(&shape, record.get(&shape.name)?))))
            .collect::<Map<_, _>>()
            .into()
    }

    /// Looks up what can be chosen for the relations that can be changed.
    pub(super) async fn choose(&mut self, visit: &Visit) -> Result<()> {
        let mut wanted = Vec::new();
        for (element, shape) in self.fields() {
            if !self.is_open(element, &shape)
                || condition::holds(element, "invisible", &self.values(), false)
                    && condition::for_script(element, "invisible").is_none()
            {
                continue;
            }
            if ["many2one", "many2many"].contains(&shape.kind()) {
                let told = element.attribute("domain").map(Json::from);
                let domain = condition::domain(told.as_ref().or(shape.domain()), &self.values());
                wanted.push((shape.name.clone(), shape.comodel().to_owned(), domain));
            }
            if shape.kind() == "one2many" {
                for (_, column) in
                    self.columns(element, &shape).iter().filter(|(_, column)| column.kind() == "many2one")
                {
                    let domain = condition::domain(column.domain(), &self.values());
                    wanted.push((
                        format!("{}.{}", shape.name, column.name),
                        column.comodel().to_owned(),
                        domain,
                    ));
                }
            }
        }
        for (path, comodel, domain) in wanted {
            let kwargs = json!({"name": "", "args": domain, "limit": MOST_CHOICES + 1});
            let found = match visit.call(&comodel, "name_search", json!([]), kwargs, &Map::new()).await {
                Ok(found) => found,
                // Who may not look at the other model keeps what is there.
                Err(Error::Access(_)) => json!([]),
                Err(error) => return Err(error),
            };
            let pairs: Vec<(i64, String)> = found
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|pair| Some((pair.get(0)?.as_i64()?, pair.get(1)?.as_str()?.to_owned())))
                .collect();
            let choices = if pairs.len() > MOST_CHOICES { Choices::Many } else { Choices::All(pairs) };
            self.choices.insert(path, choices);
        }
        Ok(())
    }
}
