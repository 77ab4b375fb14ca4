//! Users: a login over a contact, their groups and companies, their password.

use serde_json::{Value as Json, json};

use super::res_groups::add_implied;
use super::res_users_membership as membership;
use super::res_users_preferences as preferences;
use crate::auth::audit;
use crate::auth::oauth::grant;
use crate::auth::{api_key, password, session};
use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::audit::Audit;
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::declare::{boolean, char, datetime, html, integer, many2many, many2one};
use crate::orm::environment::Environment;
use crate::orm::field::{Default, OnDelete, Scope};
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply, optional, required};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::registry::text;
use crate::orm::user::SUPERUSER;

/// Nobody reads a password: not its hash, and not that there is one.
fn nothing(_scope: Scope<'_>) -> Sql {
    Sql::text("''::text")
}

/// Whether the user works elsewhere: no internal user.
fn share(scope: Scope<'_>) -> Sql {
    Sql::with_piece(include_str!("../../sql/queries/users/share.sql"), column(scope.alias, "id"))
}

/// How many companies there are to choose from.
fn companies_count(_scope: Scope<'_>) -> Sql {
    Sql::text("(SELECT count(*)::int FROM res_company AS company WHERE company.active)")
}

fn default_groups(env: &Environment) -> Json {
    env.registry().references.get("base.group_user").map_or_else(|| json!([]), |id| json!([[6, 0, [id]]]))
}

fn own_company(env: &Environment) -> Json {
    env.company_id().into()
}

fn own_companies(env: &Environment) -> Json {
    json!([[6, 0, [env.company_id()]]])
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("res.users", "User")
            .order("name, login")
            .delegates("partner_id", "res.partner")
            .search_names(&["name", "login"])
            .fields([
                many2one("partner_id", "res.partner")
                    .string("Related Partner")
                    .required()
                    .ondelete(OnDelete::Restrict)
                    .index()
                    .no_copy(),
                char("login").required().no_copy(),
                char("password").compute(nothing, &[]),
                boolean("active").default(true),
                html("signature").string("Email Signature"),
                many2one("company_id", "res.company").required().default_by(Default::Make(own_company)),
                many2many("company_ids", "res.company", "res_company_users_rel", "user_id", "cid")
                    .string("Companies")
                    .default_by(Default::Make(own_companies)),
                many2many("groups_id", "res.groups", "res_groups_users_rel", "uid", "gid")
                    .string("Groups")
                    .default_by(Default::Make(default_groups)),
                boolean("share").string("Share User").compute(share, &["groups_id"]).searchable(),
                boolean("active_partner").string("Partner is Active").related("partner_id.active"),
                integer("companies_count")
                    .string("Number of Companies")
                    .compute(companies_count, &["company_ids"]),
                datetime("login_date").string("Latest authentication").readonly().no_copy(),
            ])
            .constraint("login_key", "UNIQUE (login)", "Another user has this login already.")
            .audited_as(Audit { except: &["login_date"], ..Audit::default() })
            .behaviour(&Users),
    ]
}

struct Users;

static METHODS: &[Method] = &[
    method!("action_get", Receiver::Model, Effect::Reads, [], preferences::action_get),
    method!("preference_save", Receiver::Records, Effect::Reads, [], preferences::preference_save),
    method!("write", Receiver::Records, Effect::Writes, [required("vals")], preferences::write),
    method!(
        "action_revoke_all_devices",
        Receiver::Records,
        Effect::Writes,
        [],
        preferences::action_revoke_all_devices
    ),
    method!(
        "web_save",
        Receiver::Records,
        Effect::Writes,
        [required("vals"), optional("specification"), optional("next_id")],
        preferences::web_save
    ),
    method!("has_group", Receiver::Records, Effect::Reads, [required("group_ext_id")], membership::has_group),
    method!("has_groups", Receiver::Records, Effect::Reads, [required("group_spec")], membership::has_groups),
    method!("context_get", Receiver::Model, Effect::Reads, [], context_get),
    method!(
        "change_password",
        Receiver::Model,
        Effect::Writes,
        [required("old_passwd"), required("new_passwd")],
        change_password
    ),
];

/// What a client puts into the context of its calls.
pub fn user_context(env: &Environment) -> Json {
    let user = env.user();
    let or_false = |text: &str| if text.is_empty() { Json::Bool(false) } else { text.into() };
    let lang =
        if env.registry().languages.contains(&user.lang) { user.lang.clone() } else { "en_US".to_owned() };
    json!({"lang": lang, "tz": or_false(&user.tz), "uid": user.id})
}

#[expect(clippy::needless_pass_by_value, reason = "all methods of the table are called alike")]
fn context_get(call: Call<'_>) -> Promise<'_, Reply> {
    let Call { env, .. } = call;
    Box::pin(async move { Ok(Reply::value(&user_context(env))) })
}

fn change_password(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let new = call.arguments.text("new_passwd")?.filter(|new| !new.trim().is_empty());
        let new = new.ok_or_else(|| Error::User("The password must not be empty.".to_owned()))?;
        let old = call.arguments.text("old_passwd")?.unwrap_or_default();
        let user = call.env.user().id;
        if old.is_empty() || !verify(call.env, user, old).await? {
            return Err(Error::AccessDenied("The old password is not right.".to_owned()));
        }
        set_password(call.env, &[user], new).await?;
        Ok(Reply::truth())
    })
}

