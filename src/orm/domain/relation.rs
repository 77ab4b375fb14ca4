//! Conditions on links: names instead of ids, paths through other models, hierarchies, lists of lines.

use serde_json::Value as Json;

use super::super::access;
use super::super::convert;
use super::super::environment::Environment;
use super::super::field::{Field, FieldType};
use super::super::model::Model;
use super::super::python;
use super::hierarchy::{self, is_hierarchy};
use super::to_sql::Compiler;
use super::{Condition, Domain, Operand, Operator};
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};

/// A condition on a field of the record that a link points to.
pub(super) fn path(
    compiler: &Compiler<'_>,
    model: &Model,
    alias: &str,
    field: &Field,
    rest: &str,
    condition: &Condition,
) -> Result<Sql> {
    let inner = Domain::Condition(Condition { path: rest.to_owned(), ..condition.clone() });
    if field.kind.comodel().is_none() {
        return Err(Error::Value(format!(
            "'{}' is no link, so the path '{}' leads nowhere.",
            field.name, condition.path
        )));
    }
    if !field.kind.is_x2many() && !field.is_searchable() {
        return Ok(Sql::boolean(true));
    }
    linked(compiler, model, alias, field, inner)
}

/// `any` and `not any`.
pub(super) fn any(
    compiler: &Compiler<'_>,
    model: &Model,
    alias: &str,
    field: &Field,
    operator: Operator,
    domain: &Domain,
) -> Result<Sql> {
    if field.kind.comodel().is_none() {
        return Err(Error::Value(format!(
            "'{}' is no link: '{}' does not fit.",
            field.name,
            operator.as_str()
        )));
    }
    let links = linked(compiler, model, alias, field, domain.clone())?;
    Ok(if operator == Operator::NotAny { negated(links) } else { links })
}

/// NULL is no link, so what does not hold for a link holds for NULL.
fn negated(condition: Sql) -> Sql {
    Sql::text("(").then(condition).and_text(" IS NOT TRUE)")
}

/// The record links to one that fulfils `domain`. Archived ones count behind a many2one, and stay
/// out of sight among lines.
fn linked(compiler: &Compiler<'_>, model: &Model, alias: &str, field: &Field, domain: Domain) -> Result<Sql> {
    let active_test = field.kind.is_x2many() && compiler.env.context.active_test;
    match &field.kind {
        FieldType::Many2one { comodel, .. } => {
            let comodel = compiler.env.model(comodel)?;
            let select = compiler.select(&comodel, "id", domain, active_test)?;
            let link = compiler.value(model, alias, field)?;
            Ok(is_among(compiler, link, select))
        }
        FieldType::One2many { comodel, inverse } => {
            let comodel = compiler.env.model(comodel)?;
            let select = compiler.select(&comodel, inverse, domain, active_test)?;
            Ok(is_among(compiler, column(alias, "id"), select))
        }
        FieldType::Many2many { comodel, relation, column1, column2 } => {
            let comodel = compiler.env.model(comodel)?;
            let select = compiler.select(&comodel, "id", domain, active_test)?;
            let links = ident(column2).and_text(" IN (").then(select).and_text(")");
            Ok(in_relation(compiler, alias, relation, column1, links))
        }
        _ => Err(Error::Value(format!("'{}' is no link.", field.name))),
    }
}

fn in_relation(compiler: &Compiler<'_>, alias: &str, relation: &str, column1: &str, links: Sql) -> Sql {
    let select = Sql::text("SELECT ")
        .then(ident(column1))
        .and_text(" FROM ")
        .then(ident(relation))
        .and_text(" WHERE ")
        .then(links);
    is_among(compiler, column(alias, "id"), select)
}

/// The value is one of those that a subquery finds.
fn is_among(compiler: &Compiler<'_>, value: Sql, select: Sql) -> Sql {
    if compiler.is_crowded() {
        // What stands within an expression is not woven in, and is looked up by its hash all the same.
        return Sql::text("((").then(value).and_text(" IN (").then(select).and_text(")) = true)");
    }
    value.and_text(" IN (").then(select).and_text(")")
}

