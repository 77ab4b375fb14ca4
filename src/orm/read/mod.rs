//! Reads records: one statement for their rows, then one round trip for names and lines.
//!
//! A record or two bring the names of their many2one fields along in the first statement; a page does
//! better to ask for the distinct ones afterwards.

mod beside;
mod json;
mod layout;

use std::collections::HashMap;

use self::layout::Layout;
use super::access::{self, Operation, records};
use super::behaviour::Values;
use super::domain::to_sql::Compiler;
use super::domain::{Condition, Domain, Operator};
use super::environment::Environment;
use super::field::Field;
use super::model::Model;
use super::query::{self, Page, SELF};
use super::registry::int;
use super::value_sql;
use crate::db::{Row, Sql};
use crate::error::{Error, Result};

/// Up to this many records bring their names along.
const FEW: usize = 4;

/// Which records are read.
pub enum Wanted {
    /// These, in this order; repeated ones are repeated, missing ones left out.
    Ids(Vec<i64>),
    /// Those that a domain selects.
    Domain(Domain, Page),
}

impl Wanted {
    fn are_few(&self, model: &Model) -> bool {
        match self {
            Self::Ids(ids) => ids.len() <= FEW,
            Self::Domain(domain, page) => {
                page.limit.and_then(|limit| usize::try_from(limit).ok()).is_some_and(|limit| limit <= FEW)
                    || is_one(model, domain)
            }
        }
    }
}

/// Whether a domain names one record at the most: by its id, or by a value that is unique.
fn is_one(model: &Model, domain: &Domain) -> bool {
    match domain {
        Domain::And(parts) => parts.iter().any(|part| is_one(model, part)),
        Domain::Condition(Condition { path, operator: Operator::Eq, .. }) => {
            path == "id" || model.constraints.iter().any(|known| is_unique(&known.definition, path))
        }
        _ => false,
    }
}

/// Whether a constraint makes the values of one column unique.
fn is_unique(definition: &str, column: &str) -> bool {
    definition.strip_prefix("UNIQUE (").and_then(|rest| rest.strip_suffix(')')) == Some(column)
}

/// How many2one values look: with their names, or bare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// `[id, "name"]`.
    Classic,
    /// `id`.
    Raw,
}

/// The fields of a read, checked.
///
/// # Errors
///
/// [`Error::Value`] for an unknown one, [`Error::Access`] for one that the caller may not see.
pub fn fields<'a>(env: &Environment, model: &'a Model, names: Option<&[String]>) -> Result<Vec<&'a Field>> {
    let Some(names) = names else {
        return Ok(model
            .fields
            .values()
            .filter(|field| access::has_field_access(env, model, field))
            .collect());
    };
    let mut fields: Vec<&Field> = Vec::with_capacity(names.len());
    for name in names {
        let field = model
            .field(name)
            .ok_or_else(|| Error::Value(format!("Invalid field '{name}' on model '{}'.", model.name)))?;
        access::check_field(env, model, field)?;
        if !fields.iter().any(|known| known.name == field.name) {
            fields.push(field);
        }
    }
    Ok(fields)
}

/// Reads records as JSON text: a list of objects.
///
/// # Errors
///
/// [`Error::Access`] when the caller may not see one of the records, and what the domain calls for.
pub async fn read(
    env: &Environment,
    model: &Model,
    wanted: Wanted,
    fields: &[&Field],
    load: Load,
) -> Result<Vec<u8>> {
    let layout = Layout::new(env, model, fields, load == Load::Classic && wanted.are_few(model))?;
    let rows = match wanted {
        Wanted::Ids(ids) => by_ids(env, model, &ids, &layout).await?,
        Wanted::Domain(domain, page) => {
            let is_one = is_one(model, &domain);
            let mut select = query::select(env, model, layout.columns(), domain, &page)?;
            if is_one {
                select.forget_order();
            }
            let rows = env.connection().read_guarded(|guard| select.statement(guard)).await?;
            let order = (0..rows.len()).collect();
            Rows { rows, order }
        }
    };
    let beside = beside::fetch(env, &layout, &rows, load).await?;
    json::write(env, model, &layout, &rows, &beside)
}

/// Reads records as values, for what the server does with them itself.
///
/// # Errors
///
/// As [`read`].
pub async fn values(
    env: &Environment,
    model: &Model,
    ids: &[i64],
    fields: &[&Field],
    load: Load,
) -> Result<Vec<Values>> {
    let text = read(env, model, Wanted::Ids(ids.to_vec()), fields, load).await?;
    serde_json::from_slice(&text).map_err(|error| Error::Internal(error.to_string()))
}

/// Rows, and the order in which they are told.
struct Rows {
    rows: Vec<Row>,
    order: Vec<usize>,
}

impl Rows {
    fn iter(&self) -> impl Iterator<Item = &Row> {
        self.order.iter().filter_map(|place| self.rows.get(*place))
    }
}

async fn by_ids(env: &Environment, model: &Model, ids: &[i64], layout: &Layout<'_>) -> Result<Rows> {
    access::check_model(env, model, Operation::Read)?;
    let (statement, is_ruled) = statement_by_ids(env, model, ids, layout)?;
    let rows = if ids.is_empty() {
        Vec::new()
    } else {
        env.connection().read_guarded(|guard| query::both(statement, guard)).await?
    };
    let places: HashMap<i64, usize> =
        rows.iter().enumerate().map(|(place, row)| (int(row, 0), place)).collect();
    if is_ruled {
        let missing: Vec<i64> = ids.iter().filter(|id| !places.contains_key(id)).copied().collect();
        records::refuse_hidden(env, model, &missing, Operation::Read).await?;
    }
    let order = ids.iter().filter_map(|id| places.get(id).copied()).collect();
    Ok(Rows { rows, order })
}

/// The statement, and whether a rule may have hidden some of the records from it.
fn statement_by_ids(
    env: &Environment,
    model: &Model,
    ids: &[i64],
    layout: &Layout<'_>,
) -> Result<(Sql, bool)> {
    let statement = Sql::text("SELECT ")
        .then(layout.columns())
        .then(query::from(model))
        .and_text(" WHERE ")
        .then(query::is_one_of(ids));
    let rules = Compiler::new(env).rules(model, SELF, Operation::Read)?;
    let is_ruled = rules.is_some();
    Ok((query::both(statement, rules), is_ruled))
}

/// The expression that names a record.
///
/// # Errors
///
/// [`Error::Internal`] when a declaration contradicts another.
pub fn display_name(env: &Environment, model: &Model) -> Result<Sql> {
    let field = model.field("display_name").ok_or_else(|| Error::Internal("no display name".to_owned()))?;
    value_sql::value(env.registry(), model, field, SELF, &env.context.lang)
}
