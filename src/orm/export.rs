//! Records as rows of a table, paths such as `model_scheme_id/name` as columns: the counterpart of
//! [`super::load`]. All records of a level are read together.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::access;
use super::behaviour::{Promise, Values};
use super::budget::Budget;
use super::environment::Environment;
use super::external_ids;
use super::field::{Field, FieldType};
use super::model::Model;
use super::read::{self, Load};
use crate::error::{Error, Result};

/// How far a path may lead.
const DEEPEST: usize = 8;

/// The rows of each record: the first has its own values and those of its first lines, further ones
/// the other lines.
pub type Rows = HashMap<i64, Vec<Vec<Json>>>;

/// A column: its place in the row, and what is left of its path.
type Tail = (usize, Vec<String>);

/// Tells records as rows.
///
/// # Errors
///
/// [`Error::Value`] for a path that leads nowhere, [`Error::User`] for a field that the caller may not
/// see and for more lines than an answer may hold, [`Error::Access`] for such records.
pub async fn export(
    env: &Environment,
    model: &Model,
    ids: &[i64],
    fields: &[String],
) -> Result<Vec<Vec<Json>>> {
    let paths: Vec<Vec<String>> =
        fields.iter().map(|path| path.split('/').map(str::to_owned).collect()).collect();
    let budget = Budget::default();
    let known = rows(env, model, ids, &paths, At { depth: 0, budget: &budget }).await?;
    // A record that is asked for several times is told as often.
    for lines in ids.iter().filter_map(|id| known.get(id)) {
        budget.spend(further(lines.len(), fields.len()))?;
    }
    Ok(ids.iter().filter_map(|id| known.get(id)).flatten().cloned().collect())
}

/// Where on its way an export is: how many steps it has gone, and how much it may still tell.
#[derive(Clone, Copy)]
struct At<'a> {
    depth: usize,
    budget: &'a Budget,
}

/// The values in lines that come on top of the first, which every record has: only they can multiply.
fn further(lines: usize, width: usize) -> usize {
    lines.saturating_sub(1).saturating_mul(width)
}

fn rows<'a>(
    env: &'a Environment,
    model: &'a Model,
    ids: &'a [i64],
    paths: &'a [Vec<String>],
    at: At<'a>,
) -> Promise<'a, Rows> {
    Box::pin(async move {
        if at.depth > DEEPEST {
            return Err(Error::User(format!("A path to export has {DEEPEST} steps at the most.")));
        }
        let mut columns: IndexMap<&str, Vec<Tail>> = IndexMap::new();
        for (place, path) in paths.iter().enumerate() {
            let first = path.first().map_or("", String::as_str);
            let tail = path.get(1..).unwrap_or_default().to_vec();
            columns.entry(first).or_default().push((place, tail));
        }
        let mut fields: Vec<&Field> = Vec::new();
        for name in columns.keys().filter(|name| **name != "id" && **name != ".id") {
            fields.push(field(env, model, name)?);
        }
        let mut distinct = ids.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let records = read::values(env, model, &distinct, &fields, Load::Classic).await?;
        let there: Vec<i64> = records.iter().filter_map(id_of).collect();
        let mut told: Rows = there.iter().map(|id| (*id, vec![vec![Json::from(""); paths.len()]])).collect();
        for (name, tails) in columns {
            let cells = match name {
                ".id" => own(&there, &tails, |id| Json::from(id.to_string())),
                "id" => {
                    let known = external_ids::of(env, model, &there).await?;
                    own(&there, &tails, |id| known.get(&id).cloned().unwrap_or_default().into())
                }
                name => behind(env, field(env, model, name)?, &records, &tails, at).await?,
            };
            join(&mut told, cells, &tails, paths.len());
        }
        Ok(told)
    })
}

fn id_of(record: &Values) -> Option<i64> {
    record.get("id").and_then(Json::as_i64)
}

/// The same kind of value for each record, once for each tail.
fn own(ids: &[i64], tails: &[Tail], value: impl Fn(i64) -> Json) -> Rows {
    ids.iter().map(|id| (*id, vec![vec![value(*id); tails.len()]])).collect()
}

/// Puts the cells of one field into the rows of their records.
fn join(told: &mut Rows, cells: Rows, tails: &[Tail], width: usize) {
    for (id, lines) in cells {
        let Some(rows) = told.get_mut(&id) else { continue };
        for (number, line) in lines.into_iter().enumerate() {
            if number >= rows.len() {
                rows.push(vec![Json::from(""); width]);
            }
            for ((place, _), value) in tails.iter().zip(line) {
                if let Some(cell) = rows.get_mut(number).and_then(|row| row.get_mut(*place)) {
                    *cell = value;
                }
            }
        }
    }
}

