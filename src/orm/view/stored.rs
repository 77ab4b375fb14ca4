//! The views that the database has: which of them is drawn, and what its extensions make of it.

use std::collections::HashSet;

use super::super::environment::Environment;
use super::super::model::Model;
use super::super::registry::{int, text};
use super::Kind;
use super::arch::{Element, Fault};
use super::inherit::apply;
use crate::db::{Raw, Row, Sql};
use crate::error::{Error, Result};

/// Views that change views that change views; more is a mistake.
const DEEPEST: usize = 20;

/// A view as it is kept.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its id.
    pub id: i64,
    /// Its name, for messages.
    pub name: String,
    /// Its kind, in Odoo's word.
    pub kind: String,
    /// Whether it changes another view instead of being one.
    pub is_extension: bool,
    /// The view that it changes or begins with.
    pub inherits: Option<i64>,
    /// Its XML.
    pub arch: String,
    /// Whether it is for everybody, or for a group of the user.
    pub is_for_user: bool,
}

/// All views in use of a model, and those whose ids are given, the first choice first.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn load(env: &Environment, model: &str, ids: &[i64]) -> Result<Vec<Stored>> {
    let groups: Vec<i64> = env.user().groups.iter().copied().collect();
    let statement = Sql::text(include_str!("../../../sql/queries/views/of_model.sql"))
        .and_text(" WHERE (v.active AND v.model = ")
        .then(Sql::param(model))
        .and_text(") OR v.id = ANY(")
        .then(Sql::param(ids.to_vec()))
        .and_text(") ORDER BY v.priority, v.name, v.id");
    let rows = env.connection().query(statement).await?;
    Ok(rows.iter().map(|row| stored(row, &groups)).collect())
}

fn stored(row: &Row, groups: &[i64]) -> Stored {
    let raw = |place: usize| row.try_get::<_, Option<Raw<'_>>>(place).ok().flatten();
    let own: Vec<i64> = raw(6)
        .and_then(Raw::json)
        .and_then(|json| {
            json.as_array().map(|ids| ids.iter().filter_map(serde_json::Value::as_i64).collect())
        })
        .unwrap_or_default();
    Stored {
        id: int(row, 0),
        name: text(row, 1),
        kind: text(row, 2),
        is_extension: text(row, 3) == "extension",
        inherits: raw(4).and_then(Raw::int),
        arch: text(row, 5),
        is_for_user: own.is_empty() || own.iter().any(|group| groups.contains(group)),
    }
}

/// The view that is drawn: the wanted one, or the first of its kind.
pub fn choose(known: &[Stored], kind: Kind, wanted: Option<i64>) -> Option<&Stored> {
    match wanted {
        Some(id) => known.iter().find(|view| view.id == id),
        None => {
            known.iter().find(|view| !view.is_extension && view.is_for_user && view.kind == kind.as_str())
        }
    }
}

/// A view with all that it begins with and all that changes it.
///
/// # Errors
///
/// [`Error::Validation`] that names the view and the line where it does not fit.
pub fn combine(known: &[Stored], view: &Stored) -> Result<Element> {
    combine_in(known, view, DEEPEST)
}

fn combine_in(known: &[Stored], view: &Stored, depth: usize) -> Result<Element> {
    if depth == 0 {
        return Err(Error::Validation(format!("The view '{}' inherits itself.", view.name)));
    }
    let own = Element::parse(&view.arch).map_err(|fault| refuse(view, &fault))?;
    let parent = view.inherits.and_then(|id| known.iter().find(|other| other.id == id));
    let mut arch = match parent {
        None => own,
        Some(parent) if view.is_extension => return combine_in(known, parent, depth - 1),
        Some(parent) => {
            let mut arch = combine_in(known, parent, depth - 1)?;
            apply(&mut arch, &own).map_err(|fault| refuse(view, &fault))?;
            arch
        }
    };
    let mut seen = HashSet::from([view.id]);
    extend(known, view.id, &mut arch, &mut seen)?;
    Ok(arch)
}

/// Extensions in their order, each followed by those that change it.
fn extend(known: &[Stored], of: i64, arch: &mut Element, seen: &mut HashSet<i64>) -> Result<()> {
    let extensions = known.iter().filter(|view| view.is_extension && view.inherits == Some(of));
    for extension in extensions {
        if !extension.is_for_user || !seen.insert(extension.id) {
            continue;
        }
        let change = Element::parse(&extension.arch).map_err(|fault| refuse(extension, &fault))?;
        apply(arch, &change).map_err(|fault| refuse(extension, &fault))?;
        extend(known, extension.id, arch, seen)?;
    }
    Ok(())
}

/// The words for a fault in a view.
pub fn refuse(view: &Stored, fault: &Fault) -> Error {
    Error::Validation(format!("The view '{}' cannot be used, {fault}.", view.name))
}

/// A view of a kind as it is drawn: a stored one, or one made for a model that has none.
///
/// # Errors
///
/// [`Error::User`] when there is none and none can be made, [`Error::Validation`] for one that does
/// not fit.
pub fn draw(
    known: &[Stored],
    model: &Model,
    kind: Kind,
    wanted: Option<i64>,
) -> Result<(Option<i64>, Element)> {
    if let Some(view) = choose(known, kind, wanted) {
        return Ok((Some(view.id), combine(known, view)?));
    }
    if let Some(id) = wanted {
        return Err(Error::Missing(format!("The view {id} does not exist or has been deleted.")));
    }
    let made = super::generate::generate(model, kind).ok_or_else(|| {
        Error::User(format!("'{}' ({}) has no {} view.", model.description, model.name, kind.as_str()))
    })?;
    Ok((None, made))
}
