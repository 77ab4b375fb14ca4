//! Actions of the server: a button that calls a method on the records that a user selected.
//!
//! The code of such an action names one method of its model, and nothing else is ever run:
//! `records.action_archive()`.

use serde_json::Value as Json;

use crate::db::Sql;
use crate::error::{Error, Result};
use crate::orm::behaviour::{Behaviour, Promise, Values};
use crate::orm::declare::{char, integer, many2many, many2one, selection, text};
use crate::orm::environment::Environment;
use crate::orm::field::{OnDelete, Scope};
use crate::orm::method::{self, Arguments, Call, Effect, Method, Parameter, Receiver, Reply};
use crate::orm::methods::{self, method};
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::registry;

const STATES: [(&str, &str); 1] = [("code", "Execute Code")];

const UNKNOWN: &str =
    "A server action calls one method of its model, such as records.action_archive(); other code is not run.";

/// How many actions may run within one another: an action can run actions, itself among them.
const DEEPEST: usize = 10;

fn xml_id(scope: Scope<'_>) -> Sql {
    super::super::xml_id("ir.actions.server", scope)
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("ir.actions.server", "Server Actions")
            .table("ir_act_server")
            .numbered_by(super::SEQUENCE)
            .order("sequence, id")
            .fields(super::common("ir.actions.server", "action", xml_id))
            .fields([
                integer("sequence").default(5),
                many2one("model_id", "ir.model")
                    .string("Model")
                    .required()
                    .ondelete(OnDelete::Cascade)
                    .index(),
                char("model_name").string("Model Name").related("model_id.model"),
                selection("state", &STATES).string("Type").default("code").required(),
                text("code").string("Python Code"),
                many2many("groups_id", "res.groups", "ir_act_server_group_rel", "act_id", "gid")
                    .string("Allowed Groups"),
            ])
            .behaviour(&Servers),
    ]
}

struct Servers;

static METHODS: [Method; 1] = [method!("run", Receiver::Records, Effect::Writes, [], run_records)];

impl Behaviour for Servers {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    fn validate(&self, _env: &Environment, values: &Values) -> Result<()> {
        match values.get("code") {
            Some(Json::String(code)) if !code.trim().is_empty() && named_method(code).is_none() => {
                Err(Error::User(UNKNOWN.to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// The method that code calls: `records.x()`, `record.x()`, `model.x()`, with `action = ` before it.
fn named_method(code: &str) -> Option<&str> {
    let mut lines = code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (line, None) = (lines.next()?, lines.next()) else { return None };
    let call = match line.split_once('=') {
        Some((left, call)) if left.trim() == "action" => call.trim(),
        Some(_) => return None,
        None => line,
    };
    let name = ["records.", "record.", "model."].iter().find_map(|on| call.strip_prefix(on))?;
    let name = name.strip_suffix("()")?;
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_').then_some(name)
}

fn run_records(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let mut last = Json::Bool(false);
        for id in &call.ids {
            last = run(call.env, *id).await?;
        }
        Ok(Reply::value(&last))
    })
}

/// Runs an action on the records that the context names, in the name of the caller; gives the action
/// that the method opens, or `false`.
///
/// # Errors
///
/// [`Error::Missing`] when there is no such action, [`Error::Access`] when it is for others,
/// [`Error::User`] when it names no method or runs within too many others, and what the method fails with.
pub async fn run(env: &Environment, id: i64) -> Result<Json> {
    let running = &env.services().actions;
    if running.get() >= DEEPEST {
        return Err(Error::User(format!(
            "The server action {id} would run within {DEEPEST} others: does one of them run itself?"
        )));
    }
    running.set(running.get() + 1);
    let done = perform(env, id).await;
    running.set(running.get() - 1);
    done
}

async fn perform(env: &Environment, id: i64) -> Result<Json> {
    let statement = Sql::text("SELECT m.model, a.code FROM ir_act_server AS a JOIN ir_model AS m ON m.id = a.model_id WHERE a.id = ")
        .then(Sql::param(id));
    let rows = env.connection().query(statement).await?;
    let row = rows.first().ok_or_else(|| {
        Error::Missing(format!("The server action {id} does not exist or has been deleted."))
    })?;
    super::load::check_groups(env, "ir_act_server_group_rel", id).await?;
    let (model, code) = (registry::text(row, 0), registry::text(row, 1));
    let model = env.model(&model)?;
    let name = named_method(&code).ok_or_else(|| Error::User(UNKNOWN.to_owned()))?;
    let method = methods::find(&model, name).map_err(|error| Error::User(error.to_string()))?;
    let is_of_model =
        env.context.raw.get("active_model").and_then(Json::as_str).is_none_or(|active| active == model.name);
    let ids = match (is_of_model, env.context.raw.get("active_ids"), env.context.raw.get("active_id")) {
        (true, Some(ids), _) if python::truth(ids) => method::ids(ids)?,
        (true, _, Some(id)) => method::ids(id)?,
        _ => Vec::new(),
    };
    let arguments = Arguments::bind(method, Vec::new(), serde_json::Map::new())?;
    let reply = (method.run)(Call { env, model: &model, ids, arguments }).await?;
    Ok(super::opened(&reply))
}

#[cfg(test)]
mod tests {
    use super::named_method;

    #[test]
    fn only_the_call_of_one_method_is_understood() {
        assert_eq!(named_method("records.action_archive()"), Some("action_archive"));
        assert_eq!(named_method("# why\naction = model.action_get()\n"), Some("action_get"));
        for bad in [
            "",
            "import os",
            "records.x(); y()",
            "records.x()\nrecords.y()",
            "x = records.y()",
            "env['a'].b()",
            "records.a.b()",
        ] {
            assert_eq!(named_method(bad), None, "{bad}");
        }
    }
}