/// The cells of one field, for each record one line for each record behind it.
async fn behind(
    env: &Environment,
    field: &Field,
    records: &[Values],
    tails: &[Tail],
    at: At<'_>,
) -> Result<Rows> {
    let value = |record: &Values| record.get(&field.name).cloned().unwrap_or(Json::Bool(false));
    let each = |cells: &dyn Fn(&Values) -> Vec<Vec<Json>>| -> Rows {
        records.iter().filter_map(|record| Some((id_of(record)?, cells(record)))).collect()
    };
    let Some(comodel) = field.kind.comodel() else {
        return Ok(each(&|record| vec![vec![cell(field, value(record)); tails.len()]]));
    };
    let comodel = env.model(comodel)?;
    let linked = |record: &Values| -> Vec<i64> {
        match value(record) {
            Json::Array(ids) if field.kind.is_x2many() => ids.iter().filter_map(Json::as_i64).collect(),
            Json::Array(pair) => pair.first().and_then(Json::as_i64).into_iter().collect(),
            _ => Vec::new(),
        }
    };
    let all: Vec<i64> = records.iter().flat_map(linked).collect();
    // The name behind a many2one comes with the link, whatever the caller may see of the record;
    // all else of it is read as the caller.
    let comes_along = |tail: &[String]| tail.is_empty() && !field.kind.is_x2many();
    let named: Vec<Vec<String>> = tails
        .iter()
        .filter(|(_, tail)| !comes_along(tail))
        .map(|(_, tail)| if tail.is_empty() { vec!["display_name".to_owned()] } else { tail.clone() })
        .collect();
    let known = if named.is_empty() || all.is_empty() {
        Rows::new()
    } else {
        rows(env, &comodel, &all, &named, At { depth: at.depth + 1, ..at }).await?
    };
    for record in records {
        let lines = linked(record).iter().filter_map(|id| known.get(id)).map(Vec::len).sum();
        at.budget.spend(further(lines, tails.len()))?;
    }
    if field.kind.is_x2many() {
        let lines = |record: &Values| -> Vec<Vec<Json>> {
            linked(record).iter().filter_map(|id| known.get(id)).flatten().cloned().collect()
        };
        let is_list = matches!(field.kind, FieldType::Many2many { .. })
            && tails.iter().all(|(_, tail)| matches!(tail.as_slice(), [] | [_]) && is_reference(tail));
        return Ok(each(&|record| {
            if is_list { vec![listed(&lines(record), tails.len())] } else { lines(record) }
        }));
    }
    Ok(each(&|record| {
        let lines = linked(record).first().and_then(|id| known.get(id)).cloned().unwrap_or_default();
        let name = value(record).get(1).cloned().unwrap_or_else(|| "".into());
        linked_row(tails, lines, &name)
    }))
}

/// The lines behind a many2one, with its name in the first of them.
fn linked_row(tails: &[Tail], mut lines: Vec<Vec<Json>>, name: &Json) -> Vec<Vec<Json>> {
    if lines.is_empty() {
        lines.push(Vec::new());
    }
    let whole = |(number, line): (usize, Vec<Json>)| {
        let mut cells = line.into_iter();
        let cell = |(_, tail): &Tail| match tail.is_empty() {
            true if number == 0 => name.clone(),
            true => "".into(),
            false => cells.next().unwrap_or_else(|| "".into()),
        };
        tails.iter().map(cell).collect()
    };
    lines.into_iter().enumerate().map(whole).collect()
}

/// Whether a path ends at the record itself: at its name or an id.
fn is_reference(tail: &[String]) -> bool {
    match tail {
        [] => true,
        [last] => matches!(last.as_str(), "id" | ".id"),
        _ => false,
    }
}

/// Several records in one cell, separated by commas.
fn listed(lines: &[Vec<Json>], width: usize) -> Vec<Json> {
    let column = |place: usize| -> Vec<&str> {
        lines.iter().filter_map(|line| line.get(place)).filter_map(Json::as_str).collect()
    };
    (0..width).map(|place| column(place).join(",").into()).collect()
}

fn field<'a>(env: &Environment, model: &'a Model, name: &str) -> Result<&'a Field> {
    let field = model
        .field(name)
        .ok_or_else(|| Error::Value(format!("Invalid field '{name}' on model '{}'.", model.name)))?;
    if !access::has_field_access(env, model, field) {
        return Err(Error::User(format!(
            "The field '{name}' of '{}' cannot be exported: you are not allowed to see it.",
            model.description
        )));
    }
    Ok(field)
}

fn cell(field: &Field, value: Json) -> Json {
    match (&field.kind, value) {
        (FieldType::Boolean | FieldType::Integer | FieldType::Float | FieldType::Monetary, value) => value,
        (FieldType::Selection(options), Json::String(value)) => options
            .iter()
            .find(|(option, _)| *option == value)
            .map_or(value, |(_, label)| label.clone())
            .into(),
        (_, Json::Bool(false) | Json::Null) => "".into(),
        (_, value) => value,
    }
}
