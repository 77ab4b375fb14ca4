//! `call_kw`: a method of a model by its name, with arguments and context.

use std::rc::Rc;

use serde_json::{Map, Value as Json};

use super::App;
use super::retrying::{self, Caller};
use crate::error::{Error, Result};
use crate::orm::context::Context;
use crate::orm::environment::Environment;
use crate::orm::method::{self, Arguments, Call, Effect, Method, Receiver, Reply};
use crate::orm::methods;
use crate::orm::python;
use crate::orm::registry::Registry;

/// What a client asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The model.
    pub model: String,
    /// The method.
    pub method: String,
    /// Positional arguments.
    pub args: Vec<Json>,
    /// Keyword arguments, the context among them.
    pub kwargs: Map<String, Json>,
}

impl Request {
    /// The parameters of `/web/dataset/call_kw`.
    ///
    /// # Errors
    ///
    /// [`Error::Type`] for one that is missing or of another type.
    pub fn parse(params: Json) -> Result<Self> {
        let mut params = match params {
            Json::Object(params) => params,
            other => {
                return Err(Error::Type(format!(
                    "The parameters have to be an object, not {}.",
                    python::type_name(&other)
                )));
            }
        };
        let mut text = |name: &str| match params.remove(name) {
            Some(Json::String(text)) => Ok(text),
            Some(other) => {
                Err(Error::Type(format!("'{name}' has to be a text, not {}.", python::type_name(&other))))
            }
            None => Err(Error::Type(format!("call_kw() is missing the required argument '{name}'"))),
        };
        let (model, method) = (text("model")?, text("method")?);
        let missing =
            |name: &str| Error::Type(format!("call_kw() is missing the required argument '{name}'"));
        let args = match params.remove("args").ok_or_else(|| missing("args"))? {
            Json::Array(args) => args,
            value if !python::truth(&value) => Vec::new(),
            other => {
                return Err(Error::Type(format!(
                    "'args' has to be a list, not {}.",
                    python::type_name(&other)
                )));
            }
        };
        let kwargs = match params.remove("kwargs").ok_or_else(|| missing("kwargs"))? {
            Json::Object(kwargs) => kwargs,
            value if !python::truth(&value) => Map::new(),
            other => {
                return Err(Error::Type(format!(
                    "'kwargs' has to be an object, not {}.",
                    python::type_name(&other)
                )));
            }
        };
        Ok(Self { model, method, args, kwargs })
    }

    /// The context, taken out of the keyword arguments.
    fn context(&mut self) -> Result<Map<String, Json>> {
        match self.kwargs.remove("context") {
            Some(Json::Object(context)) => Ok(context),
            Some(value) if python::truth(&value) => {
                Err(Error::Type(format!("'context' has to be an object, not {}.", python::type_name(&value))))
            }
            _ => Ok(Map::new()),
        }
    }
}

/// Runs a request in the name of a caller.
///
/// # Errors
///
/// Whatever the method fails with; nothing of it is kept then.
pub async fn call_kw(app: &App, caller: Caller, request: Request) -> Result<Reply> {
    let method = |registry: &Registry| methods::find(&*registry.model(&request.model)?, &request.method);
    let writes = |registry: &Registry| method(registry).is_ok_and(|method| method.effect == Effect::Writes);
    retrying::run(app, caller, writes, async |services| {
        let mut request = request.clone();
        let context = Context::parse(request.context()?, &services.user, &services.registry)?;
        let env = Environment::new(Rc::clone(&services), context);
        run(&env, method(&services.registry)?, request).await
    })
    .await
}

async fn run(env: &Environment, method: &'static Method, request: Request) -> Result<Reply> {
    let model = env.model(&request.model)?;
    let mut args = request.args;
    let ids = match method.receiver {
        Receiver::Model => Vec::new(),
        Receiver::Records if args.is_empty() => {
            return Err(Error::Index(format!(
                "'{}' is called on records: the first positional argument has to be their ids.",
                method.name
            )));
        }
        Receiver::Records => method::ids(&args.remove(0))?,
    };
    let arguments = Arguments::bind(method, args, request.kwargs)?;
    (method.run)(Call { env, model: &model, ids, arguments }).await
}
