//! `read_group`: how many records there are of each kind, and what their numbers add up to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value as Json, json};

use super::super::behaviour::Promise;
use super::super::domain::Domain;
use super::super::domain::to_sql::Compiler;
use super::super::environment::Environment;
use super::super::field::FieldType;
use super::super::method::{Arguments, Call, Reply};
use super::super::model::Model;
use super::super::names::ById;
use super::super::order;
use super::super::query::{self, Page, SELF};
use super::super::read;
use super::super::registry::{int, text};
use super::super::render::Links;
use super::aggregate::Aggregate;
use super::group_by::GroupBy;
use super::search::{domain, page};
use crate::db::sql::{column, ident};
use crate::db::{Raw, Row, Sql};
use crate::error::{Error, Result};

fn specs(arguments: &Arguments, name: &str) -> Result<Vec<String>> {
    match arguments.get(name) {
        Some(Json::String(one)) if !one.is_empty() => Ok(vec![one.clone()]),
        Some(Json::String(_)) => Ok(Vec::new()),
        _ => Ok(arguments.names(name)?.unwrap_or_default()),
    }
}

pub(super) fn read_group(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let groups = groups(&call).await?;
        Ok(Reply::value(&groups.into_iter().map(Json::Object).collect()))
    })
}

/// The groups that a call of `read_group` asks for.
pub(super) async fn groups(call: &Call<'_>) -> Result<Vec<Map<String, Json>>> {
    let (env, model) = (call.env, call.model);
    let domain = domain(&call.arguments, "domain")?;
    let specs_by = specs(&call.arguments, "groupby")?;
    let lazy = call.arguments.flag("lazy", true);
    let taken = if lazy { specs_by.len().min(1) } else { specs_by.len() };
    let group_by: Result<Vec<GroupBy<'_>>> =
        specs_by.iter().map(|spec| GroupBy::parse(env, model, spec)).collect();
    let mut group_by = group_by?;
    let rest: Vec<String> = group_by.drain(taken..).map(|later| later.spec).collect();
    let aggregates: Result<Vec<Option<Aggregate<'_>>>> =
        // The number of records comes anyway.
        specs(&call.arguments, "fields")?
            .iter()
            .filter(|spec| *spec != "__count")
            .map(|spec| Aggregate::parse(env, model, spec))
            .collect();
    let aggregates: Vec<Aggregate<'_>> = aggregates?
        .into_iter()
        .flatten()
        .filter(|aggregate| !group_by.iter().any(|by| by.field.name == aggregate.key))
        .collect();
    let mut keys = HashSet::new();
    if let Some(twice) = aggregates.iter().find(|aggregate| !keys.insert(aggregate.key.as_str())) {
        return Err(Error::User(format!(
            "Two aggregates are called '{0}': give each a name of its own, as in \"{0}_1:sum(…)\".",
            twice.key
        )));
    }
    let page = Page {
        order: call.arguments.text("orderby")?.unwrap_or_default().to_owned(),
        ..page(&call.arguments)?
    };
    let statement = statement(env, model, &domain, &group_by, &aggregates, &page)?;
    let rows = env.connection().query(statement).await?;
    let names = names(env, &group_by, &rows).await?;
    let count_key = match (lazy, group_by.first()) {
        (true, Some(by)) => format!("{}_count", by.field.name),
        _ => "__count".to_owned(),
    };
    Ok(rows
        .iter()
        .map(|row| answer(row, &domain, &group_by, &aggregates, &names, &count_key, &rest))
        .collect())
}

/// How many groups there are, whatever the call's limit is.
pub(super) async fn count(call: &Call<'_>) -> Result<i64> {
    let (env, model) = (call.env, call.model);
    let specs_by = specs(&call.arguments, "groupby")?;
    let taken = if call.arguments.flag("lazy", true) { 1 } else { specs_by.len() };
    let group_by: Result<Vec<GroupBy<'_>>> =
        specs_by.iter().take(taken).map(|spec| GroupBy::parse(env, model, spec)).collect();
    let domain = domain(&call.arguments, "domain")?;
    let all = statement(env, model, &domain, &group_by?, &[], &Page::default())?;
    let counted = Sql::text("SELECT count(*) FROM (").then(all).and_text(") AS counted");
    Ok(env.connection().query(counted).await?.first().map_or(0, |row| int(row, 0)))
}

