//! What stands beside the rows: names by model, lines by field, all of it in one round trip.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::super::access::{self, Operation};
use super::super::domain::to_sql::Compiler;
use super::super::environment::Environment;
use super::super::field::{Field, FieldType};
use super::super::model::Model;
use super::super::names::{self, ById};
use super::super::order;
use super::super::query::{self, SELF};
use super::super::registry::{int, text};
use super::layout::Layout;
use super::{Load, Rows, display_name};
use crate::db::sql::{column, ident};
use crate::db::{Raw, Row, Sql};
use crate::error::{Error, Result};

/// Names and lines.
#[derive(Default)]
pub(super) struct Beside {
    /// The names of records, by model and id.
    pub names: HashMap<String, Arc<ById>>,
    /// The lines of records, by field and id.
    pub lines: HashMap<String, HashMap<i64, Vec<i64>>>,
}

/// The value of a column, if it has one.
pub(super) fn raw(row: &Row, place: usize) -> Option<Raw<'_>> {
    row.try_get(place).ok().flatten()
}

/// The names of one model that have still to be read.
struct Asked {
    model: Arc<Model>,
    ids: Vec<i64>,
    /// The epoch in which they may be kept.
    epoch: Option<u64>,
}

/// Fetches what the layout calls for.
pub(super) async fn fetch(env: &Environment, layout: &Layout<'_>, rows: &Rows, load: Load) -> Result<Beside> {
    let mut found = Beside::default();
    let mut asked = Vec::new();
    if load == Load::Classic {
        for (comodel, ids) in links(layout, rows) {
            let model = env.model(comodel)?;
            let (mut known, missing, epoch) = known(env, &model, &ids);
            if !missing.is_empty() {
                // Those that are still to come are added; of all that is kept only these are wanted.
                let wanted = |id: &i64| known.get(id).map(|name| (*id, name.clone()));
                known = Arc::new(ids.iter().filter_map(wanted).collect());
            }
            found.names.insert(comodel.to_owned(), known);
            asked.push(Asked { model, ids: missing, epoch });
        }
    }
    asked.retain(|names| !names.ids.is_empty());
    let lists: Vec<&Field> =
        layout.fields.iter().map(|placed| placed.field).filter(|field| field.kind.is_x2many()).collect();
    let mut statements = Vec::with_capacity(asked.len() + lists.len());
    for names in &asked {
        statements.push(names_of(env, &names.model, &names.ids)?);
    }
    if !lists.is_empty() && !rows.order.is_empty() {
        let ids: Vec<i64> = rows.iter().map(|row| int(row, 0)).collect();
        for field in &lists {
            statements.push(lines_of(env, field, &ids)?);
        }
    }
    if statements.is_empty() {
        return Ok(found);
    }
    let mut answers = env.connection().query_all(statements).await?.into_iter();
    for names in asked {
        let rows = answers.next().unwrap_or_default();
        let read: ById = rows.iter().map(|row| (int(row, 0), text(row, 1))).collect();
        if let (Some(kept), Some(epoch)) = (env.names(), names.epoch) {
            kept.keep(&names.model, &env.context.lang, &read, epoch);
        }
        Arc::make_mut(found.names.entry(names.model.name.clone()).or_default()).extend(read);
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

/// What is known of the names of some records, what is not, and until when that may be kept.
fn known(env: &Environment, model: &Model, ids: &[i64]) -> (Arc<ById>, Vec<i64>, Option<u64>) {
    match env.names() {
        Some(kept) if names::are_kept(model) => {
            let (known, missing, epoch) = kept.find(model, &env.context.lang, ids);
            // What a transaction sees may be older than what was forgotten in the meantime.
            let epoch = (!env.connection().is_open()).then_some(epoch);
            (known, missing, epoch)
        }
        _ => (Arc::default(), ids.to_vec(), None),
    }
}

/// The records that are pointed to, by model. Ordered, so that the same read is the same statements
/// and finds them prepared.
fn links<'a>(layout: &Layout<'a>, rows: &Rows) -> BTreeMap<&'a str, Vec<i64>> {
    let mut links: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for placed in &layout.fields {
        let (FieldType::Many2one { comodel, .. }, Some(place), None) =
            (&placed.field.kind, placed.value, placed.name)
        else {
            continue;
        };
        let ids = rows.iter().filter_map(|row| raw(row, place)).filter_map(Raw::int);
        let all = links.entry(comodel).or_default();
        all.reserve(rows.order.len());
        all.extend(ids);
    }
    links.retain(|_, ids| {
        ids.sort_unstable();
        ids.dedup();
        !ids.is_empty()
    });
    links
}

/// Names are told whatever the caller may see of the record itself, as in Odoo.
fn names_of(env: &Environment, comodel: &Model, ids: &[i64]) -> Result<Sql> {
    Ok(Sql::text("SELECT ")
        .then(column(SELF, "id"))
        .and_text(", ")
        .then(display_name(env, comodel)?)
        .then(query::from(comodel))
        .and_text(" WHERE ")
        .then(query::is_one_of(ids)))
}

/// The lines of records: those that the caller sees, in the order of their model.
fn lines_of(env: &Environment, field: &Field, ids: &[i64]) -> Result<Sql> {
    let comodel = env.model(field.kind.comodel().unwrap_or_default())?;
    let order = order::parse(env, &comodel, "")?;
    let (owner, source) = match &field.kind {
        FieldType::One2many { inverse, .. } => {
            access::check_model(env, &comodel, Operation::Read)?;
            (column(SELF, inverse), query::from(&comodel))
        }
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
