//! search, `search_count`, `search_read`.

use super::super::behaviour::Promise;
use super::super::domain::Domain;
use super::super::domain::parse;
use super::super::method::{Arguments, Call, Reply};
use super::super::python;
use super::super::query::{self, Page, SELF};
use super::super::read::{self, Wanted};
use super::super::registry::int;
use super::records::{ids_reply, load};
use crate::db::sql::column;
use crate::error::Result;

/// The domain of an argument; an absent one selects everything.
pub(super) fn domain(arguments: &Arguments, name: &str) -> Result<Domain> {
    arguments.get(name).map_or(Ok(Domain::True), parse::asked)
}

/// The same where what Python calls false is as good as none.
pub(super) fn optional_domain(arguments: &Arguments, name: &str) -> Result<Domain> {
    match arguments.get(name) {
        Some(value) if python::truth(value) => parse::asked(value),
        _ => Ok(Domain::True),
    }
}

/// The usual arguments of a search.
pub(super) fn page(arguments: &Arguments) -> Result<Page> {
    Ok(Page {
        offset: arguments.count("offset")?.unwrap_or_default(),
        limit: arguments.count("limit")?,
        order: arguments.text("order")?.unwrap_or_default().to_owned(),
    })
}

pub(super) fn search(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let domain = domain(&call.arguments, "domain")?;
        let page = page(&call.arguments)?;
        let select = query::select(call.env, call.model, column(SELF, "id"), domain, &page)?;
        let rows = call.env.connection().read_guarded(|guard| select.statement(guard)).await?;
        let ids: Vec<i64> = rows.iter().map(|row| int(row, 0)).collect();
        Ok(ids_reply(&ids))
    })
}

pub(super) fn search_count(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let domain = domain(&call.arguments, "domain")?;
        let statement = query::count(call.env, call.model, domain, call.arguments.count("limit")?)?;
        let rows = call.env.connection().query(statement).await?;
        Ok(Reply::value(&rows.first().map(|row| int(row, 0)).into()))
    })
}

pub(super) fn search_read(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let domain = optional_domain(&call.arguments, "domain")?;
        let page = page(&call.arguments)?;
        let names = call.arguments.names("fields")?;
        let fields = read::fields(call.env, call.model, names.as_deref())?;
        let load = load(call.arguments.get("load"));
        read::read(call.env, call.model, Wanted::Domain(domain, page), &fields, load).await.map(Reply::Json)
    })
}

/// `search_fetch`: what is found, by id; the fields that it would keep ready are looked at all the same.
pub(super) fn search_fetch(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let names = call.arguments.names("field_names")?;
        read::fields(call.env, call.model, names.as_deref())?;
        search(call).await
    })
}
