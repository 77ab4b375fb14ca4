//! `oregional export`: all records of a model, or those of a domain, in the order of their ids.
//!
//! A file that was not written to its end lies beside its place as `FILE.part`, and `FILE.state` says
//! how far it is: the same command goes on from there. Each batch is a moment of its own: what is
//! changed meanwhile is told as it is when its turn comes.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::super::StartError;
use super::super::storage::Storage;
use super::progress::Progress;
use super::table::{self, failed};
use super::{app, call, check_language, check_secrets};
use crate::clock::World;
use crate::config::{Export, Format};
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::domain::{Domain, Operator, parse};
use crate::orm::environment::Environment;
use crate::orm::export;
use crate::orm::field::{Field, FieldType, Source};
use crate::orm::file::hex;
use crate::orm::model::{AUDIT, Model};
use crate::orm::query::{self, Page, SELF};
use crate::orm::registry::{Registry, int};
use crate::rpc::App;

/// How many records are read together.
const BATCH: i64 = 500;

/// What is exported.
struct Plan<'a> {
    settings: &'a Export,
    fields: Vec<String>,
    domain: Domain,
    format: Format,
}

/// How far a file is.
#[derive(Default, Serialize, Deserialize)]
struct State {
    /// Tells the command from others.
    plan: String,
    /// The last record that is in it.
    last: i64,
    /// How many rows are in it.
    rows: u64,
    /// How many bytes of it count.
    bytes: u64,
}

/// Runs the command.
///
/// # Errors
///
/// [`StartError`], for the operator to read.
pub async fn export(settings: &Export, out: &mut dyn Write) -> std::result::Result<(), StartError> {
    let storage = Storage::beside(&settings.database, &World::system()).await?;
    let done = match app(&storage, &settings.database).await {
        Ok(app) => run(&app, settings, out).await.map_err(StartError::from),
        Err(error) => Err(error),
    };
    storage.close().await;
    done
}

async fn run(app: &App, settings: &Export, out: &mut dyn Write) -> Result<()> {
    let registry = app.shared.caches.registry();
    let model = registry.model(&settings.model)?;
    check_language(&registry, &settings.lang)?;
    let domain: Json = serde_json::from_str(&settings.domain)
        .map_err(|error| Error::User(format!("--domain is no JSON list of conditions: {error}")))?;
    let fields = if settings.fields.is_empty() {
        usual_fields(&registry, &model, settings.with_secrets)
    } else {
        settings.fields.clone()
    };
    check_secrets(&registry, &model, &fields, settings.with_secrets)?;
    let format = table::format_of(settings.format, settings.file.as_deref());
    let plan = Plan { settings, fields, domain: parse::parse(&domain)?, format };
    match settings.file.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => plan.to_file(app, &model, path).await,
        None => plan.to_stream(app, &model, out, &mut State::default(), &mut |_, _| Ok(())).await,
    }
}

/// What it takes to make the records again: everything that is kept and not made by the server.
fn usual_fields(registry: &Registry, model: &Model, with_secrets: bool) -> Vec<String> {
    let mut fields = vec!["id".to_owned()];
    for field in model.fields.values().filter(|field| is_usual(registry, model, field)) {
        match field.kind {
            _ if field.sealed && !with_secrets => {}
            FieldType::One2many { .. } => {}
            FieldType::Many2one { .. } | FieldType::Many2many { .. } => {
                fields.push(format!("{}/id", field.name));
            }
            _ => fields.push(field.name.clone()),
        }
    }
    fields
}

