//! `name_search` and `name_create`: records by what people call them.

use serde_json::Value as Json;

use super::super::behaviour::Promise;
use super::super::create;
use super::super::domain::{Domain, Operator, name_domain};
use super::super::method::{Call, Reply};
use super::super::query::{self, Page, SELF};
use super::super::read;
use super::super::registry::{int, text};
use super::super::render;
use super::search::optional_domain;
use crate::db::sql::column;
use crate::db::{Row, Sql};
use crate::error::{Error, Result};

/// How many names are given where nobody says how many.
const USUAL_LIMIT: i64 = 100;

/// The records that are called so, and fulfil the domain of an argument as well, if one is given. Only
/// to contain nothing is true of every name; any other comparison is made with an empty one too.
pub(super) fn named(call: &Call<'_>, operator: &str, further: &str) -> Result<Domain> {
    let operator = Operator::parse(operator)
        .ok_or_else(|| Error::Value(format!("'{operator}' is no operator to search a name with.")))?;
    let empty = Json::String(String::new());
    let name = match call.arguments.get("name") {
        None | Some(Json::Null | Json::Bool(false)) => &empty,
        Some(name) => name,
    };
    let named = if *name == empty && matches!(operator, Operator::Like | Operator::Ilike) {
        Domain::True
    } else {
        name_domain(call.env, call.model, operator, name)
    };
    let further = optional_domain(&call.arguments, further)?;
    Ok(Domain::all_of(vec![named, further]))
}

pub(super) fn name_search(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        // An operator that is empty is none, while one that is left out is a usual one.
        let operator = match call.arguments.get("operator") {
            None => "ilike",
            Some(given) => given.as_str().unwrap_or_default(),
        };
        let all = named(&call, operator, "args")?;
        let limit = match call.arguments.get("limit") {
            None => Some(USUAL_LIMIT),
            Some(_) => call.arguments.count("limit")?,
        };
        let page = Page { limit, ..Page::default() };
        let wanted = column(SELF, "id").and_text(", ").then(read::display_name(call.env, call.model)?);
        let select = query::select(call.env, call.model, wanted, all, &page)?;
        let rows = call.env.connection().read_guarded(|guard| select.statement(guard)).await?;
        let mut out = vec![b'['];
        for (number, row) in rows.iter().enumerate() {
            if number > 0 {
                out.extend_from_slice(b", ");
            }
            pair(&mut out, row);
        }
        out.push(b']');
        Ok(Reply::Json(out))
    })
}

fn pair(out: &mut Vec<u8>, row: &Row) {
    out.push(b'[');
    render::integer(out, int(row, 0));
    out.extend_from_slice(b", ");
    render::string(out, &text(row, 1));
    out.push(b']');
}

pub(super) fn name_create(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let Some(values) = call.model.behaviour.named(call.model, call.arguments.take("name")) else {
            return Ok(Reply::value(&Json::Bool(false)));
        };
        let made = create::create(call.env, call.model, vec![values]).await?;
        let rows = names(&call, made).await?;
        let mut out = Vec::new();
        for row in &rows {
            pair(&mut out, row);
        }
        Ok(Reply::Json(out))
    })
}

async fn names(call: &Call<'_>, ids: Vec<i64>) -> Result<Vec<Row>> {
    let statement = Sql::text("SELECT ")
        .then(column(SELF, "id"))
        .and_text(", ")
        .then(read::display_name(call.env, call.model)?)
        .then(query::from(call.model))
        .and_text(" WHERE ")
        .then(query::is_one_of(&ids));
    call.env.connection().query(statement).await
}
