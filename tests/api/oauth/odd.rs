//! What no client sends: NUL characters, bytes that are no text, lists, megabytes, addresses without end. Each
//! is answered by a refusal, at once.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::support::App;
use crate::support::app::TestApp;
use crate::support::client::{Anonymous, Answer};

/// How long an answer may take: the best of a few tries, as the machine has other work too.
const LIMIT: Duration = Duration::from_millis(50);
const TRIES: u32 = 8;

/// Parameters that are good.
type Good = Vec<(&'static str, String)>;

fn endpoints(wiki: &App) -> Vec<(Method, &'static str, Good)> {
    let (id, secret) = (wiki.client_id.clone(), wiki.client_secret.clone());
    let client = vec![("client_id", id.clone()), ("client_secret", secret)];
    let with = |more: &[(&'static str, &str)]| {
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        client.iter().cloned().chain(more).collect::<Vec<_>>()
    };
    let authorize = vec![
        ("client_id", id),
        ("redirect_uri", super::support::CALLBACK.to_owned()),
        ("response_type", "code".to_owned()),
        ("scope", "read".to_owned()),
        ("state", "x".to_owned()),
        ("code_challenge", "x".to_owned()),
    ];
    let code = [
        ("grant_type", "authorization_code"),
        ("code", "x"),
        ("redirect_uri", super::support::CALLBACK),
        ("code_verifier", "x"),
    ];
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("scope", "read")];
    vec![
        (Method::GET, "/oauth2/authorize", authorize.clone()),
        (Method::POST, "/oauth2/authorize", authorize.clone()),
        (Method::POST, "/oauth2/consent", vec![("request", "x".to_owned()), ("token", "x".to_owned())]),
        (Method::POST, "/oauth2/token", with(&code)),
        (Method::POST, "/oauth2/token", with(&refresh)),
        (Method::POST, "/oauth2/revoke", with(&[("token", "x"), ("token_type_hint", "x")])),
        (Method::POST, "/oauth2/introspect", with(&[("token", "x"), ("token_type_hint", "x")])),
        (Method::POST, "/oauth2/userinfo", vec![("access_token", "x".to_owned())]),
        (Method::GET, "/orestapi/oauth2/authorization", authorize),
        (Method::POST, "/orestapi/oauth2/access_token", with(&code)),
        (Method::POST, "/orestapi/application/user", with(&[("redirect_uri", "x")])),
        (Method::GET, "/orestapi/application/status", client),
    ]
}

/// A parameter as it is written: its name may be odd as well.
fn oddities() -> Vec<(&'static str, String)> {
    vec![
        ("NUL", "{}=a%00b".to_owned()),
        ("no text", "{}=%ff%fe%c0%80".to_owned()),
        ("a list", "{}[]=a&{}[]=b".to_owned()),
        ("an object", "{}[a]=b".to_owned()),
        ("twice", "{}=a&{}=b".to_owned()),
        ("half an escape", "{}=%4".to_owned()),
        ("10,000 characters", format!("{{}}=https://a.example/{}", "a/..;@%23".repeat(1_100))),
        ("an odd address", "{}=https://[::1%25eth0]:99999/%2e%2e//\\@x".to_owned()),
    ]
}

async fn send(url: &str, method: &Method, path: &str, written: &str) -> (Answer, Duration) {
    let http = Anonymous::new(url).http;
    let began = Instant::now();
    let request = if *method == Method::GET {
        http.get(format!("{url}{path}?{written}"))
    } else {
        let form = "application/x-www-form-urlencoded";
        http.post(format!("{url}{path}")).header("content-type", form).body(written.to_owned())
    };
    let answer = Answer::to(request).await;
    (answer, began.elapsed())
}

/// Whether it is a refusal: for a token that is none, RFC 7009 and RFC 7662 say how that sounds, and who is not
/// signed in is asked to.
fn is_refusal(path: &str, answer: &Answer) -> bool {
    match path {
        "/oauth2/revoke" | "/oauth2/introspect" if answer.status == 200 => !answer.body.contains("true"),
        "/oauth2/authorize" | "/orestapi/oauth2/authorization" if answer.status == 303 => {
            answer.headers["location"].to_str().unwrap().starts_with("/web/login?")
        }
        _ => answer.status.is_client_error(),
    }
}

/// Asks with one parameter in the place of a good one.
async fn ask(url: &str, method: &Method, path: &str, good: &Good, name: &str, odd: String, what: &str) {
    let others = good.iter().filter(|(other, _)| *other != name);
    let mut written: Vec<String> =
        others.map(|(other, value)| format!("{other}={}", urlencoded(value))).collect();
    written.push(odd);
    let written = written.join("&");
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        let (answer, took) = send(url, method, path, &written).await;
        assert!(
            is_refusal(path, &answer),
            "{method} {path} {name}, {what}: {} {:.300}",
            answer.status,
            answer.body
        );
        best = best.min(took);
        if best < LIMIT {
            return;
        }
    }
    panic!("{method} {path} {name}, {what}: {best:?}");
}

#[tokio::test]
async fn oddities_are_refused_at_once_by_every_endpoint() {
    let app = TestApp::with(|settings| settings.max_failures = 60_000);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let mut rows = 0;
    for (method, path, good) in endpoints(&wiki) {
        for (name, _) in &good {
            for (what, odd) in oddities() {
                ask(&app.url(), &method, path, &good, name, odd.replace("{}", name), what).await;
                rows += 1;
            }
        }
    }
    assert!(rows > 350, "{rows}");
}

#[tokio::test]
async fn a_megabyte_in_any_parameter_is_refused_at_once() {
    let app = TestApp::with(|settings| settings.max_failures = 60_000);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let megabyte = "a".repeat(1024 * 1024);
    for (method, path, good) in endpoints(&wiki).into_iter().filter(|(method, ..)| *method == Method::POST) {
        for (name, _) in &good {
            ask(&app.url(), &method, path, &good, name, format!("{name}={megabyte}"), "a megabyte").await;
        }
    }
    let state = format!("{}&state={megabyte}", wiki.authorize_url(&[]).split_once('?').unwrap().1);
    for path in ["/oauth2/authorize", "/orestapi/oauth2/authorization"] {
        let form = "application/x-www-form-urlencoded";
        let request =
            Anonymous::new("").http.post(format!("{}{path}", app.url())).header("content-type", form);
        let request = request.header("cookie", format!("session_id={}", admin.session));
        let answer = Answer::to(request.body(state.clone())).await;
        let location = answer.headers.get("location").map_or(0, reqwest::header::HeaderValue::len);
        assert!(answer.status.as_u16() < 500 && location < 1_000, "{path}: {} {location}", answer.status);
        assert!(answer.body.len() < 10_000, "{path}: the state is not given back");
    }
    // An address of that length is refused before anything reads it.
    let url = format!("{}/oauth2/authorize?state={megabyte}", app.url());
    let refused = Anonymous::new(&app.url()).http.get(url).send().await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.status().is_client_error()));
}

fn urlencoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
