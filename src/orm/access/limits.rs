//! What an application may reach with a user's token: less than the user. Its scheme names models and
//! fields, its scope tells whether it may change them, and some things no application ever reaches.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::field::Field;
use super::super::model::Model;
use super::super::registry::{Registry, int, text};
use super::Operation;
use crate::db::{Row, Sql};

/// How a list is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Limit {
    /// There is no list.
    #[default]
    None,
    /// All but those.
    Blacklist,
    /// Those alone.
    Whitelist,
}

impl Limit {
    fn parse(word: &str) -> Self {
        match word {
            "blacklist" => Self::Blacklist,
            "whitelist" => Self::Whitelist,
            _ => Self::None,
        }
    }

    fn allows(self, is_listed: bool) -> bool {
        match self {
            Self::None => true,
            Self::Blacklist => !is_listed,
            Self::Whitelist => is_listed,
        }
    }
}

/// How one model is offered.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// The name under which it is offered; empty is its own.
    pub display_name: String,
    field_limit: Limit,
    fields: HashSet<String>,
}

/// Which models an application is offered, and how.
#[derive(Debug, Clone, Default)]
pub struct Scheme {
    limit: Limit,
    blacklist: HashSet<String>,
    configurations: HashMap<String, Configuration>,
}

impl Scheme {
    /// The active configuration of a model, if it has one.
    pub fn configuration(&self, model: &str) -> Option<&Configuration> {
        self.configurations.get(model)
    }

    /// Whether a model is offered.
    pub fn offers(&self, model: &str) -> bool {
        match self.limit {
            Limit::Blacklist => !self.blacklist.contains(model),
            limit => limit.allows(self.configurations.contains_key(model)),
        }
    }

    /// Whether a model is offered without this field.
    fn withholds(&self, model: &str, field: &str) -> bool {
        self.configurations.get(model).is_some_and(|configuration| {
            configuration.field_limit == Limit::Blacklist && configuration.fields.contains(field)
        })
    }

    /// Whether a model is offered with this field by its name.
    fn names_field(&self, model: &str, field: &str) -> bool {
        self.configurations.get(model).is_some_and(|configuration| {
            configuration.field_limit == Limit::Whitelist && configuration.fields.contains(field)
        })
    }

    fn offers_field(&self, model: &str, field: &str) -> bool {
        let Some(configuration) = self.configurations.get(model) else { return true };
        configuration.field_limit.allows(configuration.fields.contains(field))
    }
}

/// The statements whose rows [`from_rows`] reads.
pub fn statements() -> [Sql; 4] {
    [
        Sql::text("SELECT id, model_limit FROM oregional_model_scheme"),
        Sql::text(include_str!("../../../sql/queries/registry/scheme_blacklists.sql")),
        Sql::text(include_str!("../../../sql/queries/registry/scheme_configurations.sql")),
        Sql::text(include_str!("../../../sql/queries/registry/configured_fields.sql")),
    ]
}

/// All schemes by id.
pub fn from_rows(
    schemes: &[Row],
    blacklists: &[Row],
    configurations: &[Row],
    fields: &[Row],
) -> HashMap<i64, Arc<Scheme>> {
    let mut listed: HashMap<i64, HashSet<String>> = HashMap::new();
    for row in fields {
        listed.entry(int(row, 0)).or_default().insert(text(row, 1));
    }
    let mut all: HashMap<i64, Scheme> = schemes
        .iter()
        .map(|row| (int(row, 0), Scheme { limit: Limit::parse(&text(row, 1)), ..Scheme::default() }))
        .collect();
    for row in blacklists {
        if let Some(scheme) = all.get_mut(&int(row, 0)) {
            scheme.blacklist.insert(text(row, 1));
        }
    }
    for row in configurations {
        let configuration = Configuration {
            display_name: text(row, 3),
            field_limit: Limit::parse(&text(row, 4)),
            fields: listed.get(&int(row, 1)).cloned().unwrap_or_default(),
        };
        if let Some(scheme) = all.get_mut(&int(row, 0)) {
            scheme.configurations.insert(text(row, 2), configuration);
        }
    }
    all.into_iter().map(|(id, scheme)| (id, Arc::new(scheme))).collect()
}

/// The limits of one call; see the module.
#[derive(Debug, Clone)]
pub struct Limits {
    /// What the application is offered.
    pub scheme: Arc<Scheme>,
    /// Whether it may look at records.
    pub read: bool,
    /// Whether it may change them.
    pub write: bool,
}

/// Models behind which are people's rights, keys and traces.
const NEVER: [&str; 6] = [
    "res.users",
    "res.groups",
    "res.users.apikeys",
    "audit.log",
    "change.password.wizard",
    // Integrations keep passwords there.
    "ir.config_parameter",
];

/// What the server itself is made of: looked at perhaps, never changed.
const FIXED: [&str; 3] = ["ir.", "res.config.", "oregional."];

/// Fields that every record has and that tell nothing of their own.
const ALWAYS: [&str; 2] = ["id", "display_name"];

impl Limits {
    /// Whether an operation on a model is within them.
    pub fn allow(&self, model: &str, operation: Operation) -> bool {
        let is_fixed = || FIXED.iter().any(|start| model.starts_with(start));
        let may = match operation {
            Operation::Read => self.read || self.write,
            _ => self.write && !is_fixed(),
        };
        may && !NEVER.contains(&model) && self.scheme.offers(model)
    }

    /// Whether a field is within them. Lines of a model that is not are none either.
    pub fn allow_field(&self, model: &Model, field: &Field) -> bool {
        if ALWAYS.contains(&field.name.as_str()) {
            return true;
        }
        let is_beyond = field.kind.is_x2many()
            && field.kind.comodel().is_none_or(|comodel| !self.allow(comodel, Operation::Read));
        !field.sealed && !is_beyond && self.scheme.offers_field(&model.name, &field.name)
    }

    /// Whether what a field is computed from may be told: where a field that it follows from is kept back by a
    /// list, it would tell that one's value. Whoever names the field itself means it.
    pub fn allow_sources(&self, registry: &Registry, model: &Model, field: &Field) -> bool {
        ALWAYS.contains(&field.name.as_str())
            || self.scheme.names_field(&model.name, &field.name)
            || sources(field).all(|path| self.allow_path(registry, model, &path, LONGEST_CHAIN))
    }

    /// The same of one path of field names, and of the computed fields on it.
    fn allow_path(&self, registry: &Registry, model: &Model, path: &[&str], left: usize) -> bool {
        let mut at = model;
        for step in path {
            let Some(next) = at.field(step) else { return true };
            if self.scheme.withholds(&at.name, step) {
                return false;
            }
            // What a display name follows from is shown by it anyway.
            if !ALWAYS.contains(step)
                && let Some(left) = left.checked_sub(1)
                && !sources(next).all(|path| self.allow_path(registry, at, &path, left))
            {
                return false;
            }
            match next.kind.comodel().and_then(|comodel| registry.find(comodel)) {
                Some(comodel) => at = comodel,
                None => return true,
            }
        }
        true
    }
}

/// How many computed or related fields may follow one from the next.
pub(super) const LONGEST_CHAIN: usize = 4;

/// The paths of what a field is computed from, or leads over.
fn sources(field: &Field) -> impl Iterator<Item = Vec<&str>> {
    let depends = field.depends.iter().map(|path| path.split('.').collect());
    let related = field.related_path().map(|path| path.iter().map(String::as_str).collect());
    depends.chain(related)
}
