//! Record rules: a domain written as a small expression, evaluated for the user of the call.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use serde_json::Value as Json;

use super::super::domain::optimize::optimize;
use super::super::domain::to_sql::Compiler;
use super::super::domain::{Condition, Domain, Operand, Operator, parse};
use super::super::environment::Environment;
use super::super::model::Model;
use super::super::query::SELF;
use super::super::user;
use super::Operation;
use super::eval::{self, EvalError, Expr, LookupError, Names};
use crate::error::{Error, Result};

/// A rule; see the module.
pub struct Rule {
    id: i64,
    name: String,
    groups: Vec<i64>,
    covers: [bool; 4],
    condition: std::result::Result<Expr, EvalError>,
    paths: Vec<Vec<String>>,
}

/// Attributes of `user` that every loaded user has.
const KNOWN: [&str; 7] = ["id", "ids", "login", "name", "company_id", "company_ids", "partner_id"];

impl Rule {
    /// Parses a rule; one that cannot be parsed refuses everything it covers, and says why.
    pub(super) fn new(id: i64, name: String, condition: &str, groups: Vec<i64>, covers: [bool; 4]) -> Self {
        let text = if condition.trim().is_empty() { "[]" } else { condition };
        let condition = eval::parse(text);
        if let Err(error) = &condition {
            tracing::warn!(rule = id, name, %error, "a record rule cannot be understood; it lets nothing through");
        }
        let paths = condition.as_ref().map(eval::paths).unwrap_or_default();
        let paths = paths.into_iter().filter(|path| is_further(path)).collect();
        Self { id, name, groups, covers, condition, paths }
    }

    /// Whether it speaks of an operation.
    pub(super) fn covers(&self, operation: usize) -> bool {
        self.covers.get(operation) == Some(&true)
    }

    /// Paths into the user's record that have to be loaded for it.
    pub(super) fn user_paths(&self) -> impl Iterator<Item = &[String]> {
        self.paths.iter().map(Vec::as_slice)
    }

    fn domain(&self, env: &Environment) -> Result<Domain> {
        self.evaluated(env, &env.user().attributes).map_err(|error| {
            Error::User(format!(
                "The record rule '{}' (id {}) cannot be evaluated: {error}",
                self.name, self.id
            ))
        })
    }

    /// What it lets through for a user whose further attributes are these, or what is wrong with it.
    fn evaluated(&self, env: &Environment, attributes: &Attributes) -> std::result::Result<Domain, String> {
        let condition = self.condition.as_ref().map_err(EvalError::to_string)?;
        let value =
            eval::evaluate(condition, &Known { env, attributes }).map_err(|error| error.to_string())?;
        parse::parse(&value).map_err(|error| error.to_string())
    }
}

fn is_further(path: &[String]) -> bool {
    match path {
        [user, first] => user == "user" && !KNOWN.contains(&first.as_str()),
        [user, first, last] => {
            user == "user" && !(KNOWN.contains(&first.as_str()) && matches!(last.as_str(), "id" | "ids"))
        }
        [user, _, ..] => user == "user",
        _ => false,
    }
}

/// What rules ask of a user, by its path.
type Attributes = HashMap<Vec<String>, Json>;

struct Known<'a> {
    env: &'a Environment,
    attributes: &'a Attributes,
}

impl Names for Known<'_> {
    fn resolve(&self, path: &[String]) -> std::result::Result<Option<Json>, LookupError> {
        let env = self.env;
        let user = env.user();
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        Ok(Some(match words.as_slice() {
            ["user", "id"] | ["uid" | "user"] => user.id.into(),
            ["user", "ids"] => vec![user.id].into(),
            ["user", "login"] => user.login.clone().into(),
            ["user", "name"] => user.name.clone().into(),
            ["user", "partner_id"] | ["user", "partner_id", "id"] => user.partner_id.into(),
            ["user", "company_id"] | ["user", "company_id", "id"] => user.company_id.into(),
            ["user", "company_ids"] | ["user", "company_ids", "ids"] => user.company_ids.clone().into(),
            ["company_id"] => env.company_id().into(),
            ["company_ids"] => env.context.companies.clone().into(),
            _ => return Ok(self.attributes.get(path).cloned()),
        }))
    }

    fn known(&self) -> Vec<String> {
        let plain = ["user", "company_id", "company_ids"].map(str::to_owned);
        plain.into_iter().chain(self.attributes.keys().map(|path| path.join("."))).collect()
    }

    fn now(&self) -> NaiveDateTime {
        self.env.now()
    }
}

/// Whether a rule's condition can be evaluated for the caller, and be asked of its model.
///
/// # Errors
///
/// What is wrong with it.
pub async fn check(env: &Environment, model: &Model, condition: &str) -> Result<()> {
    let rule = Rule::new(0, String::new(), condition, Vec::new(), [true; 4]);
    let attributes =
        user::attributes(env.connection(), env.registry(), rule.user_paths(), env.user().id).await?;
    let domain = rule.evaluated(env, &attributes).map_err(Error::Value)?;
    let env = env.sudo().with_active_test(false);
    Compiler::new(&env).condition(model, SELF, &optimize(domain)).map(|_| ())
}

/// What the rules let the caller touch of a model; [`Domain::True`] when there is nothing to heed.
///
/// # Errors
///
/// [`Error::User`] that names a rule which cannot be evaluated.
pub fn domain(env: &Environment, model: &Model, operation: Operation) -> Result<Domain> {
    if env.su {
        return Ok(Domain::True);
    }
    let mut everybody = Vec::new();
    let mut by_group = Vec::new();
    let mut has_group_rule = false;
    for rule in env.registry().access.rules(&model.name, operation) {
        if rule.groups.is_empty() {
            everybody.push(rule.domain(env)?);
        } else if rule.groups.iter().any(|group| env.user().groups.contains(group)) {
            has_group_rule = true;
            by_group.push(rule.domain(env)?);
        }
    }
    if has_group_rule {
        everybody.push(Domain::any_of(by_group));
    }
    // A record is as hidden as the one that it delegates to.
    for delegation in &model.delegations {
        match domain(env, &*env.model(&delegation.model)?, operation)? {
            Domain::True => {}
            behind => everybody.push(Domain::Condition(Condition {
                path: delegation.field.clone(),
                operator: Operator::Any,
                operand: Operand::Domain(Box::new(behind)),
            })),
        }
    }
    Ok(Domain::all_of(everybody))
}
