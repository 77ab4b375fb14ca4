//! The order of records: `name desc, model_scheme_id` as a client writes it, made SQL.
//!
//! A many2one sorts as the records behind it do. The id comes last where it is not named, so that
//! equal records keep their places from page to page.

use super::access;
use super::environment::Environment;
use super::field::{FieldType, Source};
use super::model::Model;
use super::query::SELF;
use super::value_sql;
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};

/// How far a many2one follows the order of the model behind it.
const DEEPEST: usize = 4;

/// An order, compiled.
#[derive(Default)]
pub struct Order {
    /// The joins that it needs.
    pub joins: Sql,
    /// What follows `ORDER BY`.
    pub terms: Sql,
    /// The same, each with its direction.
    pub parts: Vec<(Sql, &'static str)>,
    /// How many joins there are, with those of the orders before it in the same statement.
    pub joined: usize,
}

#[derive(Clone, Copy)]
enum Nulls {
    First,
    Last,
}

struct Term<'a> {
    field: &'a str,
    /// Whether a many2one is meant by its id, and not by the order of the records behind: `partner_id.id`.
    by_id: bool,
    descending: bool,
    nulls: Option<Nulls>,
}

/// Compiles an order; an empty one is the model's own.
///
/// # Errors
///
/// [`Error::User`] for a text that is no order and for a sealed field, [`Error::Value`] for an
/// unknown field, [`Error::Access`] for one that the caller may not see.
pub fn parse(env: &Environment, model: &Model, text: &str) -> Result<Order> {
    parse_after(env, model, text, 0)
}

/// Compiles a further order of a statement that has some joins of orders already.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_after(env: &Environment, model: &Model, text: &str, joined: usize) -> Result<Order> {
    let is_own = text.trim().is_empty();
    let text = if is_own { &model.order } else { text };
    let mut builder = Builder { env, order: Order { joined, ..Order::default() } };
    let mut terms = Vec::new();
    // The model's own order is the server's word: it may name what the caller does not see.
    let split = split(text)?;
    let has_id = split.iter().any(|term| term.field == "id");
    builder.terms(model, SELF, split, false, is_own, 0, &mut terms)?;
    if !has_id {
        terms.push((column(SELF, "id"), ""));
    }
    let spelled = terms.iter().map(|(value, direction)| value.clone().and_text(direction));
    builder.order.terms = Sql::join(spelled, ", ");
    builder.order.parts = terms;
    Ok(builder.order)
}

fn split(text: &str) -> Result<Vec<Term<'_>>> {
    let wrong = || {
        Error::User(format!(
            "Invalid order \"{text}\": write field names with \"asc\" or \"desc\", separated by commas."
        ))
    };
    text.split(',')
        .map(|part| {
            let mut words = part.split_whitespace();
            let field = words.next().ok_or_else(wrong)?;
            let (field, by_id) = field.strip_suffix(".id").map_or((field, false), |link| (link, true));
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            if !field.chars().all(is_name) {
                return Err(wrong());
            }
            let mut term = Term { field, by_id, descending: false, nulls: None };
            let rest: Vec<String> = words.map(str::to_lowercase).collect();
            let mut rest = rest.iter().map(String::as_str).peekable();
            if let Some(direction @ ("asc" | "desc")) = rest.peek().copied() {
                term.descending = direction == "desc";
                rest.next();
            }
            match (rest.next(), rest.next(), rest.next()) {
                (None, ..) => {}
                (Some("nulls"), Some("first"), None) => term.nulls = Some(Nulls::First),
                (Some("nulls"), Some("last"), None) => term.nulls = Some(Nulls::Last),
                _ => return Err(wrong()),
            }
            Ok(term)
        })
        .collect()
}

fn direction(descending: bool, nulls: Option<Nulls>) -> &'static str {
    match (descending, nulls) {
        (false, None) => "",
        (true, None) => " DESC",
        (false, Some(Nulls::First)) => " NULLS FIRST",
        (true, Some(Nulls::First)) => " DESC NULLS FIRST",
        (false, Some(Nulls::Last)) => " NULLS LAST",
        (true, Some(Nulls::Last)) => " DESC NULLS LAST",
    }
}

struct Builder<'a> {
    env: &'a Environment,
    order: Order,
}

impl Builder<'_> {
    #[expect(clippy::too_many_arguments, reason = "a recursion carries what it needs")]
    fn terms(
        &mut self,
        model: &Model,
        alias: &str,
        order: Vec<Term<'_>>,
        turned: bool,
        is_own: bool,
        depth: usize,
        terms: &mut Vec<(Sql, &'static str)>,
    ) -> Result<()> {
        for term in order {
            let field = model.field(term.field).ok_or_else(|| {
                Error::Value(format!("Cannot order by '{}': {} has no such field.", term.field, model.name))
            })?;
            if !is_own {
                access::check_field(self.env, model, field)?;
            }
            if field.sealed || field.kind.is_binary() {
                return Err(Error::User(format!("Records cannot be ordered by '{}'.", field.name)));
            }
            if field.kind.is_x2many()
                || (matches!(field.source, Source::Computed(_)) && field.name != "display_name")
            {
                return Err(Error::Value(format!("Cannot order by '{}': it is not stored.", field.name)));
            }
            let is_link = matches!(field.kind, FieldType::Many2one { .. });
            if term.by_id && !is_link {
                return Err(Error::Value(format!("Cannot order by '{}.id': it is no link.", field.name)));
            }
            let descending = term.descending != turned;
            let value =
                value_sql::sortable(self.env.registry(), model, field, alias, &self.env.context.lang)?;
            match &field.kind {
                FieldType::Many2one { comodel, .. } if depth < DEEPEST && !term.by_id => {
                    self.behind(value, comodel, descending, depth, terms)?;
                }
                _ => {
                    let value = if matches!(field.kind, FieldType::Boolean) {
                        Sql::text("COALESCE(").then(value).and_text(", false)")
                    } else {
                        value
                    };
                    terms.push((value, direction(descending, term.nulls)));
                }
            }
        }
        Ok(())
    }

    /// Joins the model behind a many2one and takes over its order.
    fn behind(
        &mut self,
        link: Sql,
        comodel: &str,
        descending: bool,
        depth: usize,
        terms: &mut Vec<(Sql, &'static str)>,
    ) -> Result<()> {
        let comodel = self.env.model(comodel)?;
        if comodel.order.trim() == "id" {
            terms.push((link, direction(descending, None)));
            return Ok(());
        }
        self.order.joined += 1;
        let alias = format!("o{}", self.order.joined);
        let join = Sql::text(" LEFT JOIN ")
            .then(ident(&comodel.table))
            .and_text(" AS ")
            .then(ident(&alias))
            .and_text(" ON ")
            .then(column(&alias, "id"))
            .and_text(" = ")
            .then(link);
        self.order.joins = std::mem::take(&mut self.order.joins).then(join);
        self.terms(&comodel, &alias, split(&comodel.order)?, descending, true, depth + 1, terms)
    }
}
