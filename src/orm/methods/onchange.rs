//! `onchange`: what a form shows before its record is saved.
//!
//! A new record, for which nothing has been typed in yet, gets the defaults of all fields that the
//! specification names. Later a change of a many2one brings the fields that are read over it. What
//! else follows is for the models to say.

use serde_json::{Map, Value as Json, json};

use super::super::access::{self, Operation};
use super::super::behaviour::{Form, Promise, Values};
use super::super::command::Command;
use super::super::create;
use super::super::environment::Environment;
use super::super::field::{Field, FieldType};
use super::super::method::{Call, Reply};
use super::super::model::Model;
use super::super::python;
use super::super::read;
use super::super::web_read::{self, Specification, specification};
use crate::error::{Error, Result};

pub(super) fn onchange(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (env, model) = (call.env, call.model);
        access::check_model(env, model, Operation::Read)?;
        let specification = specification(call.arguments.take("fields_spec"))?;
        let given = super::records::values(call.arguments.take("values"), "values")?;
        let changed = names(&call.arguments.take("field_names"))?;
        if changed.iter().any(|name| model.field(name).is_none()) {
            return Ok(Reply::value(&json!({})));
        }
        let wanted: Vec<String> = specification.keys().cloned().collect();
        let fields = read::fields(env, model, Some(&wanted))?;
        let mut values = Map::new();
        let mut start = given.clone();
        let links: Vec<&str> = if changed.is_empty() {
            let known = create::Known::find(env, model).await?;
            for field in model.fields.values() {
                if !start.contains_key(&field.name)
                    && let Some(default) = create::default(env, model, field, &known)
                {
                    start.insert(field.name.clone(), default);
                }
            }
            for field in fields.iter().copied().filter(|field| !given.contains_key(&field.name)) {
                let value =
                    initial(env, field, start.get(&field.name), specification.get(&field.name)).await?;
                if let Some(value) = value {
                    values.insert(field.name.clone(), value);
                }
            }
            start.keys().map(String::as_str).collect()
        } else {
            changed.iter().map(String::as_str).collect()
        };
        follow(env, model, &fields, &links, &start, &mut values).await?;
        let form = Form { ids: &call.ids, changed: &changed, given: &start };
        let own = model.behaviour.onchange(env, model, &form).await?;
        values.extend(
            own.into_iter().filter(|(name, value)| wanted.contains(name) && given.get(name) != Some(value)),
        );
        Ok(Reply::value(&json!({"value": values})))
    })
}

/// The fields that changed: none, one, or several.
fn names(value: &Json) -> Result<Vec<String>> {
    match value {
        Json::String(name) if !name.is_empty() => Ok(vec![name.clone()]),
        Json::Array(items) => {
            let wrong = || Error::Type("'field_names' has to be a list of names".to_owned());
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        value if !python::truth(value) => Ok(Vec::new()),
        _ => Err(Error::Type("'field_names' has to be a list of names".to_owned())),
    }
}

/// What a form shows for a field of a new record; a list of lines without any is not told.
async fn initial(
    env: &Environment,
    field: &Field,
    default: Option<&Json>,
    asked: Option<&Json>,
) -> Result<Option<Json>> {
    let wanted = asked.and_then(|asked| asked.get("fields")).and_then(Json::as_object);
    match &field.kind {
        FieldType::Many2one { comodel, .. } => {
            let id = default.and_then(Json::as_i64).filter(|id| *id != 0);
            let Some(id) = id else { return Ok(Some(Json::Bool(false))) };
            let Some(wanted) = wanted else { return Ok(Some(id.into())) };
            let found = web_read::behind(env, &*env.model(comodel)?, &[id], wanted).await?;
            Ok(Some(found.get(&id).map_or(Json::Bool(false), |record| Json::Object(record.clone()))))
        }
        FieldType::One2many { comodel, .. } | FieldType::Many2many { comodel, .. } => {
            let Some(default) = default else { return Ok(None) };
            let lines = lines(env, &*env.model(comodel)?, field, default, wanted).await?;
            Ok((!lines.is_empty()).then_some(Json::Array(lines)))
        }
        FieldType::Boolean => Ok(Some(default.is_some_and(python::truth).into())),
        FieldType::Integer => Ok(Some(default.cloned().unwrap_or_else(|| 0.into()))),
        FieldType::Float | FieldType::Monetary => Ok(Some(default.cloned().unwrap_or_else(|| 0.0.into()))),
        _ => Ok(Some(default.cloned().filter(|value| !value.is_null()).unwrap_or(Json::Bool(false)))),
    }
}

/// The lines of a default, as the commands that make them: those that are there with what the form
/// shows of them.
async fn lines(
    env: &Environment,
    comodel: &Model,
    field: &Field,
    default: &Json,
    wanted: Option<&Specification>,
) -> Result<Vec<Json>> {
    let mut commands = Vec::new();
    for command in Command::parse(field, default)? {
        match command {
            Command::Create(values) => commands.push(json!([0, 0, values])),
            Command::Link(id) => commands.extend(links(env, comodel, &[id], wanted).await?),
            Command::Set(ids) => commands.extend(links(env, comodel, &ids, wanted).await?),
            _ => {}
        }
    }
    Ok(commands)
}

async fn links(
    env: &Environment,
    comodel: &Model,
    ids: &[i64],
    wanted: Option<&Specification>,
) -> Result<Vec<Json>> {
    let nothing = Specification::new();
    let mut found = web_read::behind(env, comodel, ids, wanted.unwrap_or(&nothing)).await?;
    Ok(ids.iter().filter_map(|id| found.remove(id).map(|record| json!([4, id, record]))).collect())
}

/// The fields that are read over one of the many2one fields `links`.
async fn follow(
    env: &Environment,
    model: &Model,
    fields: &[&Field],
    links: &[&str],
    given: &Values,
    values: &mut Values,
) -> Result<()> {
    for field in fields {
        let Some([link, rest @ ..]) = field.related_path() else { continue };
        let [target] = rest else { continue };
        let is_asked = links.contains(&link.as_str()) && !links.contains(&field.name.as_str());
        let Some(FieldType::Many2one { comodel, .. }) = model.field(link).map(|field| &field.kind) else {
            continue;
        };
        if !is_asked || field.kind.is_x2many() || field.kind.is_binary() {
            continue;
        }
        let comodel = env.model(comodel)?;
        let id = given.get(link).and_then(|value| value.as_i64().or_else(|| value.get("id")?.as_i64()));
        let wanted: Specification = [(target.clone(), json!({}))].into_iter().collect();
        let found = web_read::behind(env, &comodel, &id.into_iter().collect::<Vec<i64>>(), &wanted).await?;
        let value = found.into_values().next().and_then(|mut record| record.shift_remove(target));
        values.insert(field.name.clone(), value.unwrap_or(Json::Bool(false)));
    }
    Ok(())
}
