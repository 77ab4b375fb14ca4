//! Which models an application is offered, and how each of them is offered.

use serde_json::{Value as Json, json};

use crate::db::Sql;
use crate::db::sql::column;
use crate::error::Error;
use crate::orm::access::{self, Operation};
use crate::orm::behaviour::{Behaviour, Form, Promise, Staleness, Values};
use crate::orm::declare::{boolean, char, image, integer, many2many, many2one, one2many, selection, text};
use crate::orm::environment::Environment;
use crate::orm::field::{OnDelete, Scope};
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::web_read;

const LIMITS: [(&str, &str); 3] = [("none", "None"), ("blacklist", "Blacklist"), ("whitelist", "Whitelist")];

/// The links between schemes and configurations, declared from both sides.
const LINKS: &str = "oregional_model_configuration_oregional_model_scheme_rel";
const SCHEME: &str = "oregional_model_scheme_id";
const CONFIGURATION: &str = "oregional_model_configuration_id";

fn application_count(scope: Scope<'_>) -> Sql {
    Sql::text(
        "(SELECT count(*)::int FROM oregional_application AS app WHERE app.active AND app.model_scheme_id = ",
    )
    .then(column(scope.alias, "id"))
    .and_text(")")
}

pub(super) fn models() -> Vec<Model> {
    vec![scheme(), configuration()]
}

fn scheme() -> Model {
    Model::new("oregional.model.scheme", "Model Scheme")
        .other_names(&["oregional.restapi.model.scheme"])
        .module("oregional")
        .order("name, id")
        .fields([
            char("name").required().translate(),
            boolean("active").default(true),
            text("description").translate(),
            selection("model_limit", &LIMITS).default("none").required(),
            many2many(
                "model_blacklist_ids",
                "ir.model",
                "ir_model_oregional_model_scheme_rel",
                SCHEME,
                "ir_model_id",
            )
            .string("Blacklisted Models"),
            many2many(
                "model_configuration_ids",
                "oregional.model.configuration",
                LINKS,
                SCHEME,
                CONFIGURATION,
            )
            .string("Model Configurations"),
            one2many("application_ids", "oregional.application", "model_scheme_id").string("Applications"),
            integer("application_count")
                .compute(application_count, &["application_ids"])
                .counts("application_ids"),
            boolean("is_base").string("Shipped").readonly().no_copy(),
        ])
        .audited()
        .behaviour(&Scheme)
}

fn configuration() -> Model {
    Model::new("oregional.model.configuration", "Model Configuration")
        .other_names(&["oregional.restapi.model.configuration"])
        .module("oregional")
        .order("name, id")
        .fields([
            char("name").string("Configuration Name").required().translate(),
            boolean("active").default(true),
            image("icon", 128, 128),
            many2one("model_id", "ir.model").ondelete(OnDelete::Cascade).required(),
            char("model_name").string("Model Technical Name").related_stored("model_id.model"),
            char("model_display_name").translate(),
            text("description").translate(),
            selection("field_limit", &LIMITS).default("none").required(),
            many2many(
                "field_ids",
                "ir.model.fields",
                "ir_model_fields_oregional_model_configuration_rel",
                CONFIGURATION,
                "ir_model_fields_id",
            )
            .string("Fields"),
            many2many("model_scheme_ids", "oregional.model.scheme", LINKS, CONFIGURATION, SCHEME)
                .string("Schemes"),
            boolean("is_base").string("Shipped").readonly().no_copy(),
        ])
        .audited()
        .behaviour(&Configuration)
}

struct Configuration;

impl Behaviour for Configuration {
    /// A configuration is shown under the name of its model until somebody chooses another.
    fn onchange<'a>(
        &'a self,
        env: &'a Environment,
        _model: &'a Model,
        form: &'a Form<'a>,
    ) -> Promise<'a, Values> {
        Box::pin(async move {
            let is_named = form.given.get("model_display_name").is_some_and(python::truth);
            let id = form.given.get("model_id").and_then(Json::as_i64);
            let Some(id) = id.filter(|_| !is_named && form.concerns("model_id")) else {
                return Ok(Values::new());
            };
            let wanted = [("name".to_owned(), json!({}))].into_iter().collect();
            let found = web_read::behind(env, &*env.model("ir.model")?, &[id], &wanted).await?;
            let name = found.into_values().next().and_then(|mut model| model.shift_remove("name"));
            Ok(name.map(|name| ("model_display_name".to_owned(), name)).into_iter().collect())
        })
    }

    /// As of schemes.
    fn staleness(&self) -> Staleness {
        Staleness::Rights
    }
}

struct Scheme;

static METHODS: [Method; 1] =
    [method!("action_view_applications", Receiver::Records, Effect::Reads, [], view_applications)];

/// The button that lists a scheme's applications.
fn view_applications(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        access::check_model(call.env, call.model, Operation::Read)?;
        let [id] = call.ids.as_slice() else {
            return Err(Error::Value(format!("One scheme is wanted, not {}.", call.ids.len())));
        };
        Ok(Reply::value(&json!({
            "type": "ir.actions.act_window",
            "name": "Applications",
            "res_model": "oregional.application",
            "view_mode": "list,form",
            "domain": [["model_scheme_id", "=", id]],
            "context": {"default_model_scheme_id": id},
        })))
    })
}

impl Behaviour for Scheme {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    /// What applications may reach changes with it at once, on all servers.
    fn staleness(&self) -> Staleness {
        Staleness::Rights
    }
}
