//! What the database has already: tables, columns, constraints.

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
    constraints: HashSet<String>,
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
        known.constraints.extend(connection.query(constraints).await?.iter().map(|row| text(row, 0)));
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
        self.constraints.contains(name)
    }
}
