//! What the web client calls: views, pages of records by specification, saving, groups.

use serde_json::{Map, Value as Json, json};

use super::super::access::{self, Operation};
use super::super::behaviour::{Promise, Values};
use super::super::context::Context;
use super::super::create;
use super::super::domain::Domain;
use super::super::environment::Environment;
use super::super::method::{Call, Reply};
use super::super::model::Model;
use super::super::python;
use super::super::query::{self, Page, SELF};
use super::super::registry::int;
use super::super::view::{self, Kind, View, stored};
use super::super::web_read::{specification, web_read};
use super::super::write;
use super::search::{domain, page};
use super::{group, naming, records, toolbar};
use crate::db::sql::column;
use crate::error::{Error, Result};

fn reply(records: Vec<Values>) -> Reply {
    Reply::value(&records.into_iter().map(Json::Object).collect())
}

pub(super) fn web_read_records(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let specification = specification(call.arguments.take("specification"))?;
        Ok(reply(web_read(call.env, call.model, &call.ids, &specification).await?))
    })
}

/// The ids of a page.
async fn ids(env: &Environment, model: &Model, domain: Domain, page: &Page) -> Result<Vec<i64>> {
    let select = query::select(env, model, column(SELF, "id"), domain, page)?;
    let rows = env.connection().read_guarded(|guard| select.statement(guard)).await?;
    Ok(rows.iter().map(|row| int(row, 0)).collect())
}

/// How many there are in all: counted when the page is full only.
fn is_full(page: &Page, found: usize) -> bool {
    page.limit.is_some_and(|limit| i64::try_from(found).is_ok_and(|found| found >= limit))
}

fn counted(page: &Page, found: usize) -> i64 {
    if found == 0 { 0 } else { page.offset + i64::try_from(found).unwrap_or_default() }
}

pub(super) fn web_search_read(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (env, model) = (call.env, call.model);
        let specification = specification(call.arguments.take("specification"))?;
        let domain = domain(&call.arguments, "domain")?;
        let page = page(&call.arguments)?;
        let ids = ids(env, model, domain.clone(), &page).await?;
        let records = web_read(env, model, &ids, &specification).await?;
        let so_far = counted(&page, ids.len());
        let count_limit = call.arguments.count("count_limit")?;
        // Who asks for no more than so many learns nothing from counting once they are there.
        let is_enough = count_limit.is_some_and(|limit| limit <= so_far);
        let length = if is_full(&page, ids.len()) && !is_enough {
            let counting = query::count(env, model, domain, count_limit)?;
            env.connection().query(counting).await?.first().map_or(0, |row| int(row, 0))
        } else {
            so_far
        };
        let records: Vec<Json> = records.into_iter().map(Json::Object).collect();
        Ok(Reply::value(&json!({"length": length, "records": records})))
    })
}

/// Makes a record or changes some, and reads what became of it, or the next one.
pub(super) fn web_save(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (env, model) = (call.env, call.model);
        let specification = specification(call.arguments.take("specification"))?;
        let values = records::values(call.arguments.take("vals"), "vals")?;
        let saved = if call.ids.is_empty() {
            create::create(env, model, vec![values]).await?
        } else {
            write::write(env, model, &call.ids, values).await?;
            call.ids.clone()
        };
        let next = call.arguments.get("next_id").and_then(Json::as_i64);
        let shown = next.map_or(saved, |id| vec![id]);
        // A default of the context was meant for what has just been made; and who saved a file has it.
        let context = Context { bin_size: true, ..env.context.without_defaults() };
        let inner = env.with_context(context);
        Ok(reply(web_read(&inner, model, &shown, &specification).await?))
    })
}

pub(super) fn web_read_group(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let groups = group::groups(&call).await?;
        let page = page(&call.arguments)?;
        let length = if is_full(&page, groups.len()) {
            group::count(&call).await?
        } else {
            counted(&page, groups.len())
        };
        let groups: Vec<Json> = groups.into_iter().map(Json::Object).collect();
        Ok(Reply::value(&json!({"groups": groups, "length": length})))
    })
}

