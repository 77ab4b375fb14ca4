//! Rows written as the list of objects that clients read.

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

/// Writes all rows.
pub(super) fn write(
    env: &Environment,
    model: &Model,
    layout: &Layout<'_>,
    rows: &Rows,
    beside: &Beside,
) -> Result<Vec<u8>> {
    let keys: Vec<(String, Links<'_>)> = layout
        .fields
        .iter()
        .map(|placed| {
            let names = placed.field.kind.comodel().and_then(|comodel| beside.names.get(comodel));
            (key(&placed.field.name), names.map_or(Links::Ids, |names| Links::Named(names)))
        })
        .collect();
    let mut out = Vec::with_capacity(64 + 64 * keys.len());
    out.push(b'[');
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            out.extend_from_slice(b", ");
        }
        let id = int(row, 0);
        out.extend_from_slice(b"{\"id\": ");
        render::integer(&mut out, id);
        for ((key, names), placed) in keys.iter().zip(&layout.fields) {
            out.extend_from_slice(key.as_bytes());
            field(env, model, &mut out, row, id, (placed, *names), beside)?;
        }
        out.push(b'}');
        if number == 0 {
            // One record is like the next: room for all of them at once.
            out.reserve(rows.order.len().saturating_sub(1) * (out.len() + out.len() / 8) + 2);
        }
    }
    out.push(b']');
    Ok(out)
}

/// What stands before a value.
fn key(name: &str) -> String {
    [", \"", name, "\": "].concat()
}

fn field(
    env: &Environment,
    model: &Model,
    out: &mut Vec<u8>,
    row: &Row,
    id: i64,
    (placed, names): (&Placed<'_>, Links<'_>),
    beside: &Beside,
) -> Result<()> {
    let field = placed.field;
    let Some(place) = placed.value else {
        lines(out, beside.lines.get(&field.name).and_then(|lines| lines.get(&id)));
        return Ok(());
    };
    let value = raw(row, place);
    if let (true, Some(value)) = (field.sealed, value) {
        render::string(out, &convert::opened(env, model, field, value.0)?);
        return Ok(());
    }
    let links = match placed.name {
        Some(place) => Links::Name(raw(row, place).and_then(Raw::text)),
        None => names,
    };
    render::value(out, &field.kind, value, links, env.context.bin_size);
    Ok(())
}

fn lines(out: &mut Vec<u8>, ids: Option<&Vec<i64>>) {
    out.push(b'[');
    for (number, id) in ids.into_iter().flatten().enumerate() {
        if number > 0 {
            out.extend_from_slice(b", ");
        }
        render::integer(out, *id);
    }
    out.push(b']');
}
