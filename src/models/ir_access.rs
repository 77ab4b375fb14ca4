//! Rights on models and rules on records, as records.

use serde_json::Value as Json;

use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation, eval, rule};
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::declare::{boolean, char, many2many, many2one, text};
use crate::orm::environment::Environment;
use crate::orm::field::{OnDelete, Scope};
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply, optional, required};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::registry;

/// Whether a rule holds for everybody: it names no group.
fn global(scope: Scope<'_>) -> Sql {
    Sql::text("(NOT EXISTS (SELECT 1 FROM rule_group_rel AS named WHERE named.rule_group_id = ")
        .then(column(scope.alias, "id"))
        .and_text("))")
}

pub(super) fn models() -> Vec<Model> {
    let access = Model::new("ir.model.access", "Model Access")
        .order("model_id, group_id, name, id")
        .fields([
            char("name").required().index(),
            boolean("active").default(true),
            many2one("model_id", "ir.model").required().ondelete(OnDelete::Cascade).index(),
            many2one("group_id", "res.groups").ondelete(OnDelete::Restrict).index(),
            boolean("perm_read").string("Read Access"),
            boolean("perm_write").string("Write Access"),
            boolean("perm_create").string("Create Access"),
            boolean("perm_unlink").string("Delete Access"),
        ])
        .audited()
        .behaviour(&Access);
    let rule = Model::new("ir.rule", "Record Rule")
        .order("model_id desc, id")
        .fields([
            char("name"),
            boolean("active").default(true),
            many2one("model_id", "ir.model").required().ondelete(OnDelete::Cascade).index(),
            many2many("groups", "res.groups", "rule_group_rel", "rule_group_id", "group_id"),
            boolean("global").compute(global, &["groups"]).searchable(),
            text("domain_force").string("Domain"),
            boolean("perm_read").string("Read").default(true),
            boolean("perm_write").string("Write").default(true),
            boolean("perm_create").string("Create").default(true),
            boolean("perm_unlink").string("Delete").default(true),
        ])
        .constraint(
            "no_access_rights",
            "CHECK (perm_read OR perm_write OR perm_create OR perm_unlink)",
            "A rule must speak of at least one operation.",
        )
        .audited()
        .behaviour(&Rule);
    vec![access, rule]
}

struct Access;

static METHODS: [Method; 1] = [method!(
    "check",
    Receiver::Model,
    Effect::Reads,
    [required("model"), optional("mode"), optional("raise_exception")],
    check
)];

/// Whether the caller may do something with a model; by default that is told by an error.
fn check(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let name = call.arguments.text("model")?.unwrap_or_default();
        let operation = Operation::parse(call.arguments.text("mode")?.unwrap_or("read"))?;
        let raises = call.arguments.flag("raise_exception", true);
        let granted = match call.env.registry().find(name) {
            Some(model) => access::check_model(call.env, model, operation),
            None => Err(Error::Access(format!("The model '{name}' does not exist."))),
        };
        match granted {
            Err(error) if raises => Err(error),
            granted => Ok(Reply::value(&granted.is_ok().into())),
        }
    })
}

impl Behaviour for Access {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    fn staleness(&self) -> Staleness {
        Staleness::Rights
    }
}

struct Rule;

impl Behaviour for Rule {
    /// A rule that cannot be understood is refused when it is written, not when somebody meets it.
    fn validate(&self, _env: &Environment, values: &Values) -> Result<()> {
        let Some(Json::String(domain)) = values.get("domain_force") else { return Ok(()) };
        if domain.trim().is_empty() {
            return Ok(());
        }
        eval::parse(domain).map(|_| ()).map_err(|error| {
            Error::Validation(format!(
                "The domain of the rule cannot be understood: {error}. It may use user, company_id, company_ids, time, True and False."
            ))
        })
    }

    fn acts_after_change(&self) -> bool {
        true
    }

    /// Nor may one stay that its model cannot be asked.
    fn after_change<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a [Values],
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            // What has come to nothing may still be renamed or archived.
            let counts = ["domain_force", "model_id", "active"];
            if !values.iter().any(|values| counts.iter().any(|name| values.contains_key(*name))) {
                return Ok(());
            }
            let rules = Sql::with_parameter(include_str!("../../sql/queries/models/rules.sql"), ids.to_vec());
            for row in env.connection().query(rules).await? {
                check_rule(env, &registry::text(&row, 1), &registry::text(&row, 2)).await?;
            }
            Ok(())
        })
    }

    fn staleness(&self) -> Staleness {
        Staleness::Rights
    }
}

async fn check_rule(env: &Environment, model: &str, domain: &str) -> Result<()> {
    if model == "ir.rule" {
        return Err(Error::Validation(
            "Rules cannot be about record rules themselves: nobody could take such a rule back.".to_owned(),
        ));
    }
    // A rule of a model that is not there, or not yet, covers nothing.
    let Some(model) = env.registry().find(model) else { return Ok(()) };
    rule::check(env, model, domain).await.map_err(|error| match error {
        wrong @ (Error::Value(_)
        | Error::Type(_)
        | Error::Assertion(_)
        | Error::User(_)
        | Error::Access(_)) => Error::Validation(format!(
            "The domain of the rule does not fit {} ({}): {wrong}",
            model.description, model.name
        )),
        Error::Database { name, message } if name != "QueryCanceled" => Error::Validation(format!(
            "The domain of the rule does not fit {} ({}): {message}",
            model.description, model.name
        )),
        other => other,
    })
}
