//! What the web client asks for besides records: its menu, actions, texts, the company's logo.

use std::rc::Rc;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::App;
use super::retrying::{self, Caller};
use crate::db::{Connection, Raw, Sql};
use crate::error::{Error, Result};
use crate::models::ir_actions::{self, Reference};
use crate::models::ir_ui_menu;
use crate::orm::context::{BASE_LANG, Context};
use crate::orm::environment::{Environment, Services};
use crate::orm::method::Reply;
use crate::orm::registry::{int, text};
use crate::orm::view::Kind;

/// JSON for the browser's cache, and what identifies it.
pub struct Cached {
    /// The JSON.
    pub body: Json,
    /// Its hash.
    pub hash: String,
}

impl Cached {
    fn new(body: Json) -> Self {
        let hash = hash(body.to_string().as_bytes());
        Self { body, hash }
    }
}

/// What identifies a content: its SHA-256, in hexadecimal digits.
pub fn hash(content: &[u8]) -> String {
    let digest = <[u8; 32]>::from(Sha256::digest(content));
    let [high, low] = [digest.first_chunk::<16>(), digest.last_chunk::<16>()]
        .map(|half| half.copied().map_or(0, u128::from_be_bytes));
    format!("{high:032x}{low:032x}")
}

/// The environment of a call with a context.
fn environment(services: Rc<Services>, raw: Map<String, Json>) -> Result<Environment> {
    let context = Context::parse(raw, &services.user, &services.registry)?;
    Ok(Environment::new(services, context))
}

/// The menu as the caller sees it, in the language that the caller prefers.
///
/// # Errors
///
/// [`Error::SessionExpired`] without a good session.
pub async fn menus(app: &App, caller: Caller) -> Result<Cached> {
    let reads = |_registry: &_| false;
    retrying::run(app, caller, reads, async |services| menus_of(&environment(services, Map::new())?).await)
        .await
}

/// The same for whoever the environment is of.
pub(super) async fn menus_of(env: &Environment) -> Result<Cached> {
    let lang = env.user().lang.as_str();
    let lang = if env.registry().languages.contains(lang) { lang } else { BASE_LANG };
    let own = env.with_context(Context { lang: lang.to_owned(), ..(*env.context).clone() });
    ir_ui_menu::load_menus(&own).await.map(Cached::new)
}

/// What identifies the menu and the texts of whoever the environment is of: the client asks for them
/// under these names, and keeps them as long as the names are the same.
pub(super) async fn hashes(env: &Environment) -> Result<Json> {
    let lang = env.user().lang.as_str();
    let languages = &env.registry().languages;
    let lang = if languages.contains(lang) { lang } else { BASE_LANG };
    let texts = translations_of(env.connection(), lang, languages.len() > 1).await?;
    Ok(json!({"translations": texts.hash, "load_menus": menus_of(env).await?.hash}))
}

/// The kinds of view that the client offers, each with its icon.
const VIEWS: [(Kind, &str, &str); 7] = [
    (Kind::List, "List", "oi oi-view-list"),
    (Kind::Form, "Form", "fa fa-address-card"),
    (Kind::Graph, "Graph", "fa fa-area-chart"),
    (Kind::Pivot, "Pivot", "oi oi-view-pivot"),
    (Kind::Kanban, "Kanban", "oi oi-view-kanban"),
    (Kind::Calendar, "Calendar", "fa fa-calendar"),
    (Kind::Search, "Search", "oi oi-search"),
];

/// What the client has to know of the kinds of view.
pub(super) fn view_info() -> Json {
    let told = VIEWS.into_iter().map(|(kind, name, icon)| {
        let has_many = !matches!(kind, Kind::Form | Kind::Search);
        (kind.as_str().to_owned(), json!({"display_name": name, "icon": icon, "multi_record": has_many}))
    });
    Json::Object(told.collect())
}

