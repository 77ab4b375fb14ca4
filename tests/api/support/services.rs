//! Clients of the services: the password or an API key in every call, as JSON-RPC or XML-RPC. XML is
//! written and read by a crate that the server does not use.

use std::collections::BTreeMap;

use dxr::{MethodCall, MethodResponse, Value};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Map, Value as Json, json};

use super::app::DB;
use super::client::{Anonymous, Answer};

/// The addresses of the service `object`.
pub(crate) const OBJECTS: [&str; 3] = ["/jsonrpc", "/xmlrpc/2/object", "/xmlrpc/object"];

/// A fault: its code, a number or a text, and its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub(crate) code: Json,
    pub(crate) text: String,
}

/// What came of a call, whatever the transport.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// A result; `null` where JSON-RPC has none.
    Result(Json),
    /// The code and the name of the exception.
    Error(i64, String),
    /// XML-RPC's fault.
    Fault(Fault),
}

impl Outcome {
    /// The result of a call that went well.
    pub(crate) fn result(self) -> Json {
        match self {
            Self::Result(result) => result,
            other => panic!("no result: {other:?}"),
        }
    }

    /// Whether the password or the key was refused, whatever the transport.
    pub(crate) fn is_denied(&self) -> bool {
        match self {
            Self::Result(_) => false,
            Self::Error(code, name) => (*code, name.as_str()) == (200, "odoo.exceptions.AccessDenied"),
            Self::Fault(fault) => {
                (fault.code == 3 || fault.code == "AccessDenied") && fault.text == "Access Denied"
            }
        }
    }
}

/// A script that calls methods of models in the name of a user.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) browser: Anonymous,
    pub(crate) user: Json,
    pub(crate) secret: Json,
}

impl Script {
    pub(crate) fn new(url: &str, user: i64, secret: &str) -> Self {
        Self { browser: Anonymous::new(url), user: user.into(), secret: secret.into() }
    }

    /// The same on another server.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { browser: Anonymous::new(url), ..self.clone() }
    }

    /// Calls `execute_kw` at one of [`OBJECTS`].
    pub(crate) async fn call(
        &self,
        path: &str,
        model: &str,
        method: &str,
        args: Json,
        kwargs: Json,
    ) -> Outcome {
        let all = json!([DB, self.user, self.secret, model, method, args, kwargs]);
        service(&self.browser, path, "object", "execute_kw", all).await
    }

    /// Whether the user may still come in.
    pub(crate) async fn is_let_in(&self) -> bool {
        let mut answers = Vec::new();
        for path in OBJECTS {
            let outcome = self.call(path, "res.users", "context_get", json!([]), json!({})).await;
            match outcome {
                Outcome::Result(context) => {
                    assert_eq!(context["uid"], self.user);
                    answers.push(true);
                }
                refused => {
                    assert!(refused.is_denied(), "{path}: {refused:?}");
                    answers.push(false);
                }
            }
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
        answers[0]
    }
}

/// Calls a method of a service at an address; for XML-RPC the address names the service as well.
pub(crate) async fn service(
    browser: &Anonymous,
    path: &str,
    service: &str,
    method: &str,
    args: Json,
) -> Outcome {
    if path.starts_with("/xmlrpc") {
        let args: Vec<Json> = args.as_array().unwrap().clone();
        return match xmlrpc(&browser.http, &format!("{}{path}", browser.url), method, &args).await {
            Ok(result) => Outcome::Result(result),
            Err(fault) => Outcome::Fault(fault),
        };
    }
    let params = json!({"service": service, "method": method, "args": args});
    let answer = browser.rpc(path, params).await;
    if answer.json().get("error").is_some() {
        let (code, name) = answer.error();
        return Outcome::Error(code, name);
    }
    Outcome::Result(answer.json().get("result").cloned().unwrap_or_default())
}

/// Calls a method by XML-RPC.
pub(crate) async fn xmlrpc(http: &Client, url: &str, method: &str, args: &[Json]) -> Result<Json, Fault> {
    let call = MethodCall { name: method.into(), params: args.iter().map(value_of).collect() };
    let request = http.post(url).header(CONTENT_TYPE, "text/xml").body(call.to_xml().unwrap());
    let answer = Answer::to(request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers[CONTENT_TYPE], "text/xml; charset=utf-8");
    read(&answer.body)
}

/// The result or the fault that a document holds.
pub(crate) fn read(document: &str) -> Result<Json, Fault> {
    let inner = |name: &str| {
        let (_, rest) = document.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(inside, _)| inside.trim().to_owned())
    };
    let Some(fault) = inner("fault") else {
        return Ok(json_of(MethodResponse::from_xml(document).unwrap().value));
    };
    let fault = json_of(Value::from_xml(&fault).unwrap());
    let text = fault["faultString"].as_str().unwrap().to_owned();
    Err(Fault { code: fault["faultCode"].clone(), text })
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => i32::try_from(whole).map_or(Value::Long(whole), Value::Integer),
            (None, float) => Value::Double(float.unwrap()),
        },
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(value_of).collect()),
        Json::Object(members) => {
            let members: BTreeMap<_, _> =
                members.iter().map(|(name, member)| (name.clone(), value_of(member))).collect();
            Value::Struct(members)
        }
    }
}

fn json_of(value: Value) -> Json {
    match value {
        Value::Integer(whole) => whole.into(),
        Value::Boolean(truth) => truth.into(),
        Value::String(text) => text.into(),
        Value::Double(float) => float.into(),
        Value::Array(items) => items.into_iter().map(json_of).collect(),
        Value::Struct(members) => Json::Object(
            members.into_iter().map(|(name, member)| (name, json_of(member))).collect::<Map<_, _>>(),
        ),
        other => panic!("Odoo never sends {other:?}"),
    }
}