pub(super) fn web_name_search(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        const USUAL_LIMIT: i64 = 100;
        let mut specification = specification(call.arguments.take("specification"))?;
        specification.entry("display_name").or_insert_with(|| json!({}));
        let operator = call.arguments.text("operator")?.unwrap_or("ilike");
        let all = naming::named(&call, operator, "domain")?;
        let limit = call.arguments.count("limit")?.or(Some(USUAL_LIMIT));
        let ids = ids(call.env, call.model, all, &Page { limit, ..Page::default() }).await?;
        Ok(reply(web_read(call.env, call.model, &ids, &specification).await?))
    })
}

fn id_or_false(id: Option<i64>) -> Json {
    id.map_or(Json::Bool(false), Json::from)
}

pub(super) fn get_views(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (env, model) = (call.env, call.model);
        let pairs = match call.arguments.take("views") {
            Json::Array(pairs) => pairs,
            other => {
                return Err(Error::Type(format!(
                    "'views' has to be a list, not {}.",
                    python::type_name(&other)
                )));
            }
        };
        let wanted: Vec<(Option<i64>, Kind)> = pairs.iter().map(view::wanted).collect::<Result<_>>()?;
        let options = records::values(call.arguments.take("options"), "options")?;
        let has = |name: &str| options.get(name).is_some_and(python::truth);
        let drawn = view::views(env, model, &wanted).await?;
        let bindings = if has("toolbar") { Some(toolbar::bindings(env, model).await?) } else { None };
        let filters = if has("load_filters") {
            Some(toolbar::filters(env, model, options.get("action_id")).await?)
        } else {
            None
        };
        let mut views = Map::new();
        for View { id, kind, arch } in drawn.views {
            let mut told = Map::new();
            told.insert("arch".to_owned(), arch.write().into());
            told.insert("id".to_owned(), id_or_false(id));
            told.insert("model".to_owned(), model.name.clone().into());
            if let Some(bindings) = &bindings {
                told.insert("toolbar".to_owned(), bindings.of(kind));
            }
            if let (Kind::Search, Some(filters)) = (kind, &filters) {
                told.insert("filters".to_owned(), filters.clone());
            }
            views.insert(kind.as_str().to_owned(), Json::Object(told));
        }
        let models: Map<String, Json> =
            drawn.fields.into_iter().map(|(name, fields)| (name, json!({"fields": fields}))).collect();
        Ok(Reply::value(&json!({"views": views, "models": models})))
    })
}

/// One view, with the names of the fields that it shows.
pub(super) fn get_view(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (env, model) = (call.env, call.model);
        let asked = call.arguments.get("view_id").and_then(Json::as_i64);
        let kind = call.arguments.text("view_type")?.unwrap_or("form");
        let kind = Kind::parse(kind)
            .ok_or_else(|| Error::Value(format!("'{kind}' is no kind of view: {}.", Kind::all())))?;
        // The id alone says which kind it is.
        let known = match asked {
            Some(id) => stored::load(env, &model.name, &[id]).await?,
            None => Vec::new(),
        };
        let of_id = known.iter().find(|view| Some(view.id) == asked);
        let kind = of_id.and_then(|view| Kind::parse(&view.kind)).unwrap_or(kind);
        let drawn = view::views(env, model, &[(asked, kind)]).await?;
        let names = |fields: &Json| -> Json {
            fields.as_object().into_iter().flat_map(Map::keys).map(|name| Json::from(name.as_str())).collect()
        };
        let models: Map<String, Json> =
            drawn.fields.iter().map(|(model, fields)| (model.clone(), names(fields))).collect();
        let Some(View { id, arch, .. }) = drawn.views.into_iter().next() else { return Ok(Reply::Void) };
        Ok(Reply::value(&json!({
            "arch": arch.write(),
            "id": id_or_false(id),
            "model": model.name,
            "models": models,
        })))
    })
}

/// The action that opens the record in its form.
pub(super) fn get_formview_action(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        access::check_model(call.env, call.model, Operation::Read)?;
        Ok(Reply::value(&json!({
            "type": "ir.actions.act_window",
            "res_model": call.model.name,
            "view_type": "form",
            "view_mode": "form",
            "views": [[false, "form"]],
            "target": "current",
            "res_id": id_or_false(call.ids.first().copied()),
            "context": call.env.context.raw,
        })))
    })
}
