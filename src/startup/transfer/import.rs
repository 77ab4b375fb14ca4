//! `oregional import`: a table becomes records, a batch of rows at a time.
//!
//! How many rows are in is kept in the database, in the transaction of each batch, under the hash of
//! the file: a command that was cut off is simply run again and goes on with the first row that is
//! not in. A batch with a wrong row leaves nothing; those before it stay.

use std::io::Write;
use std::sync::Arc;

use serde_json::Value as Json;

use super::super::StartError;
use super::super::storage::Storage;
use super::progress::Progress;
use super::table::{Reader, Row, format_of};
use super::{app, call, check_language, check_secrets};
use crate::clock::World;
use crate::config::Import;
use crate::db::Sql;
use crate::error::{Error, Result};
use crate::orm::load::message::{Gravity, Message};
use crate::orm::load::{self, Header, Outcome};
use crate::orm::model::Model;
use crate::orm::registry::text;
use crate::rpc::App;

/// Runs the command.
///
/// # Errors
///
/// [`StartError`], for the operator to read.
pub async fn import(settings: &Import, out: &mut dyn Write) -> std::result::Result<(), StartError> {
    let storage = Storage::beside(&settings.database, &World::system()).await?;
    let done = match app(&storage, &settings.database).await {
        Ok(app) => run(&app, settings, out).await.map_err(StartError::from),
        Err(error) => Err(error),
    };
    storage.close().await;
    done
}

/// An import on its way.
struct Task<'a> {
    app: &'a App,
    settings: &'a Import,
    model: Arc<Model>,
    fields: Vec<String>,
    header: Header,
    /// Under which name the database knows how far it is.
    name: String,
}

/// What became of the rows so far.
#[derive(Default)]
struct Tally {
    rows: u64,
    records: u64,
}

async fn run(app: &App, settings: &Import, out: &mut dyn Write) -> Result<()> {
    let registry = app.shared.caches.registry();
    let model = registry.model(&settings.model)?;
    check_language(&registry, &settings.lang)?;
    let mut reader = Reader::open(&settings.file, format_of(settings.format, Some(&settings.file)))?;
    check_secrets(&registry, &model, &reader.fields, settings.with_secrets)?;
    let fields = reader.fields.clone();
    let name = format!("import {} {}", settings.model, reader.hash);
    let header = call(app, &settings.lang, async |env| load::header(env, &model, &fields)).await?;
    let task = Task { app, settings, model, fields, header, name };
    let mut tally = Tally { rows: task.rows_in().await?, records: 0 };
    for _ in 0..tally.rows {
        reader.next()?;
    }
    if tally.rows > 0 {
        say(out, &format!("{} rows are in already: going on with the next one", tally.rows))?;
    }
    let mut progress = Progress::new(reader.size);
    let mut ahead = reader.next()?;
    while let Some(first) = ahead.take() {
        let (rows, next) = task.batch(&mut reader, first)?;
        ahead = next;
        let done = task.take_in(&rows, tally.rows).await;
        if !matches!(&done, Ok(outcome) if outcome.messages.is_empty()) {
            progress.end();
        }
        let outcome = done?;
        for message in &outcome.messages {
            say(out, &told(message, &rows))?;
        }
        let Some(ids) = outcome.ids else {
            let (from, to) = (rows.first().map_or(0, |row| row.0), rows.last().map_or(0, |row| row.0));
            return Err(Error::User(format!(
                "the rows in the lines {from} to {to} were not taken in, as something is wrong with them; the {} rows before are in",
                tally.rows
            )));
        };
        tally.rows += u64::try_from(rows.len()).unwrap_or_default();
        tally.records += u64::try_from(ids.len()).unwrap_or_default();
        progress.tell(reader.position(), tally.rows);
    }
    progress.end();
    task.forget().await?;
    say(out, &format!("{} records were made or changed from {} rows", tally.records, tally.rows))
}

fn say(out: &mut dyn Write, text: &str) -> Result<()> {
    writeln!(out, "{text}").map_err(|error| Error::Internal(format!("the output is closed: {error}")))
}

/// A message with the lines of the file that it is about.
fn told(message: &Message, rows: &[Row]) -> String {
    let line = |row: usize| rows.get(row).map_or(0, |row| row.0);
    let kind = match message.gravity {
        Gravity::Error => "error",
        Gravity::Warning => "warning",
    };
    let column =
        if message.path.is_empty() { String::new() } else { format!(", column {}", message.path.join("/")) };
    let hint = message.hint.as_ref().map_or_else(String::new, |hint| format!(" It can be: {hint}."));
    format!("line {}{column}: {kind}: {}{hint}", line(message.place.from), message.text)
}

impl Task<'_> {
    /// A batch of rows: as many as were asked for, and what still belongs to the last of them. The row
    /// after it comes along.
    fn batch(&self, reader: &mut Reader, first: Row) -> Result<(Vec<Row>, Option<Row>)> {
        let mut rows = vec![first];
        let most = usize::from(self.settings.batch);
        while let Some(row) = reader.next()? {
            if rows.len() >= most && !self.header.goes_on(&row.1) {
                return Ok((rows, Some(row)));
            }
            rows.push(row);
        }
        Ok((rows, None))
    }

    /// Takes rows in and notes that they are, in one transaction.
    async fn take_in(&self, rows: &[Row], before: u64) -> Result<Outcome> {
        let cells: Vec<Vec<Json>> = rows.iter().map(|row| row.1.clone()).collect();
        let after = before + u64::try_from(rows.len()).unwrap_or_default();
        call(self.app, &self.settings.lang, async |env| {
            let outcome = load::load(env, &self.model, &self.fields, &cells, None).await?;
            if outcome.ids.is_some() {
                let note = Sql::text("INSERT INTO server_fact (name, value) VALUES (")
                    .then(Sql::param(self.name.as_str()))
                    .and_text(", ")
                    .then(Sql::param(after.to_string()))
                    .and_text(") ON CONFLICT (name) DO UPDATE SET value = excluded.value");
                env.connection().execute(note).await?;
            }
            Ok(outcome)
        })
        .await
    }

    /// How many rows of this very file are in already.
    async fn rows_in(&self) -> Result<u64> {
        if self.settings.restart {
            self.forget().await?;
        }
        let statement =
            Sql::text("SELECT value FROM server_fact WHERE name = ").then(Sql::param(self.name.as_str()));
        let rows = self.app.pool.get().await?.query(statement).await?;
        Ok(rows.first().and_then(|row| text(row, 0).parse().ok()).unwrap_or_default())
    }

    async fn forget(&self) -> Result<()> {
        let statement =
            Sql::text("DELETE FROM server_fact WHERE name = ").then(Sql::param(self.name.as_str()));
        self.app.pool.get().await?.execute(statement).await?;
        Ok(())
    }
}
