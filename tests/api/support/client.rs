//! Actors: somebody without a session, and a user who has signed in.

use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{Client, ClientBuilder, RequestBuilder, StatusCode};
use serde_json::{Map, Value as Json, json};

use super::app::DB;
use super::secrets;

/// What every JSON-RPC request carries, for the answer to repeat.
const ID: i64 = 7;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// Sends a request and reads the whole answer.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let asked = request.try_clone().and_then(|copy| copy.build().ok());
        let response =
            request.send().await.unwrap_or_else(|error| panic!("no answer: {error:?} to {asked:?}"));
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = Self { status, headers, body: response.text().await.unwrap() };
        secrets::remember_all(&answer);
        answer
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// The result of a call that went well.
    pub(crate) fn result(&self) -> Json {
        let json = self.json();
        assert_eq!(self.status, StatusCode::OK, "{json}");
        json.get("result").unwrap_or_else(|| panic!("no result: {json}")).clone()
    }

    /// The error of a call that failed: its code, and the name of the exception. Its shape is
    /// checked on the way.
    pub(crate) fn error(&self) -> (i64, String) {
        self.clear_error().unwrap_or_else(|reason| panic!("{reason}: {self:?}"))
    }

    /// The same, or what is wrong with the shape of the error.
    pub(crate) fn clear_error(&self) -> Result<(i64, String), String> {
        let json: Json = serde_json::from_str(&self.body).map_err(|error| format!("no JSON ({error})"))?;
        let keys = |value: &Json, wanted: &[&str]| {
            let found: Vec<&str> =
                value.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
            if found == wanted { Ok(()) } else { Err(format!("the keys {found:?} and not {wanted:?}")) }
        };
        let (error, data) = (&json["error"], &json["error"]["data"]);
        keys(&json, &["jsonrpc", "id", "error"])?;
        keys(error, &["code", "message", "data"])?;
        keys(data, &["name", "debug", "message", "arguments", "context"])?;
        let is_text = |value: &Json| value.as_str().is_some_and(|text| !text.is_empty());
        let texts = [&error["message"], &data["debug"], &data["message"]].into_iter().all(is_text);
        if !texts || !data["arguments"].is_array() || data["context"] != json!({}) {
            return Err("an error of other types".to_owned());
        }
        let code_and_name = error["code"].as_i64().zip(data["name"].as_str().map(str::to_owned));
        code_and_name.ok_or_else(|| "no code or no name".to_owned())
    }

    /// What is wrong with it as an answer to a hostile request, if anything: neither a result nor a
    /// clear error of the caller.
    pub(crate) fn fault(&self) -> Option<String> {
        if self.status.is_server_error() {
            return Some(format!("HTTP {}: {}", self.status, self.body));
        }
        if self.status == StatusCode::OK && self.json().get("error").is_none() {
            return None;
        }
        match self.clear_error() {
            Ok((_, name)) if name == "builtins.RuntimeError" => Some("an internal error".to_owned()),
            Ok(_) if self.status != StatusCode::OK => Some(format!("HTTP {} for an error", self.status)),
            Ok(_) => None,
            Err(reason) => Some(reason),
        }
    }

    /// The text for people of an error.
    pub(crate) fn message(&self) -> String {
        self.error();
        self.json()["error"]["data"]["message"].as_str().unwrap().to_owned()
    }

    /// The cookies that it sets, in their order, as they stand in the headers.
    pub(crate) fn cookies(&self) -> Vec<String> {
        self.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    /// The session that its first cookie gives.
    pub(crate) fn session(&self) -> String {
        let cookies = self.cookies();
        let first = cookies.first().unwrap_or_else(|| panic!("no cookie: {self:?}"));
        first.strip_prefix("session_id=").unwrap().split(';').next().unwrap().to_owned()
    }
}

/// A JSON-RPC request.
pub(crate) fn envelope(params: &Json) -> Json {
    json!({"jsonrpc": "2.0", "method": "call", "id": ID, "params": params})
}

/// What the clients of the tests call themselves.
pub(crate) const AGENT: &str = "tests/1.0 (front door)";

/// A client that follows no redirect and uses no proxy.
pub(crate) fn client() -> ClientBuilder {
    Client::builder().user_agent(AGENT).redirect(reqwest::redirect::Policy::none()).no_proxy()
}

/// Somebody without a session and without a memory for cookies.
#[derive(Clone)]
pub(crate) struct Anonymous {
    pub(crate) http: Client,
    pub(crate) url: String,
}

impl Anonymous {
    pub(crate) fn new(url: &str) -> Self {
        Self { http: client().build().unwrap(), url: url.to_owned() }
    }

    /// Calls a route that takes JSON-RPC.
    pub(crate) async fn rpc(&self, path: &str, params: Json) -> Answer {
        Answer::to(self.http.post(format!("{}{path}", self.url)).json(&envelope(&params))).await
    }

