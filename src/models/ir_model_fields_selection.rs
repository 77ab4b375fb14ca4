//! The options of selections as records: the declared ones, and those of made fields.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::ir_model_fields::{self, DECLARED, Row};
use crate::db::Sql;
use crate::db::sql::ident;
use crate::error::{Error, Result};
use crate::orm::access::eval;
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::declare::{char, integer, many2one};
use crate::orm::environment::Environment;
use crate::orm::field::OnDelete;
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::registry::{int, text, version};

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("ir.model.fields.selection", "Fields Selection")
            .order("sequence, id")
            .fields([
                many2one("field_id", "ir.model.fields")
                    .string("Field")
                    .ondelete(OnDelete::Cascade)
                    .required()
                    .index(),
                char("value").required(),
                char("name").required().translate(),
                integer("sequence").default(1000),
            ])
            .constraint(
                "selection_field_uniq",
                "UNIQUE (field_id, value)",
                "The values of a selection must be unique.",
            )
            .behaviour(&Options),
    ]
}

struct Options;

/// Options that came as Python writes them: `[('a', 'A'), ('b', 'B')]`.
pub(super) fn parse(name: &str, value: &Json) -> Result<Vec<Json>> {
    let wrong = || {
        Error::Validation(format!(
            "The options of '{name}' have to be written as [('value', 'Label'), …], not {}.",
            python::repr(value)
        ))
    };
    let list = match value {
        Json::String(written) => {
            let parsed = eval::parse(written).map_err(|_error| wrong())?;
            eval::constant(&parsed).ok_or_else(wrong)?
        }
        other => other.clone(),
    };
    let pairs = list.as_array().ok_or_else(wrong)?;
    let line = |(place, pair): (usize, &Json)| match pair.as_array().map(Vec::as_slice) {
        Some([value @ Json::String(_), label @ Json::String(_)]) => {
            Ok(json!({"value": value, "name": label, "sequence": place}))
        }
        _ => Err(wrong()),
    };
    pairs.iter().enumerate().map(line).collect()
}

/// The commands that make the options of a field be these: known ones keep their line.
pub(super) async fn replace(env: &Environment, field: &Row, value: &Json) -> Result<Json> {
    let wanted = parse(&field.name, value)?;
    let statement = Sql::text("SELECT value, id FROM ir_model_fields_selection WHERE field_id = ");
    let rows = env.connection().query(statement.then(Sql::param(field.id))).await?;
    let mut known: HashMap<String, i64> = rows.iter().map(|row| (text(row, 0), int(row, 1))).collect();
    let mut commands: Vec<Json> = wanted
        .into_iter()
        .map(|line| match known.remove(line.get("value").and_then(Json::as_str).unwrap_or_default()) {
            Some(id) => json!([1, id, line]),
            None => json!([0, 0, line]),
        })
        .collect();
    commands.extend(known.into_values().map(|id| json!([2, id])));
    Ok(Json::Array(commands))
}

/// `UPDATE` of all records that have a value in a selection.
fn update(env: &Environment, field: &Row, from: &str, to: Option<&str>) -> Sql {
    Sql::text("UPDATE ")
        .then(ident(&field.table(env)))
        .and_text(" SET ")
        .then(ident(&field.name))
        .and_text(" = ")
        .then(to.map_or_else(|| Sql::text("NULL"), Sql::param))
        .and_text(" WHERE ")
        .then(ident(&field.name))
        .and_text(" = ")
        .then(Sql::param(from))
}

/// The fields of some options, all of them selections that were made.
async fn made(env: &Environment, fields: &[i64]) -> Result<Vec<Row>> {
    let found = ir_model_fields::rows(env, fields).await?;
    for field in &found {
        if !field.is_manual {
            return Err(Error::User(format!(
                "The options of '{}' ({}): {DECLARED}",
                field.name, field.model
            )));
        }
        if field.ttype != "selection" {
            return Err(Error::User(format!(
                "The field '{}' ({}) is no selection.",
                field.name, field.model
            )));
        }
    }
    Ok(found)
}

/// The options of some ids: the field of each, and its value.
async fn options(env: &Environment, ids: &[i64]) -> Result<Vec<(i64, String)>> {
    let statement = Sql::text("SELECT field_id, value FROM ir_model_fields_selection WHERE id = ANY(");
    let rows = env.connection().query(statement.then(Sql::param(ids.to_vec())).and_text(")")).await?;
    Ok(rows.iter().map(|row| (int(row, 0), text(row, 1))).collect())
}

/// Gives the records that have a value another one, or none.
async fn revalue(env: &Environment, ids: &[i64], to: Option<&str>) -> Result<()> {
    let options = options(env, ids).await?;
    let fields = made(env, &options.iter().map(|(field, _)| *field).collect::<Vec<i64>>()).await?;
    for (field_id, value) in &options {
        let Some(field) = fields.iter().find(|field| field.id == *field_id) else { continue };
        // The option of a field that was made within this very call has no column yet.
        let is_served =
            env.registry().find(&field.model).is_some_and(|model| model.field(&field.name).is_some());
        if is_served && to != Some(value.as_str()) {
            env.connection().execute(update(env, field, value, to)).await?;
        }
    }
    Ok(())
}

impl Behaviour for Options {
    fn before_create<'a>(&'a self, env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        Box::pin(async move {
            version::take_turn(env.services()).await?;
            let fields: Vec<i64> =
                values.iter().filter_map(|record| record.get("field_id").and_then(Json::as_i64)).collect();
            made(env, &fields).await.map(|_fields| ())
        })
    }

    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            version::take_turn(env.services()).await?;
            if values.contains_key("field_id") {
                return Err(Error::User("An option stays with its field.".to_owned()));
            }
            match values.get("value") {
                Some(value) => revalue(env, ids, Some(value.as_str().unwrap_or_default())).await,
                // The labels of shipped options may be put into other words.
                None if values.keys().all(|name| name == "name") => Ok(()),
                None => {
                    let fields = options(env, ids).await?.into_iter().map(|(field, _)| field);
                    made(env, &fields.collect::<Vec<i64>>()).await.map(|_fields| ())
                }
            }
        })
    }

    fn before_unlink<'a>(&'a self, env: &'a Environment, ids: &'a [i64]) -> Promise<'a, ()> {
        Box::pin(async move {
            version::take_turn(env.services()).await?;
            revalue(env, ids, None).await
        })
    }

    /// An option has a value that can be told from having none.
    fn validate(&self, _env: &Environment, values: &Values) -> Result<()> {
        match values.get("value") {
            Some(Json::String(value)) if value.trim().is_empty() => {
                Err(Error::Validation("The value of an option cannot be empty.".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn staleness(&self) -> Staleness {
        Staleness::Schema
    }
}
