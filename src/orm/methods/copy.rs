//! copy and `copy_data`: a new record with the values of another, lines and translations included.

use serde_json::{Value as Json, json};

use super::super::access::{self, Operation};
use super::super::behaviour::{Promise, Values};
use super::super::context::Context;
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
        if !call.ids.is_empty() {
            access::check_model(call.env, call.model, Operation::Create)?;
        }
        let default = values(call.arguments.take("default"), "default")?;
        // Archived lines belong to a record as well, and a picture is more than its size.
        let whole = Context { active_test: false, bin_size: false, ..(*call.env.context).clone() };
        let origin = call.env.with_context(whole);
        let mut made = Vec::with_capacity(call.ids.len());
        for id in &call.ids {
            let copied = copied(&origin, call.model, *id, &default).await?;
            let twin = create(call.env, call.model, vec![copied]).await?;
            for twin in &twin {
                translations(call.env, call.model, *id, *twin, &default).await?;
            }
            made.extend(twin);
        }
        Ok(ids_reply(&made))
    })
}

/// What [`copy`] would make new records with; of the lines those that are in sight.
pub(super) fn copy_data(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let default = values(call.arguments.take("default"), "default")?;
        let mut all = Vec::with_capacity(call.ids.len());
        for id in &call.ids {
            all.push(Json::Object(copied(call.env, call.model, *id, &default).await?));
        }
        Ok(Reply::value(&Json::Array(all)))
    })
}

/// Whether a copy has the value of a field. A secret is its record's alone; what is read over a link is
/// copied as long as nobody says which record to link to instead.
fn is_copied(env: &Environment, model: &Model, field: &Field, default: &Values) -> bool {
    field.copy
        && !field.sealed
        && !field.is_computed()
        && (field.is_stored() || field.inherited)
        && is_own(field, default)
        && access::has_field_access(env, model, field)
}

/// Whether a copy gets a value of its own for a field that `default` does not speak of.
fn is_own(field: &Field, default: &Values) -> bool {
    let is_free = |path: &[String]| path.first().is_some_and(|link| !default.contains_key(link));
    !default.contains_key(&field.name)
        && field.related_path().is_none_or(|path| field.inherited && is_free(path))
}

/// The fields by which a copy is told from its origin.
fn renamed<'a>(env: &Environment, model: &'a Model, default: &Values) -> Vec<&'a Field> {
    let names = model.behaviour.renamed_in_copies().iter();
    names
        .filter_map(|name| model.field(name))
        .filter(|field| is_own(field, default) && access::has_field_access(env, model, field))
        .collect()
}

/// The values of a record as a new one would be given them, those of `default` among them.
fn copied<'a>(env: &'a Environment, model: &'a Model, id: i64, default: &'a Values) -> Promise<'a, Values> {
    Box::pin(async move {
        let renamed = renamed(env, model, default);
        let mut fields: Vec<&Field> =
            model.fields.values().filter(|field| is_copied(env, model, field, default)).collect();
        for field in &renamed {
            if fields.iter().all(|known| known.name != field.name) {
                fields.push(field);
            }
        }
        let found = read::values(env, model, &[id], &fields, Load::Raw).await?;
        let mut record = found.into_iter().next().ok_or_else(|| super::super::write::gone(model, &[id]))?;
        record.remove("id");
        for field in fields {
            let Some(value) = record.get_mut(&field.name) else { continue };
            match &field.kind {
                FieldType::Many2many { .. } => *value = json!([[6, 0, value.take()]]),
                FieldType::One2many { comodel, .. } => {
                    let comodel = env.model(comodel)?;
                    let mut lines: Vec<i64> =
                        value.as_array().into_iter().flatten().filter_map(Json::as_i64).collect();
                    lines.sort_unstable();
                    let mut commands = Vec::with_capacity(lines.len());
                    for line in lines {
                        commands.push(json!([0, 0, copied(env, &comodel, line, &Values::new()).await?]));
                    }
                    *value = Json::Array(commands);
                }
                _ => {}
            }
        }
        for field in renamed {
            if let Some(Json::String(text)) = record.get_mut(&field.name) {
                text.push_str(" (copy)");
            }
        }
        record.extend(default.clone());
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
                && is_copied(env, model, field, default)
                && !model.behaviour.renamed_in_copies().contains(&field.name.as_str())
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