/// The domain over `model` that finds records by their name. What the caller may not see is not searched, and
/// so tells nothing of itself. Where records have no name, a name restricts nothing, as in Odoo.
pub fn name_domain(env: &Environment, model: &Model, operator: Operator, value: &Json) -> Domain {
    let is_seen =
        |name: &&str| model.field(name).is_some_and(|field| access::has_field_access(env, model, field));
    // The display name is shown to whoever sees the model, and so it is searched; of other fields those that are
    // not kept back.
    let naming = model.is_named_by_field().map(|field| field.name.as_str());
    let all = model.rec_names_search();
    let mut names: Vec<&str> = Vec::new();
    for name in &all {
        if is_seen(name) {
            names.push(name);
        } else if Some(*name) == naming {
            names.push("display_name");
        }
    }
    if names.is_empty() && !all.is_empty() {
        names.push("display_name");
    }
    let parts: Vec<Domain> =
        names.into_iter().map(|name| Domain::condition(name, operator, value.clone())).collect();
    // `any_of` nothing would be no record.
    if operator.is_negative() || parts.is_empty() { Domain::all_of(parts) } else { Domain::any_of(parts) }
}

/// A condition on `display_name`, where a field stands behind it.
pub(super) fn by_name(
    compiler: &Compiler<'_>,
    model: &Model,
    alias: &str,
    condition: &Condition,
) -> Result<Option<Sql>> {
    let (Operand::Value(value), Some(naming)) = (&condition.operand, model.is_named_by_field()) else {
        return Ok(None);
    };
    // Where that field is kept back, its value is compared as the display name that it is.
    if !access::has_field_access(compiler.env, model, naming) {
        return Ok(None);
    }
    let domain = name_domain(compiler.env, model, condition.operator, value);
    compiler.condition(model, alias, &domain).map(Some)
}

/// A condition on a many2one, or on `id` along a hierarchy; `link` is its value.
pub(super) fn many2one(
    compiler: &Compiler<'_>,
    link: &Sql,
    field: &Field,
    comodel: &str,
    condition: &Condition,
) -> Result<Sql> {
    let Operand::Value(value) = &condition.operand else {
        return Err(Error::Value(format!("'{}' needs a value.", condition.operator.as_str())));
    };
    let comodel = compiler.env.model(comodel)?;
    let operator = condition.operator;
    if is_hierarchy(operator) {
        return hierarchy::condition(compiler, link, &comodel, operator, value);
    }
    let is_null = || link.clone().and_text(" IS NULL");
    let is_set = || link.clone().and_text(" IS NOT NULL");
    match (operator, value) {
        (Operator::EqOrUnset, Json::Null | Json::Bool(false)) => Ok(Sql::boolean(true)),
        (Operator::EqOrUnset, Json::Number(_) | Json::String(_)) => {
            let equal = Condition { operator: Operator::Eq, ..condition.clone() };
            many2one(compiler, link, field, &comodel.name, &equal)
        }
        (Operator::Eq, Json::Null | Json::Bool(false)) => Ok(is_null()),
        (Operator::Ne, Json::Null | Json::Bool(false)) => Ok(is_set()),
        (Operator::In | Operator::NotIn, Json::Array(items)) => {
            members(compiler, link, field, &comodel, operator == Operator::In, items)
        }
        (Operator::In | Operator::NotIn, Json::String(_)) => {
            members(compiler, link, field, &comodel, operator == Operator::In, std::slice::from_ref(value))
        }
        (Operator::In | Operator::NotIn, _) => Err(Error::Value(format!(
            "'{}' compares '{}' with a list, not with {}.",
            operator.as_str(),
            field.name,
            python::repr(value)
        ))),
        (operator, value) if operator.is_pattern() => by_pattern(compiler, link, &comodel, operator, value),
        // A name, even where an order is asked for: records have none that a name could stand in.
        (operator, Json::String(_)) => {
            let items = std::slice::from_ref(value);
            members(compiler, link, field, &comodel, operator != Operator::Ne, items)
        }
        (operator, Json::Array(items)) if items.iter().all(Json::is_string) => {
            members(compiler, link, field, &comodel, operator != Operator::Ne, items)
        }
        (Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge, Json::Null | Json::Bool(false)) => {
            Ok(Sql::boolean(false))
        }
        (operator, value) => by_id(link, field, operator, value),
    }
}

