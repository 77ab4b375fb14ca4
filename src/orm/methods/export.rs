//! `export_data`: records as rows of a table, paths such as `model_scheme_id/name` as columns.

use serde_json::{Value as Json, json};

use super::super::access;
use super::super::behaviour::Promise;
use super::super::environment::Environment;
use super::super::field::{Field, FieldType};
use super::super::method::{Call, Reply};
use super::super::model::Model;
use super::super::read::{self, Load};
use super::super::registry::{int, text};
use crate::db::Sql;
use crate::error::{Error, Result};

/// How far a path may lead.
const DEEPEST: usize = 8;

pub(super) fn export_data(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let paths = call.arguments.names("fields_to_export")?.unwrap_or_default();
        let paths: Vec<Vec<String>> =
            paths.iter().map(|path| path.split('/').map(str::to_owned).collect()).collect();
        let mut rows = Vec::new();
        for id in &call.ids {
            rows.extend(rows_of(call.env, call.model, *id, &paths, 0).await?);
        }
        Ok(Reply::value(&json!({"datas": rows})))
    })
}

/// The rows of one record: the first has its own values and those of its first lines, further ones
/// the other lines.
fn rows_of<'a>(
    env: &'a Environment,
    model: &'a Model,
    id: i64,
    paths: &'a [Vec<String>],
    depth: usize,
) -> Promise<'a, Vec<Vec<Json>>> {
    Box::pin(async move {
        if depth > DEEPEST {
            return Err(Error::User(format!("A path to export has {DEEPEST} steps at the most.")));
        }
        let mut rows: Vec<Vec<Json>> = vec![vec![Json::from(""); paths.len()]];
        let mut firsts: Vec<&str> =
            paths.iter().filter_map(|path| path.first()).map(String::as_str).collect();
        firsts.dedup();
        let mut done: Vec<&str> = Vec::new();
        for first in firsts {
            if done.contains(&first) {
                continue;
            }
            done.push(first);
            let places: Vec<usize> = (0..paths.len())
                .filter(|place| {
                    paths.get(*place).and_then(|path| path.first()).is_some_and(|own| own == first)
                })
                .collect();
            let tails: Vec<Vec<String>> = places
                .iter()
                .filter_map(|place| paths.get(*place))
                .map(|path| path.iter().skip(1).cloned().collect())
                .collect();
            let cells = cells(env, model, id, first, &tails, depth).await?;
            for (number, line) in cells.into_iter().enumerate() {
                if number >= rows.len() {
                    rows.push(vec![Json::from(""); paths.len()]);
                }
                for (place, value) in places.iter().zip(line) {
                    if let Some(cell) = rows.get_mut(number).and_then(|row| row.get_mut(*place)) {
                        *cell = value;
                    }
                }
            }
        }
        Ok(rows)
    })
}

/// The values of one field, one line for each record behind it, one value for each tail of a path.
async fn cells(
    env: &Environment,
    model: &Model,
    id: i64,
    name: &str,
    tails: &[Vec<String>],
    depth: usize,
) -> Result<Vec<Vec<Json>>> {
    if name == ".id" || name == "id" {
        let value = if name == "id" { external_id(env, model, id).await? } else { id.to_string() };
        return Ok(vec![vec![Json::from(value); tails.len()]]);
    }
    let field = field(env, model, name)?;
    let record = read::values(env, model, &[id], &[field], Load::Classic).await?.into_iter().next();
    let value = record.and_then(|mut record| record.remove(name)).unwrap_or(Json::Bool(false));
    let Some(comodel) = field.kind.comodel() else {
        return Ok(vec![vec![cell(field, value); tails.len()]]);
    };
    let comodel = env.model(comodel)?;
    let behind: Vec<i64> = match &value {
        Json::Array(ids) if field.kind.is_x2many() => ids.iter().filter_map(Json::as_i64).collect(),
        Json::Array(pair) => pair.first().and_then(Json::as_i64).into_iter().collect(),
        _ => Vec::new(),
    };
    if let FieldType::Many2one { .. } = field.kind {
        return behind_link(env, &comodel, &value, &behind, tails, depth).await;
    }
    // A path that ends here means the names.
    let named: Vec<Vec<String>> = tails
        .iter()
        .map(|tail| if tail.is_empty() { vec!["display_name".to_owned()] } else { tail.clone() })
        .collect();
    let mut lines = Vec::new();
    for other in behind {
        lines.extend(rows_of(env, &comodel, other, &named, depth + 1).await?);
    }
    if let (FieldType::Many2many { .. }, true) = (&field.kind, tails.iter().all(Vec::is_empty)) {
        let names: Vec<&str> =
            lines.iter().filter_map(|line| line.first()).filter_map(Json::as_str).collect();
        return Ok(vec![vec![Json::from(names.join(",")); tails.len()]]);
    }
    Ok(lines)
}

/// The name behind a many2one comes with the link, whatever the caller may see of the record; all
/// else of it is read as the caller.
async fn behind_link(
    env: &Environment,
    comodel: &Model,
    value: &Json,
    behind: &[i64],
    tails: &[Vec<String>],
    depth: usize,
) -> Result<Vec<Vec<Json>>> {
    let Some(id) = behind.first() else { return Ok(vec![vec![Json::from(""); tails.len()]]) };
    let further: Vec<Vec<String>> = tails.iter().filter(|tail| !tail.is_empty()).cloned().collect();
    let mut lines = if further.is_empty() {
        vec![Vec::new()]
    } else {
        rows_of(env, comodel, *id, &further, depth + 1).await?
    };
    let name = value.get(1).cloned().unwrap_or_else(|| Json::from(""));
    for (number, line) in lines.iter_mut().enumerate() {
        let mut cells = std::mem::take(line).into_iter();
        let own = if number == 0 { name.clone() } else { Json::from("") };
        *line =
            tails
                .iter()
                .map(|tail| {
                    if tail.is_empty() { own.clone() } else { cells.next().unwrap_or_else(|| Json::from("")) }
                })
                .collect();
    }
    Ok(lines)
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

/// The external id of a record, made when it has none yet, so that it can be imported again.
async fn external_id(env: &Environment, model: &Model, id: i64) -> Result<String> {
    let statement = Sql::text("SELECT id, module || '.' || name FROM ir_model_data WHERE model = ")
        .then(Sql::param(model.name.as_str()))
        .and_text(" AND res_id = ")
        .then(Sql::param(id))
        .and_text(" ORDER BY id LIMIT 1");
    if let Some(row) = env.connection().query(statement).await?.first() {
        return Ok(text(row, 1));
    }
    let name = format!("{}_{id}_{}", model.table, env.world().token(8).to_lowercase());
    let statement =
        Sql::text("INSERT INTO ir_model_data (module, name, model, res_id, noupdate) VALUES ('__export__', ")
            .then(Sql::param(name.as_str()))
            .and_text(", ")
            .then(Sql::param(model.name.as_str()))
            .and_text(", ")
            .then(Sql::param(id))
            .and_text(", false) RETURNING id");
    let made = env.connection().query(statement).await?;
    debug_assert!(made.first().is_some_and(|row| int(row, 0) > 0));
    Ok(format!("__export__.{name}"))
}
