//! The remote applications and their callback URIs.

use serde_json::Value as Json;

use super::ADMIN;
use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::audit::Audit;
use crate::orm::behaviour::{Behaviour, Form, Promise, Values};
use crate::orm::declare::{boolean, char, image, integer, many2one, one2many, text};
use crate::orm::environment::Environment;
use crate::orm::field::{Default, OnDelete, Scope};
use crate::orm::form_lines::{self, Counted};
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::write::write;

/// The length of generated identifiers and secrets, in characters.
const TOKEN_LENGTH: usize = 32;

fn token(env: &Environment) -> Json {
    env.world().token(TOKEN_LENGTH).into()
}

fn uri_count(scope: Scope<'_>) -> Sql {
    Sql::text("(SELECT count(*)::int FROM oregional_application_uri AS uri WHERE uri.active AND uri.application_id = ")
        .then(column(scope.alias, "id"))
        .and_text(")")
}

pub(super) fn models() -> Vec<Model> {
    vec![application(), uri()]
}

fn application() -> Model {
    Model::new("oregional.application", "Application")
        .other_names(&["oregional.restapi.application"])
        .module("oregional")
        .order("name, id")
        .fields([
            char("name").required().translate(),
            boolean("active").default(true),
            image("logo", 1024, 1024),
            image("logo_128", 128, 128).string("Logo 128").related_stored("logo"),
            char("client_id")
                .string("Client ID")
                .required()
                .no_copy()
                .index()
                .default_by(Default::Make(token)),
            char("client_secret").no_copy().sealed().index().groups(ADMIN).default_by(Default::Make(token)),
            char("own_id").string("Own ID").no_copy().default_by(Default::Make(token)),
            char("own_secret").no_copy().sealed().groups(ADMIN).default_by(Default::Make(token)),
            many2one("model_scheme_id", "oregional.model.scheme")
                .required()
                .ondelete(OnDelete::Restrict)
                .default_by(Default::Reference("oregional.default_model_scheme")),
            text("description").translate(),
            one2many("uri_ids", "oregional.application.uri", "application_id").string("URIs").with_copy(),
            integer("uri_count").string("URI Count").compute(uri_count, &["uri_ids"]).counts("uri_ids"),
            one2many("authorization_ids", "oregional.authorization", "application_id")
                .string("Authorizations")
                .groups(ADMIN),
            integer("authorization_code_expiry").default(600).required(),
            integer("authorization_code_retain").default(0).required(),
            integer("access_token_expiry").default(3600).required(),
            integer("refresh_token_expiry").default(0).required(),
        ])
        .constraint("client_id_uniq", "UNIQUE (client_id)", "The client ID must be unique.")
        .constraint(
            "code_expiry_positive",
            "CHECK (authorization_code_expiry > 0)",
            "The expiry of an authorization code must be at least one second.",
        )
        .constraint(
            "code_retain_not_negative",
            "CHECK (authorization_code_retain >= 0)",
            "The days that a code is kept cannot be negative; 0 keeps none.",
        )
        .constraint(
            "access_expiry_positive",
            "CHECK (access_token_expiry > 0)",
            "The expiry of an access token must be at least one second.",
        )
        .constraint(
            "refresh_expiry_not_negative",
            "CHECK (refresh_token_expiry >= 0)",
            "The expiry of a refresh token cannot be negative; 0 is never.",
        )
        .audited_as(Audit { application: Some("id"), ..Audit::default() })
        .behaviour(&Application)
}

struct Application;

macro_rules! generate {
    ($name:literal, $field:literal) => {
        method!($name, Receiver::Records, Effect::Writes, [], {
            fn run(call: Call<'_>) -> Promise<'_, Reply> {
                generate(call, $field)
            }
            run
        })
    };
}

static APPLICATION_METHODS: [Method; 4] = [
    generate!("action_generate_client_id", "client_id"),
    generate!("action_generate_client_secret", "client_secret"),
    generate!("action_generate_own_id", "own_id"),
    generate!("action_generate_own_secret", "own_secret"),
];

/// The buttons: each record gets a value of its own.
fn generate<'a>(call: Call<'a>, field: &'static str) -> Promise<'a, Reply> {
    Box::pin(async move {
        for id in &call.ids {
            let values: Values = [(field.to_owned(), token(call.env))].into_iter().collect();
            write(call.env, call.model, &[*id], values).await?;
        }
        Ok(Reply::truth())
    })
}

impl Behaviour for Application {
    fn methods(&self) -> &'static [Method] {
        &APPLICATION_METHODS
    }

    fn onchange<'a>(
        &'a self,
        env: &'a Environment,
        model: &'a Model,
        form: &'a Form<'a>,
    ) -> Promise<'a, Values> {
        Box::pin(async move {
            if !form.concerns("uri_ids") {
                return Ok(Values::new());
            }
            let counted = form_lines::count_active(env, model, form, "uri_ids").await?;
            // What is as it was is told to a new form only, or to one that shows something else.
            let is_news = |counted: &Counted| {
                form.changed.is_empty()
                    || form.given.contains_key("uri_count")
                    || counted.shown != counted.stored
            };
            let told = counted.filter(is_news).map(|counted| ("uri_count".to_owned(), counted.shown.into()));
            Ok(told.into_iter().collect())
        })
    }

    fn validate(&self, _env: &Environment, values: &Values) -> Result<()> {
        if let Some(Json::String(client_id)) = values.get("client_id")
            && client_id.trim().is_empty()
        {
            return Err(Error::Validation("The client ID cannot be blank.".to_owned()));
        }
        Ok(())
    }
}

