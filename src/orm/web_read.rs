//! Reads records as the web client asks for them: a specification names the fields, and those of the
//! records behind them.
//!
//! `{"name": {}, "scheme_id": {"fields": {"display_name": {}}}, "uri_ids": {"fields": {"uri": {}}, "limit": 40}}`

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value as Json, json};

use super::access::{self, Operation};
use super::behaviour::{Promise, Values};
use super::budget::Budget;
use super::context::Context;
use super::domain::{Domain, Operator};
use super::environment::Environment;
use super::field::{Field, FieldType};
use super::model::Model;
use super::python;
use super::query::{self, Page, SELF};
use super::read::{self, Load};
use super::registry::int;
use crate::db::sql::column;
use crate::error::{Error, Result};

/// What is asked of each field.
pub type Specification = Map<String, Json>;

/// A specification as a client sends it.
///
/// # Errors
///
/// [`Error::Type`] when it is no object.
pub fn specification(value: Json) -> Result<Specification> {
    match value {
        Json::Object(fields) => Ok(fields),
        value if !python::truth(&value) => Ok(Specification::new()),
        other => Err(Error::Type(format!(
            "A specification has to be an object, not {}.",
            python::type_name(&other)
        ))),
    }
}

/// Reads records in the order of their ids; missing ones are left out.
///
/// # Errors
///
/// As [`read::read`], and [`Error::User`] for more than an answer may hold.
pub async fn web_read(
    env: &Environment,
    model: &Model,
    ids: &[i64],
    specification: &Specification,
) -> Result<Vec<Values>> {
    read_in(env, model, ids, specification, &Budget::default()).await
}

/// Records that others point to, as [`web_read`] reads them. Their names are told whatever the caller
/// may see of the records themselves, as in Odoo; all else of those that the caller sees only.
///
/// # Errors
///
/// As [`web_read`].
pub async fn behind(
    env: &Environment,
    comodel: &Model,
    ids: &[i64],
    wanted: &Specification,
) -> Result<HashMap<i64, Values>> {
    behind_in(env, comodel, ids, wanted, &Budget::default()).await
}

/// The values in a record, those within it among them.
fn size(record: &Values) -> usize {
    fn of(value: &Json) -> usize {
        match value {
            Json::Array(items) => 1 + items.iter().map(of).sum::<usize>(),
            Json::Object(entries) => 1 + entries.values().map(of).sum::<usize>(),
            _ => 1,
        }
    }
    record.values().map(of).sum()
}

/// A record that stands in several places, and what each of them costs.
struct Shared {
    record: Values,
    size: usize,
}

impl Shared {
    fn new(record: Values) -> Self {
        let size = size(&record);
        Self { record, size }
    }

    fn copy(&self, budget: &Budget) -> Result<Json> {
        budget.spend(self.size)?;
        Ok(Json::Object(self.record.clone()))
    }
}

fn read_in<'a>(
    env: &'a Environment,
    model: &'a Model,
    ids: &'a [i64],
    specification: &'a Specification,
    budget: &'a Budget,
) -> Promise<'a, Vec<Values>> {
    Box::pin(async move {
        let names: Vec<String> = specification.keys().cloned().collect();
        let fields = read::fields(env, model, Some(&names))?;
        let names_suffice = |field: &&Field| is_named(specification.get(&field.name));
        let load = if fields.iter().any(names_suffice) { Load::Classic } else { Load::Raw };
        let mut records = read::values(env, model, ids, &fields, load).await?;
        for field in fields {
            if load == Load::Classic && matches!(field.kind, FieldType::Many2one { .. }) {
                let is_named = names_suffice(&field);
                for record in &mut records {
                    unfold(record, &field.name, is_named);
                }
                if is_named {
                    continue;
                }
            }
            let Some(asked) = specification.get(&field.name).and_then(Json::as_object) else { continue };
            if asked.is_empty() {
                continue;
            }
            let inner = with_context(env, asked)?;
            if field.kind.is_x2many() {
                lines(&inner, field, asked, &mut records, budget).await?;
            } else if let (FieldType::Many2one { comodel, .. }, Some(Json::Object(wanted))) =
                (&field.kind, asked.get("fields"))
            {
                let comodel = env.model(comodel)?;
                links(&inner, &comodel, field, wanted, &mut records, budget).await?;
            }
        }
        Ok(records)
    })
}

/// Whether nothing but the name is asked of the record behind a many2one: that comes with the rows.
fn is_named(asked: Option<&Json>) -> bool {
    let Some(asked) = asked.filter(|asked| !asked.get("context").is_some_and(python::truth)) else {
        return false;
    };
    let wanted = asked.get("fields").and_then(Json::as_object);
    wanted.is_some_and(|wanted| wanted.len() == 1 && wanted.contains_key("display_name"))
}

/// Turns `[id, "name"]` into the object of both, or into the id.
fn unfold(record: &mut Values, field: &str, is_named: bool) {
    let Some(value) = record.get_mut(field) else { return };
    if let Json::Array(pair) = value {
        let mut pair = std::mem::take(pair).into_iter();
        let (id, name) = (pair.next().unwrap_or_default(), pair.next().unwrap_or_default());
        *value = if is_named { json!({"id": id, "display_name": name}) } else { id };
    }
}

