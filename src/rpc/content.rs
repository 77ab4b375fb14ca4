//! Files and pictures: attachments, and the binary fields of records, read as who asks.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use super::App;
use super::retrying::{self, Caller};
use crate::db::{Raw, Sql};
use crate::error::{Error, Result};
use crate::models::ir_model_data;
use crate::orm::behaviour::Values;
use crate::orm::context::Context;
use crate::orm::environment::{Environment, Services};
use crate::orm::field::{Field, Source};
use crate::orm::python;
use crate::orm::read::{self, Load};
use crate::orm::registry::text;

/// The model of attachments.
const ATTACHMENT: &str = "ir.attachment";

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// An attachment.
    Attachment(i64),
    /// A field of a record.
    Field {
        /// The model.
        model: String,
        /// The record.
        id: i64,
        /// The field.
        field: String,
    },
    /// A field of what has an external id.
    Named {
        /// The external id.
        external: String,
        /// The field.
        field: String,
    },
}

/// A question.
#[derive(Debug, Clone)]
pub struct Asked {
    /// For what.
    pub wanted: Wanted,
    /// The field that has the name of the file.
    pub filename_field: Option<String>,
    /// The token that lets anybody look at an attachment.
    pub access_token: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Content {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their type, where it is known beforehand.
    pub mimetype: Option<String>,
    /// The name of the file.
    pub name: String,
    /// Where it really is.
    pub url: String,
    /// Whether the server has made or checked it, so that it can do no harm.
    pub is_harmless: bool,
    /// Whether everybody may look at it.
    pub is_public: bool,
}

fn absent() -> Error {
    Error::NotFound("There is no such file.".to_owned())
}

/// Finds a file, as the caller; without one, among those that are public.
///
/// # Errors
///
/// [`Error::NotFound`] when there is none, or none that the caller may look at; [`Error::Unavailable`]
/// when the database does not answer, and what else keeps it from saying whether there is one.
pub async fn find(app: &App, caller: Option<Caller>, asked: &Asked) -> Result<Content> {
    let Some(caller) = caller else { return find_public(app, asked).await };
    let work = async |services: Rc<Services>| {
        // An address says nothing of companies: all that the caller may work in count.
        let companies = ("allowed_company_ids".to_owned(), services.user.company_ids.clone().into());
        let raw: Map<String, Json> = std::iter::once(companies).collect();
        let context = Context::parse(raw, &services.user, &services.registry)?;
        as_caller(&Environment::new(services, context), asked).await
    };
    match retrying::run(app, caller, |_registry| false, work).await {
        Err(Error::SessionExpired) => find_public(app, asked).await,
        Err(error) if !is_absence(&error) => Err(error),
        Err(_) if asked.access_token.is_some() => find_public(app, asked).await,
        Err(_) => Err(absent()),
        found => found,
    }
}

/// Whether an error says that there is no such file for who asks. One that was not found in time may be there.
fn is_absence(error: &Error) -> bool {
    match error {
        Error::Missing(_) | Error::NotFound(_) | Error::Access(_) | Error::Value(_) => true,
        // An id or a name that the database cannot even hold.
        Error::Database { name, .. } => {
            ["NumericValueOutOfRange", "CharacterNotInRepertoire", "UntranslatableCharacter"].contains(name)
        }
        _ => false,
    }
}

async fn find_public(app: &App, asked: &Asked) -> Result<Content> {
    let Some(id) = attachment_of(&asked.wanted) else { return Err(absent()) };
    let token = asked.access_token.clone().unwrap_or_default();
    let statement = Sql::with_pieces(
        include_str!("../../sql/queries/records/public_file.sql"),
        &[Sql::param(id), Sql::param(token)],
    );
    let rows = app.pool.get().await?.query(statement).await?;
    let row = rows.first().ok_or_else(absent)?;
    let bytes = row.try_get::<_, Option<Raw<'_>>>(3).ok().flatten().map(|raw| raw.0.to_vec());
    Ok(Content {
        bytes: bytes.unwrap_or_default(),
        mimetype: Some(text(row, 1)),
        name: text(row, 0),
        url: text(row, 2),
        is_harmless: false,
        // What a token opened is for who has the token, and not for the next who asks a cache.
        is_public: row.try_get::<_, Option<Raw<'_>>>(4).ok().flatten().is_some_and(Raw::boolean),
    })
}

/// The attachment that is wanted, however it was asked for.
fn attachment_of(wanted: &Wanted) -> Option<i64> {
    match wanted {
        Wanted::Attachment(id) => Some(*id),
        Wanted::Field { model, id, field } if model == ATTACHMENT && is_its_content(field) => Some(*id),
        _ => None,
    }
}

/// Whether a field of an attachment is its content.
fn is_its_content(field: &str) -> bool {
    matches!(field, "datas" | "raw" | "db_datas")
}

async fn as_caller(env: &Environment, asked: &Asked) -> Result<Content> {
    let wanted = match &asked.wanted {
        Wanted::Named { external, field } => {
            let (module, name) = external.split_once('.').ok_or_else(absent)?;
            let (model, id) = ir_model_data::find(env, module, name).await?;
            let field = if model == ATTACHMENT { "datas".to_owned() } else { field.clone() };
            Wanted::Field { model, id, field }
        }
        other => other.clone(),
    };
    if let Some(id) = attachment_of(&wanted) {
        return attachment(env, id).await;
    }
    let Wanted::Field { model, id, field } = wanted else { return Err(absent()) };
    let model = env.model(&model)?;
    let field = model.field(&field).filter(|field| field.kind.is_binary()).ok_or_else(absent)?;
    let mut names = vec![field.name.clone()];
    let named = asked
        .filename_field
        .iter()
        .filter(|name| model.field(name).is_some_and(|named| named.kind.is_text()));
    names.extend(named.cloned());
    let record = record(env, &model.name, id, &names).await?;
    let given = asked.filename_field.as_ref().and_then(|name| record.get(name)).and_then(Json::as_str);
    let usual = || format!("{}-{id}-{}", model.table, field.name);
    Ok(Content {
        bytes: bytes(&record, &field.name)?,
        mimetype: None,
        name: given.filter(|name| !name.is_empty()).map_or_else(usual, str::to_owned),
        url: String::new(),
        is_harmless: is_harmless(field),
        is_public: false,
    })
}

/// Pictures were decoded when they were written, and what is computed is the server's own.
fn is_harmless(field: &Field) -> bool {
    matches!(field.kind, crate::orm::field::FieldType::Image { .. })
        || !matches!(field.source, Source::Column)
}

async fn attachment(env: &Environment, id: i64) -> Result<Content> {
    let names = ["name", "mimetype", "url", "public", "datas"].map(str::to_owned);
    let record = record(env, ATTACHMENT, id, &names).await?;
    let text = |name: &str| record.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let url = text("url");
    Ok(Content {
        bytes: if url.is_empty() { bytes(&record, "datas")? } else { Vec::new() },
        mimetype: Some(text("mimetype")),
        name: text("name"),
        url,
        is_harmless: false,
        is_public: record.get("public").is_some_and(python::truth),
    })
}

async fn record(env: &Environment, model: &str, id: i64, names: &[String]) -> Result<Values> {
    let model = env.model(model)?;
    let fields = read::fields(env, &model, Some(names))?;
    let mut found = read::values(env, &model, &[id], &fields, Load::Raw).await?;
    found.pop().ok_or_else(absent)
}

fn bytes(record: &Values, field: &str) -> Result<Vec<u8>> {
    let encoded = record.get(field).and_then(Json::as_str).filter(|encoded| !encoded.is_empty());
    STANDARD.decode(encoded.ok_or_else(absent)?).map_err(|error| Error::Internal(error.to_string()))
}
