//! Values that new records begin with, for everybody, for one user, or for one company.

use serde_json::Value as Json;

use crate::db::Sql;
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation};
use crate::orm::behaviour::{Behaviour, Promise, Staleness, Values};
use crate::orm::convert;
use crate::orm::create::create;
use crate::orm::declare::{char, many2one};
use crate::orm::environment::Environment;
use crate::orm::field::{Field, OnDelete};
use crate::orm::method::{Call, Effect, Method, Parameter, Receiver, Reply, optional, required};
use crate::orm::methods::method;
use crate::orm::model::Model;
use crate::orm::registry::{int, text};
use crate::orm::write::write;

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new("ir.default", "Default Values")
            .order("id")
            .rec_name("field_id")
            .fields([
                many2one("field_id", "ir.model.fields").ondelete(OnDelete::Cascade).required().index(),
                many2one("user_id", "res.users").ondelete(OnDelete::Cascade).index(),
                many2one("company_id", "res.company").ondelete(OnDelete::Cascade).index(),
                char("condition"),
                char("json_value").string("Default Value (JSON format)").required(),
            ])
            .behaviour(&Defaults),
    ]
}

struct Defaults;

static METHODS: [Method; 2] = [
    method!(
        "set",
        Receiver::Model,
        Effect::Writes,
        [
            required("model_name"),
            required("field_name"),
            required("value"),
            optional("user_id"),
            optional("company_id"),
            optional("condition")
        ],
        set
    ),
    method!(
        "get",
        Receiver::Model,
        Effect::Reads,
        [
            required("model_name"),
            required("field_name"),
            optional("user_id"),
            optional("company_id"),
            optional("condition")
        ],
        get
    ),
];

/// For whom and when a default is.
struct Scope {
    field: i64,
    user: Option<i64>,
    company: Option<i64>,
    condition: Option<String>,
}

impl Scope {
    fn of(call: &Call<'_>) -> Result<Self> {
        let env = call.env;
        let model = env.model(call.arguments.text("model_name")?.unwrap_or_default())?;
        let name = call.arguments.text("field_name")?.unwrap_or_default();
        let field = model
            .field(name)
            .ok_or_else(|| Error::Validation(format!("The model '{}' has no field '{name}'.", model.name)))?;
        access::check_field(env, &model, field)?;
        let whose = |name: &str, own: i64| match call.arguments.get(name) {
            Some(Json::Bool(true)) => Ok(Some(own)),
            Some(Json::Number(id)) => Ok(id.as_i64().filter(|id| *id != 0)),
            None | Some(Json::Null | Json::Bool(false)) => Ok(None),
            Some(_) => Err(Error::Type(format!("'{name}' has to be an id, or true for the own one."))),
        };
        Ok(Self {
            field: field.id,
            user: whose("user_id", env.user().id)?,
            company: whose("company_id", env.company_id())?,
            condition: call.arguments.text("condition")?.map(str::to_owned),
        })
    }

    async fn find(&self, env: &Environment) -> Result<Option<(i64, String)>> {
        let is =
            |name: &'static str, value: Sql| Sql::text(name).and_text(" IS NOT DISTINCT FROM ").then(value);
        let conditions = [
            is("field_id", Sql::param(self.field)),
            is("user_id", Sql::param(self.user).and_text("::int")),
            is("company_id", Sql::param(self.company).and_text("::int")),
            is("condition", Sql::param(self.condition.clone()).and_text("::varchar")),
        ];
        let statement = Sql::text("SELECT id, json_value FROM ir_default WHERE ");
        let rows = env.connection().query(statement.then(Sql::join(conditions, " AND "))).await?;
        Ok(rows.first().map(|row| (int(row, 0), text(row, 1))))
    }
}

/// Sets a default, in the place of the one that was there.
fn set(mut call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        let scope = Scope::of(&call)?;
        let value = call.arguments.take("value");
        let mut values = Values::new();
        values.insert("json_value".to_owned(), value.to_string().into());
        if let Some((id, _)) = scope.find(call.env).await? {
            write(call.env, call.model, &[id], values).await?;
            return Ok(Reply::truth());
        }
        for (name, id) in
            [("field_id", Some(scope.field)), ("user_id", scope.user), ("company_id", scope.company)]
        {
            values.insert(name.to_owned(), id.map_or(Json::Bool(false), Json::from));
        }
        values.insert("condition".to_owned(), scope.condition.map_or(Json::Bool(false), Json::from));
        create(call.env, call.model, vec![values]).await?;
        Ok(Reply::truth())
    })
}

/// The default for exactly these, or nothing.
fn get(call: Call<'_>) -> Promise<'_, Reply> {
    Box::pin(async move {
        access::check_model(call.env, call.model, Operation::Read)?;
        let found = Scope::of(&call)?.find(call.env).await?;
        let value = found.and_then(|(_, value)| serde_json::from_str::<Json>(&value).ok());
        Ok(value.map_or(Reply::Void, |value| Reply::value(&value)))
    })
}

/// The fields that defaults are for.
fn known(env: &Environment, id: i64) -> Option<(&Model, &Field)> {
    let models = env.registry().models();
    models.map(AsRef::as_ref).find_map(|model: &Model| {
        model.fields.values().find(|field| field.id == id).map(|field| (model, field))
    })
}

fn check(env: &Environment, values: &Values) -> Result<()> {
    let value = match values.get("json_value").and_then(Json::as_str) {
        Some(written) => Some(serde_json::from_str::<Json>(written).map_err(|_error| {
            Error::Validation(format!(
                "A default is written as JSON, such as \"text\" or 5, not as {written}."
            ))
        })?),
        None => None,
    };
    let field = values.get("field_id").and_then(Json::as_i64).and_then(|id| known(env, id));
    // What the caller may not write, nobody is to write in the caller's name.
    if let Some((model, field)) = field {
        access::check_field(env, model, field)?;
    }
    match (field, value) {
        (Some((model, field)), _) if field.sealed || field.is_computed() => Err(Error::Validation(format!(
            "The field '{}' of '{}' takes no default: it is a secret, or follows from others.",
            field.name, model.name
        ))),
        (Some((_, field)), Some(value)) if !field.kind.is_x2many() && !field.kind.is_binary() => {
            convert::column(field, &value)
                .map(|_fits| ())
                .map_err(|error| Error::Validation(error.to_string()))
        }
        _ => Ok(()),
    }
}

/// Whether the field and the value still fit each other where only one of them changes.
async fn check_change(env: &Environment, ids: &[i64], values: &Values) -> Result<()> {
    if !values.contains_key("json_value") && !values.contains_key("field_id") {
        return Ok(());
    }
    let statement = Sql::text("SELECT field_id, json_value FROM ir_default WHERE id = ANY(")
        .then(Sql::param(ids.to_vec()))
        .and_text(")");
    for row in env.connection().query(statement).await? {
        let mut whole = Values::new();
        whole.insert("field_id".to_owned(), int(&row, 0).into());
        whole.insert("json_value".to_owned(), text(&row, 1).into());
        whole.extend(values.clone());
        check(env, &whole)?;
    }
    Ok(())
}

impl Behaviour for Defaults {
    fn methods(&self) -> &'static [Method] {
        &METHODS
    }

    fn validate(&self, env: &Environment, values: &Values) -> Result<()> {
        check(env, values)
    }

    fn before_write<'a>(
        &'a self,
        env: &'a Environment,
        ids: &'a [i64],
        values: &'a mut Values,
    ) -> Promise<'a, ()> {
        Box::pin(check_change(env, ids, values))
    }

    fn staleness(&self) -> Staleness {
        Staleness::Rights
    }
}
