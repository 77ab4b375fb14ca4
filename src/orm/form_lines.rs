//! The lines that a form has before it is saved: those of its record, changed by what stands in it.

use std::collections::BTreeMap;

use super::behaviour::{Form, Values};
use super::command::Command;
use super::create;
use super::domain::{Domain, Operator};
use super::environment::Environment;
use super::field::FieldType;
use super::model::Model;
use super::python;
use super::query::{self, Page, SELF};
use super::registry::int;
use crate::db::Raw;
use crate::db::sql::column;
use crate::error::{Error, Result};

/// How many lines are not archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// As the record is stored.
    pub stored: usize,
    /// As the form has them.
    pub shown: usize,
}

/// Lines by id, and whether they are active.
type Lines = BTreeMap<i64, bool>;

/// Counts the lines of a one2many; nothing where the form has something else than commands for them.
///
/// # Errors
///
/// [`Error::Access`] for lines that the caller may not see.
pub async fn count_active(
    env: &Environment,
    model: &Model,
    form: &Form<'_>,
    list: &str,
) -> Result<Option<Counted>> {
    let lost = || Error::Internal(format!("{} has no lines {list}", model.name));
    let field = model.field(list).ok_or_else(lost)?;
    let FieldType::One2many { comodel, inverse } = &field.kind else { return Err(lost()) };
    let Ok(commands) = form.given.get(list).map_or(Ok(Vec::new()), |value| Command::parse(field, value))
    else {
        return Ok(None);
    };
    let comodel = env.model(comodel)?;
    let mut lines = lines(env, &comodel, inverse, form.ids).await?;
    let count = |lines: &Lines| lines.values().filter(|active| **active).count();
    let stored = count(&lines);
    let mut made = 0;
    let named: Vec<i64> = commands
        .iter()
        .flat_map(|command| match command {
            Command::Link(id) => std::slice::from_ref(id),
            Command::Set(ids) => ids,
            _ => &[],
        })
        .copied()
        .collect();
    // Those that come from elsewhere, asked for at once.
    let linked = self::lines(env, &comodel, "id", &named).await?;
    let of = |ids: &[i64]| -> Lines { ids.iter().filter_map(|id| Some((*id, *linked.get(id)?))).collect() };
    for command in commands {
        match command {
            Command::Create(values) => made += usize::from(begins_active(env, &comodel, &values)),
            Command::Update(id, values) => {
                if let (Some(line), Some(active)) = (lines.get_mut(&id), values.get("active")) {
                    *line = python::truth(active);
                }
            }
            Command::Delete(id) | Command::Unlink(id) => _ = lines.remove(&id),
            Command::Link(id) => lines.extend(of(&[id])),
            Command::Clear => (lines, made) = (Lines::new(), 0),
            Command::Set(ids) => (lines, made) = (of(&ids), 0),
        }
    }
    Ok(Some(Counted { stored, shown: made + count(&lines) }))
}

/// Whether a line that is made with these values is no archived one.
fn begins_active(env: &Environment, comodel: &Model, values: &Values) -> bool {
    let Some(field) = comodel.field("active").filter(|_| comodel.has_active()) else { return true };
    let env = env.with_context(env.context.without_defaults());
    match values.get("active") {
        Some(active) => python::truth(active),
        None => create::default(&env, comodel, field, &create::Known::default())
            .is_some_and(|active| python::truth(&active)),
    }
}

/// The lines whose `by` is one of `ids`, archived ones too, as far as the caller may see them.
async fn lines(env: &Environment, comodel: &Model, by: &str, ids: &[i64]) -> Result<Lines> {
    if ids.is_empty() {
        return Ok(Lines::new());
    }
    let env = env.with_active_test(false);
    let has_active = comodel.has_active();
    let mut wanted = column(SELF, "id");
    if has_active {
        wanted = wanted.and_text(", ").then(column(SELF, "active"));
    }
    let domain = Domain::condition(by, Operator::In, ids.to_vec());
    let select = query::select(&env, comodel, wanted, domain, &Page::default())?;
    let rows = env.connection().read_guarded(|guard| select.statement(guard)).await?;
    let is_active = |row: &crate::db::Row| {
        !has_active || row.try_get::<_, Option<Raw<'_>>>(1).ok().flatten().is_some_and(Raw::boolean)
    };
    Ok(rows.iter().map(|row| (int(row, 0), is_active(row))).collect())
}
