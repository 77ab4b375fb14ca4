//! Reads records: one statement for their rows, then one round trip for all names and lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value as Json;

use super::access::{self, Operation, records};
use super::behaviour::Values;
use super::convert;
use super::domain::Domain;
use super::domain::to_sql::Compiler;
use super::environment::Environment;
use super::field::{Field, FieldType};
use super::model::Model;
use super::order;
use super::query::{self, Page, SELF};
use super::registry::int;
use super::render::{self, Links};
use super::value_sql;
use crate::db::sql::{column, ident};
use crate::db::{Raw, Row, Sql};
use crate::error::{Error, Result};

/// Which records are read.
pub enum Wanted {
    /// These, in this order; repeated ones are repeated, missing ones left out.
    Ids(Vec<i64>),
    /// Those that a domain selects.
    Domain(Domain, Page),
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
        return Ok(model.fields.values().filter(|field| access::has_field_access(env, field)).collect());
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
    let rows = match wanted {
        Wanted::Ids(ids) => by_ids(env, model, &ids, fields).await?,
        Wanted::Domain(domain, page) => {
            let statement = query::select(env, model, columns(env, model, fields)?, domain, &page)?;
            let rows = env.connection().query(statement).await?;
            let order = (0..rows.len()).collect();
            Rows { rows, order }
        }
    };
    let beside = beside(env, fields, &rows, load).await?;
    write(env, model, fields, &rows, &beside)
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

struct Rows {
    rows: Vec<Row>,
    order: Vec<usize>,
}

impl Rows {
    fn iter(&self) -> impl Iterator<Item = &Row> {
        self.order.iter().filter_map(|place| self.rows.get(*place))
    }
}

async fn by_ids(env: &Environment, model: &Model, ids: &[i64], fields: &[&Field]) -> Result<Rows> {
    access::check_model(env, model, Operation::Read)?;
    let mut statement = Sql::text("SELECT ")
        .then(columns(env, model, fields)?)
        .then(query::from(model))
        .and_text(" WHERE ")
        .then(column(SELF, "id"));
    statement = match ids {
        [id] => statement.and_text(" = ").then(Sql::param(*id)),
        ids => statement.and_text(" = ANY(").then(Sql::param(ids.to_vec())).and_text(")"),
    };
    let has_rules = match Compiler::new(env).rules(model, SELF, Operation::Read)? {
        Some(rules) => {
            statement = statement.and_text(" AND ").then(rules);
            true
        }
        None => false,
    };
    let rows = if ids.is_empty() { Vec::new() } else { env.connection().query(statement).await? };
    let places: HashMap<i64, usize> =
        rows.iter().enumerate().map(|(place, row)| (int(row, 0), place)).collect();
    if has_rules {
        let missing: Vec<i64> = ids.iter().filter(|id| !places.contains_key(id)).copied().collect();
        records::refuse_hidden(env, model, &missing, Operation::Read).await?;
    }
    let order = ids.iter().filter_map(|id| places.get(id).copied()).collect();
    Ok(Rows { rows, order })
}

fn columns(env: &Environment, model: &Model, fields: &[&Field]) -> Result<Sql> {
    let mut columns = vec![column(SELF, "id")];
    for field in fields {
        if field.name == "id" || field.kind.is_x2many() {
            continue;
        }
        let value = value_sql::value(env.registry(), model, field, SELF, &env.context.lang)?;
        columns.push(if field.kind.is_binary() && env.context.bin_size {
            Sql::text("octet_length(").then(value).and_text(")")
        } else {
            value
        });
    }
    Ok(Sql::join(columns, ", "))
}

/// What stands beside the rows: names by model, lines by field.
#[derive(Default)]
struct Beside {
    names: HashMap<String, HashMap<i64, String>>,
    lines: HashMap<String, HashMap<i64, Vec<i64>>>,
}

async fn beside(env: &Environment, fields: &[&Field], rows: &Rows, load: Load) -> Result<Beside> {
    // Ordered, so that the same read is the same statements and finds them prepared.
    let mut links: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    if load == Load::Classic {
        for (place, field) in single_valued(fields) {
            let FieldType::Many2one { comodel, .. } = &field.kind else { continue };
            let ids = rows.iter().filter_map(|row| raw(row, place)).filter_map(Raw::int);
            links.entry(comodel).or_default().extend(ids);
        }
    }
    links.retain(|_, ids| !ids.is_empty());
    let lists: Vec<&Field> = fields.iter().copied().filter(|field| field.kind.is_x2many()).collect();
    let mut statements = Vec::with_capacity(links.len() + lists.len());
    for (comodel, ids) in &links {
        statements.push(names_of(env, comodel, ids.iter().copied().collect())?);
    }
    let ids: Vec<i64> = rows.iter().map(|row| int(row, 0)).collect();
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
        found.names.insert((*comodel).to_owned(), names.iter().map(|row| (int(row, 0), text(row))).collect());
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

/// Fields that have a column in the rows, with its place; the id is the first one.
fn single_valued<'a>(fields: &[&'a Field]) -> impl Iterator<Item = (usize, &'a Field)> {
    fields
        .iter()
        .copied()
        .filter(|field| field.name != "id" && !field.kind.is_x2many())
        .enumerate()
        .map(|(place, field)| (place + 1, field))
}

