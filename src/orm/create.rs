//! Makes records: defaults, values, lines, what follows from them, and whether the rules allow it.

use serde_json::Value as Json;

use super::access::{self, Operation, records};
use super::behaviour::{Promise, Values};
use super::command;
use super::compute;
use super::domain::to_sql::Compiler;
use super::environment::Environment;
use super::field::{Default, Field, Right};
use super::model::Model;
use super::prepare::{self, Assignment, Behind, Prepared, Scope};
use super::python;
use super::query::SELF;
use super::registry::int;
use crate::db::Sql;
use crate::db::sql::ident;
use crate::error::{Error, Result};

/// Makes records and gives their ids, in the order of `values`.
///
/// # Errors
///
/// [`Error::Access`] when the caller may not, [`Error::Value`] and [`Error::Validation`] for values
/// that the fields or the constraints refuse.
pub fn create<'a>(env: &'a Environment, model: &'a Model, values: Vec<Values>) -> Promise<'a, Vec<i64>> {
    create_in(env, model, values, Scope::PartOfCall)
}

/// The same, where that may be all that the call does.
///
/// # Errors
///
/// As [`create()`].
pub fn create_in<'a>(
    env: &'a Environment,
    model: &'a Model,
    values: Vec<Values>,
    scope: Scope,
) -> Promise<'a, Vec<i64>> {
    Box::pin(async move {
        // As in Odoo, to make nothing needs no right.
        if values.is_empty() {
            return Ok(Vec::new());
        }
        access::check_model(env, model, Operation::Create)?;
        for record in &values {
            prepare::check_names(env, model, record)?;
        }
        let inner = env.with_context(env.context.without_defaults());
        let known = Known::find(env, model).await?;
        let mut values: Vec<Values> =
            values.into_iter().map(|record| with_defaults(env, model, &known, record)).collect();
        model.behaviour.before_create(&inner, &mut values).await?;
        for record in &values {
            model.behaviour.validate(&inner, record)?;
        }
        make(&inner, model, values, scope).await
    })
}

fn with_defaults(env: &Environment, model: &Model, known: &Known, mut record: Values) -> Values {
    for field in model.fields.values() {
        if !record.contains_key(&field.name)
            && let Some(value) = default(env, model, field, known)
        {
            record.insert(field.name.clone(), value);
        }
    }
    record
}

/// The values that a new record begins with whatever its fields say.
#[derive(std::default::Default)]
pub struct Known {
    /// What the model itself finds out, and what an administrator has set for everybody.
    own: Values,
    /// What the user has set.
    set: Values,
}

impl Known {
    /// Finds them.
    ///
    /// # Errors
    ///
    /// What the model fails with.
    pub async fn find(env: &Environment, model: &Model) -> Result<Self> {
        let mut known = Self { own: model.behaviour.defaults(env).await?, set: Values::new() };
        let given = env.registry().defaults.of_model(&model.name, env.user().id, env.company_id());
        for (name, value, is_the_users) in given {
            let values = if is_the_users { &mut known.set } else { &mut known.own };
            values.insert(name.to_owned(), value.clone());
        }
        Ok(known)
    }
}

/// The value that a new record has for a field, if it has one.
pub fn default(env: &Environment, model: &Model, field: &Field, known: &Known) -> Option<Json> {
    // What users may not write they may not have as a default either, whether the call has it or they have
    // set it before.
    let of_people = || env.context.default_of(&field.name).or_else(|| known.set.get(&field.name));
    let of_people = of_people().filter(|_| access::has_field_access(env, model, field));
    if let Some(value) = of_people.or_else(|| known.own.get(&field.name)) {
        return Some(value.clone());
    }
    match field.default.as_ref()? {
        Default::Value(value) => Some(value.clone()),
        Default::Make(make) => Some(make(env)),
        Default::Reference(name) => env.registry().references.get(*name).map(|id| (*id).into()),
    }
}

