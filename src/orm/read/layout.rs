//! Which column of a row has which field, and which one its name.

use super::super::access::{self, Operation};
use super::super::domain::Domain;
use super::super::domain::to_sql::Compiler;
use super::super::environment::Environment;
use super::super::field::{Field, FieldType};
use super::super::model::Model;
use super::super::names;
use super::super::query::{self, SELF};
use super::super::value_sql;
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};

/// A field of a read, with its places in the row.
pub(super) struct Placed<'a> {
    /// The field.
    pub field: &'a Field,
    /// Where its value is; lines have none.
    pub value: Option<usize>,
    /// Where the name of the record that it points to is, when it comes along.
    pub name: Option<usize>,
}

/// The layout of a row. The id is always the first column.
pub(super) struct Layout<'a> {
    /// The fields, in the order of the answer, without the id.
    pub fields: Vec<Placed<'a>>,
    columns: Vec<Sql>,
}

impl<'a> Layout<'a> {
    /// The layout of some fields, with the names of many2one values or without.
    pub(super) fn new(
        env: &Environment,
        model: &Model,
        fields: &[&'a Field],
        with_names: bool,
    ) -> Result<Self> {
        let mut layout = Self { fields: Vec::with_capacity(fields.len()), columns: vec![column(SELF, "id")] };
        for field in fields.iter().copied().filter(|field| field.name != "id") {
            let mut placed = Placed { field, value: None, name: None };
            if !field.kind.is_x2many() {
                let value = match &field.counts {
                    Some(list) if !env.su => counted(env, model, list)?,
                    _ => value_sql::value(env.registry(), model, field, SELF, &env.context.lang)?,
                };
                if let (FieldType::Many2one { comodel, .. }, true) = (&field.kind, with_names) {
                    let comodel = env.model(comodel)?;
                    if env.names().is_none() || !names::are_kept(&comodel) {
                        let name = name(env, &comodel, value.clone())?;
                        placed.name = Some(layout.add(name));
                    }
                }
                placed.value = Some(layout.add(if field.kind.is_binary() && env.context.bin_size {
                    Sql::text("octet_length(").then(value).and_text(")")
                } else {
                    value
                }));
            }
            layout.fields.push(placed);
        }
        Ok(layout)
    }

    fn add(&mut self, column: Sql) -> usize {
        self.columns.push(column);
        self.columns.len() - 1
    }

    /// What follows SELECT.
    pub(super) fn columns(&self) -> Sql {
        Sql::join(self.columns.iter().cloned(), ", ")
    }
}

/// How many lines of a record the caller sees.
fn counted(env: &Environment, model: &Model, list: &str) -> Result<Sql> {
    const LINE: &str = "line";
    let field = model.field(list).ok_or_else(|| Error::Internal(format!("no field {list}")))?;
    let FieldType::One2many { comodel, inverse } = &field.kind else {
        return Err(Error::Internal(format!("'{list}' has no lines of its own")));
    };
    let comodel = env.model(comodel)?;
    if !access::has_model_access(env, &comodel, Operation::Read) {
        return Ok(Sql::number(0));
    }
    let seen = Compiler::new(env).filter(&comodel, LINE, Domain::True, env.context.active_test)?;
    let own = column(LINE, inverse).and_text(" = ").then(column(SELF, "id"));
    Ok(Sql::text("(SELECT count(*)::int FROM ")
        .then(ident(&comodel.table))
        .and_text(" AS ")
        .then(ident(LINE))
        .and_text(" WHERE ")
        .then(query::both(own, Some(seen).filter(|seen| !seen.is_empty())))
        .and_text(")"))
}

/// The name of the record that a link points to. Names are told whatever the caller may see of the
/// record itself, as in Odoo.
fn name(env: &Environment, comodel: &Model, link: Sql) -> Result<Sql> {
    const BEHIND: &str = "n";
    let field = comodel.field("display_name").ok_or_else(|| Error::Internal("no display name".to_owned()))?;
    let value = value_sql::value(env.registry(), comodel, field, BEHIND, &env.context.lang)?;
    Ok(Sql::text("(SELECT COALESCE(")
        .then(value)
        .and_text(", '') FROM ")
        .then(ident(&comodel.table))
        .and_text(" AS ")
        .then(ident(BEHIND))
        .and_text(" WHERE ")
        .then(column(BEHIND, "id"))
        .and_text(" = ")
        .then(link)
        .and_text(")"))
}
