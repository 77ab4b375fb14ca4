//! Records that cells name: by what they are called, by external id, by id. What was found once is
//! known for the rest of the load.

use std::collections::HashMap;

use super::super::domain::{Domain, Operator, name_domain};
use super::super::environment::Environment;
use super::super::external_ids;
use super::super::model::Model;
use super::super::query::{self, Page, SELF};
use super::super::read;
use super::super::registry::{int, text};
use super::header::By;
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::Result;
use crate::orm::access::{self, Operation};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    None,
    /// One record.
    One(i64),
    /// Several; this is the first.
    Several(i64),
}

/// What is known of external ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum External {
    /// Nobody has it.
    Free,
    /// This record of the model has it.
    Record(i64),
    /// A record of another model has it.
    OfModel(String),
}

/// The lookups of one load; see the module.
#[derive(Default)]
pub(super) struct Lookup {
    links: HashMap<(String, By, String), Found>,
    externals: HashMap<(String, String), External>,
}

impl Lookup {
    /// Forgets what was not there: it may have been made since.
    pub(super) fn forget_absent(&mut self) {
        self.links.retain(|_, found| *found != Found::None);
        self.externals.retain(|_, found| *found != External::Free);
    }

    /// Forgets all: what was made is gone again.
    pub(super) fn forget_all(&mut self) {
        self.links.clear();
        self.externals.clear();
    }

    /// Whether the answer is known already.
    pub(super) fn knows(&self, model: &Model, by: By, given: &str) -> bool {
        self.links.contains_key(&(model.name.clone(), by, given.to_owned()))
    }

    /// The record that a cell names.
    pub(super) async fn find(
        &mut self,
        env: &Environment,
        model: &Model,
        by: By,
        given: &str,
    ) -> Result<Found> {
        let key = (model.name.clone(), by, given.to_owned());
        if let Some(found) = self.links.get(&key) {
            return Ok(*found);
        }
        let found = match by {
            By::Name => by_name(env, model, given).await?,
            By::Database => by_id(env, model, given).await?,
            By::External => match self.external(env, model, given).await? {
                External::Record(id) => Found::One(id),
                External::Free | External::OfModel(_) => Found::None,
            },
        };
        self.links.insert(key, found);
        Ok(found)
    }

    /// Which record has an external id.
    pub(super) async fn external(
        &mut self,
        env: &Environment,
        model: &Model,
        given: &str,
    ) -> Result<External> {
        let key = (model.name.clone(), given.to_owned());
        if let Some(found) = self.externals.get(&key) {
            return Ok(found.clone());
        }
        access::check_within(env, &*env.model(external_ids::MODEL)?, Operation::Read)?;
        let (module, name) = external_ids::parts(given);
        // One whose record is gone is free again.
        let statement = Sql::text("SELECT known.model, known.res_id, (SELECT there.id FROM ")
            .then(ident(&model.table))
            .and_text(
                " AS there WHERE there.id = known.res_id) FROM ir_model_data AS known WHERE known.module = ",
            )
            .then(Sql::param(module))
            .and_text(" AND known.name = ")
            .then(Sql::param(name));
        let found = match env.connection().query(statement).await?.first() {
            None => External::Free,
            Some(row) if text(row, 0) != model.name => External::OfModel(text(row, 0)),
            Some(row) if int(row, 2) == 0 => External::Free,
            Some(row) => External::Record(int(row, 1)),
        };
        self.externals.insert(key, found.clone());
        Ok(found)
    }
}

async fn matching(env: &Environment, model: &Model, domain: Domain, further: Option<Sql>) -> Result<Found> {
    let page = Page { limit: Some(2), ..Page::default() };
    let select = query::select(env, model, column(SELF, "id"), domain, &page)?;
    let rows = env.connection().query(select.statement(further)).await?;
    Ok(match rows.as_slice() {
        [] => Found::None,
        [row] => Found::One(int(row, 0)),
        [row, ..] => Found::Several(int(row, 0)),
    })
}

/// A record that is called so: by the fields that name it, or else by its whole name.
async fn by_name(env: &Environment, model: &Model, given: &str) -> Result<Found> {
    let named = match name_domain(env, model, Operator::Eq, &given.into()) {
        // What finds every record finds none by its name.
        Domain::True => Domain::False,
        named => named,
    };
    let found = matching(env, model, named, None).await?;
    if found != Found::None {
        return Ok(found);
    }
    let is_called = read::display_name(env, model)?.and_text(" = ").then(Sql::param(given));
    matching(env, model, Domain::True, Some(is_called)).await
}

async fn by_id(env: &Environment, model: &Model, given: &str) -> Result<Found> {
    let Ok(id) = given.trim().parse::<i32>() else { return Ok(Found::None) };
    let env = env.with_active_test(false);
    matching(&env, model, Domain::condition("id", Operator::Eq, id), None).await
}
