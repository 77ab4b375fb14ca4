//! What the database has already: tables, columns, constraints, indexes.

use std::collections::{HashMap, HashSet};

use super::super::registry::{COLLATION, text};
use crate::db::{Connection, Raw, Sql};
use crate::error::Result;

/// A column as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// The type, as `format_type` spells it.
    pub kind: String,
    /// Whether it must have a value.
    pub not_null: bool,
}

/// The catalogue of the schema that the server works in.
#[derive(Default)]
pub(super) struct Catalogue {
    tables: HashMap<String, HashMap<String, Column>>,
    /// With the letter of what a deletion does, for links.
    constraints: HashMap<String, String>,
    indexes: HashSet<String>,
    /// Whether an index on a text has to be told to sort by code point.
    pub(super) needs_collation: bool,
}

impl Catalogue {
    pub(super) async fn load(connection: &Connection) -> Result<Self> {
        let mut known = Self::default();
        let columns = Sql::text(include_str!("../../../sql/queries/schema/columns.sql"));
        for row in connection.query(columns).await? {
            let not_null = row.try_get::<_, Option<Raw<'_>>>(3).ok().flatten().is_some_and(Raw::boolean);
            let column = Column { kind: text(&row, 2), not_null };
            known.tables.entry(text(&row, 0)).or_default().insert(text(&row, 1), column);
        }
        let constraints = Sql::text(include_str!("../../../sql/queries/schema/constraints.sql"));
        let indexes = Sql::text(include_str!("../../../sql/queries/schema/indexes.sql"));
        let rows = connection.query(constraints).await?;
        known.constraints.extend(rows.iter().map(|row| (text(row, 0), text(row, 1))));
        known.indexes.extend(connection.query(indexes).await?.iter().map(|row| text(row, 0)));
        known.needs_collation = connection.query(Sql::text(COLLATION)).await?.is_empty();
        Ok(known)
    }

    pub(super) fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    pub(super) fn has_column(&self, table: &str, column: &str) -> bool {
        self.column(table, column).is_some()
    }

    pub(super) fn column(&self, table: &str, column: &str) -> Option<&Column> {
        self.tables.get(table).and_then(|columns| columns.get(column))
    }

    pub(super) fn has_constraint(&self, name: &str) -> bool {
        self.constraints.contains_key(name)
    }

    pub(super) fn has_index(&self, name: &str) -> bool {
        self.indexes.contains(name)
    }

    /// The letter of what the deletion of a record does to a link.
    pub(super) fn deletion(&self, constraint: &str) -> Option<&str> {
        self.constraints.get(constraint).map(String::as_str)
    }
}
