//! What a page of the browser works with: several calls of methods by their names, within one
//! transaction where something is written, with the very rights that a client has.

use std::rc::Rc;

use serde_json::{Map, Value as Json, json};

use super::call_kw::{self, Request};
use super::operations::{self, Figures};
use super::retrying::{self, Caller};
use super::webclient;
use super::{App, session};
use crate::auth::audit::{self, Event, Subject};
use crate::error::{Error, Result};
use crate::models::ir_actions::{self, Reference};
use crate::models::ir_ui_menu;
use crate::orm::context::{BASE_LANG, Context};
use crate::orm::environment::Environment;
use crate::orm::method::Reply;
use crate::orm::registry::Registry;
use crate::orm::user::User;

/// Whether a page only shows, or changes something as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It shows.
    Show,
    /// It changes.
    Change,
}

/// One visit of a page; see the module.
pub struct Visit {
    env: Environment,
    purpose: Purpose,
    lang: String,
}

/// How the user's language writes moments and numbers.
#[derive(Debug, Clone)]
pub struct Formats {
    /// Of a date, in the placeholders of `strftime`.
    pub date: String,
    /// Of a time.
    pub time: String,
    /// Between the whole part and the rest of a number.
    pub decimal_point: String,
}

/// Begins a visit and does `work` in it.
///
/// # Errors
///
/// What `work` fails with; [`Error::SessionExpired`] without a good session.
pub async fn visit<T>(
    app: &App,
    caller: Caller,
    purpose: Purpose,
    work: impl AsyncFn(&Visit) -> Result<T>,
) -> Result<T> {
    retrying::run(
        app,
        caller,
        |_registry| purpose == Purpose::Change,
        async |services| {
            let known = services.registry.languages.contains(&services.user.lang);
            let lang = if known { services.user.lang.clone() } else { BASE_LANG.to_owned() };
            let context =
                Context::parse(raw(&lang, &services.user, &Map::new()), &services.user, &services.registry)?;
            let env = Environment::new(Rc::clone(&services), context);
            work(&Visit { env, purpose, lang }).await
        },
    )
    .await
}

/// The context of a call: what pages always send, and what this one adds.
fn raw(lang: &str, user: &User, more: &Map<String, Json>) -> Map<String, Json> {
    let mut raw = Map::new();
    raw.insert("lang".to_owned(), lang.into());
    raw.insert("tz".to_owned(), if user.tz.is_empty() { Json::Bool(false) } else { user.tz.as_str().into() });
    raw.insert("uid".to_owned(), user.id.into());
    raw.extend(more.clone());
    raw
}

impl Visit {
    /// Who visits.
    pub fn user(&self) -> &User {
        self.env.user()
    }

    /// The models.
    pub fn registry(&self) -> &Registry {
        self.env.registry()
    }

    /// The language of the page.
    pub fn lang(&self) -> &str {
        &self.lang
    }

    /// The time of the visit, in UTC.
    pub fn now(&self) -> chrono::NaiveDateTime {
        self.env.now()
    }

    /// Whether the visitor is in a group.
    pub fn has_group(&self, xmlid: &str) -> bool {
        self.user().has_group(xmlid, self.registry())
    }

    /// Calls a method: positional and keyword arguments, and what the context has besides.
    ///
    /// # Errors
    ///
    /// Whatever the method fails with.
    pub async fn call(
        &self,
        model: &str,
        method: &str,
        args: Json,
        kwargs: Json,
        context: &Map<String, Json>,
    ) -> Result<Json> {
        match self.reply(model, method, args, kwargs, context).await? {
            Reply::Json(json) => serde_json::from_slice(&json)
                .map_err(|error| Error::Internal(format!("a method answered what is no JSON: {error}"))),
            Reply::Void => Ok(Json::Null),
        }
    }

    /// Tells the audit log that the visitor was shown a secret of a record, of which the page has its name.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database does not answer: then it is not shown.
    pub async fn note_revealed(&self, model: &str, id: i64, name: &str, field: &str) -> Result<()> {
        let told = self.registry().model(model)?;
        let is_application = told.audit.as_ref().is_some_and(|audit| audit.application == Some("id"));
        let event = Event {
            event: "reveal",
            outcome: "done",
            user_id: self.user().id,
            application_id: if is_application { id } else { 0 },
            record: Some(Subject { model, id, name }),
            details: field,
        };
        self.env.connection().query(audit::note(&event, self.now())).await?;
        Ok(())
    }

    /// Calls the method behind a button, and gives the action that it opens, or `false`.
    ///
    /// # Errors
    ///
    /// Whatever the method fails with.
    pub async fn press(
        &self,
        model: &str,
        method: &str,
        ids: &[i64],
        context: &Map<String, Json>,
    ) -> Result<Json> {
        let reply = self.reply(model, method, json!([ids]), json!({}), context).await?;
        Ok(ir_actions::opened(&reply))
    }

    async fn reply(
        &self,
        model: &str,
        method: &str,
        args: Json,
        kwargs: Json,
        context: &Map<String, Json>,
    ) -> Result<Reply> {
        let env = self.env(context)?;
        let request = Request::new(model.into(), method.into(), args, kwargs)?;
        call_kw::within(&env, request, self.purpose == Purpose::Change).await
    }

    fn env(&self, context: &Map<String, Json>) -> Result<Environment> {
        let context = Context::parse(raw(&self.lang, self.user(), context), self.user(), self.registry())?;
        Ok(self.env.with_context(context))
    }

    /// The menu of whoever visits, in the language of the page, each entry with the model that it opens.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn menus(&self) -> Result<Json> {
        ir_ui_menu::load_menus_with_models(&self.env).await
    }

    /// An action by its id or its path.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when there is none, [`Error::Access`] when it is for others.
    pub async fn action(&self, reference: &Json) -> Result<Json> {
        ir_actions::load(&self.env, &Reference::parse(reference)?).await
    }

    /// Runs an action of the server on records.
    ///
    /// # Errors
    ///
    /// Whatever the action fails with.
    pub async fn run_action(&self, id: i64, model: &str, ids: &[i64]) -> Result<Json> {
        let context = json!({"active_model": model, "active_ids": ids, "active_id": ids.first()});
        let context = context.as_object().cloned().unwrap_or_default();
        ir_actions::run(&self.env(&context)?, id).await
    }

    /// How the server and its database are.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn figures(&self, app: &App) -> Result<Figures> {
        operations::figures(app, self.env.connection()).await
    }

    /// How the language of the page writes moments and numbers.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn formats(&self) -> Result<Formats> {
        let texts = webclient::translations_of(self.env.connection(), &self.lang, true).await?;
        let of = |name: &str, usual: &str| {
            let told = texts.body.get("lang_parameters").and_then(|all| all.get(name)).and_then(Json::as_str);
            told.filter(|told| !told.is_empty()).unwrap_or(usual).to_owned()
        };
        Ok(Formats {
            date: of("date_format", "%Y-%m-%d"),
            time: of("short_time_format", "%H:%M"),
            decimal_point: of("decimal_point", "."),
        })
    }

    /// The languages that are installed, with their names.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn languages(&self) -> Result<Vec<(String, String)>> {
        session::active_languages(self.env.connection()).await
    }
}
