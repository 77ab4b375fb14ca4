//! What users may change about themselves, and the form in which they do.

use serde_json::{Value as Json, json};

use super::ir_actions::{self, Reference};
use crate::auth::audit;
use crate::auth::oauth::grant;
use crate::auth::session;
use crate::error::{Error, Result};
use crate::orm::behaviour::Promise;
use crate::orm::method::{Call, Method, Reply};
use crate::orm::methods;
use crate::orm::web_read::{specification, web_read};

/// Fields of the own user that need no right on users.
const OWN: [&str; 10] =
    ["signature", "company_id", "email", "name", "image_1920", "lang", "tz", "phone", "mobile", "website"];

/// The action that opens the preferences of whoever asks.
#[expect(clippy::needless_pass_by_value, reason = "all methods of the table are called alike")]
pub(super) fn action_get(call: Call<'_>) -> Promise<'_, Reply> {
    let Call { env, .. } = call;
    Box::pin(async move {
        let reference = Reference::Name("base.action_res_users_my".to_owned());
        Ok(Reply::value(&ir_actions::read_whole(env, &reference).await?))
    })
}

/// The button of the preferences, after they have been saved: the client has to learn of them.
pub(super) fn preference_save(_call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move { Ok(Reply::value(&json!({"type": "ir.actions.client", "tag": "reload_context"}))) })
}

/// Ends all sessions of users, and what applications may do for them: of oneself, or of anybody for an
/// administrator.
pub(super) fn action_revoke_all_devices(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let Call { env, ids, .. } = call;
        let is_own = ids == [env.user().id];
        if !is_own && !env.su && !env.user().has_group("base.group_erp_manager", env.registry()) {
            return Err(Error::Access("You can sign yourself out everywhere, and nobody else.".to_owned()));
        }
        session::close_all(env.connection(), &ids).await?;
        env.connection().query_all(grant::revoke_users(&ids, env.now())).await?;
        env.connection().query(audit::note_users("sign_out", &ids, env.user().id, env.now())).await?;
        Ok(Reply::value(&json!({"type": "ir.actions.client", "tag": "reload"})))
    })
}

/// Whether a call changes nothing but what users may change about themselves.
fn is_own(call: &Call<'_>) -> bool {
    let is_allowed = |values: &serde_json::Map<String, Json>| {
        !values.is_empty() && values.keys().all(|name| OWN.contains(&name.as_str()))
    };
    call.ids == [call.env.user().id]
        && call.arguments.get("vals").and_then(Json::as_object).is_some_and(is_allowed)
}

/// A method of every model, by its name.
fn usual(name: &str) -> Result<&'static Method> {
    methods::of_every_model(name).ok_or_else(|| Error::Internal(format!("no model has the method {name}")))
}

/// Changes users, in superuser mode where somebody changes the own preferences.
pub(super) fn write(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let usual = usual("write")?;
        if !is_own(&call) {
            return (usual.run)(call).await;
        }
        let Call { env, model, ids, arguments } = call;
        (usual.run)(Call { env: &env.sudo(), model, ids, arguments }).await
    })
}

/// The same for a form, which is then read with the rights that its user has.
pub(super) fn web_save(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        if !is_own(&call) {
            return (usual("web_save")?.run)(call).await;
        }
        let specification = specification(call.arguments.take("specification"))?;
        let (env, model, ids) = (call.env, call.model, call.ids.clone());
        write(call).await?;
        let records = web_read(env, model, &ids, &specification).await?;
        Ok(Reply::value(&records.into_iter().map(Json::Object).collect()))
    })
}
