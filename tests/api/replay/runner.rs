//! Carries out the steps of one scenario.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value as Json, json};

use super::matching::{Bindings, Mode};
use crate::support::client::{Anonymous, Answer, client};
use crate::support::services::xmlrpc;

/// The server that is asked.
pub(super) struct Target {
    pub(super) url: String,
    pub(super) db: String,
    pub(super) login: String,
    pub(super) password: String,
    /// The administrator's API key, for recordings that need one.
    pub(super) api_key: String,
}

/// One run of one scenario.
pub(super) struct Runner<'a> {
    target: &'a Target,
    bindings: Bindings,
    actors: HashMap<String, Anonymous>,
}

/// A word that no other run has, of letters that no recorded search looks for.
fn tag() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut rest = now.wrapping_mul(256) + u128::from(NUMBER.fetch_add(1, Ordering::Relaxed) % 256);
    let mut tag = "t".to_owned();
    while rest > 0 {
        tag.push(char::from(b"jkqvwz"[usize::try_from(rest % 6).unwrap()]));
        rest /= 6;
    }
    tag
}

fn text<'a>(step: &'a Json, key: &str) -> &'a str {
    step[key].as_str().unwrap_or_default()
}

fn or(value: &Json, otherwise: Json) -> Json {
    if value.is_null() { otherwise } else { value.clone() }
}

impl<'a> Runner<'a> {
    pub(super) fn new(target: &'a Target) -> Self {
        Self { target, bindings: Bindings::default(), actors: HashMap::new() }
    }

