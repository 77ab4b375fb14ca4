//! Conditions on sealed fields: equality by keyed hash, and nothing else.

use serde_json::Value as Json;

use super::super::convert;
use super::super::field::Field;
use super::super::model::Model;
use super::Operator;
use super::scalar::{is_empty, unfit};
use super::to_sql::Compiler;
use crate::db::sql::column;
use crate::db::{Param, Sql};
use crate::error::{Error, Result};

/// A sealed value is compared by its keyed hash; nothing else can be asked of it.
pub(super) fn condition(
    compiler: &Compiler<'_>,
    model: &Model,
    alias: &str,
    field: &Field,
    operator: Operator,
    value: &Json,
) -> Result<Sql> {
    let left = column(alias, &convert::lookup_column(&field.name));
    let hash = |value: &Json| Param::Bytes(convert::lookup_hash(compiler.env, model, field, value));
    let items = match (operator, value) {
        (Operator::Eq, value) if is_empty(field, value) => return Ok(left.and_text(" IS NULL")),
        (Operator::Ne, value) if is_empty(field, value) => return Ok(left.and_text(" IS NOT NULL")),
        (Operator::Eq | Operator::Ne, value) => std::slice::from_ref(value),
        (Operator::In | Operator::NotIn, Json::Array(items)) => items,
        (Operator::In | Operator::NotIn, _) => return Err(unfit(field, operator)),
        _ => {
            return Err(Error::User(format!(
                "'{}' is sealed: it can be compared by =, !=, in, not in and =?, and tested for being empty.",
                field.name
            )));
        }
    };
    let is_any = items.iter().map(|item| {
        if is_empty(field, item) {
            left.clone().and_text(" IS NULL")
        } else {
            left.clone().and_text(" = ").then(Sql::param(hash(item)))
        }
    });
    let any = Sql::join(is_any, " OR ");
    let any = if any.is_empty() { Sql::boolean(false) } else { any.parenthesized() };
    if operator.is_negative() {
        return Ok(Sql::text("(").then(any).and_text(" IS NOT TRUE)"));
    }
    Ok(any)
}
