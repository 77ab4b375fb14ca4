//! What a model is: its fields, order, constraints and the behaviour that is its own.

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::audit::Audit;
use super::behaviour::{Behaviour, Plain};
use super::declare;
use super::field::{Expression, Field, Source};
use crate::db::sql::column;

/// A constraint that PostgreSQL holds, with the words for whoever breaks it.
#[derive(Debug, Clone)]
pub struct SqlConstraint {
    /// Its name in the database.
    pub name: String,
    /// `UNIQUE (…)` or `CHECK (…)`.
    pub definition: String,
    /// What the user reads.
    pub message: String,
}

/// A link to a model whose fields this one has as its own.
#[derive(Debug, Clone)]
pub struct Delegation {
    /// The many2one.
    pub field: String,
    /// The model it points to.
    pub model: String,
}

/// A model; see the module. Attributes have Odoo's names, without their underscore.
#[derive(Clone)]
pub struct Model {
    /// `oregional.application`.
    pub name: String,
    /// What people call one record of it.
    pub description: String,
    /// Its table.
    pub table: String,
    /// The order where none is asked for.
    pub order: String,
    /// The field that names a record.
    pub rec_name: Option<String>,
    /// Fields by which a name is looked up, where it is not the naming one alone.
    pub search_names: &'static [&'static str],
    /// Names by which older clients know it.
    pub other_names: &'static [&'static str],
    /// The module whose external ids it has: `base` or `oregional`.
    pub module: &'static str,
    /// Its fields by name.
    pub fields: IndexMap<String, Field, RandomState>,
    /// What it delegates to.
    pub delegations: Vec<Delegation>,
    /// What the database holds.
    pub constraints: Vec<SqlConstraint>,
    /// Further indexes: a name, and what follows `ON table`.
    pub indexes: Vec<(&'static str, &'static str)>,
    /// What is special about it.
    pub behaviour: &'static dyn Behaviour,
    /// Whether an administrator made it at run time.
    pub manual: bool,
    /// The sequence that numbers its records, where several models share one.
    pub sequence: Option<&'static str>,
    /// Whether its records only serve a dialog and are soon forgotten.
    pub transient: bool,
    /// Whether no record of it ever changes.
    pub append_only: bool,
    /// What the audit log hears of its records; nothing where there is none.
    pub audit: Option<Audit>,
    /// Its id in `ir.model`.
    pub id: i64,
}

/// Tells what the database is made from; the behaviour is code and leaves no trace there.
impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Model")
            .field("name", &self.name)
            .field("description", &self.description)
            .field("order", &self.order)
            .field("table", &self.table)
            .field("sequence", &self.sequence)
            .field("transient", &self.transient)
            .field("fields", &self.fields)
            .field("constraints", &self.constraints)
            .field("indexes", &self.indexes)
            .field("audit", &self.audit)
            .finish_non_exhaustive()
    }
}

