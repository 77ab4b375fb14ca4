//! copy: a new record with the values of another, lines and translations included.

use serde_json::{Value as Json, json};

use super::super::access::{self, Operation};
use super::super::behaviour::{Promise, Values};
use super::super::create::create;
use super::super::environment::Environment;
use super::super::field::{Field, FieldType};
use super::super::method::{Call, Reply};
use super::super::model::Model;
use super::super::read::{self, Load};
use super::records::{ids_reply, values};
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::Result;

pub(super) fn copy(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        access::check_model(call.env, call.model, Operation::Create)?;
        let default = values(call.arguments.take("default"), "default")?;
        let mut made = Vec::with_capacity(call.ids.len());
        for id in &call.ids {
            let mut copied = copied(call.env, call.model, *id, &default).await?;
            copied.extend(default.clone());
            let twin = create(call.env, call.model, vec![copied]).await?;
            for twin in &twin {
                translations(call.env, call.model, *id, *twin, &default).await?;
            }
            made.extend(twin);
        }
        Ok(ids_reply(&made))
    })
}

fn is_copied(env: &Environment, model: &Model, field: &Field) -> bool {
    field.copy
        && !field.is_computed()
        && (field.is_stored() || field.inherited)
        && field.related_path().is_none_or(|_| field.inherited)
        && access::has_field_access(env, model, field)
}

/// The values of a record as a new one would be given them.
fn copied<'a>(env: &'a Environment, model: &'a Model, id: i64, default: &'a Values) -> Promise<'a, Values> {
    Box::pin(async move {
        let fields: Vec<&Field> = model
            .fields
            .values()
            .filter(|field| is_copied(env, model, field) && !default.contains_key(&field.name))
            .collect();
        let found = read::values(env, model, &[id], &fields, Load::Raw).await?;
        let mut record = found.into_iter().next().ok_or_else(|| super::super::write::gone(model, &[id]))?;
        record.remove("id");
        for field in fields {
            let Some(value) = record.get_mut(&field.name) else { continue };
            match &field.kind {
                FieldType::Many2many { .. } => *value = json!([[6, 0, value.take()]]),
                FieldType::One2many { comodel, inverse } => {
                    let comodel = env.model(comodel)?;
                    let lines: Vec<i64> =
                        value.as_array().into_iter().flatten().filter_map(Json::as_i64).collect();
                    let mut commands = Vec::with_capacity(lines.len());
                    let skipped: Values = [(inverse.clone(), Json::Null)].into_iter().collect();
                    for line in lines {
                        commands.push(json!([0, 0, copied(env, &comodel, line, &skipped).await?]));
                    }
                    *value = Json::Array(commands);
                }
                _ => {}
            }
        }
        Ok(record)
    })
}

/// Takes along the other languages of translated texts that were not given anew.
async fn translations(env: &Environment, model: &Model, id: i64, twin: i64, default: &Values) -> Result<()> {
    let fields: Vec<&Field> = model
        .fields
        .values()
        .filter(|field| {
            field.translate
                && field.has_column()
                && is_copied(env, model, field)
                && !default.contains_key(&field.name)
        })
        .collect();
    if fields.is_empty() || env.registry().languages.len() < 2 {
        return Ok(());
    }
    let sets =
        fields.iter().map(|field| ident(&field.name).and_text(" = ").then(column("origin", &field.name)));
    let statement = Sql::text("UPDATE ")
        .then(ident(&model.table))
        .and_text(" AS twin SET ")
        .then(Sql::join(sets, ", "))
        .and_text(" FROM ")
        .then(ident(&model.table))
        .and_text(" AS origin WHERE twin.id = ")
        .then(Sql::param(twin))
        .and_text(" AND origin.id = ")
        .then(Sql::param(id));
    env.connection().execute(statement).await?;
    Ok(())
}