fn uri() -> Model {
    Model::new("oregional.application.uri", "Application URI")
        .other_names(&["oregional.restapi.application.uri"])
        .module("oregional")
        .rec_name("uri")
        .order("application_id, id")
        .fields([
            many2one("application_id", "oregional.application")
                .ondelete(OnDelete::Cascade)
                .required()
                .index(),
            char("uri").string("URI").required(),
            boolean("authorize_individually"),
            text("description"),
            boolean("active").default(true),
        ])
        .constraint(
            "uri_uniq",
            "UNIQUE (application_id, uri)",
            "This URI is already registered for the application.",
        )
        .audited_as(Audit { application: Some("application_id"), ..Audit::default() })
        .behaviour(&Uri)
}

struct Uri;

impl Behaviour for Uri {
    fn acts_after_change(&self) -> bool {
        true
    }

    /// Where a URI is archived, what was allowed for it alone is gone: it is asked for again should it
    /// come back.
    fn after_change<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a [Values],
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            let archives =
                |record: &Values| record.get("active").is_some_and(|active| !python::truth(active));
            if values.iter().any(archives) {
                let all = Sql::text("SELECT unnest(").then(Sql::param(ids.to_vec())).and_text("::int[])");
                forget_consents(env, all).await?;
            }
            Ok(())
        })
    }

    /// What was allowed for one address alone is not allowed for another one, and who is being asked is asked
    /// for the one that stands on the page.
    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            let those = || {
                Sql::text("SELECT id FROM oregional_application_uri WHERE id = ANY(")
                    .then(Sql::param(ids.to_vec()))
            };
            if let Some(Json::String(uri)) = values.get("uri") {
                forget_consents(env, those().and_text(") AND uri <> ").then(Sql::param(uri.as_str())))
                    .await?;
            }
            if let Some(application) = values.get("application_id").and_then(Json::as_i64) {
                let moved = those().and_text(") AND application_id <> ").then(Sql::param(application));
                forget_consents(env, moved).await?;
            }
            Ok(())
        })
    }

    fn validate(&self, _env: &Environment, values: &Values) -> Result<()> {
        match values.get("uri") {
            Some(Json::String(uri)) => check_uri(uri),
            // Where there is none, the field itself says so.
            Some(other) if python::truth(other) => check_uri(&python::text(other)),
            _ => Ok(()),
        }
    }
}

/// Takes back what was allowed for single URIs, and no grant says any more that it was; forms that ask for them
/// are of no use any more.
async fn forget_consents(env: &Environment, uris: Sql) -> Result<()> {
    let gone = |what: &'static str| Sql::text(what).then(uris.clone()).and_text(")");
    let consents = gone("DELETE FROM oauth_consent WHERE uri_id IN (");
    let links = gone(
        "DELETE FROM oregional_application_uri_oregional_authorization_rel WHERE oregional_application_uri_id IN (",
    );
    let requests = gone("DELETE FROM oauth_request WHERE uri_id IN (");
    env.connection().query_all(vec![consents, links, requests]).await?;
    Ok(())
}

/// A callback URI as RFC 6749 (3.1.2) wants it: absolute and without a fragment; over http or https.
/// User information is refused: it makes a host look like another one.
fn check_uri(uri: &str) -> Result<()> {
    let refuse = |why: &str| {
        Err(Error::Validation(format!(
            "The callback URI '{uri}' {why}. It must be absolute, over http or https, without a fragment, such as https://wiki.example.com/callback."
        )))
    };
    if uri.contains('#') {
        return refuse("has a fragment (#)");
    }
    if uri.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return refuse("has a space or a control character");
    }
    let Ok(parsed) = url::Url::parse(uri) else { return refuse("is not absolute") };
    // The parser mends `https:/host` and `https:host`; comparison is by string, so nothing may be mended.
    let scheme_and_host = ["http://", "https://"]
        .iter()
        .any(|scheme| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    if !matches!(parsed.scheme(), "http" | "https")
        || !scheme_and_host
        || parsed.host_str().is_none_or(str::is_empty)
    {
        return refuse("has no host or another scheme");
    }
    let authority = uri.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or(""));
    if authority.contains('@') || uri.contains('\\') {
        return refuse("has user information or a backslash");
    }
    // The parser looks for the host behind any number of slashes.
    if authority.is_empty() || authority.starts_with(':') {
        return refuse("has no host or another scheme");
    }
    // The host stands in the policy of the consent page, where these mean something.
    if authority.chars().any(|letter| "*;,'\"<>`$!&()=+{}|^~".contains(letter)) {
        return refuse("has a host with a character that no host has");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_web_addresses_are_callback_uris() {
        for good in
            ["https://a.example/cb", "http://10.0.0.5:8090/x?y=1", "https://[::1]/cb", "HTTPS://A.example"]
        {
            assert!(check_uri(good).is_ok(), "{good}");
        }
        for bad in [
            "bad",
            "/cb",
            "https://a.example/cb#x",
            "https://a.example/cb#",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://a.example",
            "https:/a.example",
            "https:a.example",
            "https://",
            "https:///x",
            "https://?x",
            "https://:8443/x",
            "5",
            "true",
            "https://*.example/cb",
            "https://a;b.example/cb",
            "https://a,b.example/cb",
            "https://a'b.example/cb",
            "https://a\"b.example/cb",
            "https://a<b.example/cb",
            "https://a>b.example/cb",
            "https://user@a.example/cb",
            "https://@evil.example/cb",
            "https://:@evil.example/cb",
            "https://user:pw@a.example/cb",
            "https://a.example\\@evil.example/cb",
            "https://a.example/c b",
            "https://a.example/\u{7}",
        ] {
            assert!(check_uri(bad).is_err(), "{bad}");
        }
    }
}
