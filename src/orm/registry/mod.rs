//! The Registry: models, rights, groups and languages as they are, a snapshot that is swapped whole.

mod assemble;
mod defaults;
mod load;
mod related;
pub mod version;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;

use self::defaults::Defaults;
use super::access::Access;
use super::access::limits::Scheme;
use super::behaviour::Staleness;
use super::field::Field;
use super::made::Problem;
use super::model::Model;
use crate::db::{Raw, Row};
use crate::error::{Error, Result};

/// What has to be evaluated again when a field changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The model of the field that follows.
    pub model: String,
    /// The field that follows.
    pub field: String,
    /// The many2one fields that lead from its record to the one that changed; empty for the same one.
    pub path: Vec<String>,
}

/// Finds a row where the database sorts by code point.
pub const COLLATION: &str =
    "SELECT 1 FROM pg_database WHERE datname = current_database() AND datcollate IN ('C', 'POSIX')";

/// A snapshot; see the module.
#[derive(Default)]
pub struct Registry {
    models: HashMap<String, Arc<Model>, RandomState>,
    triggers: HashMap<(String, String), Vec<Trigger>>,
    /// Rights and rules.
    pub access: Access,
    /// What applications are offered, by scheme.
    pub schemes: HashMap<i64, Arc<Scheme>>,
    /// The groups that each group implies, directly and through others.
    pub implied: HashMap<i64, HashSet<i64>>,
    /// The ids behind external ids that the program itself leans on: groups and defaults.
    pub references: HashMap<String, i64>,
    /// Whether texts have to be told to sort by code point, as the database would not by itself.
    pub needs_collation: bool,
    /// The codes of active languages.
    pub languages: HashSet<String>,
    /// Values that new records begin with.
    pub defaults: Defaults,
    /// What was made and cannot be served.
    pub problems: Vec<Problem>,
    /// The names of models that have another one now.
    other_names: HashMap<String, String, RandomState>,
    /// The models over which rules come from a user to what they compare with.
    on_the_way: HashSet<String>,
    /// See [`version`].
    version: String,
    /// The state of the database that it was loaded from; what was loaded may be newer.
    snapshot: String,
}

impl Registry {
    /// A model by its name.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is none.
    pub fn model(&self, name: &str) -> Result<Arc<Model>> {
        self.find(name).cloned().ok_or_else(|| Error::NotFound(format!("The model '{name}' does not exist.")))
    }

    /// A model by its name, if there is one.
    pub fn find(&self, name: &str) -> Option<&Arc<Model>> {
        self.models.get(self.current_name(name))
    }

    /// The name under which a model goes today, for any name that it ever had.
    pub fn current_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.other_names.get(name).map_or(name, String::as_str)
    }

    /// All models, in no order.
    pub fn models(&self) -> impl Iterator<Item = &Arc<Model>> {
        self.models.values()
    }

    /// What follows from a field.
    pub fn triggers(&self, model: &str, field: &str) -> &[Trigger] {
        self.triggers.get(&(model.to_owned(), field.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// What a change of a model makes stale: more than the model says where rules ask something of users that
    /// its records tell.
    pub fn staleness(&self, model: &Model) -> Staleness {
        let is_asked = !self.on_the_way.is_empty() && self.on_the_way.contains(&model.name);
        let least = if is_asked { Staleness::Names } else { Staleness::Nothing };
        model.behaviour.staleness().max(least)
    }

    /// The field at the end of a path over many2one fields.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when the path leads nowhere.
    pub fn end_of_path<'a>(&'a self, model: &'a Model, path: &[String]) -> Result<&'a Field> {
        let lost = || Error::Internal(format!("{} has no path {}", model.name, path.join(".")));
        let (last, links) = path.split_last().ok_or_else(lost)?;
        let mut at = model;
        for link in links {
            let comodel = at.field(link).and_then(|field| field.kind.comodel()).ok_or_else(lost)?;
            at = self.find(comodel).ok_or_else(lost)?;
        }
        at.field(last).ok_or_else(lost)
    }
}

/// An integer of a row; 0 where there is none.
pub fn int(row: &Row, index: usize) -> i64 {
    row.try_get::<_, Option<Raw<'_>>>(index).ok().flatten().and_then(Raw::int).unwrap_or_default()
}

/// A text of a row; empty where there is none.
pub fn text(row: &Row, index: usize) -> String {
    let raw = row.try_get::<_, Option<Raw<'_>>>(index).ok().flatten();
    raw.and_then(Raw::text).unwrap_or_default().to_owned()
}
