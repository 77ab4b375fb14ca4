//! Rows that belong together: a record begins where one of its own columns has a value; rows below
//! it that have lines alone are its further lines.

use serde_json::Value as Json;

use super::header::Columns;

/// A row with its number in the table.
pub(super) type Row<'a> = (usize, &'a [Json]);

/// Whether a cell says nothing.
pub(super) fn is_empty(cell: &Json) -> bool {
    match cell {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        _ => false,
    }
}

/// The cell of a column; nothing where a row is short.
pub(super) fn cell<'a>(row: &Row<'a>, column: usize) -> &'a Json {
    row.1.get(column).unwrap_or(&Json::Null)
}

fn says(row: &Row<'_>, places: &[usize]) -> bool {
    places.iter().any(|place| !is_empty(cell(row, *place)))
}

/// Whether a row has nothing but lines of the record above it.
pub(super) fn goes_on(columns: &Columns, row: &Row<'_>) -> bool {
    !says(row, &columns.own()) && says(row, &columns.below())
}

/// The rows of each record. Rows that say nothing are passed over.
pub(super) fn records<'r, 'a>(columns: &Columns, rows: &'r [Row<'a>]) -> Vec<&'r [Row<'a>]> {
    let (own, below) = (columns.own(), columns.below());
    let mut found = Vec::new();
    let mut rest = rows;
    while let Some((first, further)) = rest.split_first() {
        if !says(first, &own) && !says(first, &below) {
            rest = further;
            continue;
        }
        let more = further.iter().take_while(|row| !says(row, &own) && says(row, &below)).count();
        let (record, after) = rest.split_at(more + 1);
        found.push(record);
        rest = after;
    }
    found
}
