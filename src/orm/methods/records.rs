//! create, read, write, unlink, exists, browse, and the three that archive.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::super::access::{self, Operation};
use super::super::behaviour::{Promise, Values};
use super::super::method::{Call, Reply};
use super::super::prepare::Scope;
use super::super::python;
use super::super::read::{self, Load, Wanted};
use super::super::registry::int;
use super::super::render;
use super::super::{create, unlink, write};
use crate::db::Sql;
use crate::db::sql::ident;
use crate::error::{Error, Result};

/// A list of ids as a reply.
pub(super) fn ids_reply(ids: &[i64]) -> Reply {
    let mut out = Vec::with_capacity(2 + ids.len() * 8);
    render::integers(&mut out, ids);
    Reply::Json(out)
}

/// The values of one record.
pub(super) fn values(value: Json, what: &str) -> Result<Values> {
    match value {
        Json::Object(values) => Ok(values),
        value if !python::truth(&value) => Ok(Values::new()),
        other => Err(no_values(&other, what)),
    }
}

fn no_values(given: &Json, what: &str) -> Error {
    Error::Type(format!("'{what}' has to be an object of values, not {}.", python::type_name(given)))
}

/// How the argument `load` reads: absent is with names.
pub(super) fn load(value: Option<&Json>) -> Load {
    match value {
        None => Load::Classic,
        Some(Json::String(text)) if text == "_classic_read" => Load::Classic,
        Some(_) => Load::Raw,
    }
}

pub(super) fn create(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        match call.arguments.take("vals_list") {
            Json::Array(records) => {
                let records: Result<Vec<Values>> =
                    records.into_iter().map(|record| values(record, "vals_list")).collect();
                Ok(ids_reply(&create::create(call.env, call.model, records?).await?))
            }
            // As good as an empty list.
            nothing if !nothing.is_object() && !python::truth(&nothing) => Ok(ids_reply(&[])),
            one => {
                let record = values(one, "vals_list")?;
                let made = create::create_in(call.env, call.model, vec![record], Scope::WholeCall).await?;
                Ok(Reply::value(&made.first().copied().into()))
            }
        }
    })
}

pub(super) fn read(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let names = call.arguments.names("fields")?;
        let fields = read::fields(call.env, call.model, names.as_deref())?;
        let load = load(call.arguments.get("load"));
        read::read(call.env, call.model, Wanted::Ids(call.ids), &fields, load).await.map(Reply::Json)
    })
}

pub(super) fn write(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let values = match call.arguments.take("vals") {
            // Looked at only where there is a record to be written.
            nothing if call.ids.is_empty() && !python::truth(&nothing) => Values::new(),
            Json::Object(values) => values,
            other => return Err(no_values(&other, "vals")),
        };
        write::write_in(call.env, call.model, &call.ids, values, Scope::WholeCall).await?;
        Ok(Reply::truth())
    })
}

pub(super) fn unlink(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        unlink::unlink(call.env, call.model, &call.ids).await?;
        Ok(Reply::truth())
    })
}

pub(super) fn exists(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        // That there is a record of an id is told to everybody, as in Odoo; applications keep to their scheme.
        access::check_within(call.env, call.model, Operation::Read)?;
        let statement = Sql::text("SELECT id FROM ")
            .then(ident(&call.model.table))
            .and_text(" WHERE id = ANY(")
            .then(Sql::param(call.ids.clone()))
            .and_text(")");
        let there: HashSet<i64> =
            call.env.connection().query(statement).await?.iter().map(|row| int(row, 0)).collect();
        let kept: Vec<i64> = call.ids.iter().filter(|id| there.contains(id)).copied().collect();
        Ok(ids_reply(&kept))
    })
}

/// Odoo makes an empty recordset of it, and a text of that.
#[expect(clippy::needless_pass_by_value, reason = "all methods of the table are called alike")]
pub(super) fn browse(call: Call<'_>) -> Promise<'_, Reply> {
    let Call { model, .. } = call;
    Box::pin(async move { Ok(Reply::value(&format!("{}()", model.name).into())) })
}

/// Which of the called records are active, and which are archived.
async fn by_active(call: &Call<'_>) -> Result<(Vec<i64>, Vec<i64>)> {
    let unfit = || Error::User(format!("Records of '{}' cannot be archived.", call.model.description));
    let active = call.model.field("active").filter(|_| call.model.has_active()).ok_or_else(unfit)?;
    let found = read::values(call.env, call.model, &call.ids, &[active], Load::Raw).await?;
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for record in &found {
        let Some(id) = record.get("id").and_then(Json::as_i64) else { continue };
        if record.get("active").is_some_and(python::truth) { on.push(id) } else { off.push(id) }
    }
    let there: HashSet<i64> = on.iter().chain(&off).copied().collect();
    let missing: Vec<i64> = call.ids.iter().filter(|id| !there.contains(id)).copied().collect();
    if missing.is_empty() { Ok((on, off)) } else { Err(write::gone(call.model, &missing)) }
}

async fn set_active(call: &Call<'_>, ids: &[i64], active: bool) -> Result<()> {
    let values: Values = [("active".to_owned(), active.into())].into_iter().collect();
    write::write(call.env, call.model, ids, values).await
}

/// Those that are archived already stay as they are, and need no right to be changed.
pub(super) fn archive(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (on, _) = by_active(&call).await?;
        set_active(&call, &on, false).await?;
        Ok(Reply::Void)
    })
}

/// The same the other way round.
pub(super) fn unarchive(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (_, off) = by_active(&call).await?;
        set_active(&call, &off, true).await?;
        Ok(Reply::Void)
    })
}

pub(super) fn toggle_active(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let (on, off) = by_active(&call).await?;
        set_active(&call, &on, false).await?;
        set_active(&call, &off, true).await?;
        Ok(Reply::Void)
    })
}