    pub(super) async fn run(mut self, scenario: &Json) -> Result<(), String> {
        for (name, value) in [
            ("tag", tag()),
            ("db", self.target.db.clone()),
            ("login", self.target.login.clone()),
            ("password", self.target.password.clone()),
            ("api_key", self.target.api_key.clone()),
        ] {
            self.bindings.0.insert(name.to_owned(), value.into());
        }
        self.actors.insert("anonymous".to_owned(), self.browser());
        self.sign_in("admin", &self.target.login, &self.target.password).await?;
        for (number, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
            self.step(step).await.map_err(|reason| {
                let what = ["note", "model", "path", "method"].map(|key| text(step, key)).join(" ");
                let sent =
                    [&step["args"], &step["params"], &step["json"]].into_iter().find(|sent| !sent.is_null());
                let sent =
                    sent.and_then(|sent| self.bindings.fill(sent).ok()).unwrap_or_default().to_string();
                format!(
                    "step {} ({}): {reason}; sent {}",
                    number + 1,
                    what.trim(),
                    sent.chars().take(300).collect::<String>()
                )
            })?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Json) -> Result<(), String> {
        let answer = self.perform(step).await?;
        if let Some(want) = step.get("expect") {
            self.bindings.compare(want, &answer, Mode::of(step), "")?;
        }
        for (name, path) in step["bind"].as_object().into_iter().flatten() {
            let value = dig(&answer["result"], path.as_str().unwrap_or_default());
            self.bindings
                .0
                .insert(name.clone(), value.ok_or_else(|| format!("there is no {path} in {answer}"))?);
        }
        Ok(())
    }

    fn browser(&self) -> Anonymous {
        Anonymous { http: client().cookie_store(true).build().unwrap(), url: self.target.url.clone() }
    }

    async fn sign_in(&mut self, name: &str, login: &str, password: &str) -> Result<(), String> {
        let browser = self.browser();
        let params = json!({"db": self.target.db, "login": login, "password": password});
        let answer = rpc(&browser, "/web/session/authenticate", params).await?;
        let uid =
            answer["result"]["uid"].as_i64().ok_or_else(|| format!("{name} cannot log in: {answer}"))?;
        self.actors.insert(name.to_owned(), browser);
        self.bindings.0.insert(format!("uid_{name}"), uid.into());
        Ok(())
    }

    /// Carries out one step: `{"result": …}`, `{"error": …}`, `{"fault": …}`, `{"json2": …}` or
    /// `{"http": …}`.
    async fn perform(&mut self, step: &Json) -> Result<Json, String> {
        let mut sent = step.clone();
        for key in ["expect", "bind", "compare", "odoo_raised", "note"] {
            sent.as_object_mut().unwrap().remove(key);
        }
        let step = self.bindings.fill(&sent)?;
        let actor = step["as"].as_str().unwrap_or("admin");
        let browser = self.actors.get(actor).ok_or_else(|| format!("{actor} has not signed in"))?.clone();
        match text(&step, "do") {
            "actor" => {
                let [name, login, password] =
                    ["name", "login", "password"].map(|key| text(&step, key).to_owned());
                self.sign_in(&name, &login, &password).await?;
                Ok(json!({"result": true}))
            }
            "ref" => {
                let (module, name) = text(&step, "xmlid").split_once('.').unwrap_or_default();
                let domain = json!([["module", "=", module], ["name", "=", name]]);
                let found =
                    call_kw(&browser, "ir.model.data", "search_read", json!([domain, ["res_id"]]), json!({}))
                        .await?;
                let id =
                    dig(&found, "result.0.res_id").ok_or_else(|| format!("no {module}.{name}: {found}"))?;
                Ok(json!({"result": id}))
            }
            "call_kw" => {
                let (args, kwargs) = (or(&step["args"], json!([])), or(&step["kwargs"], json!({})));
                call_kw(&browser, text(&step, "model"), text(&step, "method"), args, kwargs).await
            }
            "rpc" => Ok(brief(&rpc(&browser, text(&step, "path"), step["params"].clone()).await?)),
            "xmlrpc" => {
                let args: Vec<Json> = step["args"].as_array().cloned().unwrap_or_default();
                let url = format!("{}{}", browser.url, text(&step, "path"));
                Ok(match xmlrpc(&browser.http, &url, text(&step, "method"), &args).await {
                    Ok(result) => json!({"result": result}),
                    Err(fault) => json!({"fault": {"code": fault.code}}),
                })
            }
            "json2" => Ok(json2(&browser, &step, &self.target.api_key).await),
            "http" => http(&browser, &step).await,
            other => Err(format!("unknown step {other}")),
        }
    }
}

async fn call_kw(
    browser: &Anonymous,
    model: &str,
    method: &str,
    args: Json,
    kwargs: Json,
) -> Result<Json, String> {
    let params = json!({"model": model, "method": method, "args": args, "kwargs": kwargs});
    Ok(brief(&rpc(browser, &format!("/web/dataset/call_kw/{model}/{method}"), params).await?))
}

async fn rpc(browser: &Anonymous, path: &str, params: Json) -> Result<Json, String> {
    let answer = browser.rpc(path, params).await;
    if answer.status != StatusCode::OK {
        return Err(format!(
            "HTTP {} from {path}: {}",
            answer.status,
            answer.body.chars().take(200).collect::<String>()
        ));
    }
    serde_json::from_str(&answer.body).map_err(|error| format!("no JSON from {path}: {error}"))
}

async fn json2(browser: &Anonymous, step: &Json, api_key: &str) -> Json {
    let authorization =
        step["authorization"].as_str().map_or_else(|| format!("Bearer {api_key}"), str::to_owned);
    let url = format!("{}/json/2/{}/{}", browser.url, text(step, "model"), text(step, "method"));
    let request = browser.http.post(url).header(AUTHORIZATION, authorization);
    let answer = Answer::to(request.json(&or(&step["json"], json!({})))).await;
    let status = answer.status.as_u16();
    match serde_json::from_str::<Json>(&answer.body) {
        Ok(body) if status < 400 => json!({"result": body}),
        Ok(body) => json!({"json2": {"status": status, "name": body["name"]}}),
        Err(_) => json!({"json2": {"status": status}}),
    }
}

async fn http(browser: &Anonymous, step: &Json) -> Result<Json, String> {
    let verb = step["verb"].as_str().unwrap_or("GET").parse().map_err(|_error| "no such verb".to_owned())?;
    let mut request = browser.http.request(verb, format!("{}{}", browser.url, text(step, "path")));
    match (step.get("json"), step["body"].as_str()) {
        (Some(json), _) => request = request.body(json.to_string()),
        (None, Some(body)) => request = request.body(body.to_owned()),
        _ => {}
    }
    let headers = or(
        &step["headers"],
        if step.get("json").is_some() { json!({"Content-Type": "application/json"}) } else { json!({}) },
    );
    for (name, value) in headers.as_object().into_iter().flatten() {
        let name: HeaderName = name.parse().map_err(|_error| format!("{name} is no header"))?;
        request = request.header(
            name,
            HeaderValue::from_str(value.as_str().unwrap_or_default()).map_err(|error| error.to_string())?,
        );
    }
    let answer = Answer::to(request).await;
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let mut told = json!({"status": answer.status.as_u16()});
    if kind == "application/json" {
        let mut body = answer.json();
        if body.get("error").is_some() {
            body["error"] = brief(&body)["error"].clone();
        }
        told["json"] = body;
    } else if text(step, "keep") == "type" {
        told["type"] = kind.into();
    }
    Ok(json!({"http": told}))
}

/// The parts of an answer that a client decides on.
fn brief(answer: &Json) -> Json {
    match answer.get("error") {
        Some(error) => json!({"error": {"code": error["code"], "name": error["data"]["name"]}}),
        None => json!({"result": answer["result"]}),
    }
}

fn dig(value: &Json, path: &str) -> Option<Json> {
    path.split('.')
        .filter(|part| !part.is_empty())
        .try_fold(value, |at, part| match at {
            Json::Array(items) => items.get(part.parse::<usize>().ok()?),
            other => other.get(part),
        })
        .cloned()
}
