//! External ids: names of records that stay the same from database to database.

use serde_json::json;

use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation, records};
use crate::orm::behaviour::{Behaviour, Promise, Staleness};
use crate::orm::declare::{boolean, char, integer};
use crate::orm::environment::Environment;
use crate::orm::field::Scope;
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply, optional, required};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::registry::{int, text};

fn complete_name(scope: Scope<'_>) -> Sql {
    Sql::text("(")
        .then(column(scope.alias, "module"))
        .and_text(" || '.' || ")
        .then(column(scope.alias, "name"))
        .and_text(")")
}

fn reference(scope: Scope<'_>) -> Sql {
    Sql::text("(")
        .then(column(scope.alias, "model"))
        .and_text(" || ',' || ")
        .then(column(scope.alias, "res_id"))
        .and_text(")")
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("ir.model.data", "Model Data")
            .order("module, model, name")
            .fields([
                char("name").string("External Identifier").required(),
                char("complete_name")
                    .string("Complete ID")
                    .compute(complete_name, &["module", "name"])
                    .searchable(),
                char("module").default("").required(),
                char("model").string("Model Name").required().names_model(),
                integer("res_id").string("Record ID"),
                char("reference").compute(reference, &["model", "res_id"]),
                boolean("noupdate").string("Non Updatable"),
            ])
            .display_name(complete_name, &["module", "name"])
            .constraint(
                "module_name_uniq",
                "UNIQUE (module, name)",
                "An external id must be unique within its module.",
            )
            .sql_index("model_res_id_index", "(model, res_id)")
            .behaviour(&Data),
    ]
}

struct Data;

static METHODS: [Method; 2] = [
    method!(
        "check_object_reference",
        Receiver::Model,
        Effect::Reads,
        [required("module"), required("xml_id"), optional("raise_on_access_error")],
        check_object_reference
    ),
    method!(
        "get_object_reference",
        Receiver::Model,
        Effect::Reads,
        [required("module"), required("xml_id")],
        check_object_reference
    ),
];

/// The model and the id behind an external id.
///
/// # Errors
///
/// [`Error::Value`] when there is none.
pub async fn find(env: &Environment, module: &str, name: &str) -> Result<(String, i64)> {
    let statement = Sql::text("SELECT model, res_id FROM ir_model_data WHERE module = ")
        .then(Sql::param(module))
        .and_text(" AND name = ")
        .then(Sql::param(name));
    let rows = env.connection().query(statement).await?;
    let row = rows
        .first()
        .ok_or_else(|| Error::Value(format!("External ID not found in the system: {module}.{name}")))?;
    Ok((text(row, 0), int(row, 1)))
}

fn check_object_reference(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let module = call.arguments.text("module")?.unwrap_or_default();
        let name = call.arguments.text("xml_id")?.unwrap_or_default();
        let (model, id) = find(call.env, module, name).await?;
        let target = call.env.model(&model)?;
        let readable = match access::check_model(call.env, &target, Operation::Read) {
            Ok(()) => records::check(call.env, &target, &[id], Operation::Read).await,
            refused => refused,
        };
        match readable {
            Ok(()) => Ok(Reply::value(&json!([model, id]))),
            Err(error @ Error::Access(_)) if call.arguments.flag("raise_on_access_error", false) => {
                Err(error)
            }
            Err(Error::Access(_)) => Ok(Reply::value(&json!([model, false]))),
            Err(error) => Err(error),
        }
    })
}

impl Behaviour for Data {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    fn staleness(&self) -> Staleness {
        Staleness::Registry
    }
}