/// The active currencies by id, with their symbols.
pub(super) async fn currencies(env: &Environment) -> Result<Json> {
    if env.registry().find("res.currency").is_none() {
        return Ok(json!({}));
    }
    let statement = Sql::text(include_str!("../../sql/queries/users/currencies.sql"));
    let rows = env.connection().query(statement).await?;
    let told = rows.iter().map(|row| {
        let told = json!({"symbol": text(row, 1), "position": text(row, 2), "digits": [69, int(row, 3)]});
        (int(row, 0).to_string(), told)
    });
    Ok(Json::Object(told.collect()))
}

/// The context that a client sent along.
fn context(params: &Json) -> Map<String, Json> {
    params.get("context").and_then(Json::as_object).cloned().unwrap_or_default()
}

/// An action by its id, its external id or its path.
///
/// # Errors
///
/// As [`ir_actions::load`].
pub async fn load_action(app: &App, caller: Caller, params: &Json) -> Result<Reply> {
    let reads = |_registry: &_| false;
    retrying::run(app, caller, reads, async |services| {
        let env = environment(services, context(params))?;
        let reference = Reference::parse(params.get("action_id").unwrap_or(&Json::Null))?;
        ir_actions::load(&env, &reference).await.map(|action| Reply::value(&action))
    })
    .await
}

/// Runs an action of the server on the records that the context names.
///
/// # Errors
///
/// As [`ir_actions::run`].
pub async fn run_action(app: &App, caller: Caller, params: &Json) -> Result<Reply> {
    let writes = |_registry: &_| true;
    retrying::run(app, caller, writes, async |services| {
        let env = environment(services, context(params))?;
        let id = params.get("action_id").and_then(Json::as_i64);
        let id = id.ok_or_else(|| Error::Value("An action of the server is named by its id.".to_owned()))?;
        ir_actions::run(&env, id).await.map(|action| Reply::value(&action))
    })
    .await
}

/// The texts of the web client in a language, with how that language writes dates and numbers. The
/// server translates records alone: there are no messages.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn translations(app: &App, lang: Option<&str>) -> Result<Cached> {
    let registry = app.shared.caches.registry();
    let lang = lang.filter(|lang| registry.languages.contains(*lang)).unwrap_or(BASE_LANG);
    translations_of(&app.pool.get().await?, lang, registry.languages.len() > 1).await
}

/// The same over a connection.
pub(super) async fn translations_of(
    connection: &Connection,
    lang: &str,
    has_several: bool,
) -> Result<Cached> {
    let statement = Sql::with_parameter(include_str!("../../sql/queries/users/language.sql"), lang);
    let names = [
        "name",
        "code",
        "direction",
        "date_format",
        "time_format",
        "week_start",
        "grouping",
        "decimal_point",
        "thousands_sep",
    ];
    let mut parameters = Map::new();
    if let Some(row) = connection.query(statement).await?.first() {
        for (place, name) in names.into_iter().enumerate() {
            parameters.insert(name.to_owned(), text(row, place).into());
        }
        let short = text(row, 4).replace(":%S", "");
        parameters.insert("short_time_format".to_owned(), short.into());
    }
    let nothing = json!({"messages": []});
    let modules = json!({"base": nothing, "web": nothing, "oregional": nothing});
    Ok(Cached::new(json!({
        "lang": lang,
        "lang_parameters": parameters,
        "modules": modules,
        "multi_lang": has_several,
    })))
}

/// The picture of a company, when it has one: of a certain company, or the first.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn company_logo(app: &App, company: Option<i64>) -> Result<Option<Vec<u8>>> {
    let statement = Sql::with_parameter(include_str!("../../sql/queries/users/company_logo.sql"), company);
    let rows = app.pool.get().await?.query(statement).await?;
    Ok(rows
        .first()
        .and_then(|row| row.try_get::<_, Option<Raw<'_>>>(0).ok().flatten())
        .map(|raw| raw.0.to_vec()))
}
