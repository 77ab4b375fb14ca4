//! The values of a record, sorted by where they go: columns, other records, lists of lines.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::access;
use super::behaviour::{Staleness, Values};
use super::context::BASE_LANG;
use super::convert;
use super::environment::Environment;
use super::field::{Field, FieldType, Right, Source};
use super::model::{AUDIT, Model};
use super::python;
use crate::db::sql::column;
use crate::db::{Param, Sql};
use crate::error::{Error, Result};

/// What goes into one column.
pub(super) struct Assignment {
    /// The column.
    pub column: String,
    /// The value of a new record.
    pub insert: Sql,
    /// The value of a record that is there; a translated text joins the other languages.
    pub update: Sql,
}

/// Values of other records: of those at the end of a path, and whose rights they take.
pub(super) type Behind = BTreeMap<(Vec<String>, Right), Values>;

/// Values, sorted; see the module.
#[derive(Default)]
pub(super) struct Prepared<'a> {
    /// Columns of the record itself.
    pub assignments: Vec<Assignment>,
    /// Lists of lines, with their commands.
    pub lists: Vec<(&'a Field, Json)>,
    /// Values of the records at the end of a path over many2one fields.
    pub behind: Behind,
    /// The fields that were given.
    pub names: Vec<String>,
}

/// Whether a change is all that the call does. A single statement that is, is a transaction by
/// itself, and spares BEGIN, COMMIT and their round trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Nothing comes before or after it.
    WholeCall,
    /// Something else belongs to the same transaction.
    PartOfCall,
}

impl Prepared<'_> {
    /// Whether the statement on the record's own table does all of it: no lines, nothing behind a
    /// link, nothing that follows from it, nothing to tell other servers.
    pub(super) fn is_all_there_is(&self, env: &Environment, model: &Model) -> bool {
        self.lists.is_empty()
            && self.behind.is_empty()
            && env.registry().staleness(model) == Staleness::Nothing
            && !model.behaviour.acts_after_change()
            && self.names.iter().all(|name| env.registry().triggers(&model.name, name).is_empty())
    }
}

/// Checks that all names are fields which the caller may set.
///
/// # Errors
///
/// [`Error::Value`] for an unknown one, [`Error::Access`] for one that the caller may not see.
pub(super) fn check_names(env: &Environment, model: &Model, values: &Values) -> Result<()> {
    for name in values.keys() {
        let field = model
            .field(name)
            .ok_or_else(|| Error::Value(format!("Invalid field '{name}' on model '{}'.", model.name)))?;
        access::check_field(env, model, field)?;
    }
    Ok(())
}

/// Sorts the values of one record. Pictures are worked on beside the thread that serves calls.
///
/// # Errors
///
/// As [`convert::column`], and [`Error::Validation`] when a required field is emptied.
pub(super) async fn prepare<'a>(
    env: &Environment,
    model: &'a Model,
    values: &Values,
) -> Result<Prepared<'a>> {
    let mut prepared = Prepared::default();
    for (name, value) in values {
        let Some(field) = model.field(name) else { continue };
        // The server alone sets these; a client that sends back what it has read is not refused.
        if AUDIT.contains(&name.as_str()) || field.is_computed() {
            continue;
        }
        if let Some(path) = field.related_path() {
            // What is only shown here is not changed from here.
            if let (Some(right), Some((target, links))) = (field.written_as, path.split_last()) {
                let behind = prepared.behind.entry((links.to_vec(), right)).or_default();
                behind.insert(target.clone(), value.clone());
                prepared.names.push(name.clone());
            }
            continue;
        }
        prepared.names.push(name.clone());
        if field.kind.is_x2many() {
            prepared.lists.push((field, value.clone()));
            continue;
        }
        assign(env, model, field, value, &mut prepared.assignments).await?;
    }
    Ok(prepared)
}

async fn assign(
    env: &Environment,
    model: &Model,
    field: &Field,
    value: &Json,
    assignments: &mut Vec<Assignment>,
) -> Result<()> {
    if field.sealed {
        let (sealed, lookup) = convert::sealed(env, model, field, value)?;
        require(model, field, &sealed)?;
        assignments.push(plain(&field.name, sealed));
        assignments.push(plain(&convert::lookup_column(&field.name), lookup));
        return Ok(());
    }
    if let FieldType::Image { .. } = field.kind {
        return pictures(env, model, field, value, assignments).await;
    }
    let parameter = match value.as_str() {
        Some(name) if field.names_model => Param::Text(env.registry().current_name(name).to_owned()),
        _ => convert::column(field, value)?,
    };
    require(model, field, &parameter)?;
    assignments.push(if field.translate {
        translated(&field.name, &env.context.lang, parameter)
    } else {
        plain(&field.name, parameter)
    });
    Ok(())
}

fn plain(name: &str, parameter: Param) -> Assignment {
    let value = Sql::param(parameter);
    Assignment { column: name.to_owned(), insert: value.clone(), update: value }
}

/// A text in a language. The base language has a text whenever another has.
fn translated(name: &str, lang: &str, parameter: Param) -> Assignment {
    if parameter == Param::Null {
        return plain(name, parameter);
    }
    let object = |lang: &str| {
        Sql::text("jsonb_build_object(")
            .then(Sql::literal(lang))
            .and_text(", ")
            .then(Sql::param(parameter.clone()))
            .and_text("::text)")
    };
    let (base, own) = (object(BASE_LANG), object(lang));
    let insert =
        if lang == BASE_LANG { base.clone() } else { base.clone().and_text(" || ").then(own.clone()) };
    let others = Sql::text("COALESCE(").then(column(super::query::SELF, name)).and_text(", '{}'::jsonb)");
    let update = if lang == BASE_LANG {
        others.and_text(" || ").then(own)
    } else {
        base.and_text(" || ").then(others).and_text(" || ").then(own)
    };
    Assignment { column: name.to_owned(), insert, update }
}

/// A required field must have a value. An empty text is one, as in Odoo.
fn require(model: &Model, field: &Field, parameter: &Param) -> Result<()> {
    if field.required && *parameter == Param::Null {
        return Err(missing(model, field));
    }
    Ok(())
}

/// The words for a required field without a value.
pub(super) fn missing(model: &Model, field: &Field) -> Error {
    Error::Validation(format!(
        "The field '{}' ({}) of '{}' ({}) is required.",
        field.string, field.name, model.description, model.name
    ))
}

/// A picture and the smaller ones that follow from it.
async fn pictures(
    env: &Environment,
    model: &Model,
    field: &Field,
    value: &Json,
    assignments: &mut Vec<Assignment>,
) -> Result<()> {
    let (names, sizes): (Vec<&String>, Vec<(u32, u32)>) = model
        .fields
        .values()
        .filter(|other| {
            other.name == field.name
                || matches!(&other.source, Source::StoredRelated(path) if *path == [field.name.clone()])
        })
        .filter_map(|other| match other.kind {
            FieldType::Image { max_width, max_height } => Some((&other.name, (max_width, max_height))),
            _ => None,
        })
        .unzip();
    if !python::truth(value) {
        assignments.extend(names.iter().map(|name| plain(name, Param::Null)));
        return require(model, field, &Param::Null);
    }
    let (name, value) = (field.name.clone(), value.clone());
    let work = move || convert::pictures(&name, &value, &sizes);
    let made = env.services().pictures.work(work).await??;
    assignments.extend(names.iter().zip(made).map(|(name, picture)| plain(name, picture)));
    Ok(())
}