    /// The same with a session's cookie.
    pub(crate) async fn rpc_with(&self, session: &str, path: &str, params: Json) -> Answer {
        let cookie = format!("session_id={session}");
        Answer::to(
            self.http.post(format!("{}{path}", self.url)).header(COOKIE, cookie).json(&envelope(&params)),
        )
        .await
    }

    /// Posts a body as it is.
    pub(crate) async fn post(
        &self,
        path: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request =
            self.http.post(format!("{}{path}", self.url)).header(CONTENT_TYPE, content_type).body(body);
        Answer::to(request).await
    }

    /// Posts a body as it is to the address of methods, with a session's cookie.
    pub(crate) async fn call_raw(&self, session: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.http.post(format!("{}/web/dataset/call_kw", self.url));
        let cookie = format!("session_id={session}");
        Answer::to(request.header(COOKIE, cookie).header(CONTENT_TYPE, "application/json").body(body)).await
    }

    /// Asks for a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.http.get(format!("{}{path}", self.url))).await
    }

    /// Tries to sign in.
    pub(crate) async fn authenticate(&self, login: &str, password: &str) -> Answer {
        self.rpc("/web/session/authenticate", json!({"db": DB, "login": login, "password": password})).await
    }
}

/// A user with a session, kept in a jar of cookies.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) browser: Anonymous,
    /// The value of the session's cookie.
    pub(crate) session: String,
    pub(crate) uid: i64,
}

impl User {
    /// Signs in.
    pub(crate) async fn sign_in(url: &str, login: &str, password: &str) -> Self {
        let http = client().cookie_store(true).build().unwrap();
        let browser = Anonymous { http, url: url.to_owned() };
        let answer = browser.authenticate(login, password).await;
        let uid = answer.result()["uid"].as_i64().unwrap_or_else(|| panic!("{login} has no uid: {answer:?}"));
        Self { session: answer.session(), browser, uid }
    }

    /// Calls a method of a model.
    pub(crate) async fn call_kw(&self, model: &str, method: &str, args: Json, kwargs: Json) -> Answer {
        let params = json!({"model": model, "method": method, "args": args, "kwargs": kwargs});
        self.browser.rpc(&format!("/web/dataset/call_kw/{model}/{method}"), params).await
    }

    /// The result of a method of a model.
    pub(crate) async fn result(&self, model: &str, method: &str, args: Json) -> Json {
        self.call_kw(model, method, args, json!({})).await.result()
    }

    /// Makes a record and gives its id.
    pub(crate) async fn create(&self, model: &str, values: Json) -> i64 {
        self.result(model, "create", json!([values])).await.as_i64().unwrap()
    }

    /// Makes an API key for calls.
    pub(crate) async fn api_key(&self) -> String {
        let end = json!({"name": "a test", "expiration_date": in_days(1)});
        let key = self.call_kw("res.users.apikeys", "generate", json!([]), end).await.result();
        key.as_str().unwrap().to_owned()
    }

    /// The id behind an external id.
    pub(crate) async fn reference(&self, name: &str) -> i64 {
        let (module, name) = name.split_once('.').unwrap();
        let domain = json!([["module", "=", module], ["name", "=", name]]);
        let found = self.result("ir.model.data", "search_read", json!([domain, ["res_id"]])).await;
        found[0]["res_id"].as_i64().unwrap_or_else(|| panic!("no {module}.{name}: {found}"))
    }

    /// Makes a user with exactly these groups, and signs in as that user.
    pub(crate) async fn make_user(&self, login: &str, groups: &[&str]) -> Self {
        let mut ids = Vec::new();
        for group in groups {
            ids.push(self.reference(group).await);
        }
        let password = password_of(login);
        secrets::remember(&password);
        let values = json!({"name": login, "login": login, "password": password, "groups_id": [[6, 0, ids]]});
        self.create("res.users", values).await;
        Self::sign_in(&self.browser.url, login, &password).await
    }
}

/// The password that [`User::make_user`] gives.
pub(crate) fn password_of(login: &str) -> String {
    format!("{login}-secret")
}

/// The error of somebody without a session.
pub(crate) fn expired() -> (i64, String) {
    (100, "odoo.http.SessionExpiredException".to_owned())
}

/// Whether a server takes a session's cookie.
pub(crate) async fn is_alive(url: &str, session: &str) -> bool {
    let answer = Anonymous::new(url).rpc_with(session, "/web/session/check", json!({})).await;
    if answer.json() == json!({"jsonrpc": "2.0", "id": ID}) {
        return true;
    }
    assert_eq!(answer.error(), expired());
    false
}

/// A moment so many days from now, in UTC, as values are written.
pub(crate) fn in_days(days: i64) -> String {
    let moment = chrono::Utc::now() + chrono::TimeDelta::days(days);
    moment.format("%Y-%m-%d %H:%M:%S").to_string()
}
