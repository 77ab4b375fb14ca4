//! Who may do what: rights on models, groups on fields, rules on records. Every operation asks here.
//!
//! Rights are granted by any group that has them. Rules without a group all have to hold; of the
//! rules that name a group of the user at least one has to. Superuser mode passes all of it.

pub mod eval;
pub mod limits;
pub mod records;
pub mod rule;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use self::limits::{LONGEST_CHAIN, Limits};
use self::rule::Rule;
use super::environment::Environment;
use super::field::Field;
use super::model::Model;
use super::registry::{int, text};
use super::user::User;
use crate::db::{Raw, Row};
use crate::error::{Error, Result};

/// An operation on records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Look at them.
    Read,
    /// Change them.
    Write,
    /// Make them.
    Create,
    /// Delete them.
    Unlink,
}

impl Operation {
    /// Odoo's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Create => "create",
            Self::Unlink => "unlink",
        }
    }

    /// The operation of a word.
    ///
    /// # Errors
    ///
    /// [`Error::Assertion`] when it is none.
    pub fn parse(word: &str) -> Result<Self> {
        [Self::Read, Self::Write, Self::Create, Self::Unlink]
            .into_iter()
            .find(|operation| operation.as_str() == word)
            .ok_or_else(|| {
                Error::Assertion(format!("'{word}' is no access mode: read, write, create or unlink"))
            })
    }

    fn index(self) -> usize {
        self as usize
    }
}

#[derive(Debug, Clone)]
struct Right {
    group: Option<i64>,
    granted: [bool; 4],
}

/// All rights and rules, by model.
#[derive(Default)]
pub struct Access {
    rights: HashMap<String, Vec<Right>, RandomState>,
    rules: HashMap<String, Vec<Rule>, RandomState>,
}

fn flags(row: &Row, first: usize) -> [bool; 4] {
    [0, 1, 2, 3].map(|offset| {
        row.try_get::<_, Option<Raw<'_>>>(first + offset).ok().flatten().is_some_and(Raw::boolean)
    })
}

impl Access {
    /// Reads the rows of `access.sql` and `rules.sql`, and pairs of rule and group.
    pub(super) fn from_rows(rights: &[Row], rules: &[Row], groups: &[(i64, i64)]) -> Self {
        let mut access = Self::default();
        for row in rights {
            let group = Some(int(row, 1)).filter(|id| *id != 0);
            access.rights.entry(text(row, 0)).or_default().push(Right { group, granted: flags(row, 2) });
        }
        for row in rules {
            let id = int(row, 1);
            let groups = groups.iter().filter(|(rule, _)| *rule == id).map(|(_, group)| *group).collect();
            let rule = Rule::new(id, text(row, 2), &text(row, 3), groups, flags(row, 4));
            access.rules.entry(text(row, 0)).or_default().push(rule);
        }
        access
    }

    /// Whether a user's groups have a right on a model.
    pub fn is_granted(&self, model: &str, user: &User, operation: Operation) -> bool {
        let rights = self.rights.get(model).map_or(&[][..], Vec::as_slice);
        rights.iter().any(|right| {
            right.granted.get(operation.index()) == Some(&true)
                && right.group.is_none_or(|group| user.groups.contains(&group))
        })
    }

    /// The rules on a model that speak of an operation.
    pub fn rules(&self, model: &str, operation: Operation) -> impl Iterator<Item = &Rule> {
        self.rules.get(model).into_iter().flatten().filter(move |rule| rule.covers(operation.index()))
    }

    /// The paths of user attributes that rules ask for, beyond what every user is loaded with.
    pub fn user_paths(&self) -> impl Iterator<Item = &[String]> {
        let mut seen: Vec<&[String]> = Vec::new();
        for path in self.rules.values().flatten().flat_map(Rule::user_paths) {
            if !seen.contains(&path) {
                seen.push(path);
            }
        }
        seen.into_iter()
    }
}

/// Whether the caller may do `operation` on the model at all.
pub fn has_model_access(env: &Environment, model: &Model, operation: Operation) -> bool {
    let is_within = || env.limits().is_none_or(|limits| limits.allow(&model.name, operation));
    env.su || (env.registry().access.is_granted(&model.name, env.user(), operation) && is_within())
}

