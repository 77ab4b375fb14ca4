//! A [`Domain`] over a model, made SQL. No database is asked for it: names, hierarchies and paths
//! become subqueries, each with the rights and rules of the model that it looks into.

use std::cell::Cell;

use serde_json::Value as Json;

use super::super::access::{self, Operation, rule};
use super::super::date_part::{self, DatePart};
use super::super::environment::Environment;
use super::super::field::{Field, FieldType};
use super::super::model::Model;
use super::super::value_sql;
use super::optimize::optimize;
use super::{Condition, Domain, Operand, Operator, hierarchy, relation, scalar};
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};

/// So many subqueries PostgreSQL may weave into one plan. It looks for the best order of all of them together,
/// which takes it seconds for a hundred; those that come after are evaluated each by itself.
const MOST_WOVEN: usize = 8;

/// How many steps a path may have.
const LONGEST_PATH: usize = 32;

fn is_time(field: &Field) -> bool {
    matches!(field.kind, FieldType::Date | FieldType::Datetime)
}

/// Compiles the domains of one statement: it hands out the aliases.
pub struct Compiler<'a> {
    /// In whose name.
    pub env: &'a Environment,
    aliases: Cell<usize>,
    subqueries: Cell<usize>,
}

impl<'a> Compiler<'a> {
    /// A compiler for one statement.
    pub fn new(env: &'a Environment) -> Self {
        Self { env, aliases: Cell::new(0), subqueries: Cell::new(0) }
    }

    /// An alias that the statement does not have yet.
    pub fn alias(&self) -> String {
        self.aliases.set(self.aliases.get() + 1);
        format!("t{}", self.aliases.get())
    }

    /// Whether the statement has as many subqueries already as PostgreSQL may weave into one plan.
    pub(super) fn is_crowded(&self) -> bool {
        self.subqueries.get() > MOST_WOVEN
    }

