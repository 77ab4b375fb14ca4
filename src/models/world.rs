//! Currencies, countries, their states and languages, as `tools/world_data.py` takes them from
//! Unicode's data: thousands of records, so each table is filled by one statement.

use crate::db::Sql;
use crate::error::Result;
use crate::orm::environment::Environment;

/// The statements and their data, in the order in which they lean on each other.
const TABLES: [(&str, &str); 4] = [
    (
        include_str!("../../sql/queries/world/currencies.sql"),
        include_str!("../../sql/data/world/currencies.json"),
    ),
    (
        include_str!("../../sql/queries/world/countries.sql"),
        include_str!("../../sql/data/world/countries.json"),
    ),
    (include_str!("../../sql/queries/world/states.sql"), include_str!("../../sql/data/world/states.json")),
    (
        include_str!("../../sql/queries/world/languages.sql"),
        include_str!("../../sql/data/world/languages.json"),
    ),
];

/// Makes those whose external ids are unknown.
pub(super) async fn seed(env: &Environment) -> Result<()> {
    for (statement, data) in TABLES {
        env.connection().execute(Sql::with_parameter(statement, data)).await?;
    }
    Ok(())
}

/// The data as text, for the fingerprint of what a database is made from.
pub(super) fn data() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().flat_map(|(statement, data)| [statement, data])
}
