//! `load`: a table of texts becomes records.

use serde_json::{Value as Json, json};

use super::super::behaviour::Promise;
use super::super::load;
use super::super::method::{Call, Reply};
use super::super::python;
use crate::error::{Error, Result};

/// The rows of a table.
fn rows(data: Json) -> Result<Vec<Vec<Json>>> {
    let wrong = |what: &Json| {
        Error::Type(format!("'data' has to be a list of rows, not {}.", python::type_name(what)))
    };
    let Json::Array(rows) = data else { return Err(wrong(&data)) };
    let row = |row: Json| match row {
        Json::Array(cells) => Ok(cells),
        other => Err(wrong(&other)),
    };
    rows.into_iter().map(row).collect()
}

pub(super) fn load(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let fields = call.arguments.names("fields")?.unwrap_or_default();
        let rows = rows(call.arguments.take("data"))?;
        let limit = call.env.context.raw.get("_import_limit").and_then(Json::as_u64);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let done = load::load(call.env, call.model, &fields, &rows, limit).await?;
        let messages: Vec<Json> = done.messages.iter().map(load::message::Message::to_json).collect();
        let ids = done.ids.map_or(Json::Bool(false), |ids| json!(ids));
        Ok(Reply::value(&json!({"ids": ids, "messages": messages, "nextrow": done.next_row})))
    })
}