    /// The same compiler for the server's own needs, such as the domain of a rule.
    pub(super) fn with_env<'b>(&self, env: &'b Environment) -> Compiler<'b> {
        // Aliases of an inner statement hide those around it, but a correlated one must not clash.
        Compiler {
            env,
            aliases: Cell::new(self.aliases.get() + 100),
            subqueries: Cell::new(self.subqueries.get()),
        }
    }

    /// The condition that holds for the records of `alias` that the domain selects.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] for an unknown field, [`Error::Access`] for one that the caller may not see,
    /// and what the operands of each operator call for.
    pub fn condition(&self, model: &Model, alias: &str, domain: &Domain) -> Result<Sql> {
        match domain {
            Domain::True => Ok(Sql::boolean(true)),
            Domain::False => Ok(Sql::boolean(false)),
            Domain::And(parts) => self.joined(model, alias, parts, " AND "),
            Domain::Or(parts) => self.joined(model, alias, parts, " OR "),
            Domain::Not(inner) => {
                Ok(Sql::text("(NOT ").then(self.condition(model, alias, inner)?).and_text(")"))
            }
            Domain::Condition(condition) => self.leaf(model, alias, condition),
        }
    }

    fn joined(&self, model: &Model, alias: &str, parts: &[Domain], sign: &'static str) -> Result<Sql> {
        let parts: Result<Vec<Sql>> = parts.iter().map(|part| self.condition(model, alias, part)).collect();
        Ok(Sql::join(parts?, sign).parenthesized())
    }

    /// The condition for everything that the caller may see of a model and that fulfils the domain:
    /// rights, the domain, archived records, rules.
    ///
    /// # Errors
    ///
    /// As [`Self::condition`], and [`Error::Access`] when the caller may not read the model.
    pub fn filter(&self, model: &Model, alias: &str, domain: Domain, active_test: bool) -> Result<Sql> {
        access::check_model(self.env, model, Operation::Read)?;
        let mut parts = Vec::new();
        if active_test && model.has_active() && !domain.mentions("active") {
            parts.push(column(alias, "active").and_text(" = true"));
        }
        parts.extend(model.behaviour.usual_filter(&domain, alias));
        self.check_fields(model, &domain)?;
        let domain = optimize(domain);
        if domain != Domain::True {
            parts.push(self.condition(model, alias, &domain)?);
        }
        if let Some(rules) = self.rules(model, alias, Operation::Read)? {
            parts.push(rules);
        }
        Ok(Sql::join(parts, " AND "))
    }

    /// The condition that the rules put on an operation, if they put any.
    ///
    /// # Errors
    ///
    /// [`Error::User`] for a rule that cannot be evaluated.
    pub fn rules(&self, model: &Model, alias: &str, operation: Operation) -> Result<Option<Sql>> {
        let by_rules = match rule::domain(self.env, model, operation)? {
            Domain::True => None,
            domain => {
                let env = self.env.sudo().with_active_test(false);
                Some(self.with_env(&env).condition(model, alias, &optimize(domain))?)
            }
        };
        let further = if self.env.su {
            None
        } else {
            model.behaviour.further_rule(self.env, model, alias, operation)?
        };
        Ok(match (by_rules, further) {
            (Some(one), Some(other)) => Some(one.and_text(" AND ").then(other)),
            (one, other) => one.or(other),
        })
    }

    /// `SELECT id FROM model WHERE …`, the subquery of paths and of `any`.
    pub(super) fn select(
        &self,
        model: &Model,
        wanted: &str,
        domain: Domain,
        active_test: bool,
    ) -> Result<Sql> {
        let alias = self.alias();
        self.subqueries.set(self.subqueries.get() + 1);
        let filter = self.filter(model, &alias, domain, active_test)?;
        let select = Sql::text("SELECT ")
            .then(column(&alias, wanted))
            .and_text(" FROM ")
            .then(ident(&model.table))
            .and_text(" AS ")
            .then(ident(&alias));
        Ok(if filter.is_empty() { select } else { select.and_text(" WHERE ").then(filter) })
    }

    /// Looks at every condition, those too that the optimizer finds to make no difference.
    fn check_fields(&self, model: &Model, domain: &Domain) -> Result<()> {
        match domain {
            Domain::True | Domain::False => Ok(()),
            Domain::And(parts) | Domain::Or(parts) => {
                parts.iter().try_for_each(|part| self.check_fields(model, part))
            }
            Domain::Not(inner) => self.check_fields(model, inner),
            Domain::Condition(condition) => {
                let first = condition.path.split('.').next().unwrap_or_default();
                self.field(model, first).map(|_| ())
            }
        }
    }

    /// A field that the caller may see.
    fn field<'m>(&self, model: &'m Model, name: &str) -> Result<&'m Field> {
        let unknown = || Error::Value(format!("Invalid field {}.{name} in a domain.", model.name));
        let field = model.field(name).ok_or_else(unknown)?;
        access::check_field(self.env, model, field)?;
        Ok(field)
    }

    fn leaf(&self, model: &Model, alias: &str, condition: &Condition) -> Result<Sql> {
        let (first, rest) = match condition.path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (condition.path.as_str(), None),
        };
        if rest.is_some_and(|rest| rest.split('.').count() >= LONGEST_PATH) {
            return Err(Error::Value(format!("A path has {LONGEST_PATH} steps at the most.")));
        }
        let field = self.field(model, first)?;
        if let Some(part) = rest.filter(|_| is_time(field)).and_then(DatePart::parse) {
            let value = self.value(model, alias, field)?;
            let number = part.of(date_part::local(field, value, date_part::zone(self.env)));
            return scalar::number(self, number, field, condition);
        }
        if let Some(rest) = rest {
            return relation::path(self, model, alias, field, rest, condition);
        }
        if let Operand::Domain(domain) = &condition.operand {
            return relation::any(self, model, alias, field, condition.operator, domain);
        }
        if let Operand::Value(Json::Array(items)) = &condition.operand
            && items.is_empty()
            && matches!(condition.operator, Operator::In | Operator::NotIn)
        {
            return Ok(Sql::boolean(condition.operator == Operator::NotIn));
        }
        if !field.is_searchable() {
            tracing::debug!(
                model = model.name,
                field = field.name,
                "a condition on a computed field holds for every record"
            );
            return Ok(Sql::boolean(true));
        }
        if field.name == "display_name"
            && let Some(named) = relation::by_name(self, model, alias, condition)?
        {
            return Ok(named);
        }
        match &field.kind {
            FieldType::One2many { .. } | FieldType::Many2many { .. } => {
                relation::x2many(self, model, alias, field, condition)
            }
            FieldType::Many2one { comodel, .. } => {
                let value = self.value(model, alias, field)?;
                relation::many2one(self, &value, field, comodel, condition)
            }
            _ if field.name == "id" && hierarchy::is_hierarchy(condition.operator) => {
                relation::many2one(self, &column(alias, "id"), field, &model.name, condition)
            }
            _ if field.names_model => {
                scalar::condition(self, model, alias, field, &self.in_current_names(condition))
            }
            _ => scalar::condition(self, model, alias, field, condition),
        }
    }

    /// A condition on names of models, with today's name in the place of each name of old.
    fn in_current_names(&self, condition: &Condition) -> Condition {
        let current = |value: &mut Json| {
            if let Json::String(name) = value {
                self.env.registry().current_name(name).to_owned().clone_into(name);
            }
        };
        let mut condition = condition.clone();
        if let Operand::Value(value) = &mut condition.operand
            && !condition.operator.is_pattern()
        {
            match value {
                Json::Array(items) => items.iter_mut().for_each(current),
                single => current(single),
            }
        }
        condition
    }

    /// The value of a field of `alias`.
    pub(super) fn value(&self, model: &Model, alias: &str, field: &Field) -> Result<Sql> {
        value_sql::value(self.env.registry(), model, field, alias, &self.env.context.lang)
    }
}
