//! `call_kw`: a method of a model by its name, with arguments and context.

use std::rc::Rc;

use serde_json::{Map, Value as Json};

use super::retrying::{self, Caller};
use super::{App, attempt};
use crate::error::{Error, Result};
use crate::orm::access::{self, Operation};
use crate::orm::context::Context;
use crate::orm::environment::Environment;
use crate::orm::method::{self, Arguments, Call, Effect, Method, Receiver, Reply};
use crate::orm::methods;
use crate::orm::python;
use crate::orm::registry::Registry;

/// How records and arguments are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convention {
    /// Positional and keyword arguments; the records come first among the positional ones.
    Positional,
    /// Keyword arguments alone; the records are called `ids`.
    Named,
}

/// Names of arguments that Odoo 19 changed, and what they are here.
const NEWER_NAMES: [(&str, &str, &str); 1] = [("name_search", "domain", "args")];

/// What a client asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// How it is given.
    pub convention: Convention,
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
        let mut part = |name: &str| {
            let missing = || Error::Type(format!("call_kw() is missing the required argument '{name}'"));
            params.remove(name).ok_or_else(missing)
        };
        let (model, method) = (part("model")?, part("method")?);
        Self::new(model, method, part("args")?, part("kwargs")?)
    }

    /// The parts of a call as a client gives them. What Python calls false is as good as no arguments.
    ///
    /// # Errors
    ///
    /// [`Error::Type`] for one of another type.
    pub fn new(model: Json, method: Json, args: Json, kwargs: Json) -> Result<Self> {
        let wrong = |name: &str, kind: &str, given: &Json| {
            Error::Type(format!("'{name}' has to be {kind}, not {}.", python::type_name(given)))
        };
        let text = |name: &str, given: Json| match given {
            Json::String(text) => Ok(text),
            other => Err(wrong(name, "a text", &other)),
        };
        let (model, method) = (text("model", model)?, text("method", method)?);
        let args = match args {
            Json::Array(args) => args,
            given if !python::truth(&given) => Vec::new(),
            other => return Err(wrong("args", "a list", &other)),
        };
        let kwargs = match kwargs {
            Json::Object(kwargs) => kwargs,
            given if !python::truth(&given) => Map::new(),
            other => return Err(wrong("kwargs", "an object", &other)),
        };
        Ok(Self { convention: Convention::Positional, model, method, args, kwargs })
    }

    /// A call that names all of its arguments, its records and its context.
    pub fn named(model: String, method: String, kwargs: Map<String, Json>) -> Self {
        Self { convention: Convention::Named, model, method, args: Vec::new(), kwargs }
    }

    /// An unknown method is an address that does not exist, where the address names it.
    fn unknown(&self, error: Error) -> Error {
        match error {
            Error::Attribute(message) if self.convention == Convention::Named => Error::NotFound(message),
            other => other,
        }
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

/// Runs a request as `/web/dataset/call_kw` takes it.
///
/// # Errors
///
/// See [`call_kw`].
pub async fn call_params(app: &App, caller: Caller, params: Json) -> Result<Reply> {
    let model = params.get("model").and_then(Json::as_str).unwrap_or_default().to_owned();
    let error = match Request::parse(params) {
        Ok(request) => return call_kw(app, caller, &request).await,
        Err(error) => error,
    };
    // What is wrong is told to those who have signed in only; the model comes before all else.
    retrying::run(
        app,
        caller,
        |_registry| false,
        async |services| {
            services.registry.model(&model)?;
            Err(error.clone())
        },
    )
    .await
}

/// Runs a request in the name of a caller.
///
/// # Errors
///
/// Whatever the method fails with; nothing of it is kept then.
pub async fn call_kw(app: &App, caller: Caller, request: &Request) -> Result<Reply> {
    if (request.model.as_str(), request.method.as_str()) == ("res.users", "change_password") {
        // It asks for the old password: guesses are slowed down as at the door.
        let who = caller.user(app).await?.unwrap_or_default().to_string();
        return attempt::guarded(app, &who, async || work(app, caller, request).await, attempt::is_refused)
            .await;
    }
    work(app, caller, request).await
}

async fn work(app: &App, caller: Caller, request: &Request) -> Result<Reply> {
    let method = |registry: &Registry| methods::find(&*registry.model(&request.model)?, &request.method);
    let writes = |registry: &Registry| method(registry).is_ok_and(|method| method.effect == Effect::Writes);
    retrying::run(app, caller, writes, async |services| {
        let mut request = request.clone();
        let context = Context::parse(request.context()?, &services.user, &services.registry)?;
        let env = Environment::new(Rc::clone(&services), context);
        run(&env, method(&services.registry).map_err(|error| request.unknown(error))?, request).await
    })
    .await
}

/// Runs a request within a call that has begun already.
///
/// # Errors
///
/// Whatever the method fails with; a method that writes, in a call that only reads.
pub(super) async fn within(env: &Environment, request: Request, may_write: bool) -> Result<Reply> {
    let method = methods::find(&*env.model(&request.model)?, &request.method)?;
    if method.effect == Effect::Writes && !may_write {
        return Err(Error::Internal(format!("{} was called where nothing is to be written", method.name)));
    }
    run(env, method, request).await
}

async fn run(env: &Environment, method: &'static Method, request: Request) -> Result<Reply> {
    let model = env.model(&request.model)?;
    if env.limits().is_some() {
        // Methods of their own that ask for no right are within the limits of an application too.
        let operation = if method.effect == Effect::Writes { Operation::Write } else { Operation::Read };
        access::check_within(env, &model, operation)?;
    }
    let (ids, arguments) = match request.convention {
        Convention::Positional => positional(method, request.args, request.kwargs)?,
        Convention::Named => named(method, request.kwargs)?,
    };
    (method.run)(Call { env, model: &model, ids, arguments }).await
}

fn positional(
    method: &Method,
    mut args: Vec<Json>,
    kwargs: Map<String, Json>,
) -> Result<(Vec<i64>, Arguments)> {
    let ids = match method.receiver {
        // Whether one or several were given decides what comes back: they have a place of their own.
        Receiver::Model if method.name == "create" && args.is_empty() => {
            return Err(Error::Index(
                "'create' takes the values as its first positional argument.".to_owned(),
            ));
        }
        Receiver::Model => Vec::new(),
        Receiver::Records if args.is_empty() => {
            return Err(Error::Index(format!(
                "'{}' is called on records: the first positional argument has to be their ids.",
                method.name
            )));
        }
        Receiver::Records => method::ids(&args.remove(0))?,
    };
    Ok((ids, Arguments::bind(method, args, kwargs)?))
}

fn named(method: &Method, mut kwargs: Map<String, Json>) -> Result<(Vec<i64>, Arguments)> {
    let ids = match (method.receiver, kwargs.remove("ids")) {
        (_, None) => Vec::new(),
        (Receiver::Records, Some(ids)) => method::ids(&ids)?,
        (Receiver::Model, Some(_)) => {
            return Err(Error::Unprocessable(format!(
                "'{}' is called on the model: it takes no 'ids'.",
                method.name
            )));
        }
    };
    for (_, newer, known) in NEWER_NAMES.iter().filter(|(name, ..)| *name == method.name) {
        if let Some(value) = kwargs.remove(*newer) {
            kwargs.insert((*known).to_owned(), value);
        }
    }
    // What is made comes back as a list, whether one or several were given.
    if method.name == "create"
        && let Some(values @ Json::Object(_)) = kwargs.get_mut("vals_list")
    {
        *values = Json::Array(vec![values.take()]);
    }
    let arguments = Arguments::bind(method, Vec::new(), kwargs).map_err(|error| match error {
        Error::Type(message) => Error::Unprocessable(message),
        other => other,
    })?;
    Ok((ids, arguments))
}
