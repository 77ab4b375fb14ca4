//! Conditions along a hierarchy: `child_of` and `parent_of`.

use serde_json::Value as Json;

use super::super::access::{self, Operation};
use super::super::model::Model;
use super::super::python;
use super::super::value_sql;
use super::relation::name_domain;
use super::to_sql::Compiler;
use super::{Domain, Operator};
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};

/// Whether an operator follows a hierarchy.
pub(super) fn is_hierarchy(operator: Operator) -> bool {
    matches!(operator, Operator::ChildOf | Operator::ParentOf)
}

/// `child_of` and `parent_of`, along the model's `parent_id`.
pub(super) fn condition(
    compiler: &Compiler<'_>,
    link: &Sql,
    comodel: &Model,
    operator: Operator,
    value: &Json,
) -> Result<Sql> {
    let items = match value {
        Json::Array(items) => items.as_slice(),
        Json::Null => return Err(Error::Type(format!("'{}' needs a record.", operator.as_str()))),
        Json::Bool(false) => &[],
        Json::Number(zero) if zero.as_i64() == Some(0) => &[],
        one => std::slice::from_ref(one),
    };
    let is_above = operator == Operator::ParentOf;
    let items: Vec<&Json> = items.iter().filter(|item| !is_above || python::truth(item)).collect();
    let Some(start) = start(compiler, comodel, &items)? else { return Ok(Sql::boolean(false)) };
    let Some(parent) = comodel.field("parent_id") else {
        return flat(comodel, operator, &items, start);
    };
    // Who belongs to whom tells what the field says.
    access::check_field(compiler.env, comodel, parent)?;
    let parent_of = |alias: &str| {
        value_sql::value(compiler.env.registry(), comodel, parent, alias, &compiler.env.context.lang)
    };
    let known = if is_above { "parent_id" } else { "id" };
    let tree = compiler.alias();
    let (first, next) = (compiler.alias(), compiler.alias());
    let of_next = parent_of(&next)?;
    let met = if is_above { column(&next, "id") } else { of_next.clone() };
    Ok(link
        .clone()
        .and_text(" IN (WITH RECURSIVE ")
        .then(ident(&tree))
        .and_text("(id, parent_id) AS (SELECT id, ")
        .then(parent_of(&first)?)
        .and_text(" FROM ")
        .then(ident(&comodel.table))
        .and_text(" AS ")
        .then(ident(&first))
        .and_text(" WHERE ")
        .then(start)
        .and_text(" UNION SELECT ")
        .then(column(&next, "id"))
        .and_text(", ")
        .then(of_next)
        .and_text(" FROM ")
        .then(ident(&comodel.table))
        .and_text(" AS ")
        .then(ident(&next))
        .and_text(" JOIN ")
        .then(ident(&tree))
        .and_text(" ON ")
        .then(met)
        .and_text(" = ")
        .then(column(&tree, known))
        .and_text(") SELECT id FROM ")
        .then(ident(&tree))
        .and_text(")"))
}

/// A hierarchy is asked of a model that has none: that is wrong, unless it begins at no record.
fn flat(comodel: &Model, operator: Operator, items: &[&Json], start: Sql) -> Result<Sql> {
    if !items.iter().all(|item| item.is_string()) {
        return Err(Error::Key(format!(
            "Records of '{}' have no parent: '{}' does not fit.",
            comodel.name,
            operator.as_str()
        )));
    }
    Ok(Sql::text("(CASE WHEN EXISTS (SELECT 1 FROM ")
        .then(ident(&comodel.table))
        .and_text(" WHERE ")
        .then(start)
        .and_text(") THEN refuse_hierarchy(")
        .then(Sql::literal(&comodel.name))
        .and_text(") ELSE false END)"))
}

/// Where a hierarchy begins: at ids, or at the records whose names contain some text.
fn start(compiler: &Compiler<'_>, comodel: &Model, items: &[&Json]) -> Result<Option<Sql>> {
    if items.is_empty() {
        return Ok(None);
    }
    access::check_model(compiler.env, comodel, Operation::Read)?;
    let (names, ids): (Vec<&Json>, Vec<&Json>) = items.iter().partition(|item| item.is_string());
    let mut any = Vec::new();
    if !ids.is_empty() {
        let wrong = |item: &Json| {
            Error::Key(format!("{} is not the id or the name of a record.", python::repr(item)))
        };
        let ids: Result<Vec<i64>> =
            ids.into_iter().map(|item| item.as_i64().ok_or_else(|| wrong(item))).collect();
        any.push(Sql::text("id = ANY(").then(Sql::param(ids?)).and_text(")"));
    }
    if !names.is_empty() {
        let named =
            names.into_iter().map(|name| name_domain(compiler.env, comodel, Operator::Ilike, name)).collect();
        let select = compiler.select(comodel, "id", Domain::any_of(named), false)?;
        any.push(Sql::text("id IN (").then(select).and_text(")"));
    }
    Ok(Some(Sql::join(any, " OR ")))
}
