//! What users granted to applications, and the codes that are kept for audit.

use serde_json::Value as Json;

use super::ADMIN;
use crate::auth::audit;
use crate::auth::oauth::grant;
use crate::db::Sql;
use crate::db::sql::{column, ident};
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation, records};
use crate::orm::audit::Audit;
use crate::orm::behaviour::{Behaviour, Promise, Values};
use crate::orm::context::BASE_LANG;
use crate::orm::declare::{boolean, datetime, many2many, many2one, one2many};
use crate::orm::environment::Environment;
use crate::orm::field::{OnDelete, Scope};
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::write::write;

/// `application - user`.
fn display_name(scope: Scope<'_>) -> Sql {
    Sql::text("((SELECT COALESCE(app.name->>")
        .then(Sql::literal(scope.lang))
        .and_text(", app.name->>")
        .then(Sql::literal(BASE_LANG))
        .and_text(") FROM oregional_application AS app WHERE app.id = ")
        .then(column(scope.alias, "application_id"))
        .and_text(") || ' - ' || (SELECT person.name FROM res_users AS usr JOIN res_partner AS person ON person.id = usr.partner_id WHERE usr.id = ")
        .then(column(scope.alias, "user_id"))
        .and_text("))")
}

pub(super) fn models() -> Vec<Model> {
    let authorization = Model::new("oregional.authorization", "Authorization")
        .other_names(&["oregional.restapi.authorization"])
        .module("oregional")
        .order("id desc")
        .fields([
            many2one("application_id", "oregional.application")
                .ondelete(OnDelete::Cascade)
                .required()
                .index(),
            many2one("user_id", "res.users").ondelete(OnDelete::Cascade).required().index(),
            many2many(
                "uri_ids",
                "oregional.application.uri",
                "oregional_application_uri_oregional_authorization_rel",
                "oregional_authorization_id",
                "oregional_application_uri_id",
            )
            .string("Authorized URIs"),
            datetime("access_token_expiry"),
            datetime("refresh_token_expiry"),
            datetime("last_used"),
            one2many("code_ids", "oregional.authorization.code", "authorization_id")
                .string("Codes")
                .groups(ADMIN),
        ])
        .display_name(display_name, &["application_id", "user_id"])
        .constraint(
            "user_uniq",
            "UNIQUE (application_id, user_id)",
            "One authorization per user and application.",
        )
        .audited_as(Audit {
            application: Some("application_id"),
            except: &["access_token_expiry", "refresh_token_expiry", "last_used"],
            ..Audit::default()
        })
        .behaviour(&Authorization);
    let code = Model::new("oregional.authorization.code", "Authorization Code")
        .other_names(&["oregional.restapi.authorization.code"])
        .module("oregional")
        .order("id desc")
        .fields([
            boolean("active").default(true),
            many2one("authorization_id", "oregional.authorization")
                .ondelete(OnDelete::Cascade)
                .required()
                .index(),
            datetime("expiry").required(),
            datetime("used_at"),
        ])
        .sql_index("end_index", "((coalesce(used_at, expiry)))");
    vec![authorization, code]
}

struct Authorization;

static METHODS: [Method; 1] =
    [method!("action_revoke_tokens", Receiver::Records, Effect::Writes, [], revoke)];

/// A user revokes the own grants without the right to write them: what the rules let the caller
/// delete, the caller may revoke.
fn revoke(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        access::check_model(call.env, call.model, Operation::Unlink)?;
        records::check(call.env, call.model, &call.ids, Operation::Unlink).await?;
        let values: Values = ["access_token_expiry", "refresh_token_expiry"]
            .map(|name| (name.to_owned(), Json::Bool(false)))
            .into_iter()
            .collect();
        // What ends with that is ended after the change, whoever makes it.
        write(&call.env.sudo(), call.model, &call.ids, values).await?;
        Ok(Reply::truth())
    })
}

/// Ends all codes and tokens of some grants.
async fn end_tokens(env: &Environment, ids: &[i64]) -> Result<()> {
    env.connection().query_all(grant::revoke(ids, env.now())).await?;
    for id in ids {
        let note =
            audit::note_grant("revoke", "by the user or an administrator", *id, env.user().id, env.now());
        env.connection().query(note).await?;
    }
    Ok(())
}

/// Whether values say of a token that it has no expiry any more, which is how Odoo's module revokes.
fn ends_tokens(values: &Values) -> bool {
    ["access_token_expiry", "refresh_token_expiry"]
        .iter()
        .any(|name| values.get(*name).is_some_and(|expiry| !python::truth(expiry)))
}

/// What a user allowed is for that user and that application alone: nobody makes another's consent of it.
async fn keep_parties(env: &Environment, ids: &[i64], values: &Values) -> Result<()> {
    for party in ["user_id", "application_id"] {
        let Some(given) = values.get(party) else { continue };
        let others = Sql::text("SELECT 1 FROM oregional_authorization WHERE id = ANY(")
            .then(Sql::param(ids.to_vec()))
            .and_text(") AND ")
            .then(ident(party))
            .and_text(" IS DISTINCT FROM ")
            .then(Sql::param(given.as_i64()))
            .and_text(" LIMIT 1");
        if !env.connection().query(others).await?.is_empty() {
            return Err(Error::User(
                "An authorization stays with its user and its application. Delete this one, and let the user \
                 authorize the application."
                    .to_owned(),
            ));
        }
    }
    Ok(())
}

impl Behaviour for Authorization {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(keep_parties(env, ids, values))
    }

    fn acts_after_change(&self) -> bool {
        true
    }

    /// A URI that is taken out of a grant has to be asked for again; one that is put in is not allowed by that.
    /// Where an expiry is taken out, the tokens end; any other moment is a report and changes nothing.
    fn after_change<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a [Values],
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            if values.iter().any(|record| record.contains_key("uri_ids")) {
                let statement = Sql::with_parameter(
                    include_str!("../../sql/queries/oauth/strayed_consents.sql"),
                    ids.to_vec(),
                );
                env.connection().execute(statement).await?;
            }
            if values.iter().any(ends_tokens) {
                end_tokens(env, ids).await?;
            }
            Ok(())
        })
    }
}
