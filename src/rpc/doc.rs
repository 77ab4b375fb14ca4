//! What there is to call, from the Registry and the tables of methods, as far as the caller may see it.

use std::rc::Rc;

use serde_json::{Map, Value as Json, json};

use super::App;
use super::retrying::{self, Caller};
use crate::error::Result;
use crate::orm::access::{self, Operation};
use crate::orm::context::Context;
use crate::orm::environment::Environment;
use crate::orm::method::{Arguments, Call, Effect, Method, Receiver, Reply};
use crate::orm::methods;

/// All models: their fields by label, their methods by name.
///
/// # Errors
///
/// See [`retrying::run`].
pub async fn index(app: &App, caller: Caller) -> Result<Reply> {
    look(app, caller, async |env| {
        let mut models: Vec<_> = env.registry().models().collect();
        models.retain(|model| access::check_model(env, model, Operation::Read).is_ok());
        models.sort_by(|one, other| one.name.cmp(&other.name));
        let told = models.into_iter().map(|model| {
            let field = |(name, string): (&String, &String)| (name.clone(), json!({"string": string}));
            let seen = model.fields.iter().filter(|(_, known)| access::has_field_access(env, model, known));
            let fields = seen.map(|(name, known)| (name, &known.string)).map(field);
            json!({
                "model": model.name,
                "name": model.description,
                "fields": fields.collect::<Map<_, _>>(),
                "methods": methods::all(model).map(|method| method.name).collect::<Vec<_>>(),
            })
        });
        let models: Vec<Json> = told.collect();
        Ok(Reply::value(&json!({"modules": ["base", "web", "oregional"], "models": models})))
    })
    .await
}

/// One model: its fields as `fields_get` tells them, its methods with their parameters.
///
/// # Errors
///
/// [`crate::error::Error::NotFound`] when there is none, [`crate::error::Error::Access`] when the
/// caller may not look at its records.
pub async fn model(app: &App, caller: Caller, name: &str) -> Result<Reply> {
    look(app, caller, async |env| {
        let model = env.model(name)?;
        access::check_model(env, &model, Operation::Read)?;
        let fields_get = methods::find(&model, "fields_get")?;
        let call = Call { env, model: &model, ids: Vec::new(), arguments: Arguments::default() };
        let fields = match (fields_get.run)(call).await? {
            Reply::Json(json) => serde_json::from_slice(&json).unwrap_or_default(),
            Reply::Void => Json::Null,
        };
        let methods: Map<String, Json> =
            methods::all(&model).map(|method| (method.name.to_owned(), describe(method))).collect();
        Ok(Reply::value(&json!({
            "model": model.name,
            "name": model.description,
            "doc": "",
            "fields": fields,
            "methods": methods,
        })))
    })
    .await
}

/// `api` has "model" for what takes no ids, which is what clients look for.
fn describe(method: &Method) -> Json {
    let mut api = Vec::new();
    if method.receiver == Receiver::Model {
        api.push("model");
    }
    if method.effect == Effect::Reads {
        api.push("readonly");
    }
    let parameter = |known: &crate::orm::method::Parameter| {
        (known.name.to_owned(), json!({"kind": "POSITIONAL_OR_KEYWORD", "required": known.required}))
    };
    let parameters: Map<String, Json> = method.parameters.iter().map(parameter).collect();
    json!({"api": api, "parameters": parameters, "doc": ""})
}

async fn look(app: &App, caller: Caller, tell: impl AsyncFn(&Environment) -> Result<Reply>) -> Result<Reply> {
    retrying::run(
        app,
        caller,
        |_registry| false,
        async |services| {
            let context = Context::parse(Map::new(), &services.user, &services.registry)?;
            tell(&Environment::new(Rc::clone(&services), context)).await
        },
    )
    .await
}