fn by_id(link: &Sql, field: &Field, operator: Operator, value: &Json) -> Result<Sql> {
    let sign = match operator {
        Operator::Eq => " = ",
        Operator::Ne => " <> ",
        Operator::Lt => " < ",
        Operator::Le => " <= ",
        Operator::Gt => " > ",
        Operator::Ge => " >= ",
        _ => {
            return Err(Error::Value(format!(
                "The operator '{}' of '{}' does not fit {}.",
                operator.as_str(),
                field.name,
                python::repr(value)
            )));
        }
    };
    let id = link_id(field, value)?;
    let wide = i32::try_from(id).is_err();
    let left = if wide { link.clone().and_text("::int8") } else { link.clone() };
    let compared = left.and_text(sign).then(Sql::param(id));
    if operator == Operator::Ne {
        return Ok(compared.and_text(" OR ").then(link.clone()).and_text(" IS NULL").parenthesized());
    }
    Ok(compared)
}

fn link_id(field: &Field, value: &Json) -> Result<i64> {
    match value {
        Json::Number(_) => convert::record_id(value),
        other => Err(Error::Database {
            name: "UndefinedFunction",
            message: format!("The link '{}' cannot be compared with {}.", field.name, python::repr(other)),
        }),
    }
}

/// `in` and `not in`: ids and names, `false` for "no link".
fn members(
    compiler: &Compiler<'_>,
    link: &Sql,
    field: &Field,
    comodel: &Model,
    positive: bool,
    items: &[Json],
) -> Result<Sql> {
    let is_none = |item: &Json| matches!(item, Json::Null | Json::Bool(false));
    let has_none = items.iter().any(is_none);
    let names: Vec<Json> = items.iter().filter(|item| item.is_string()).cloned().collect();
    let ids: Result<Vec<i64>> = items
        .iter()
        .filter(|item| !is_none(item) && !item.is_string())
        .map(|item| link_id(field, item))
        .collect();
    let ids = ids?;
    let mut any = Vec::new();
    if !ids.is_empty() {
        let wide = ids.iter().any(|id| i32::try_from(*id).is_err());
        let left = if wide { link.clone().and_text("::int8") } else { link.clone() };
        any.push(left.and_text(" = ANY(").then(Sql::param(ids)).and_text(")"));
    }
    if !names.is_empty() {
        let domain = name_domain(compiler.env, comodel, Operator::In, &Json::Array(names));
        let select = compiler.select(comodel, "id", domain, false)?;
        any.push(is_among(compiler, link.clone(), select));
    }
    if any.is_empty() && !has_none {
        return Ok(Sql::boolean(!positive));
    }
    if has_none {
        any.push(link.clone().and_text(" IS NULL"));
    }
    let any = Sql::join(any, " OR ").parenthesized();
    if positive {
        return Ok(any);
    }
    // `NOT (… OR link IS NULL)` leaves out those without a link; else they differ from all.
    Ok(if has_none { Sql::text("(NOT ").then(any).and_text(")") } else { negated(any) })
}

