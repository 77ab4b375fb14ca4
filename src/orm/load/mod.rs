//! Takes in a table: rows become records, made or changed as their external ids and ids say.
//!
//! The walk: `header` sorts the columns, `rows` finds which rows are one record, `convert` makes
//! values of their cells (`cell` for plain ones, `lookup` for links), `keep` makes and changes the
//! records, many at a time. What is wrong with a record is told and the next one is looked at; when
//! anything was wrong, nothing is kept. Times are UTC, as everywhere.

mod cell;
mod convert;
mod header;
mod keep;
mod lookup;
pub mod message;
mod rows;

use std::sync::Arc;

use serde_json::Value as Json;

use self::convert::Converter;
use self::header::Columns;
use self::keep::Keeper;
use self::message::{Gravity, Message, Place};
use super::environment::Environment;
use super::model::Model;
use super::savepoint::Savepoint;
use crate::error::{Error, Result};

/// After how many errors a load gives up, when every tenth record has one.
const MOST_ERRORS: usize = 10;

/// What holds the work of the whole load.
const WHOLE: &str = "load_whole";

/// What became of a table.
pub struct Outcome {
    /// The records in the order of the rows; none when something was wrong and nothing is kept.
    pub ids: Option<Vec<i64>>,
    /// What there is to say.
    pub messages: Vec<Message>,
    /// The row to go on with, when a limit was reached; else 0.
    pub next_row: usize,
}

/// The columns of a table, for whoever cuts it into pieces.
pub struct Header(Columns);

/// Reads the paths of a table's columns.
///
/// # Errors
///
/// [`Error::Value`] for columns that make no sense.
pub fn header(env: &Environment, model: &Arc<Model>, fields: &[String]) -> Result<Header> {
    Columns::parse(env, model, &paths(fields)).map(Header)
}

impl Header {
    /// Whether a row still belongs to the record above it.
    pub fn goes_on(&self, row: &[Json]) -> bool {
        rows::goes_on(&self.0, &(0, row))
    }
}

fn paths(fields: &[String]) -> Vec<Vec<String>> {
    fields.iter().map(|path| path.split('/').map(str::to_owned).collect()).collect()
}

/// Takes in `rows` under the paths `fields`, up to about `limit` rows. It runs within the
/// caller's transaction, which goes on to be usable whatever the outcome.
///
/// # Errors
///
/// [`Error::Value`] for columns that make no sense, [`Error::Conflict`] and [`Error::Unavailable`]
/// where the whole call has to be run again.
pub async fn load(
    env: &Environment,
    model: &Arc<Model>,
    fields: &[String],
    rows: &[Vec<Json>],
    limit: Option<usize>,
) -> Result<Outcome> {
    let columns = Columns::parse(env, model, &paths(fields))?;
    if let Some((number, row)) = rows.iter().enumerate().find(|(_, row)| row.len() > fields.len()) {
        return Err(Error::Value(format!(
            "Row {number} has {} cells, and there are {} columns.",
            row.len(),
            fields.len()
        )));
    }
    let numbered: Vec<rows::Row<'_>> = rows.iter().map(Vec::as_slice).enumerate().collect();
    let (records, next_row) = upto(rows::records(&columns, &numbered), limit);
    let savepoint = Savepoint::set(env.services(), WHOLE).await?;
    let mut converter = Converter::new(env, &columns);
    let mut keeper = Keeper::new(env, &columns);
    for (number, record) in records.iter().enumerate() {
        let place = place(number, record);
        if let Some(pending) = converter.record(&mut keeper, record, place).await? {
            keeper.add(&mut converter, pending).await?;
        }
        let errors = errors(&converter.messages);
        if errors >= MOST_ERRORS && errors * 10 >= number {
            let text = format!(
                "There are {errors} errors so far, in at least one record of ten: the rest was not processed."
            );
            converter.messages.push(Message { gravity: Gravity::Warning, ..Message::about(place, text) });
            break;
        }
    }
    keeper.flush(&mut converter).await?;
    let Converter { mut messages, .. } = converter;
    messages.sort_by_key(|message| message.place.record);
    let has_failed = errors(&messages) > 0;
    if has_failed {
        savepoint.undo().await?;
    } else {
        savepoint.release().await?;
    }
    let ids = (!has_failed).then(|| keeper.into_ids());
    Ok(Outcome { ids, messages, next_row })
}

fn errors(messages: &[Message]) -> usize {
    messages.iter().filter(|message| message.gravity == Gravity::Error).count()
}

fn place(record: usize, rows: &[rows::Row<'_>]) -> Place {
    let number = |row: Option<&rows::Row<'_>>| row.map_or(0, |row| row.0);
    Place { record, from: number(rows.first()), to: number(rows.last()) }
}

/// The records that begin within the limit, and the row that the next one begins at.
fn upto<'r, 'a>(
    mut records: Vec<&'r [rows::Row<'a>]>,
    limit: Option<usize>,
) -> (Vec<&'r [rows::Row<'a>]>, usize) {
    let Some(limit) = limit else { return (records, 0) };
    let begins = |record: &&'r [rows::Row<'a>]| record.first().map_or(0, |row| row.0);
    let kept = records.iter().take_while(|record| begins(record) < limit).count();
    let next = records.get(kept).map_or(0, begins);
    records.truncate(kept);
    (records, next)
}
