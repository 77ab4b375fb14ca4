//! A SELECT over one model: what is wanted of it, which records, in which order, how many.

use super::domain::Domain;
use super::domain::to_sql::Compiler;
use super::environment::Environment;
use super::model::Model;
use super::order::{self, Order};
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::Result;

/// Limits that stand in the text of the statement, where the planner sees them; others are
/// parameters. Few shapes all the same.
const USUAL_LIMITS: [i64; 6] = [1, 2, 8, 40, 80, 100];

/// The alias of the model's own table.
pub const SELF: &str = "t";

/// Which records, in which order, how many.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// How many to pass over.
    pub offset: i64,
    /// How many at the most; none is all.
    pub limit: Option<i64>,
    /// The order; empty is the model's own.
    pub order: String,
}

/// A SELECT in its pieces, to which a further condition may come.
pub struct Select {
    head: Sql,
    filter: Sql,
    order: Sql,
    limits: Sql,
}

impl Select {
    /// One record has no order: the sort is spared, and what it takes to plan and start one.
    pub fn forget_order(&mut self) {
        self.order = Sql::default();
    }

    /// The statement, with a further condition.
    pub fn statement(self, condition: Option<Sql>) -> Sql {
        let filter = both(self.filter, condition);
        let filter = if filter.is_empty() { filter } else { Sql::text(" WHERE ").then(filter) };
        self.head.then(filter).then(self.order).then(self.limits)
    }
}

/// Selects `wanted` of all records that the caller sees and the domain selects.
///
/// # Errors
///
/// As the compiler of domains, and [`crate::error::Error::User`] for an order that makes no sense.
pub fn select(env: &Environment, model: &Model, wanted: Sql, domain: Domain, page: &Page) -> Result<Select> {
    // Nobody looks at the order of nothing.
    let order =
        if domain == Domain::False { Order::default() } else { order::parse(env, model, &page.order)? };
    let filter = Compiler::new(env).filter(model, SELF, domain, env.context.active_test)?;
    let head = Sql::text("SELECT ").then(wanted).then(from(model)).then(order.joins);
    let terms = order.terms;
    let order = if terms.is_empty() { terms } else { Sql::text(" ORDER BY ").then(terms) };
    Ok(Select { head, filter, order, limits: limits(page) })
}

/// The statement that counts them, up to a limit.
///
/// # Errors
///
/// As the compiler of domains.
pub fn count(env: &Environment, model: &Model, domain: Domain, limit: Option<i64>) -> Result<Sql> {
    let filter = Compiler::new(env).filter(model, SELF, domain, env.context.active_test)?;
    let conditions = if filter.is_empty() { filter } else { Sql::text(" WHERE ").then(filter) };
    Ok(match limit {
        None => Sql::text("SELECT count(*)").then(from(model)).then(conditions),
        Some(limit) => Sql::text("SELECT count(*) FROM (SELECT 1")
            .then(from(model))
            .then(conditions)
            .and_text(" LIMIT ")
            .then(Sql::param(limit))
            .and_text(") AS counted"),
    })
}

/// One condition and another; either may be absent.
pub fn both(one: Sql, other: Option<Sql>) -> Sql {
    match other {
        None => one,
        Some(other) if one.is_empty() => other,
        Some(other) => one.and_text(" AND ").then(other),
    }
}

/// The record is one of these; one alone is looked up without a list.
pub fn is_one_of(ids: &[i64]) -> Sql {
    let id = column(SELF, "id");
    match ids {
        [id_alone] => id.and_text(" = ").then(Sql::param(*id_alone)),
        ids => id.and_text(" = ANY(").then(Sql::param(ids.to_vec())).and_text(")"),
    }
}

/// `FROM table AS t`.
pub fn from(model: &Model) -> Sql {
    Sql::text(" FROM ").then(ident(&model.table)).and_text(" AS ").then(ident(SELF))
}

/// `LIMIT … OFFSET …`.
pub fn limits(page: &Page) -> Sql {
    let mut limits = Sql::default();
    if let Some(limit) = page.limit {
        let number = if USUAL_LIMITS.contains(&limit) { Sql::number(limit) } else { Sql::param(limit) };
        limits = limits.and_text(" LIMIT ").then(number);
    }
    if page.offset > 0 {
        limits = limits.and_text(" OFFSET ").then(Sql::param(page.offset));
    }
    limits
}