async fn make(env: &Environment, model: &Model, values: Vec<Values>, scope: Scope) -> Result<Vec<i64>> {
    let mut statements = Vec::with_capacity(values.len());
    let mut rest = Vec::with_capacity(values.len());
    let mut names: Vec<String> = Vec::new();
    let has_rules = Compiler::new(env).rules(model, SELF, Operation::Create)?.is_some();
    let mut is_sole = scope == Scope::WholeCall
        && values.len() == 1
        && !has_rules
        && !compute::has_evaluated(model)
        && model.delegations.is_empty();
    for record in &values {
        let mut prepared = prepare::prepare(env, model, record).await?;
        is_sole = is_sole && prepared.is_all_there_is(env, model);
        delegate(env, model, &mut prepared).await?;
        require_all(model, &prepared)?;
        names.append(&mut prepared.names);
        rest.push((prepared.lists, prepared.behind));
        statements.push(insert(env, model, prepared.assignments));
    }
    if is_sole && let Some(statement) = statements.pop() {
        let rows = env.connection().run_sole(None, |guard| statement.render(guard)).await?.rows;
        return Ok(rows.iter().map(|row| int(row, 0)).collect());
    }
    let answers =
        env.connection().query_all(statements.into_iter().map(|one| one.render(None)).collect()).await?;
    let ids: Vec<i64> = answers.iter().filter_map(|rows| rows.first()).map(|row| int(row, 0)).collect();
    for (id, (lists, behind)) in ids.iter().zip(rest) {
        for (field, commands) in lists {
            command::apply(env, model, field, &[*id], &commands, true).await?;
        }
        super::write::write_behind(env, model, &[*id], filled(behind)).await?;
    }
    names.sort_unstable();
    names.dedup();
    compute::follow_new(env, model, &ids, &names).await?;
    records::check(env, model, &ids, Operation::Create).await?;
    model.behaviour.after_change(env, &ids, &values).await?;
    env.mark_stale(env.registry().staleness(model));
    Ok(ids)
}

/// What a form leaves empty says nothing of a record that the new one was linked to just now.
fn filled(mut behind: Behind) -> Behind {
    for values in behind.values_mut() {
        values.retain(|_, value| python::truth(value));
    }
    behind.retain(|_, values| !values.is_empty());
    behind
}

/// Makes the records that the new one delegates to, or gives them the values that were meant for them.
async fn delegate(env: &Environment, model: &Model, prepared: &mut Prepared<'_>) -> Result<()> {
    for delegation in &model.delegations {
        let shared = (vec![delegation.field.clone()], Right::Owner);
        let values = prepared.behind.remove(&shared).unwrap_or_default();
        let given = prepared.assignments.iter().find(|assignment| assignment.column == delegation.field);
        let parent = env.model(&delegation.model)?;
        let sudo = env.sudo();
        match given.and_then(|assignment| assignment.insert.as_int()) {
            Some(_) if values.is_empty() => {}
            Some(id) => super::write::write(&sudo, &parent, &[id], values).await?,
            None => {
                let made = create(&sudo, &parent, vec![values]).await?;
                let id =
                    made.first().copied().ok_or_else(|| Error::Internal("nothing was made".to_owned()))?;
                prepared.assignments.retain(|assignment| assignment.column != delegation.field);
                let value = Sql::param(id);
                let column = delegation.field.clone();
                prepared.assignments.push(Assignment { column, insert: value.clone(), update: value });
            }
        }
    }
    Ok(())
}

fn require_all(model: &Model, prepared: &Prepared<'_>) -> Result<()> {
    let is_given = |name: &str| prepared.assignments.iter().any(|assignment| assignment.column == name);
    match model.fields.values().find(|field| {
        field.required
            && field.has_column()
            && !field.is_computed()
            && field.related_path().is_none()
            && !is_given(&field.name)
    }) {
        Some(field) => Err(prepare::missing(model, field)),
        None => Ok(()),
    }
}

/// An INSERT in its pieces.
struct Insert {
    head: Sql,
    values: Sql,
}

impl Insert {
    /// The statement, with a condition on which nothing is made unless it holds.
    fn render(self, condition: Option<Sql>) -> Sql {
        let values = match condition {
            None => Sql::text(" VALUES (").then(self.values).and_text(")"),
            Some(condition) => Sql::text(" SELECT ").then(self.values).and_text(" WHERE ").then(condition),
        };
        self.head.then(values).and_text(" RETURNING id")
    }
}

fn insert(env: &Environment, model: &Model, assignments: Vec<Assignment>) -> Insert {
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for assignment in assignments {
        let field = model.field(&assignment.column);
        columns.push(ident(&assignment.column));
        // A SELECT does not know the types of its parameters, as VALUES does from the table.
        let kind = field.map_or("bytea", Field::column_type);
        values.push(assignment.insert.parenthesized().and_text("::").and_text(kind));
    }
    for (name, value, kind) in [
        ("create_uid", Sql::param(env.user().id), "::integer"),
        ("create_date", Sql::param(env.now()), "::timestamp"),
        ("write_uid", Sql::param(env.user().id), "::integer"),
        ("write_date", Sql::param(env.now()), "::timestamp"),
    ] {
        columns.push(ident(name));
        values.push(value.and_text(kind));
    }
    let head = Sql::text("INSERT INTO ").then(ident(&model.table)).and_text(" ");
    Insert { head: head.then(Sql::join(columns, ", ").parenthesized()), values: Sql::join(values, ", ") }
}
