//! `name_search` and `name_create`: records by what people call them.

use serde_json::Value as Json;

use super::super::behaviour::{Promise, Values};
use super::super::create;
use super::super::domain::{Domain, Operator, name_domain};
use super::super::method::{Call, Reply};
use super::super::query::{self, Page, SELF};
use super::super::read;
use super::super::registry::{int, text};
use super::super::render;
use super::search::domain;
use crate::db::sql::column;
use crate::db::{Row, Sql};
use crate::error::{Error, Result};

/// How many names are given where nobody says how many.
const USUAL_LIMIT: i64 = 100;

pub(super) fn name_search(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        // An operator that is empty is none, while one that is left out is a usual one.
        let operator = match call.arguments.get("operator") {
            None => "ilike",
            Some(given) => given.as_str().unwrap_or_default(),
        };
        let operator = Operator::parse(operator)
            .ok_or_else(|| Error::Value(format!("'{operator}' is no operator to search a name with.")))?;
        let name = call.arguments.get("name").filter(|name| **name != Json::String(String::new()));
        let named = match name {
            None | Some(Json::Null | Json::Bool(false)) => Domain::True,
            Some(name) => name_domain(call.env, call.model, operator, name)?,
        };
        let all = Domain::all_of(vec![named, domain(&call.arguments, "args")?]);
        let limit = match call.arguments.get("limit") {
            None => Some(USUAL_LIMIT),
            Some(_) => call.arguments.count("limit")?,
        };
        let page = Page { limit, ..Page::default() };
        let wanted = column(SELF, "id").and_text(", ").then(read::display_name(call.env, call.model)?);
        let select = query::select(call.env, call.model, wanted, all, &page)?;
        let rows = call.env.connection().query_guarded(|guard| select.statement(guard)).await?;
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
        let nameless =
            || Error::User(format!("A record of '{}' cannot be made by its name.", call.model.description));
        let field = call.model.rec_name.clone().ok_or_else(nameless)?;
        let mut values = Values::new();
        values.insert(field, call.arguments.take("name"));
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