/// `like` and its kin: the name of the record matches.
fn by_pattern(
    compiler: &Compiler<'_>,
    link: &Sql,
    comodel: &Model,
    operator: Operator,
    value: &Json,
) -> Result<Sql> {
    let is_whole = matches!(operator, Operator::EqLike | Operator::EqIlike);
    if !python::truth(value) {
        return Ok(Sql::boolean(!is_whole && !operator.is_negative()));
    }
    let is_text = match value {
        Json::String(_) => true,
        Json::Array(items) => items.iter().all(Json::is_string),
        _ => false,
    };
    if is_whole && !is_text {
        return Err(Error::Database {
            name: "UndefinedFunction",
            message: format!("'{}' compares names, not {}.", operator.as_str(), python::repr(value)),
        });
    }
    let positive = operator.negated().filter(|_| operator.is_negative()).unwrap_or(operator);
    let domain = match value {
        // A number is the id, not a part of the name.
        Json::Number(_) => Domain::condition("id", Operator::Eq, value.clone()),
        _ => name_domain(compiler.env, comodel, positive, &Json::from(python::text(value))),
    };
    let select = compiler.select(comodel, "id", domain, false)?;
    let found = is_among(compiler, link.clone(), select);
    Ok(if operator.is_negative() { negated(found) } else { found })
}

/// A condition on lines.
pub(super) fn x2many(
    compiler: &Compiler<'_>,
    model: &Model,
    alias: &str,
    field: &Field,
    condition: &Condition,
) -> Result<Sql> {
    let Operand::Value(value) = &condition.operand else {
        return Err(Error::Value(format!("'{}' needs a value.", condition.operator.as_str())));
    };
    let operator = condition.operator;
    let negative = operator.is_negative();
    let domain = match (operator, value) {
        (Operator::EqOrUnset, Json::Null | Json::Bool(false)) => return Ok(Sql::boolean(true)),
        (_, Json::Null | Json::Bool(false)) => {
            // Without a line, or with at least one that is not archived.
            let has_lines = linked(compiler, model, alias, field, Domain::True)?;
            return Ok(if negative { has_lines } else { negated(has_lines) });
        }
        (operator, value) if is_hierarchy(operator) => Domain::condition("id", operator, value.clone()),
        (Operator::In | Operator::NotIn, Json::String(_)) => {
            return Err(Error::Value(format!(
                "'{}' compares '{}' with a list.",
                operator.as_str(),
                field.name
            )));
        }
        (operator, Json::String(_)) => {
            let comodel = compiler.env.model(field.kind.comodel().unwrap_or_default())?;
            let positive = operator.negated().filter(|_| negative).unwrap_or(operator);
            name_domain(compiler.env, &comodel, positive, value)
        }
        (_, Json::Array(items)) if items.is_empty() => return Ok(Sql::boolean(negative)),
        (_, Json::Array(items)) => return by_ids(compiler, model, alias, field, negative, items),
        (_, one) => return by_ids(compiler, model, alias, field, negative, std::slice::from_ref(one)),
    };
    let found = linked(compiler, model, alias, field, domain)?;
    Ok(if negative { negated(found) } else { found })
}

/// Lines named by their ids, archived ones too; names are allowed among them.
fn by_ids(
    compiler: &Compiler<'_>,
    model: &Model,
    alias: &str,
    field: &Field,
    negative: bool,
    items: &[Json],
) -> Result<Sql> {
    let (names, ids): (Vec<&Json>, Vec<&Json>) = items.iter().partition(|item| item.is_string());
    let ids: Result<Vec<Json>> = ids.into_iter().map(|item| link_id(field, item).map(Json::from)).collect();
    let mut any = vec![Domain::condition("id", Operator::In, Json::Array(ids?))];
    if !names.is_empty() {
        let comodel = compiler.env.model(field.kind.comodel().unwrap_or_default())?;
        let names = Json::Array(names.into_iter().cloned().collect());
        any.push(name_domain(compiler.env, &comodel, Operator::In, &names));
    }
    let env = compiler.env.with_active_test(false);
    let found = linked(&compiler.with_env(&env), model, alias, field, Domain::any_of(any))?;
    Ok(if negative { negated(found) } else { found })
}
