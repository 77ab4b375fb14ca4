//! Rows written as the list of objects that clients read.

use std::ops::Range;

use super::super::convert;
use super::super::environment::Environment;
use super::super::model::Model;
use super::super::registry::int;
use super::super::render::{self, Links};
use super::Rows;
use super::beside::{Beside, raw};
use super::layout::{Layout, Placed};
use crate::db::{Raw, Row};
use crate::error::Result;

/// A field on its way out, row by row.
struct Column<'a> {
    placed: &'a Placed<'a>,
    /// What stands before a value.
    key: String,
    links: Links<'a>,
    /// The value of the row before, and where it was written, with its key.
    last: Option<(Option<&'a [u8]>, Range<usize>)>,
}

impl<'a> Column<'a> {
    fn new(placed: &'a Placed<'a>, beside: &'a Beside) -> Self {
        let names = placed.field.kind.comodel().and_then(|comodel| beside.names.get(comodel));
        Self {
            placed,
            key: [", \"", &placed.field.name, "\": "].concat(),
            links: names.map_or(Links::Ids, |names| Links::Named(names)),
            last: None,
        }
    }
}

/// What all values are written with.
struct Writer<'a> {
    env: &'a Environment,
    model: &'a Model,
    beside: &'a Beside,
    out: Vec<u8>,
}

/// Writes all rows.
pub(super) fn write(
    env: &Environment,
    model: &Model,
    layout: &Layout<'_>,
    rows: &Rows,
    beside: &Beside,
) -> Result<Vec<u8>> {
    let mut columns: Vec<Column<'_>> =
        layout.fields.iter().map(|placed| Column::new(placed, beside)).collect();
    let mut writer = Writer { env, model, beside, out: Vec::with_capacity(64 + 64 * columns.len()) };
    writer.out.push(b'[');
    for (number, row) in rows.iter().enumerate() {
        let before = if number > 0 { ", {\"id\": " } else { "{\"id\": " };
        writer.out.extend_from_slice(before.as_bytes());
        let id = int(row, 0);
        render::integer(&mut writer.out, id);
        for column in &mut columns {
            writer.column(row, id, column)?;
        }
        writer.out.push(b'}');
        if number == 0 {
            // One record is like the next: room for all of them at once.
            let (one, others) = (writer.out.len(), rows.order.len().saturating_sub(1));
            writer.out.reserve(others * (one + one / 8) + 2);
        }
    }
    writer.out.push(b']');
    Ok(writer.out)
}

impl Writer<'_> {
    fn column<'a>(&mut self, row: &'a Row, id: i64, column: &mut Column<'a>) -> Result<()> {
        let start = self.out.len();
        let Some(place) = column.placed.value else {
            self.out.extend_from_slice(column.key.as_bytes());
            let lines = self.beside.lines.get(&column.placed.field.name).and_then(|lines| lines.get(&id));
            render::integers(&mut self.out, lines.map_or(&[], Vec::as_slice));
            return Ok(());
        };
        let value = raw(row, place);
        let bytes = value.map(|value| value.0);
        // Records of a page have much in common: flags, numbers, who made them. Copying what stands there
        // already takes a fraction of the time.
        if let Some((known, range)) = &column.last
            && *known == bytes
        {
            self.out.extend_from_within(range.clone());
            return Ok(());
        }
        self.out.extend_from_slice(column.key.as_bytes());
        self.value(row, value, column)?;
        column.last = Some((bytes, start..self.out.len()));
        Ok(())
    }

    fn value(&mut self, row: &Row, value: Option<Raw<'_>>, column: &Column<'_>) -> Result<()> {
        let field = column.placed.field;
        if let (true, Some(value)) = (field.sealed, value) {
            render::string(&mut self.out, &convert::opened(self.env, self.model, field, value.0)?);
            return Ok(());
        }
        let links = match column.placed.name {
            Some(place) => Links::Name(raw(row, place).and_then(Raw::text)),
            None => column.links,
        };
        render::value(&mut self.out, &field.kind, value, links, self.env.context.bin_size);
        Ok(())
    }
}