fn raw(row: &Row, place: usize) -> Option<Raw<'_>> {
    row.try_get(place).ok().flatten()
}

fn text(row: &Row) -> String {
    raw(row, 1).and_then(Raw::text).unwrap_or_default().to_owned()
}

/// Names are told whatever the caller may see of the record itself, as in Odoo.
fn names_of(env: &Environment, comodel: &str, ids: Vec<i64>) -> Result<Sql> {
    let comodel = env.model(comodel)?;
    let statement =
        Sql::text("SELECT ").then(column(SELF, "id")).and_text(", ").then(display_name(env, &comodel)?);
    Ok(statement
        .then(query::from(&comodel))
        .and_text(" WHERE ")
        .then(column(SELF, "id"))
        .and_text(" = ANY(")
        .then(Sql::param(ids))
        .and_text(")"))
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

/// The lines of records: those that the caller sees, in the order of their model.
fn lines_of(env: &Environment, field: &Field, ids: &[i64]) -> Result<Sql> {
    let comodel = env.model(field.kind.comodel().unwrap_or_default())?;
    let order = order::parse(env, &comodel, "")?;
    let mut conditions = Vec::new();
    if env.context.active_test && comodel.has_active() {
        conditions.push(column(SELF, "active").and_text(" = true"));
    }
    conditions.extend(Compiler::new(env).rules(&comodel, SELF, Operation::Read)?);
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
    conditions.push(owner.clone().and_text(" = ANY(").then(Sql::param(ids.to_vec())).and_text(")"));
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

fn write(
    env: &Environment,
    model: &Model,
    fields: &[&Field],
    rows: &Rows,
    beside: &Beside,
) -> Result<Vec<u8>> {
    let keys: Vec<(String, &Field, Option<usize>)> = {
        let mut places: HashMap<&str, usize> =
            single_valued(fields).map(|(place, field)| (field.name.as_str(), place)).collect();
        let others = fields.iter().filter(|field| field.name != "id");
        others
            .map(|field| (format!(", \"{}\": ", field.name), *field, places.remove(field.name.as_str())))
            .collect()
    };
    let mut out = Vec::with_capacity(64 + rows.order.len() * (32 + 24 * keys.len()));
    out.push(b'[');
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            out.extend_from_slice(b", ");
        }
        let id = int(row, 0);
        out.extend_from_slice(b"{\"id\": ");
        render::integer(&mut out, id);
        for (key, field, place) in &keys {
            out.extend_from_slice(key.as_bytes());
            let Some(place) = place else {
                lines(&mut out, beside.lines.get(&field.name).and_then(|lines| lines.get(&id)));
                continue;
            };
            let raw = raw(row, *place);
            if let (true, Some(raw)) = (field.sealed, raw) {
                render::string(&mut out, &convert::opened(env, model, field, raw.0)?);
                continue;
            }
            let names = field.kind.comodel().and_then(|comodel| beside.names.get(comodel));
            let links = names.map_or(Links::Ids, Links::Named);
            render::value(&mut out, &field.kind, raw, links, env.context.bin_size);
        }
        out.push(b'}');
    }
    out.push(b']');
    Ok(out)
}

fn lines(out: &mut Vec<u8>, ids: Option<&Vec<i64>>) {
    out.push(b'[');
    for (number, id) in ids.into_iter().flatten().enumerate() {
        if number > 0 {
            out.extend_from_slice(b", ");
        }
        render::integer(out, *id);
    }
    out.push(b']');
}

/// A value of a record as Odoo's clients would write it back: bare ids, lists of ids.
pub fn field_value<'a>(record: &'a Values, name: &str) -> &'a Json {
    record.get(name).unwrap_or(&Json::Null)
}
