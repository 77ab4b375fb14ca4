//! What a model may do differently: hooks around the operations, and methods of its own.

use std::pin::Pin;

use serde_json::{Map, Value as Json};

use super::access::Operation;
use super::domain::Domain;
use super::environment::Environment;
use super::method::Method;
use super::model::Model;
use crate::db::Sql;
use crate::error::Result;

/// The values of one record, by field name.
pub type Values = Map<String, Json>;

/// What an asynchronous hook gives back. Calls stay on the thread that took them, so nothing has to
/// be sendable.
pub type Promise<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;

fn done<'a>() -> Promise<'a, ()> {
    Box::pin(std::future::ready(Ok(())))
}

/// Hooks; each does nothing unless a model says otherwise.
pub trait Behaviour: Send + Sync {
    /// Methods that only this model has.
    fn methods(&self) -> &'static [Method] {
        &[]
    }

    /// Values of a new record that only the database knows; declared defaults come after them.
    fn defaults<'a>(&'a self, _env: &'a Environment) -> Promise<'a, Values> {
        Box::pin(std::future::ready(Ok(Values::new())))
    }

    /// The values of a new record that people know by its name only.
    fn named(&self, model: &Model, name: Json) -> Option<Values> {
        let field = model.rec_name.clone()?;
        Some([(field, name)].into_iter().collect())
    }

    /// The texts of a copy that are told from those of its origin by ` (copy)` behind them.
    fn renamed_in_copies(&self) -> &'static [&'static str] {
        &[]
    }

    /// Before records are made; `values` may be changed.
    fn before_create<'a>(&'a self, _env: &'a Environment, _values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        done()
    }

    /// Before records change; `values` may be changed.
    fn before_write<'a>(
        &'a self,
        _env: &'a Environment,
        _ids: &'a [i64],
        _values: &'a mut Values,
    ) -> Promise<'a, ()> {
        done()
    }

    /// Whether [`Self::after_change`] does anything.
    fn acts_after_change(&self) -> bool {
        false
    }

    /// After records were made or changed. `values` has one entry a record where they were made, and
    /// a single one for all of them where they were changed.
    fn after_change<'a>(
        &'a self,
        _env: &'a Environment,
        _ids: &'a [i64],
        _values: &'a [Values],
    ) -> Promise<'a, ()> {
        done()
    }

    /// Before records go.
    fn before_unlink<'a>(&'a self, _env: &'a Environment, _ids: &'a [i64]) -> Promise<'a, ()> {
        done()
    }

    /// What a form shows for other fields when some of its fields were changed, before anything is saved.
    fn onchange<'a>(
        &'a self,
        _env: &'a Environment,
        _model: &'a Model,
        _form: &'a Form<'a>,
    ) -> Promise<'a, Values> {
        Box::pin(std::future::ready(Ok(Values::new())))
    }

    /// Checks the values of one record before they are written; no database is needed for it.
    ///
    /// # Errors
    ///
    /// `ValidationError` with the words for the user.
    fn validate(&self, _env: &Environment, _values: &Values) -> Result<()> {
        Ok(())
    }

    /// A condition that holds beside the rules, for what no domain can say: the row of `alias` is one
    /// that the caller may do `operation` with. It is not asked in superuser mode.
    ///
    /// # Errors
    ///
    /// What the rules of other models call for.
    fn further_rule(
        &self,
        _env: &Environment,
        _model: &Model,
        _alias: &str,
        _operation: Operation,
    ) -> Result<Option<Sql>> {
        Ok(None)
    }

    /// A condition that a search has unless its domain says something of the kind itself, as `active` is one.
    fn usual_filter(&self, _domain: &Domain, _alias: &str) -> Option<Sql> {
        None
    }

    /// What a change of it makes stale in the caches of all servers.
    fn staleness(&self) -> Staleness {
        Staleness::Nothing
    }
}

/// A form that is being filled in.
pub struct Form<'a> {
    /// The record that it shows; none for a new one.
    pub ids: &'a [i64],
    /// The fields that were changed; none before anything was typed in.
    pub changed: &'a [String],
    /// What stands in it.
    pub given: &'a Values,
}

impl Form<'_> {
    /// Whether a field was changed. In a new form all fields are new.
    pub fn concerns(&self, field: &str) -> bool {
        self.changed.is_empty() || self.changed.iter().any(|changed| changed == field)
    }
}

/// What a change of a model makes stale, from little to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Staleness {
    /// Nothing is cached of it.
    Nothing,
    /// What is known of users, and names that are kept.
    Names,
    /// Groups, languages, external ids, and what is known of users.
    Registry,
    /// The same with rights and rules: no server may answer another call from what it knew before.
    Rights,
    /// The same with models and fields, whose tables have to follow before the change is kept.
    Schema,
}

/// A model whose names are kept, for it is pointed to often and changes seldom.
pub struct Named;

impl Behaviour for Named {
    fn staleness(&self) -> Staleness {
        Staleness::Names
    }
}

/// A model like any other.
pub struct Plain;

impl Behaviour for Plain {}
