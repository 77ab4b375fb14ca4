//! What stands beside the rows: names by model, lines by field, all of it in one round trip.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::domain::to_sql::Compiler;
use super::super::environment::Environment;
use super::super::field::{Field, FieldType};
use super::super::order;
use super::super::query::{self, SELF};
use super::super::registry::{int, text};
use super::layout::Layout;
use super::{Load, Rows, display_name};
use crate::db::sql::{column, ident};
use crate::db::{Raw, Row, Sql};
use crate::error::{Error, Result};
use crate::orm::access::Operation;

/// Names and lines.
#[derive(Default)]
pub(super) struct Beside {
    /// The names of records, by model and id.
    pub names: HashMap<String, HashMap<i64, String>>,
    /// The lines of records, by field and id.
    pub lines: HashMap<String, HashMap<i64, Vec<i64>>>,
}

/// The value of a column, if it has one.
pub(super) fn raw(row: &Row, place: usize) -> Option<Raw<'_>> {
    row.try_get(place).ok().flatten()
}

/// Fetches what the layout calls for.
pub(super) async fn fetch(env: &Environment, layout: &Layout<'_>, rows: &Rows, load: Load) -> Result<Beside> {
    let links = if load == Load::Classic { links(layout, rows) } else { BTreeMap::new() };
    let lists: Vec<&Field> =
        layout.fields.iter().map(|placed| placed.field).filter(|field| field.kind.is_x2many()).collect();
    let ids: Vec<i64> = rows.iter().map(|row| int(row, 0)).collect();
    let mut statements = Vec::with_capacity(links.len() + lists.len());
    for (comodel, ids) in &links {
        statements.push(names_of(env, comodel, ids.iter().copied().collect())?);
    }
    if !ids.is_empty() {
        for field in &lists {
            statements.push(lines_of(env, field, &ids)?);
        }
    }
    if statements.is_empty() {
        return Ok(Beside::default());
    }
    let mut answers = env.connection().query_all(statements).await?.into_iter();
    let mut found = Beside::default();
    for comodel in links.keys() {
        let names = answers.next().unwrap_or_default();
        found
            .names
            .insert((*comodel).to_owned(), names.iter().map(|row| (int(row, 0), text(row, 1))).collect());
    }
    for field in lists {
        let mut lines: HashMap<i64, Vec<i64>> = HashMap::new();
        for row in answers.next().unwrap_or_default() {
            lines.entry(int(&row, 0)).or_default().push(int(&row, 1));
        }
        found.lines.insert(field.name.clone(), lines);
    }
    Ok(found)
}

/// The records that are pointed to, by model. Ordered, so that the same read is the same statements
/// and finds them prepared.
fn links<'a>(layout: &Layout<'a>, rows: &Rows) -> BTreeMap<&'a str, BTreeSet<i64>> {
    let mut links: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for placed in &layout.fields {
        let (FieldType::Many2one { comodel, .. }, Some(place), None) =
            (&placed.field.kind, placed.value, placed.name)
        else {
            continue;
        };
        let ids = rows.iter().filter_map(|row| raw(row, place)).filter_map(Raw::int);
        links.entry(comodel).or_default().extend(ids);
    }
    links.retain(|_, ids| !ids.is_empty());
    links
}

/// Names are told whatever the caller may see of the record itself, as in Odoo.
fn names_of(env: &Environment, comodel: &str, ids: Vec<i64>) -> Result<Sql> {
    let comodel = env.model(comodel)?;
    Ok(Sql::text("SELECT ")
        .then(column(SELF, "id"))
        .and_text(", ")
        .then(display_name(env, &comodel)?)
        .then(query::from(&comodel))
        .and_text(" WHERE ")
        .then(column(SELF, "id"))
        .and_text(" = ANY(")
        .then(Sql::param(ids))
        .and_text(")"))
}

/// The lines of records: those that the caller sees, in the order of their model.
fn lines_of(env: &Environment, field: &Field, ids: &[i64]) -> Result<Sql> {
    let comodel = env.model(field.kind.comodel().unwrap_or_default())?;
    let order = order::parse(env, &comodel, "")?;
    let (owner, source) = match &field.kind {
        FieldType::One2many { inverse, .. } => (column(SELF, inverse), query::from(&comodel)),
        FieldType::Many2many { relation, column1, column2, .. } => {
            let join = Sql::text(" JOIN ")
                .then(ident(relation))
                .and_text(" AS r ON ")
                .then(column("r", column2))
                .and_text(" = ")
                .then(column(SELF, "id"));
            (column("r", column1), query::from(&comodel).then(join))
        }
        _ => return Err(Error::Internal(format!("'{}' has no lines", field.name))),
    };
    let mut conditions = vec![owner.clone().and_text(" = ANY(").then(Sql::param(ids.to_vec())).and_text(")")];
    if env.context.active_test && comodel.has_active() {
        conditions.push(column(SELF, "active").and_text(" = true"));
    }
    conditions.extend(Compiler::new(env).rules(&comodel, SELF, Operation::Read)?);
    Ok(Sql::text("SELECT ")
        .then(owner)
        .and_text(", ")
        .then(column(SELF, "id"))
        .then(source)
        .then(order.joins)
        .and_text(" WHERE ")
        .then(Sql::join(conditions, " AND "))
        .and_text(" ORDER BY ")
        .then(order.terms))
}
