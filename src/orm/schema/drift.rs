//! Compares every declared field with its column, for `oregional check`.

use super::super::registry::Registry;
use super::catalogue::Catalogue;
use super::columns;
use crate::db::Connection;
use crate::error::Result;

/// One sentence for each difference; none when the database is as declared.
///
/// # Errors
///
/// [`crate::error::Error::Unavailable`] when the database does not answer.
pub async fn find(connection: &Connection, registry: &Registry) -> Result<Vec<String>> {
    let known = Catalogue::load(connection).await?;
    let mut differences = Vec::new();
    let mut models: Vec<_> = registry.models().collect();
    models.sort_by(|left, right| left.name.cmp(&right.name));
    for model in models {
        if !known.has_table(&model.table) {
            differences.push(format!("{}: the table {} is missing", model.name, model.table));
            continue;
        }
        for (name, kind, required) in model.fields.values().flat_map(columns) {
            let Some(column) = known.column(&model.table, &name) else {
                differences.push(format!("{}.{name}: the column is missing", model.table));
                continue;
            };
            if spelled(&column.kind) != kind {
                differences.push(format!(
                    "{}.{name}: the column is {}, declared is {kind}",
                    model.table, column.kind
                ));
            }
            if required && !column.not_null {
                differences
                    .push(format!("{}.{name}: the column may be empty, the field may not", model.table));
            }
        }
        for constraint in &model.constraints {
            if !known.has_constraint(&constraint.name) {
                differences.push(format!("{}: the constraint {} is missing", model.table, constraint.name));
            }
        }
    }
    Ok(differences)
}

/// One sentence for each table of an audited model whose changes are not noted as they should be.
/// `registry` has to know what was made at run time as well.
///
/// # Errors
///
/// As [`find`].
pub async fn find_unnoted(connection: &Connection, registry: &Registry) -> Result<Vec<String>> {
    super::audit::differences(connection, registry).await
}

/// `format_type` writes the standard's long names.
fn spelled(kind: &str) -> &str {
    match kind {
        "character varying" => "varchar",
        "timestamp without time zone" => "timestamp",
        other => other,
    }
}
