//! System parameters: settings by key that an administrator changes while the server runs.

use serde_json::Value as Json;

use crate::auth::parameter;
use crate::db::Sql;
use crate::db::sql::column;
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation};
use crate::orm::audit::Audit;
use crate::orm::behaviour::{Behaviour, Promise, Values};
use crate::orm::create::create;
use crate::orm::declare::{char, text};
use crate::orm::domain::{Domain, Operator};
use crate::orm::environment::Environment;
use crate::orm::field::Scope;
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply, optional, required};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::python;
use crate::orm::query::{self, Page, SELF};
use crate::orm::registry;
use crate::orm::unlink::unlink;
use crate::orm::write::write;

/// Whether a parameter looks like one that nobody should read in a log.
fn is_secret(scope: Scope<'_>) -> Sql {
    column(scope.alias, "key").and_text(" ~* '(secret|passw|token|private|api_?key)'")
}

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("ir.config_parameter", "System Parameter")
            .order("key")
            .rec_name("key")
            .fields([char("key").required(), text("value").required()])
            .constraint("key_uniq", "UNIQUE (key)", "The key of a system parameter must be unique.")
            .audited_as(Audit { conceals: Some(("value", is_secret)), ..Audit::default() })
            .behaviour(&Parameters),
    ]
}

struct Parameters;

static METHODS: [Method; 2] = [
    method!("get_param", Receiver::Model, Effect::Reads, [required("key"), optional("default")], get_param),
    method!("set_param", Receiver::Model, Effect::Writes, [required("key"), required("value")], set_param),
];

async fn find(call: &Call<'_>) -> Result<Option<(i64, String)>> {
    let key = call.arguments.text("key")?.unwrap_or_default();
    let wanted = column(SELF, "id").and_text(", ").then(column(SELF, "value"));
    let domain = Domain::condition("key", Operator::Eq, key);
    let select = query::select(call.env, call.model, wanted, domain, &Page::default())?;
    let rows = call.env.connection().read_guarded(|guard| select.statement(guard)).await?;
    Ok(rows.first().map(|row| (registry::int(row, 0), registry::text(row, 1))))
}

fn get_param(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let value = match find(&call).await? {
            Some((_, value)) => value.into(),
            None => match call.arguments.take("default") {
                Json::Null => Json::Bool(false),
                default => default,
            },
        };
        Ok(Reply::value(&value))
    })
}

/// Sets a parameter and gives the value that it had; a value that Python calls false removes it.
fn set_param(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        access::check_model(call.env, call.model, Operation::Write)?;
        let known = find(&call).await?;
        let key = call.arguments.take("key");
        let value = call.arguments.take("value");
        let keeps = python::truth(&value);
        let mut values = Values::new();
        values.insert("value".to_owned(), python::text(&value).into());
        match &known {
            Some((id, _)) if keeps => write(call.env, call.model, &[*id], values).await?,
            Some((id, _)) => unlink(call.env, call.model, &[*id]).await?,
            None if keeps => {
                values.insert("key".to_owned(), key);
                create(call.env, call.model, vec![values]).await?;
            }
            None => {}
        }
        Ok(Reply::value(&known.map_or(Json::Bool(false), |(_, value)| value.into())))
    })
}

/// What the server itself reads is refused where it is no value.
fn check(key: &str, values: &Values) -> Result<()> {
    let Some(value) = values.get("value").filter(|value| python::truth(value)) else { return Ok(()) };
    parameter::objection(key, &python::text(value)).map_or(Ok(()), |text| Err(Error::Validation(text)))
}

impl Behaviour for Parameters {
    fn before_create<'a>(&'a self, _env: &'a Environment, values: &'a mut Vec<Values>) -> Promise<'a, ()> {
        let key = |record: &Values| record.get("key").map(python::text).unwrap_or_default();
        let checked = values.iter().try_for_each(|record| check(&key(record), record));
        Box::pin(std::future::ready(checked))
    }

    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(async move {
            let known = Sql::text("SELECT key, value FROM ir_config_parameter WHERE id = ANY(")
                .then(Sql::param(ids.to_vec()))
                .and_text(")");
            for row in env.connection().query(known).await? {
                let mut all = Values::new();
                all.insert("value".to_owned(), registry::text(&row, 1).into());
                all.extend(values.clone());
                let key = all.get("key").map_or_else(|| registry::text(&row, 0), python::text);
                check(&key, &all)?;
            }
            Ok(())
        })
    }

    fn methods(&self) -> &'static [Method] {
        &METHODS
    }
}
