//! What a client sends for a list of lines: make, change, delete, unlink, link, clear, replace.
//!
//! | command | meaning |
//! |---|---|
//! | `[0, _, {…}]` | make a line |
//! | `[1, id, {…}]` | change a line |
//! | `[2, id]` | delete a line |
//! | `[3, id]` | take it off the list; a line that cannot be without its record is deleted |
//! | `[4, id]` | put it on the list |
//! | `[5]` | take all off |
//! | `[6, _, [ids]]` | have exactly these |
//!
//! A list of ids means `[6, 0, ids]`, and `false` or `null` means `[5]`. Unknown commands do nothing, as in Odoo.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::behaviour::Values;
use super::create::create;
use super::environment::Environment;
use super::field::{Field, FieldType, OnDelete};
use super::model::Model;
use super::python;
use super::registry::int;
use super::unlink::unlink;
use super::write::{gone, write};
use crate::db::Sql;
use crate::db::sql::ident;
use crate::error::{Error, Result};

/// A command; see the module.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Make a line.
    Create(Values),
    /// Change a line.
    Update(i64, Values),
    /// Delete a line.
    Delete(i64),
    /// Take it off the list.
    Unlink(i64),
    /// Put it on the list.
    Link(i64),
    /// Take all off.
    Clear,
    /// Have exactly these.
    Set(Vec<i64>),
}

impl Command {
    /// The commands that a client sent for a field.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] for what is no list of commands or ids, [`Error::Index`] for a command that breaks
    /// off, [`Error::Type`] for one that has something else where ids belong.
    pub fn parse(field: &Field, value: &Json) -> Result<Vec<Self>> {
        let wrong = || {
            Error::Value(format!(
                "'{}' needs a list of commands or ids, not {}.",
                field.name,
                python::repr(value)
            ))
        };
        let items = match value {
            Json::Array(items) => items,
            // Any other emptiness is a mistake, and lines are too dear for one.
            Json::Null | Json::Bool(false) => return Ok(vec![Self::Clear]),
            _ => return Err(wrong()),
        };
        if !items.is_empty() && items.iter().all(Json::is_number) {
            return super::method::ids(value).map(|ids| vec![Self::Set(ids)]);
        }
        let mut commands = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Json::Number(_) => commands.push(Self::Link(item.as_i64().ok_or_else(wrong)?)),
                Json::Array(parts) => {
                    if !parts.is_empty() || !matches!(field.kind, FieldType::Many2many { .. }) {
                        commands.extend(Self::one(&field.name, parts)?);
                    }
                }
                _ => return Err(wrong()),
            }
        }
        Ok(commands)
    }

    fn one(field: &str, parts: &[Json]) -> Result<Option<Self>> {
        let told = || python::repr(&Json::Array(parts.to_vec()));
        let wrong = || Error::Value(format!("'{field}' does not understand the command {}.", told()));
        let part = |place: usize| {
            let missing = || Error::Index(format!("The command {} of '{field}' breaks off.", told()));
            parts.get(place).ok_or_else(missing)
        };
        let id = || part(1)?.as_i64().ok_or_else(wrong);
        let values = || match part(2)? {
            Json::Object(values) => Ok(values.clone()),
            value if !python::truth(value) => Ok(Values::new()),
            _ => Err(wrong()),
        };
        let ids = || match part(2)? {
            number @ Json::Number(_) => Err(Error::Type(format!(
                "The command {} of '{field}' needs a list of ids, not {number}.",
                told()
            ))),
            ids => super::method::ids(ids),
        };
        Ok(Some(match part(0)?.as_i64() {
            Some(0) => Self::Create(values()?),
            Some(1) => Self::Update(id()?, values()?),
            Some(2) => Self::Delete(id()?),
            Some(3) => Self::Unlink(id()?),
            Some(4) => Self::Link(id()?),
            Some(5) => Self::Clear,
            Some(6) => Self::Set(ids()?),
            _ => return Ok(None),
        }))
    }
}

/// Applies what a client sent for the list `field` of the records `ids`.
///
/// # Errors
///
/// As [`Command::parse`], and as making, changing and deleting the lines.
pub async fn apply(
    env: &Environment,
    model: &Model,
    field: &Field,
    ids: &[i64],
    value: &Json,
    is_new: bool,
) -> Result<()> {
    let mut commands = Command::parse(field, value)?;
    if is_new {
        // A new record has no lines to be taken off.
        commands.retain(|command| *command != Command::Clear);
    }
    match &field.kind {
        FieldType::One2many { comodel, inverse } => {
            let comodel = env.model(comodel)?;
            one2many(env, &comodel, inverse, ids, commands).await
        }
        FieldType::Many2many { comodel, relation, column1, column2 } => {
            let comodel = env.model(comodel)?;
            let links = Links { env, relation, column1, column2, ids };
            links.apply(&comodel, commands).await
        }
        _ => Err(Error::Internal(format!("{}.{} has no lines", model.name, field.name))),
    }
}

