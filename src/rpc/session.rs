//! Signing in, and what a client is told about its session.

use serde_json::{Map, Value as Json, json};

use super::caches::Known;
use super::retrying::{self, Caller};
use super::{App, SERVER_VERSION, credentials, webclient};
use crate::auth::session::{self, LIFETIME, SessionId};
use crate::db::{Connection, Raw, Sql};
use crate::error::{Error, Result};
use crate::models::res_users;
use crate::orm::context::Context;
use crate::orm::convert::DATETIME;
use crate::orm::environment::Environment;
use crate::orm::registry::{int, text};

/// The version in Odoo's six parts.
pub fn server_version_info() -> Json {
    json!([18, 0, 0, "final", 0, ""])
}

/// What `version_info` tells anybody.
pub fn version_info() -> Json {
    json!({
        "server_version": SERVER_VERSION,
        "server_version_info": server_version_info(),
        "server_serie": SERVER_VERSION,
        "protocol_version": 1,
    })
}

/// Verifies a login and a password, and gives the user's id and the version of the password. An API key
/// opens no session.
///
/// # Errors
///
/// [`Error::AccessDenied`] when they are not right, whatever of the two is wrong.
pub async fn authenticate(app: &App, login: &str, given: &str) -> Result<(i64, i64)> {
    let connection = app.pool.get().await?;
    let found = credentials::by_login(&connection, login).await?;
    let found = found.map(|row| (int(&row, 0), text(&row, 1), int(&row, 2)));
    drop(connection);
    let proved = found.as_ref().map(|(user, _, version)| (*user, *version));
    let stored = found.map(|(user, hash, _)| (user, hash));
    let is_right = credentials::is_password(app, stored, given).await?;
    proved.filter(|_| is_right).ok_or_else(wrong)
}

/// Codes and names of all languages, active or not.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn languages(app: &App) -> Result<Json> {
    let connection = app.pool.get().await?;
    let rows = connection.query(Sql::text("SELECT code, name FROM res_lang ORDER BY name")).await?;
    Ok(rows.iter().map(|row| json!([text(row, 0), text(row, 1)])).collect())
}

/// Codes and names of the languages that are active.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub(super) async fn active_languages(connection: &Connection) -> Result<Vec<(String, String)>> {
    let rows =
        connection.query(Sql::text("SELECT code, name FROM res_lang WHERE active ORDER BY name")).await?;
    Ok(rows.iter().map(|row| (text(row, 0), text(row, 1))).collect())
}

fn wrong() -> Error {
    Error::AccessDenied("Wrong login or password.".to_owned())
}

/// Opens a session for a user and gives the value of its cookie; `proved` is the version of the password
/// that was checked, if one was.
///
/// # Errors
///
/// [`Error::AccessDenied`] when the password has just been changed, [`Error::Unavailable`] when the
/// database does not answer.
pub async fn open(app: &App, user: i64, proved: Option<i64>) -> Result<String> {
    let connection = app.pool.get().await?;
    let cookie = session::open(&connection, &app.shared.world, user, proved).await?.ok_or_else(wrong)?;
    if let Some(id) = SessionId::of_cookie(&cookie) {
        let prolong_at = app.shared.world.now() + LIFETIME / 7;
        app.shared.caches.remember_session(id, Known { user_id: user, prolong_at });
    }
    Ok(cookie)
}

/// Ends a session.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn close(app: &App, id: SessionId) -> Result<()> {
    app.shared.caches.forget_session(id);
    session::close(&app.pool.get().await?, id).await
}

/// What a client is told about its session.
///
/// # Errors
///
/// [`Error::SessionExpired`] without a good session.
pub async fn session_info(app: &App, caller: Caller) -> Result<Json> {
    retrying::run(
        app,
        caller,
        |_registry| false,
        async |services| {
            let context = Context::parse(Map::new(), &services.user, &services.registry)?;
            let env = Environment::new(services, context);
            info(app, &env).await
        },
    )
    .await
}

/// Whose a session is, if it is good.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database does not answer.
pub async fn user(app: &App, id: SessionId) -> Result<Option<i64>> {
    session::user(&app.pool.get().await?, id, app.shared.world.now()).await
}

/// Checks that a session is good, and nothing else.
///
/// # Errors
///
/// [`Error::SessionExpired`] when it is not.
pub async fn check(app: &App, caller: Caller) -> Result<()> {
    retrying::run(app, caller, |_registry| false, async |_services| Ok(())).await
}

async fn info(app: &App, env: &Environment) -> Result<Json> {
    let user = env.user();
    let registry = env.registry();
    let is_system = user.has_group("base.group_system", registry);
    let companies = companies(env.connection(), &user.company_ids).await?;
    let settings = &app.shared.settings;
    let hashes = webclient::hashes(env).await?;
    let partner =
        Sql::text("SELECT write_date FROM res_partner WHERE id = ").then(Sql::param(user.partner_id));
    let partner = env.connection().query(partner).await?;
    let changed = partner.first().and_then(|row| row.try_get::<_, Option<Raw<'_>>>(0).ok().flatten());
    let changed = changed.and_then(Raw::timestamp).map(|moment| moment.format(DATETIME).to_string());
    let user_context = res_users::user_context(env);
    let lang = user_context.get("lang").cloned().unwrap_or_default();
    Ok(json!({
        "uid": user.id,
        "is_system": is_system,
        "is_admin": user.has_group("base.group_erp_manager", registry) || user.is_superuser(),
        "is_public": false,
        "is_internal_user": user.has_group("base.group_user", registry),
        "user_context": user_context,
        "db": settings.db_name,
        "user_settings": {"id": user.id, "user_id": {"id": user.id}},
        "server_version": SERVER_VERSION,
        "server_version_info": server_version_info(),
        "support_url": "",
        "name": user.name,
        "username": user.login,
        "partner_write_date": changed.map_or(Json::Bool(false), Json::from),
        "partner_display_name": user.name,
        "partner_id": user.partner_id,
        "web.base.url": settings.public_url.clone().map_or(Json::Bool(false), Json::from),
        "active_ids_limit": 20_000,
        "profile_session": null,
        "profile_collectors": null,
        "profile_params": null,
        "max_file_upload_size": settings.max_body,
        "home_action_id": false,
        "cache_hashes": hashes,
        "currencies": webclient::currencies(env).await?,
        "bundle_params": {"lang": lang},
        "view_info": webclient::view_info(),
        "user_companies": {
            "current_company": user.company_id,
            "allowed_companies": companies,
            "disallowed_ancestor_companies": {},
        },
        "display_switch_company_menu": user.company_ids.len() > 1,
        "show_effect": true,
        "test_mode": false,
        "current_tour": false,
        "tour_enabled": false,
    }))
}

async fn companies(connection: &Connection, ids: &[i64]) -> Result<Json> {
    let statement = Sql::text("SELECT id, name, sequence, parent_id FROM res_company WHERE id = ANY(")
        .then(Sql::param(ids.to_vec()))
        .and_text(") ORDER BY sequence, name");
    let mut all = Map::new();
    for row in connection.query(statement).await? {
        let parent = Some(int(&row, 3)).filter(|id| *id != 0);
        all.insert(
            int(&row, 0).to_string(),
            json!({
                "id": int(&row, 0),
                "name": text(&row, 1),
                "sequence": int(&row, 2),
                "child_ids": [],
                "parent_id": parent.map_or(Json::Bool(false), Json::from),
            }),
        );
    }
    Ok(Json::Object(all))
}
