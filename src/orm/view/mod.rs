//! Views: what a form, a list or a search of a model looks like, for one user.
//!
//! An arch is read (`arch`), a stored view is found and its extensions applied (`stored`,
//! `inherit`), or one is made up (`generate`); it is checked against the model when it is written
//! (`check`) and made the user's own when it is drawn (`process`). Whoever draws pages starts at
//! [`views`].

pub mod arch;
pub mod check;
pub mod generate;
pub mod inherit;
pub mod names;
pub mod process;
pub mod stored;

use serde_json::{Map, Value as Json};

use self::arch::Element;
use self::process::Shown;
use super::access::{self, Operation};
use super::environment::Environment;
use super::methods::describe;
use super::model::Model;
use super::registry::int;
use crate::db::Sql;
use crate::error::{Error, Result};

/// Attributes whose value is an expression over the record.
const EXPRESSIONS: [&str; 4] = ["invisible", "readonly", "required", "column_invisible"];

/// The kinds of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One record.
    Form,
    /// A table of records.
    List,
    /// What a list can be searched by.
    Search,
    /// Cards.
    Kanban,
    /// Bars and pies.
    Graph,
    /// A cross table.
    Pivot,
    /// Days and weeks.
    Calendar,
    /// What is to be done when.
    Activity,
    /// A template.
    Qweb,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Form,
        Self::List,
        Self::Search,
        Self::Kanban,
        Self::Graph,
        Self::Pivot,
        Self::Calendar,
        Self::Activity,
        Self::Qweb,
    ];

    /// Odoo's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::List => "list",
            Self::Search => "search",
            Self::Kanban => "kanban",
            Self::Graph => "graph",
            Self::Pivot => "pivot",
            Self::Calendar => "calendar",
            Self::Activity => "activity",
            Self::Qweb => "qweb",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// All words, for messages.
    pub fn all() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

/// A view, drawn for one user.
#[derive(Debug, Clone)]
pub struct View {
    /// Its id; none when it was made up.
    pub id: Option<i64>,
    /// Its kind.
    pub kind: Kind,
    /// What it looks like.
    pub arch: Element,
}

/// Some views of a model with the fields that they show, by model and name, as `fields_get` tells
/// them.
#[derive(Debug, Default)]
pub struct Views {
    /// The views, in the order in which they were asked for.
    pub views: Vec<View>,
    /// The fields.
    pub fields: Map<String, Json>,
}

/// Draws views of a model for the caller: each a kind, and the id of a certain one or the first of
/// that kind.
///
/// # Errors
///
/// [`Error::Access`] when the caller may not look at the model, and what [`stored::draw`] refuses.
pub async fn views(env: &Environment, model: &Model, wanted: &[(Option<i64>, Kind)]) -> Result<Views> {
    access::check_model(env, model, Operation::Read)?;
    let mut wanted = wanted.to_vec();
    for (id, kind) in &mut wanted {
        if id.is_none() {
            *id = named_by_context(env, *kind).await?;
        }
    }
    let ids: Vec<i64> = wanted.iter().filter_map(|(id, _)| *id).collect();
    let known = stored::load(env, &model.name, &ids).await?;
    let mut drawn = Views::default();
    let mut shown = Shown::new();
    for (id, kind) in wanted {
        let (id, mut arch) = stored::draw(&known, model, kind, id)?;
        process::process(env, model, &mut arch, kind, &mut shown);
        drawn.views.push(View { id, kind, arch });
    }
    // A search offers every field to the filters that a user makes.
    let is_searched = drawn.views.iter().any(|view| view.kind == Kind::Search);
    shown.entry(model.name.clone()).or_default();
    for (name, fields) in &shown {
        let all = is_searched && *name == model.name;
        let model = env.model(name)?;
        let kept = model.fields.values().filter(|field| {
            // The id names the record, the time of its last change its pictures.
            all || fields.contains(&field.name) || field.name == "id" || field.name == "write_date"
        });
        let kept = kept.filter(|field| access::has_field_access(env, &model, field));
        let described = kept.map(|field| (field.name.clone(), Json::Object(describe::for_view(field))));
        drawn.fields.insert(name.clone(), Json::Object(described.collect()));
    }
    Ok(drawn)
}

/// The view that the context names for a kind: `form_view_ref` with an external id.
async fn named_by_context(env: &Environment, kind: Kind) -> Result<Option<i64>> {
    let key = format!("{}_view_ref", kind.as_str());
    let Some((module, name)) =
        env.context.raw.get(&key).and_then(Json::as_str).and_then(|id| id.split_once('.'))
    else {
        return Ok(None);
    };
    let statement = Sql::text("SELECT res_id FROM ir_model_data WHERE model = 'ir.ui.view' AND module = ")
        .then(Sql::param(module))
        .and_text(" AND name = ")
        .then(Sql::param(name));
    Ok(env.connection().query(statement).await?.first().map(|row| int(row, 0)))
}

/// The kind and the id of one wanted view, as a client writes them: `[id, "form"]`.
///
/// # Errors
///
/// [`Error::Value`] for what is no such pair.
pub fn wanted(pair: &Json) -> Result<(Option<i64>, Kind)> {
    let wrong =
        || Error::Value(format!("A view is asked for by an id or false, and a kind: {}.", Kind::all()));
    let parts = pair.as_array().ok_or_else(wrong)?;
    let kind = parts.get(1).and_then(Json::as_str).and_then(Kind::parse).ok_or_else(wrong)?;
    match parts.first() {
        Some(Json::Number(id)) => Ok((Some(id.as_i64().ok_or_else(wrong)?), kind)),
        Some(Json::Bool(false) | Json::Null) => Ok((None, kind)),
        _ => Err(wrong()),
    }
}