fn is_usual(registry: &Registry, model: &Model, field: &Field) -> bool {
    if AUDIT.contains(&field.name.as_str()) {
        return false;
    }
    // A user's name is the contact's; the contact itself comes with it.
    if model.delegations.iter().any(|delegation| delegation.field == field.name) {
        return false;
    }
    match field.related_path() {
        Some(path) if field.inherited => {
            registry.end_of_path(model, path).is_ok_and(|target| matches!(target.source, Source::Column))
        }
        _ => matches!(field.source, Source::Column),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

impl Plan<'_> {
    /// Tells this export from others.
    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.settings.model, &self.settings.lang, &format!("{:?}", self.format)] {
            hash.update(part);
            hash.update([0]);
        }
        hash.update(self.domain.to_json().to_string());
        hash.update(self.fields.join("\0"));
        hex(hash.finalize())
    }

    async fn to_file(&self, app: &App, model: &Model, path: &Path) -> Result<()> {
        let (part, state_file) = (beside(path, ".part"), beside(path, ".state"));
        let unwritable = |error: std::io::Error| failed(&part, "written", &error);
        let known: Option<State> = std::fs::read_to_string(&state_file)
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .filter(|state: &State| state.plan == self.hash() && part.exists());
        let goes_on = known.is_some();
        let mut state = known.unwrap_or_else(|| State { plan: self.hash(), ..State::default() });
        let mut options = OpenOptions::new();
        // Only whoever runs the command may read what it writes.
        let file = options.create(true).append(true).mode(0o600).open(&part).map_err(unwritable)?;
        file.set_len(if goes_on { state.bytes } else { 0 }).map_err(unwritable)?;
        let mut out = BufWriter::new(file.try_clone().map_err(unwritable)?);
        let keep = |state: &mut State, file_is: &File| -> Result<()> {
            state.bytes = file_is.metadata().map_err(unwritable)?.len();
            let text = serde_json::to_string(state).map_err(|error| Error::Internal(error.to_string()))?;
            std::fs::write(&state_file, text).map_err(|error| failed(&state_file, "written", &error))
        };
        self.to_stream(app, model, &mut out, &mut state, &mut |state, _| keep(state, &file)).await?;
        std::fs::rename(&part, path).map_err(|error| failed(path, "written", &error))?;
        _ = std::fs::remove_file(&state_file);
        Ok(())
    }

    /// Writes all that is still missing; `keep` is told after each batch.
    async fn to_stream(
        &self,
        app: &App,
        model: &Model,
        out: &mut dyn Write,
        state: &mut State,
        keep: &mut dyn FnMut(&mut State, u64) -> Result<()>,
    ) -> Result<()> {
        let unwritable = |error: std::io::Error| Error::User(format!("the table cannot be written: {error}"));
        let lang = &self.settings.lang;
        let left = call(app, lang, async |env| self.count(env, model, state.last).await).await?;
        let mut progress = Progress::new(u64::try_from(left).unwrap_or_default());
        let mut done = 0;
        if state.last == 0 {
            table::write_head(out, self.format, &self.fields).map_err(unwritable)?;
        }
        loop {
            let after = state.last;
            let (ids, rows) = call(app, lang, async |env| self.batch(env, model, after).await).await?;
            let Some(last) = ids.last() else { break };
            for row in &rows {
                table::write(out, self.format, &self.fields, row).map_err(unwritable)?;
            }
            out.flush().map_err(unwritable)?;
            state.last = *last;
            state.rows += u64::try_from(rows.len()).unwrap_or_default();
            done += u64::try_from(ids.len()).unwrap_or_default();
            keep(state, done)?;
            progress.tell(done, state.rows);
        }
        out.flush().map_err(unwritable)?;
        progress.end();
        Ok(())
    }

    fn after(&self, last: i64) -> Domain {
        Domain::all_of(vec![self.domain.clone(), Domain::condition("id", Operator::Gt, last)])
    }

    async fn count(&self, env: &Environment, model: &Model, last: i64) -> Result<i64> {
        let statement = query::count(env, model, self.after(last), None)?;
        Ok(env.connection().query(statement).await?.first().map_or(0, |row| int(row, 0)))
    }

    async fn batch(&self, env: &Environment, model: &Model, last: i64) -> Result<(Vec<i64>, Vec<Vec<Json>>)> {
        let page = Page { limit: Some(BATCH), order: "id".to_owned(), ..Page::default() };
        let select = query::select(env, model, column(SELF, "id"), self.after(last), &page)?;
        let rows = env.connection().query(select.statement(None)).await?;
        let ids: Vec<i64> = rows.iter().map(|row| int(row, 0)).collect();
        let table = export::export(env, model, &ids, &self.fields).await?;
        Ok((ids, table))
    }
}