async fn verify(env: &Environment, user: i64, given: &str) -> Result<bool> {
    let statement = Sql::text("SELECT hash FROM user_password WHERE user_id = ").then(Sql::param(user));
    let stored = env.connection().query(statement).await?.first().map(|row| text(row, 0));
    let Some(stored) = stored else { return Ok(false) };
    Ok(password::check(given, stored).await? != password::Verdict::Wrong)
}

/// Gives users a password, and ends all their sessions: whoever knew the old one is out. Servers that
/// remember the old one see that its version is gone.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn set_password(env: &Environment, users: &[i64], password: &str) -> Result<()> {
    for user in users {
        let hash = password::make(password, env.hash_rounds(), env.world().bytes()).await?;
        let statement = Sql::text("INSERT INTO user_password (user_id, hash) VALUES (")
            .then(Sql::param(*user))
            .and_text(", ")
            .then(Sql::param(hash))
            .and_text(") ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, version = user_password.version + 1");
        env.connection().execute(statement).await?;
    }
    // Whoever signed in meanwhile, unseen from here, was at the user's row as well: then this runs again.
    let meet = Sql::text("UPDATE res_users SET write_date = write_date WHERE id = ANY(")
        .then(Sql::param(users.to_vec()))
        .and_text(")");
    env.connection().execute(meet).await?;
    env.connection().query(audit::note_users("password", users, env.user().id, env.now())).await?;
    session::close_all(env.connection(), users).await?;
    env.connection().query_all(grant::revoke_users(users, env.now())).await?;
    Ok(())
}

impl Behaviour for Users {
    fn methods(&self) -> &'static [Method] {
        METHODS
    }

    fn renamed_in_copies(&self) -> &'static [&'static str] {
        &["name", "login"]
    }

    fn validate(&self, _env: &Environment, values: &Values) -> Result<()> {
        match values.get("login") {
            Some(Json::String(login)) if login.trim().is_empty() => {
                Err(Error::Validation("The login cannot be blank.".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            let archives = values.get("active").is_some_and(|active| !python::truth(active));
            if archives && ids.contains(&env.user().id) {
                return Err(Error::User("You cannot archive the user that you are signed in as.".to_owned()));
            }
            if values.get("active").is_some_and(python::truth) && ids.contains(&SUPERUSER) {
                return Err(Error::User("The system user cannot be activated.".to_owned()));
            }
            Ok(())
        })
    }

    fn acts_after_change(&self) -> bool {
        true
    }

    fn after_change<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a [Values],
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            let is_each = values.len() == ids.len();
            for (number, record) in values.iter().enumerate() {
                let whose: Vec<i64> =
                    if is_each { ids.get(number).copied().into_iter().collect() } else { ids.to_vec() };
                if let Some(Json::String(password)) =
                    record.get("password").filter(|given| python::truth(given))
                {
                    set_password(env, &whose, password).await?;
                }
                if record.get("active").is_some_and(|active| !python::truth(active)) {
                    session::close_all(env.connection(), &whose).await?;
                }
                if record.contains_key("groups_id") {
                    let users =
                        Sql::text("SELECT unnest(").then(Sql::param(whose.clone())).and_text("::int[])");
                    add_implied(env, users).await?;
                    membership::refuse_two_types(env, &whose).await?;
                }
            }
            if values
                .iter()
                .any(|record| record.contains_key("company_id") || record.contains_key("company_ids"))
            {
                check_companies(env, ids).await?;
            }
            Ok(())
        })
    }

    fn before_unlink<'a>(&'a self, env: &'a Environment, ids: &'a [i64]) -> Promise<'a, ()> {
        Box::pin(async move {
            if ids.contains(&SUPERUSER) {
                return Err(Error::User(
                    "The system user cannot be deleted: the server works in its name.".to_owned(),
                ));
            }
            if ids.contains(&env.user().id) {
                return Err(Error::User("You cannot delete the user that you are signed in as.".to_owned()));
            }
            session::close_all(env.connection(), ids).await?;
            let keys = Sql::text("SELECT id FROM res_users_apikeys WHERE user_id = ANY(")
                .then(Sql::param(ids.to_vec()))
                .and_text(")");
            api_key::forget(env.connection(), keys).await?;
            let statement = Sql::text("DELETE FROM user_password WHERE user_id = ANY(")
                .then(Sql::param(ids.to_vec()))
                .and_text(")");
            env.connection().execute(statement).await?;
            Ok(())
        })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Names
    }
}

async fn check_companies(env: &Environment, ids: &[i64]) -> Result<()> {
    let statement = Sql::with_parameter(include_str!("../../sql/queries/users/strayed.sql"), ids.to_vec());
    match env.connection().query(statement).await?.first() {
        None => Ok(()),
        Some(row) => Err(Error::Validation(format!(
            "The company of the user '{}' has to be one of the companies that the user may work in.",
            text(row, 0)
        ))),
    }
}