async fn one2many(
    env: &Environment,
    comodel: &Model,
    inverse: &str,
    ids: &[i64],
    commands: Vec<Command>,
) -> Result<()> {
    let mut made = Vec::new();
    for command in commands {
        if let Command::Create(values) = command {
            made.extend(ids.iter().map(|id| {
                let mut values = values.clone();
                values.insert(inverse.to_owned(), (*id).into());
                values
            }));
            continue;
        }
        // Lines are made together, but not before or after what was sent around them.
        if !made.is_empty() {
            create(env, comodel, std::mem::take(&mut made)).await?;
        }
        match command {
            Command::Create(_) => {}
            Command::Update(line, values) => write(env, comodel, &[line], values).await?,
            Command::Delete(line) => unlink(env, comodel, &[line]).await?,
            Command::Unlink(line) => take_off(env, comodel, inverse, ids, Some(&[line]), &[]).await?,
            Command::Link(line) => put_on(env, comodel, inverse, ids, &[line]).await?,
            Command::Clear => take_off(env, comodel, inverse, ids, None, &[]).await?,
            Command::Set(lines) => {
                take_off(env, comodel, inverse, ids, None, &lines).await?;
                put_on(env, comodel, inverse, ids, &lines).await?;
            }
        }
    }
    if !made.is_empty() {
        create(env, comodel, made).await?;
    }
    Ok(())
}

/// Takes lines off the list: all, or some, but not those to be kept.
async fn take_off(
    env: &Environment,
    comodel: &Model,
    inverse: &str,
    ids: &[i64],
    some: Option<&[i64]>,
    kept: &[i64],
) -> Result<()> {
    let mut statement = Sql::text("SELECT id FROM ")
        .then(ident(&comodel.table))
        .and_text(" WHERE ")
        .then(ident(inverse))
        .and_text(" = ANY(")
        .then(Sql::param(ids.to_vec()))
        .and_text(") AND id <> ALL(")
        .then(Sql::param(kept.to_vec()))
        .and_text(")");
    if let Some(some) = some {
        statement = statement.and_text(" AND id = ANY(").then(Sql::param(some.to_vec())).and_text(")");
    }
    let lines: Vec<i64> = env.connection().query(statement).await?.iter().map(|row| int(row, 0)).collect();
    let goes_with_it = comodel.field(inverse).is_some_and(|field| {
        field.required || matches!(field.kind, FieldType::Many2one { ondelete: OnDelete::Cascade, .. })
    });
    if goes_with_it {
        return unlink(env, comodel, &lines).await;
    }
    let mut values = Values::new();
    values.insert(inverse.to_owned(), Json::Bool(false));
    write(env, comodel, &lines, values).await
}

/// Puts lines on the list of the last of the records, as a line has one record only.
async fn put_on(env: &Environment, comodel: &Model, inverse: &str, ids: &[i64], lines: &[i64]) -> Result<()> {
    let Some(owner) = ids.last() else { return Ok(()) };
    if lines.is_empty() {
        return Ok(());
    }
    let statement = Sql::text("SELECT id FROM ")
        .then(ident(&comodel.table))
        .and_text(" WHERE id = ANY(")
        .then(Sql::param(lines.to_vec()))
        .and_text(")");
    let there: HashSet<i64> =
        env.connection().query(statement).await?.iter().map(|row| int(row, 0)).collect();
    let missing: Vec<i64> = lines.iter().filter(|line| !there.contains(line)).copied().collect();
    if !missing.is_empty() {
        return Err(gone(comodel, &missing));
    }
    let mut values = Values::new();
    values.insert(inverse.to_owned(), (*owner).into());
    write(env, comodel, lines, values).await
}

struct Links<'a> {
    env: &'a Environment,
    relation: &'a str,
    column1: &'a str,
    column2: &'a str,
    ids: &'a [i64],
}

impl Links<'_> {
    async fn apply(&self, comodel: &Model, commands: Vec<Command>) -> Result<()> {
        for command in commands {
            match command {
                Command::Create(values) => {
                    let made = create(self.env, comodel, vec![values]).await?;
                    self.put_on(&made).await?;
                }
                Command::Update(record, values) => write(self.env, comodel, &[record], values).await?,
                Command::Delete(record) => unlink(self.env, comodel, &[record]).await?,
                Command::Unlink(record) => self.take_off(Some(&[record]), &[]).await?,
                Command::Link(record) => self.put_on(&[record]).await?,
                Command::Clear => self.take_off(None, &[]).await?,
                Command::Set(records) => {
                    self.take_off(None, &records).await?;
                    self.put_on(&records).await?;
                }
            }
        }
        Ok(())
    }

    async fn put_on(&self, records: &[i64]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let statement = Sql::text("INSERT INTO ")
            .then(ident(self.relation))
            .and_text(" (")
            .then(ident(self.column1))
            .and_text(", ")
            .then(ident(self.column2))
            .and_text(") SELECT a, b FROM unnest(")
            .then(Sql::param(self.ids.to_vec()))
            .and_text("::int[]) AS a, unnest(")
            .then(Sql::param(records.to_vec()))
            .and_text("::int[]) AS b ON CONFLICT DO NOTHING");
        self.change(statement).await
    }

    async fn take_off(&self, some: Option<&[i64]>, kept: &[i64]) -> Result<()> {
        let mut statement = Sql::text("DELETE FROM ")
            .then(ident(self.relation))
            .and_text(" WHERE ")
            .then(ident(self.column1))
            .and_text(" = ANY(")
            .then(Sql::param(self.ids.to_vec()))
            .and_text(") AND ")
            .then(ident(self.column2))
            .and_text(" <> ALL(")
            .then(Sql::param(kept.to_vec()))
            .and_text(")");
        if let Some(some) = some {
            statement = statement
                .and_text(" AND ")
                .then(ident(self.column2))
                .and_text(" = ANY(")
                .then(Sql::param(some.to_vec()))
                .and_text(")");
        }
        self.change(statement).await
    }

    async fn change(&self, statement: Sql) -> Result<()> {
        self.env.connection().query(statement).await?;
        Ok(())
    }
}
