//! What a client may call: a name, its parameters as Odoo has them, and the function behind it.

use std::sync::Arc;

use serde_json::Value as Json;

use super::behaviour::Promise;
use super::environment::Environment;
use super::model::Model;
use super::python;
use crate::error::{Error, Result};

/// Whether a method is called on a model or on some of its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// The first positional argument is the first parameter.
    Model,
    /// The first positional argument is a list of ids, or one id.
    Records,
}

/// Whether a method changes anything; one that does runs in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only looks.
    Reads,
    /// It changes records.
    Writes,
}

/// What a method gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// JSON text, written straight into the answer.
    Json(Vec<u8>),
    /// Nothing, which clients see as an absent result.
    Void,
}

impl Reply {
    /// `true`.
    pub fn truth() -> Self {
        Self::Json(b"true".to_vec())
    }

    /// Any value.
    pub fn value(value: &Json) -> Self {
        Self::Json(value.to_string().into_bytes())
    }
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name, as a keyword.
    pub name: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is given by its name alone.
    pub by_name: bool,
}

/// A parameter that must be given.
pub const fn required(name: &'static str) -> Parameter {
    Parameter { name, required: true, by_name: false }
}

/// A parameter that may be left out.
pub const fn optional(name: &'static str) -> Parameter {
    Parameter { name, required: false, by_name: false }
}

/// A parameter that may be left out, and has no place among the positional ones.
pub const fn keyword(name: &'static str) -> Parameter {
    Parameter { name, required: false, by_name: true }
}

/// One call of a method.
pub struct Call<'a> {
    /// In whose name, and within which transaction.
    pub env: &'a Environment,
    /// The model that is called.
    pub model: &'a Arc<Model>,
    /// The records, for a method on records.
    pub ids: Vec<i64>,
    /// The arguments, bound to the parameters.
    pub arguments: Arguments,
}

/// A method; see the module.
pub struct Method {
    /// The name that clients call.
    pub name: &'static str,
    /// On what it is called.
    pub receiver: Receiver,
    /// Whether it changes anything.
    pub effect: Effect,
    /// Its parameters, in their order.
    pub parameters: &'static [Parameter],
    /// What it does.
    pub run: for<'a> fn(Call<'a>) -> Promise<'a, Reply>,
}

/// Arguments by parameter.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    values: Vec<(&'static str, Option<Json>)>,
}

impl Arguments {
    /// Binds positional and keyword arguments to the parameters of `method`, as Python does.
    ///
    /// # Errors
    ///
    /// [`Error::Type`] for an argument too many, unknown, given twice or missing.
    pub fn bind(
        method: &Method,
        positional: Vec<Json>,
        mut keywords: serde_json::Map<String, Json>,
    ) -> Result<Self> {
        let parameters = method.parameters;
        let places = parameters.iter().filter(|parameter| !parameter.by_name).count();
        if positional.len() > places {
            return Err(Error::Type(format!(
                "{}() takes {places} positional arguments but {} were given",
                method.name,
                positional.len()
            )));
        }
        let mut positional = positional.into_iter();
        let mut values = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let keyword = keywords.remove(parameter.name);
            let place = if parameter.by_name { None } else { positional.next() };
            let value = match (place, keyword) {
                (Some(_), Some(_)) => {
                    return Err(Error::Type(format!(
                        "{}() got multiple values for argument '{}'",
                        method.name, parameter.name
                    )));
                }
                (given, keyword) => given.or(keyword),
            };
            if value.is_none() && parameter.required {
                return Err(Error::Type(format!(
                    "{}() is missing the required argument '{}'",
                    method.name, parameter.name
                )));
            }
            values.push((parameter.name, value));
        }
        if let Some(name) = keywords.keys().next() {
            return Err(Error::Type(format!(
                "{}() got an unexpected keyword argument '{name}'",
                method.name
            )));
        }
        Ok(Self { values })
    }

    /// An argument, when it was given.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.values.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.as_ref())
    }

    /// An argument, taken out; `null` when it was not given.
    pub fn take(&mut self, name: &str) -> Json {
        let found = self.values.iter_mut().find(|(known, _)| *known == name);
        found.and_then(|(_, value)| value.take()).unwrap_or(Json::Null)
    }

    /// A truth value, or `default` when it was not given.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, python::truth)
    }

    /// A text; anything that Python calls false counts as absent.
    ///
    /// # Errors
    ///
    /// [`Error::Type`] when it is no text.
    pub fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            Some(Json::String(text)) => Ok(Some(text)),
            Some(value) if python::truth(value) => {
                Err(Error::Type(format!("'{name}' has to be a text, not {}", python::type_name(value))))
            }
            _ => Ok(None),
        }
    }

    /// A count such as `limit`: a whole number, also as a text or a float, which PostgreSQL rounds; what
    /// Python calls false counts as absent.
    ///
    /// # Errors
    ///
    /// What PostgreSQL says to a text that is no number, or to a negative one.
    pub fn count(&self, name: &str) -> Result<Option<i64>> {
        let refusal = |value: &Json| Error::Database {
            name: "InvalidTextRepresentation",
            message: format!("'{name}' has to be a whole number, not {}", python::repr(value)),
        };
        let number = match self.get(name) {
            Some(value) if !python::truth(value) => return Ok(None),
            None => return Ok(None),
            Some(value @ Json::String(text)) => text.trim().parse().map_err(|_error| refusal(value))?,
            Some(value) => rounded(value).ok_or_else(|| refusal(value))?,
        };
        if number < 0 {
            return Err(Error::Database {
                name: "InvalidRowCountInLimitClause",
                message: format!("'{name}' must not be negative"),
            });
        }
        Ok(Some(number))
    }

    /// A list of names, such as `fields`; what Python calls false counts as absent.
    ///
    /// # Errors
    ///
    /// [`Error::Type`] when it is no list of texts.
    pub fn names(&self, name: &str) -> Result<Option<Vec<String>>> {
        let wrong = || Error::Type(format!("'{name}' has to be a list of names"));
        match self.get(name) {
            Some(Json::Array(items)) if !items.is_empty() => {
                let names = items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong));
                names.collect::<Result<_>>().map(Some)
            }
            Some(value) if python::truth(value) => Err(wrong()),
            _ => Ok(None),
        }
    }
}

/// A number as PostgreSQL makes a count of it.
fn rounded(value: &Json) -> Option<i64> {
    match value.as_f64() {
        Some(float) if value.is_f64() => python::truncated(float.round()),
        _ => python::whole(value),
    }
}

/// The records that a first argument names: an id, a list of ids, or nothing, which 0 is as well.
///
/// # Errors
///
/// [`Error::Type`] for anything else.
pub fn ids(value: &Json) -> Result<Vec<i64>> {
    let wrong = |item: &Json| {
        Error::Type(format!("a record id has to be a whole number, not {}", python::repr(item)))
    };
    match value {
        Json::Array(items) => items.iter().map(|item| item.as_i64().ok_or_else(|| wrong(item))).collect(),
        other if !python::truth(other) => Ok(Vec::new()),
        Json::Number(_) => value.as_i64().map(|id| vec![id]).ok_or_else(|| wrong(value)),
        other => Err(wrong(other)),
    }
}
