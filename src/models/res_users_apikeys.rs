//! API keys: made for oneself, shown once, listed and removed.

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::json;

use crate::auth::api_key;
use crate::db::Sql;
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation};
use crate::orm::behaviour::{Behaviour, Promise, Values};
use crate::orm::create::create;
use crate::orm::declare::{char, datetime, many2one};
use crate::orm::environment::Environment;
use crate::orm::field::OnDelete;
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply, optional, required};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::registry::int;
use crate::orm::unlink::unlink;

const MODEL: &str = "res.users.apikeys";

/// How long a key lasts at the most when no administrator makes it.
const LONGEST: TimeDelta = TimeDelta::days(90);

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new(MODEL, "Users API Keys")
            .order("id")
            .fields([
                char("name").string("Description").required().readonly(),
                many2one("user_id", "res.users").ondelete(OnDelete::Cascade).required().readonly().index(),
                char("scope").readonly(),
                datetime("expiration_date").readonly(),
            ])
            .audited()
            .behaviour(&ApiKeys),
    ]
}

struct ApiKeys;

static METHODS: [Method; 2] = [
    method!(
        "generate",
        Receiver::Model,
        Effect::Writes,
        [optional("scope"), required("name"), optional("expiration_date")],
        generate
    ),
    method!("remove", Receiver::Records, Effect::Writes, [], remove),
];

/// What is asked of a new key.
pub struct Wanted {
    /// What it is for, in the words of whoever makes it.
    pub name: String,
    /// What it opens; everything without one.
    pub scope: Option<String>,
    /// When it ends, in UTC.
    pub expiration_date: Option<NaiveDateTime>,
}

/// Makes a key for a user and gives its text, which nobody can find out later.
///
/// # Errors
///
/// [`Error::User`] for a key without a name, of an unknown scope, or that has ended already.
pub async fn make(env: &Environment, user: i64, wanted: Wanted) -> Result<String> {
    if wanted.name.trim().is_empty() {
        return Err(Error::User("An API key needs a name that says what it is for.".to_owned()));
    }
    if let Some(scope) = wanted.scope.as_deref().filter(|scope| *scope != api_key::SCOPE) {
        return Err(Error::User(format!(
            "There is no scope '{scope}': a key has the scope '{}' or none.",
            api_key::SCOPE
        )));
    }
    if wanted.expiration_date.is_some_and(|end| end <= env.now()) {
        return Err(Error::User("An API key has to end in the future.".to_owned()));
    }
    let moment = |end: NaiveDateTime| end.format("%Y-%m-%d %H:%M:%S").to_string();
    let values = json!({
        "name": wanted.name.trim(),
        "user_id": user,
        "scope": wanted.scope,
        "expiration_date": wanted.expiration_date.map(moment),
    });
    let values: Values = values.as_object().cloned().unwrap_or_default();
    let made = create(&env.sudo(), &*env.model(MODEL)?, vec![values]).await?;
    let id = made.first().copied().unwrap_or_default();
    let key = api_key::fresh(env.world());
    api_key::keep(env.connection(), id, &key).await?;
    tracing::info!(user, key = id, "an API key was made");
    Ok(key)
}

/// A key for whoever calls. Others than administrators have to say when it ends.
fn generate(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let env = call.env;
        let expiration_date = call.arguments.text("expiration_date")?.map(moment).transpose()?;
        let is_system = env.user().has_group("base.group_system", env.registry());
        let latest = env.now() + LONGEST;
        if !is_system && expiration_date.is_none_or(|end| end > latest) {
            return Err(Error::User(format!(
                "Say when the key ends: 'expiration_date' has to be within {} days.",
                LONGEST.num_days()
            )));
        }
        let scope = match call.arguments.get("scope") {
            None => Some(api_key::SCOPE.to_owned()),
            Some(_) => call.arguments.text("scope")?.map(str::to_owned),
        };
        let name = call.arguments.text("name")?.unwrap_or_default().to_owned();
        let key = make(env, env.user().id, Wanted { name, scope, expiration_date }).await?;
        Ok(Reply::value(&key.into()))
    })
}

/// A moment as values are written, or a day, with which the key ends.
fn moment(text: &str) -> Result<NaiveDateTime> {
    let day = || format!("{text} 23:59:59");
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
        .or_else(|_error| NaiveDateTime::parse_from_str(&day(), "%Y-%m-%d %H:%M:%S"))
        .map_err(|_error| Error::Value("'expiration_date' has to be YYYY-MM-DD HH:MM:SS, in UTC.".to_owned()))
}

/// Ends keys: one's own, or anybody's for an administrator. Nobody has the right to delete the
/// records themselves.
fn remove(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let env = call.env;
        access::check_model(env, call.model, Operation::Read)?;
        let others = Sql::text("SELECT id FROM res_users_apikeys WHERE id = ANY(")
            .then(Sql::param(call.ids.clone()))
            .and_text(") AND user_id <> ")
            .then(Sql::param(env.user().id));
        let others = env.connection().query(others).await?;
        if !others.is_empty() && !env.su && !env.user().has_group("base.group_system", env.registry()) {
            return Err(Error::Access("You can remove your own API keys only.".to_owned()));
        }
        revoke(env, &call.ids).await?;
        Ok(Reply::value(&json!({"type": "ir.actions.act_window_close"})))
    })
}

/// Ends keys at once, on all servers: each call asks for the key's record. Gives those that there were.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn revoke(env: &Environment, ids: &[i64]) -> Result<Vec<i64>> {
    let known = Sql::text("SELECT id FROM res_users_apikeys WHERE id = ANY(")
        .then(Sql::param(ids.to_vec()))
        .and_text(")");
    let known: Vec<i64> = env.connection().query(known).await?.iter().map(|row| int(row, 0)).collect();
    unlink(&env.sudo(), &*env.model(MODEL)?, &known).await?;
    tracing::info!(keys = ?known, "API keys were removed");
    Ok(known)
}

impl Behaviour for ApiKeys {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    fn before_create<'a>(&'a self, env: &'a Environment, _values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        // A record without a key would look like one that opens something.
        let refused = Error::Access("API keys are made by the method 'generate'.".to_owned());
        Box::pin(std::future::ready(if env.su { Ok(()) } else { Err(refused) }))
    }

    fn before_unlink<'a>(&'a self, env: &'a Environment, ids: &'a [i64]) -> Promise<'a, ()> {
        let gone = Sql::text("SELECT unnest(").then(Sql::param(ids.to_vec())).and_text("::int[])");
        Box::pin(api_key::forget(env.connection(), gone))
    }
}