impl Model {
    /// A model of the module `base`.
    pub fn new(name: &str, description: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            table: name.replace('.', "_"),
            order: "id".to_owned(),
            rec_name: None,
            search_names: &[],
            other_names: &[],
            module: "base",
            fields: IndexMap::default(),
            delegations: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            behaviour: &Plain,
            manual: false,
            sequence: None,
            transient: false,
            append_only: false,
            audit: None,
            id: 0,
        }
    }

    /// The table, where its name does not follow from the model's.
    #[must_use]
    pub fn table(mut self, table: &str) -> Self {
        table.clone_into(&mut self.table);
        self
    }

    /// Takes its ids from a sequence that other models take theirs from as well.
    #[must_use]
    pub fn numbered_by(mut self, sequence: &'static str) -> Self {
        self.sequence = Some(sequence);
        self
    }

    /// Has records that only serve a dialog.
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// Puts it into another module.
    #[must_use]
    pub fn module(mut self, module: &'static str) -> Self {
        self.module = module;
        self
    }

    /// The order where none is asked for.
    #[must_use]
    pub fn order(mut self, order: &str) -> Self {
        order.clone_into(&mut self.order);
        self
    }

    /// The field that names a record, where that is not `name`.
    #[must_use]
    pub fn rec_name(mut self, name: &str) -> Self {
        self.rec_name = Some(name.to_owned());
        self
    }

    /// The fields by which a name is looked up.
    #[must_use]
    pub fn search_names(mut self, names: &'static [&'static str]) -> Self {
        self.search_names = names;
        self
    }

    /// Names by which older clients know it.
    #[must_use]
    pub fn other_names(mut self, names: &'static [&'static str]) -> Self {
        self.other_names = names;
        self
    }

    /// Adds fields.
    #[must_use]
    pub fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields.extend(fields.into_iter().map(|field| (field.name.clone(), field)));
        self
    }

    /// Has the fields of the model that `field` points to as its own.
    #[must_use]
    pub fn delegates(mut self, field: &str, model: &str) -> Self {
        self.delegations.push(Delegation { field: field.to_owned(), model: model.to_owned() });
        self
    }

    /// Names a record by an expression.
    #[must_use]
    pub fn display_name(mut self, expression: Expression, depends: &[&str]) -> Self {
        let field = declare::char("display_name").compute(expression, depends);
        self.fields.insert(field.name.clone(), field);
        self
    }

    /// A constraint that PostgreSQL holds.
    #[must_use]
    pub fn constraint(mut self, name: &str, definition: &str, message: &str) -> Self {
        self.constraints.push(SqlConstraint {
            name: format!("{}_{name}", self.table),
            definition: definition.to_owned(),
            message: message.to_owned(),
        });
        self
    }

    /// Each change of a record is an entry of the audit log.
    #[must_use]
    pub fn audited(self) -> Self {
        self.audited_as(Audit::default())
    }

    /// The same, with exceptions.
    #[must_use]
    pub fn audited_as(mut self, audit: Audit) -> Self {
        self.audit = Some(audit);
        self
    }

    /// Its records never change.
    #[must_use]
    pub fn append_only(mut self) -> Self {
        self.append_only = true;
        self
    }

    /// A further index.
    #[must_use]
    pub fn sql_index(mut self, name: &'static str, definition: &'static str) -> Self {
        self.indexes.push((name, definition));
        self
    }

    /// What is special about it.
    #[must_use]
    pub fn behaviour(mut self, behaviour: &'static dyn Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }

    /// Adds the fields that every model has, and finds the field that names a record.
    #[must_use]
    pub fn complete(mut self) -> Self {
        if self.rec_name.is_none() {
            let usual = if self.manual { ["x_name", "name"] } else { ["name", "x_name"] };
            self.rec_name = usual.into_iter().find(|name| self.fields.contains_key(*name)).map(str::to_owned);
        }
        let mut id = declare::integer("id").string("ID").readonly().no_copy();
        id.source = Source::Column;
        self.fields.shift_insert(0, "id".to_owned(), id);
        let nameless = |scope: super::field::Scope<'_>| column(scope.alias, "id").and_text("::text");
        let rec_name = self.rec_name.clone();
        self.fields.entry("display_name".to_owned()).or_insert_with(|| {
            let depends: Vec<&str> = rec_name.as_deref().into_iter().collect();
            declare::char("display_name").compute(nameless, &depends)
        });
        for field in [
            declare::many2one("create_uid", "res.users").string("Created by"),
            declare::datetime("create_date").string("Created on"),
            declare::many2one("write_uid", "res.users").string("Last Updated by"),
            declare::datetime("write_date").string("Last Updated on"),
        ] {
            self.fields.insert(field.name.clone(), field.readonly().no_copy());
        }
        self
    }

    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    /// The fields by which a name is looked up: the naming one, and others that a model adds.
    pub fn rec_names_search(&self) -> Vec<&str> {
        if self.search_names.is_empty() {
            return self.rec_name.as_deref().into_iter().collect();
        }
        self.search_names.to_vec()
    }

    /// Whether records of it can be archived.
    pub fn has_active(&self) -> bool {
        self.fields.get("active").is_some_and(Field::has_column)
    }

    /// Whether the display name is the value of the naming field, and not an expression.
    pub fn is_named_by_field(&self) -> Option<&Field> {
        let own = self.fields.get("display_name")?;
        let rec_name = self.rec_name.as_deref()?;
        (own.depends == [rec_name]).then(|| self.fields.get(rec_name)).flatten()
    }
}

/// Fields that the server alone sets.
pub const AUDIT: [&str; 5] = ["id", "create_uid", "create_date", "write_uid", "write_date"];
