//! A client application, and the browser of a user who signs in through it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{NaiveDateTime, TimeDelta, Utc};
use oregional::clock::{Clock, System, World};
use reqwest::StatusCode;
use reqwest::header::{COOKIE, LOCATION};
use serde_json::{Value as Json, json};
use url::Url;

use crate::support::client::{Anonymous, Answer, User};

/// The URI that a client has registered unless a test says otherwise.
pub(crate) const CALLBACK: &str = "https://wiki.example.com/plugins/callback.action?space=DS";

/// A clock that a test sets forward.
#[derive(Default)]
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> NaiveDateTime {
        Utc::now().naive_utc() + TimeDelta::milliseconds(self.0.load(Ordering::SeqCst))
    }
}

impl TestClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub(crate) fn world(self: &Arc<Self>) -> World {
        World::new(Arc::clone(self) as Arc<dyn Clock>, Arc::new(System))
    }
}

/// A registered application.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) id: i64,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) url: String,
}

/// A pair of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let json = answer.json();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

impl App {
    /// Registers an application with one URI.
    pub(crate) async fn register(admin: &User, values: Json) -> Self {
        let mut all = json!({"name": "Wiki", "uri_ids": [[0, 0, {"uri": CALLBACK}]]});
        for (name, value) in values.as_object().unwrap() {
            all[name] = value.clone();
        }
        let id = admin.create("oregional.application", all).await;
        let read = admin
            .result("oregional.application", "read", json!([[id], ["client_id", "client_secret"]]))
            .await;
        let text = |name: &str| read[0][name].as_str().unwrap().to_owned();
        Self {
            id,
            client_id: text("client_id"),
            client_secret: text("client_secret"),
            url: admin.browser.url.clone(),
        }
    }

    /// The same at another server.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// Posts a form to an endpoint, with this client's Basic header.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let client = Anonymous::new(&self.url);
        let request = client
            .http
            .post(format!("{}{path}", self.url))
            .basic_auth(&self.client_id, Some(&self.client_secret))
            .form(&form);
        Answer::to(request).await
    }

    /// Exchanges a code.
    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        self.post("/oauth2/token", &form).await
    }

    /// Rotates a refresh token.
    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.post("/oauth2/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Whether a token is active.
    pub(crate) async fn is_active(&self, token: &str) -> bool {
        let answer = self.post("/oauth2/introspect", &[("token", token)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        is_uncached(&answer);
        answer.json()["active"].as_bool().unwrap()
    }

    /// The address at which a browser asks for a code.
    pub(crate) fn authorize_url(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = Url::parse(&format!("{}/oauth2/authorize", self.url)).unwrap();
        let usual = [("response_type", "code"), ("client_id", &self.client_id), ("redirect_uri", CALLBACK)];
        for (name, value) in usual {
            if parameters.iter().all(|(other, _)| *other != name) {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        for (name, value) in parameters.iter().filter(|(_, value)| *value != ABSENT) {
            url.query_pairs_mut().append_pair(name, value);
        }
        url.into()
    }

    /// Signs a user in: asks, allows where it is asked, and gives the code.
    pub(crate) async fn code(&self, user: &User, parameters: &[(&str, &str)]) -> String {
        let answer = self.ask(user, parameters).await;
        let answer =
            if answer.status == StatusCode::OK { decide(user, &answer, "allow").await } else { answer };
        let told = told(&answer);
        told.get("code").unwrap_or_else(|| panic!("no code: {answer:?}")).clone()
    }

    /// The answer to a browser that asks.
    pub(crate) async fn ask(&self, user: &User, parameters: &[(&str, &str)]) -> Answer {
        browse(user, &self.authorize_url(parameters)).await
    }

    /// A whole sign-in.
    pub(crate) async fn sign_in(&self, user: &User) -> Tokens {
        Tokens::of(&self.exchange(&self.code(user, &[]).await).await)
    }
}

/// In the place of a value: the parameter is left out.
pub(crate) const ABSENT: &str = "\u{1}absent";

/// Asks for a page with a user's session.
pub(crate) async fn browse(user: &User, url: &str) -> Answer {
    let request = Anonymous::new("").http.get(url).header(COOKIE, format!("session_id={}", user.session));
    Answer::to(request).await
}

/// What a hidden field of a page says.
pub(crate) fn hidden(page: &Answer, name: &str) -> String {
    let marker = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.body.split_once(&marker).unwrap_or_else(|| panic!("no field {name}: {page:?}"));
    rest.split('"').next().unwrap().to_owned()
}

/// Sends the consent form of a page.
pub(crate) async fn decide(user: &User, page: &Answer, decision: &str) -> Answer {
    let form = [
        ("request", hidden(page, "request")),
        ("token", hidden(page, "token")),
        ("decision", decision.to_owned()),
    ];
    send_form(user, "/oauth2/consent", &form).await
}

/// Posts a form with a user's session.
pub(crate) async fn send_form(user: &User, path: &str, form: &[(&str, String)]) -> Answer {
    let request = Anonymous::new("")
        .http
        .post(format!("{}{path}", user.browser.url))
        .header(COOKIE, format!("session_id={}", user.session))
        .form(form);
    Answer::to(request).await
}

/// Where an answer sends the browser.
pub(crate) fn location(answer: &Answer) -> String {
    let header = answer.headers.get(LOCATION).unwrap_or_else(|| panic!("no Location: {answer:?}"));
    header.to_str().unwrap().to_owned()
}

/// The parameters with which a browser is sent back.
pub(crate) fn told(answer: &Answer) -> HashMap<String, String> {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    let told: HashMap<String, String> =
        Url::parse(&location(answer)).unwrap().query_pairs().into_owned().collect();
    assert!(told.get("error_description").is_none_or(|text| has_allowed_characters(text)), "{told:?}");
    told
}

/// Whether a description of an error has the characters that RFC 6749 (4.1.2.1, 5.2) allows, and no other.
pub(crate) fn has_allowed_characters(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// What no cache keeps, old ones included (RFC 6749, 5.1).
fn is_uncached(answer: &Answer) {
    for (name, value) in [("cache-control", "no-store"), ("pragma", "no-cache")] {
        assert!(answer.headers.get(name).is_some_and(|told| told == value), "{name}: {answer:?}");
    }
}

/// The error of an OAuth answer.
pub(crate) fn error(answer: &Answer) -> (u16, String) {
    let json = answer.json();
    is_uncached(answer);
    let description = json.get("error_description").map(|text| text.as_str().unwrap_or("\n"));
    assert!(description.is_none_or(has_allowed_characters), "{answer:?}");
    (
        answer.status.as_u16(),
        json["error"].as_str().unwrap_or_else(|| panic!("no error: {answer:?}")).to_owned(),
    )
}