/// How many records there are for each value of one field.
pub(super) async fn by_field(
    env: &Environment,
    model: &Model,
    domain: &Domain,
    field: &str,
) -> Result<Vec<Map<String, Json>>> {
    let group_by = [GroupBy::parse(env, model, field)?];
    let statement = statement(env, model, domain, &group_by, &[], &Page::default())?;
    let rows = env.connection().query(statement).await?;
    let names = names(env, &group_by, &rows).await?;
    Ok(rows.iter().map(|row| answer(row, domain, &group_by, &[], &names, "__count", &[])).collect())
}

fn statement(
    env: &Environment,
    model: &Model,
    domain: &Domain,
    group_by: &[GroupBy<'_>],
    aggregates: &[Aggregate<'_>],
    page: &Page,
) -> Result<Sql> {
    let mut wanted = Vec::new();
    let mut keys = Vec::new();
    let mut joins = Sql::default();
    for by in group_by {
        keys.push(by.expression(env, model)?);
        joins = joins.then(by.join(env)?);
    }
    wanted.extend(keys.iter().cloned());
    wanted.push(Sql::text("count(*)"));
    for aggregate in aggregates {
        wanted.push(aggregate.expression(env, model)?);
    }
    let filter = Compiler::new(env).filter(model, SELF, domain.clone(), env.context.active_test)?;
    let (order_joins, order_terms) = order_by(env, model, group_by, aggregates, &page.order)?;
    let mut statement = Sql::text("SELECT ")
        .then(Sql::join(wanted, ", "))
        .then(query::from(model))
        .then(joins)
        .then(order_joins);
    if !filter.is_empty() {
        statement = statement.and_text(" WHERE ").then(filter);
    }
    if keys.is_empty() {
        return Ok(statement);
    }
    let places = (1..=keys.len()).map(|place| Sql::number(i64::try_from(place).unwrap_or_default()));
    let places: Vec<Sql> = places.collect();
    statement = statement.and_text(" GROUP BY ").then(Sql::join(places, ", "));
    let order = order_terms.iter().filter(|term| term.is_grouped).map(|term| term.value.clone());
    for value in order {
        statement = statement.and_text(", ").then(value);
    }
    let terms = order_terms.into_iter().map(|term| term.value.and_text(term.direction));
    Ok(statement.and_text(" ORDER BY ").then(Sql::join(terms, ", ")).then(query::limits(page)))
}

struct Term {
    value: Sql,
    direction: &'static str,
    /// Whether it has to be named among the groups as well.
    is_grouped: bool,
}

/// Groups come in the order of what they are grouped by, links in the order of the records behind.
fn order_by(
    env: &Environment,
    model: &Model,
    group_by: &[GroupBy<'_>],
    aggregates: &[Aggregate<'_>],
    asked: &str,
) -> Result<(Sql, Vec<Term>)> {
    let mut asked: Vec<(String, bool)> = asked
        .split(',')
        .filter_map(|term| {
            let mut words = term.split_whitespace();
            let name = words.next()?.to_owned();
            Some((name, words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"))))
        })
        .collect();
    if asked.is_empty() {
        asked = group_by.iter().map(|by| (by.spec.clone(), false)).collect();
    }
    let (mut joins, mut joined) = (Sql::default(), 0);
    let mut terms = Vec::new();
    for (name, descending) in asked {
        let direction = if descending { " DESC" } else { "" };
        let by = group_by.iter().find(|by| by.spec == name || by.field.name == name);
        if let Some(by) = by {
            if let FieldType::Many2one { .. } = by.field.kind {
                let sign = if descending { "desc" } else { "asc" };
                let behind =
                    order::parse_after(env, model, &format!("{} {sign}, id", by.field.name), joined)?;
                (joins, joined) = (joins.then(behind.joins), behind.joined);
                // The last of them is the id of the record, which no group has.
                let behind = behind.parts.into_iter().rev().skip(1).collect::<Vec<_>>().into_iter().rev();
                terms.extend(behind.map(|(value, direction)| Term { value, direction, is_grouped: true }));
            }
            let value = by.expression(env, model)?;
            let needs_collation = by.field.kind.is_text() && env.registry().needs_collation;
            let value = if needs_collation { value.and_text(" COLLATE \"C\"") } else { value };
            terms.push(Term { value, direction, is_grouped: false });
        } else if name == "__count" || name.ends_with("_count") {
            terms.push(Term { value: Sql::text("count(*)"), direction, is_grouped: false });
        } else if let Some(aggregate) = aggregates.iter().find(|aggregate| {
            aggregate.key == name || format!("{}:{}", aggregate.key, aggregate.function) == name
        }) {
            terms.push(Term { value: aggregate.expression(env, model)?, direction, is_grouped: false });
        } else {
            return Err(Error::Value(format!(
                "Groups cannot be ordered by '{name}': it is neither grouped by nor aggregated."
            )));
        }
    }
    Ok((joins, terms))
}

type Names = HashMap<String, ById>;

/// The names of the records that groups are of.
async fn names(env: &Environment, group_by: &[GroupBy<'_>], rows: &[Row]) -> Result<Names> {
    let mut wanted: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for (place, by) in group_by.iter().enumerate() {
        let Some(comodel) = by.field.kind.comodel() else { continue };
        let ids = rows.iter().map(|row| int(row, place)).filter(|id| *id != 0);
        wanted.entry(comodel.to_owned()).or_default().extend(ids);
    }
    let mut names = Names::new();
    for (comodel, ids) in wanted {
        let model = env.model(&comodel)?;
        let statement = Sql::text("SELECT ")
            .then(column(SELF, "id"))
            .and_text(", ")
            .then(read::display_name(env, &model)?)
            .and_text(" FROM ")
            .then(ident(&model.table))
            .and_text(" AS ")
            .then(ident(SELF))
            .and_text(" WHERE ")
            .then(column(SELF, "id"))
            .and_text(" = ANY(")
            .then(Sql::param(ids.into_iter().collect::<Vec<i64>>()))
            .and_text(")");
        let rows = env.connection().query(statement).await?;
        names.insert(comodel, rows.iter().map(|row| (int(row, 0), text(row, 1))).collect());
    }
    Ok(names)
}

fn answer(
    row: &Row,
    domain: &Domain,
    group_by: &[GroupBy<'_>],
    aggregates: &[Aggregate<'_>],
    names: &Names,
    count_key: &str,
    rest: &[String],
) -> Map<String, Json> {
    let raw = |place: usize| row.try_get::<_, Option<Raw<'_>>>(place).ok().flatten();
    let mut group = Map::new();
    let mut conditions =
        vec![if *domain == Domain::True { Json::Array(Vec::new()) } else { domain.to_json() }];
    let mut ranges = Map::new();
    for (place, by) in group_by.iter().enumerate() {
        let links =
            by.field.kind.comodel().and_then(|comodel| names.get(comodel)).map_or(Links::Ids, Links::Named);
        let (value, condition, range) = by.group(raw(place), links);
        group.insert(by.spec.clone(), value);
        conditions.push(condition);
        if let Some(range) = range {
            ranges.insert(by.spec.clone(), range);
        }
    }
    group.insert(count_key.to_owned(), int(row, group_by.len()).into());
    for (offset, aggregate) in aggregates.iter().enumerate() {
        let place = group_by.len() + 1 + offset;
        group.insert(aggregate.key.clone(), aggregate.read(row, place));
    }
    if !ranges.is_empty() {
        group.insert("__range".to_owned(), Json::Object(ranges));
    }
    group.insert("__domain".to_owned(), joined(conditions));
    if !rest.is_empty() {
        group.insert("__context".to_owned(), json!({"group_by": rest}));
    }
    group
}

/// Prefix lists joined by `&`; empty ones say nothing.
fn joined(domains: Vec<Json>) -> Json {
    let lists: Vec<Vec<Json>> = domains
        .into_iter()
        .filter_map(|domain| match domain {
            Json::Array(items) if !items.is_empty() => Some(items),
            _ => None,
        })
        .collect();
    let mut all: Vec<Json> = (1..lists.len()).map(|_| Json::from("&")).collect();
    all.extend(lists.into_iter().flatten());
    Json::Array(all)
}