/// Checks that an operation on a model is within the limits of the application that acts for the user,
/// if one does.
///
/// # Errors
///
/// [`Error::Access`] that names model and operation.
pub fn check_within(env: &Environment, model: &Model, operation: Operation) -> Result<()> {
    if env.limits().is_none_or(|limits| limits.allow(&model.name, operation)) {
        return Ok(());
    }
    Err(Error::Access(format!(
        "The application may not {} records of '{}' ({}): its model scheme or the scope of its token does not offer it.",
        operation.as_str(),
        model.description,
        model.name
    )))
}

/// Checks the right on a model.
///
/// # Errors
///
/// [`Error::Access`] that names model and operation.
pub fn check_model(env: &Environment, model: &Model, operation: Operation) -> Result<()> {
    if has_model_access(env, model, operation) {
        return Ok(());
    }
    check_within(env, model, operation)?;
    let deed = match operation {
        Operation::Read => "look at",
        Operation::Write => "change",
        Operation::Create => "create",
        Operation::Unlink => "delete",
    };
    Err(Error::Access(format!(
        "You are not allowed to {deed} records of '{}' ({}). Ask an administrator for permission to {}.",
        model.description,
        model.name,
        operation.as_str()
    )))
}

/// Whether the caller may see a field.
pub fn has_field_access(env: &Environment, model: &Model, field: &Field) -> bool {
    let has_one = |groups: &Vec<String>| {
        groups.is_empty() || groups.iter().any(|group| env.user().has_group(group, env.registry()))
    };
    let has_groups = || has_one(&field.groups) && field.link_groups.iter().all(has_one);
    let is_offered = |limits: &Limits| {
        limits.allow_field(model, field)
            && limits.allow_sources(env.registry(), model, field)
            && leads_within(env, limits, model, field, LONGEST_CHAIN)
    };
    env.su || (has_groups() && env.limits().is_none_or(is_offered))
}

/// Whether all that a related field leads over is within the limits of an application. Who makes such a field
/// does not think of each scheme that keeps back what it shows; the shipped ones are parts of their model.
fn leads_within(env: &Environment, limits: &Limits, model: &Model, field: &Field, left: usize) -> bool {
    if !field.manual || field.related_path().is_none() {
        return true;
    }
    let Some(left) = left.checked_sub(1) else { return false };
    let mut at = model;
    for (place, step) in field.related_path().into_iter().flatten().enumerate() {
        let Some(next) = at.field(step) else { return false };
        let is_shown = place == 0 || limits.allow(&at.name, Operation::Read);
        if !is_shown || !limits.allow_field(at, next) || !leads_within(env, limits, at, next, left) {
            return false;
        }
        let Some(comodel) = next.kind.comodel() else { break };
        match env.registry().find(comodel) {
            Some(comodel) => at = comodel,
            None => return false,
        }
    }
    true
}

/// The groups that a text such as `base.group_system,!base.group_portal` names.
pub fn group_names(groups: &str) -> impl Iterator<Item = &str> {
    groups.split(',').map(|name| name.trim().trim_start_matches('!').trim()).filter(|name| !name.is_empty())
}

/// Whether somebody is in one of the groups of such a text, as `has` tells it, and in none that it excludes.
pub fn are_met(groups: &str, has: impl Fn(&str) -> bool) -> bool {
    let names = || groups.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut wanted = names().filter(|name| !name.starts_with('!')).peekable();
    let mut excluded = names().filter_map(|name| name.strip_prefix('!'));
    (wanted.peek().is_none() || wanted.any(&has)) && !excluded.any(&has)
}

/// The same of the caller. Superuser mode is about records; what is drawn is drawn for the user.
pub fn is_in_groups(env: &Environment, groups: &str) -> bool {
    are_met(groups, |name| env.user().has_group(name, env.registry()))
}

/// Checks the groups of a field.
///
/// # Errors
///
/// [`Error::Access`] that names field and model.
pub fn check_field(env: &Environment, model: &Model, field: &Field) -> Result<()> {
    if has_field_access(env, model, field) {
        return Ok(());
    }
    Err(Error::Access(format!(
        "You are not allowed to use the field '{}' of '{}' ({}).",
        field.name, model.description, model.name
    )))
}