/// The environment with what the specification adds to the context.
fn with_context(env: &Environment, asked: &Specification) -> Result<Environment> {
    let Some(Json::Object(more)) = asked.get("context").filter(|context| python::truth(context)) else {
        return Ok(env.clone());
    };
    let mut raw = env.context.raw.clone();
    raw.extend(more.clone());
    let inner = env.with_context(Context::parse(raw, env.user(), env.registry())?);
    Ok(inner)
}

/// Puts the records behind a many2one in the place of their ids.
async fn links(
    env: &Environment,
    comodel: &Model,
    field: &Field,
    wanted: &Specification,
    records: &mut [Values],
    budget: &Budget,
) -> Result<()> {
    let ids: BTreeSet<i64> =
        records.iter().filter_map(|record| record.get(&field.name).and_then(Json::as_i64)).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let behind = behind_in(env, comodel, &ids, wanted, budget).await?;
    let behind: HashMap<i64, Shared> =
        behind.into_iter().map(|(id, record)| (id, Shared::new(record))).collect();
    for record in records {
        if let Some(value) = record.get_mut(&field.name)
            && let Some(id) = value.as_i64()
        {
            // A record that went a moment ago is nothing.
            *value = behind.get(&id).map_or(Ok(Json::Bool(false)), |found| found.copy(budget))?;
        }
    }
    Ok(())
}

async fn behind_in(
    env: &Environment,
    comodel: &Model,
    ids: &[i64],
    wanted: &Specification,
    budget: &Budget,
) -> Result<HashMap<i64, Values>> {
    let mut found: HashMap<i64, Values> = HashMap::with_capacity(ids.len());
    if ids.is_empty() {
        return Ok(found);
    }
    let named: Vec<&Field> =
        comodel.field("display_name").into_iter().filter(|field| wanted.contains_key(&field.name)).collect();
    for record in read::values(&env.sudo(), comodel, ids, &named, Load::Raw).await? {
        found.insert(id_of(&record), record);
    }
    let mut rest = wanted.clone();
    rest.shift_remove("display_name");
    rest.shift_remove("id");
    if rest.is_empty() || !access::has_model_access(env, comodel, Operation::Read) {
        return Ok(found);
    }
    let visible = in_order(env, comodel, ids, "").await?;
    for mut record in read_in(env, comodel, &visible, &rest, budget).await? {
        if let Some(known) = found.get_mut(&id_of(&record)) {
            record.shift_remove("id");
            known.append(&mut record);
        }
    }
    Ok(found)
}

fn id_of(record: &Values) -> i64 {
    record.get("id").and_then(Json::as_i64).unwrap_or_default()
}

/// Those of some records that the caller sees, in an order; archived ones too.
async fn in_order(env: &Environment, model: &Model, ids: &[i64], order: &str) -> Result<Vec<i64>> {
    let domain = Domain::condition("id", Operator::In, ids.to_vec());
    let page = Page { order: order.to_owned(), ..Page::default() };
    let env = env.with_active_test(false);
    let select = query::select(&env, model, column(SELF, "id"), domain, &page)?;
    let rows = env.connection().read_guarded(|guard| select.statement(guard)).await?;
    Ok(rows.iter().map(|row| int(row, 0)).collect())
}

/// Puts lines in the place of their ids: as many as the limit says, of the others the id alone.
async fn lines(
    env: &Environment,
    field: &Field,
    asked: &Specification,
    records: &mut [Values],
    budget: &Budget,
) -> Result<()> {
    let comodel = env.model(field.kind.comodel().unwrap_or_default())?;
    let mut lists: Vec<Vec<i64>> = records.iter().map(|record| ids_of(record.get(&field.name))).collect();
    let order = asked.get("order").and_then(Json::as_str).unwrap_or_default();
    if !order.is_empty() {
        let all: BTreeSet<i64> = lists.iter().flatten().copied().collect();
        let sorted = in_order(env, &comodel, &all.into_iter().collect::<Vec<i64>>(), order).await?;
        let places: HashMap<i64, usize> = sorted.into_iter().enumerate().map(|(at, id)| (id, at)).collect();
        for list in &mut lists {
            list.sort_by_key(|id| places.get(id).copied().unwrap_or(usize::MAX));
        }
    }
    let Some(Json::Object(wanted)) = asked.get("fields") else {
        put(field, records, lists.into_iter().map(Json::from));
        return Ok(());
    };
    let limit = asked.get("limit").and_then(Json::as_u64).and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let within: BTreeSet<i64> = lists.iter().flat_map(|list| list.iter().take(limit)).copied().collect();
    let within: Vec<i64> = within.into_iter().collect();
    let read = read_in(env, &comodel, &within, wanted, budget).await?;
    let by_id: HashMap<i64, Shared> =
        read.into_iter().map(|line| (id_of(&line), Shared::new(line))).collect();
    let mut written: Vec<Json> = Vec::with_capacity(lists.len());
    for list in lists {
        let line = |id: i64| match by_id.get(&id) {
            Some(line) => line.copy(budget),
            None => Ok(json!({"id": id})),
        };
        written.push(list.into_iter().map(line).collect::<Result<_>>()?);
    }
    put(field, records, written.into_iter());
    Ok(())
}

fn put(field: &Field, records: &mut [Values], lists: impl Iterator<Item = Json>) {
    for (record, list) in records.iter_mut().zip(lists) {
        record.insert(field.name.clone(), list);
    }
}

fn ids_of(value: Option<&Json>) -> Vec<i64> {
    value.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_i64).collect()
}
