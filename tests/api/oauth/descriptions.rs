//! What a refusal says in words: characters that RFC 6749 (5.2) allows, whatever the client has sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use super::support::{App, CALLBACK, TestClock, Tokens, error, has_allowed_characters, told};
use crate::support::app::TestApp;
use crate::support::client::{Answer, User};

/// Texts whose characters must not come back.
const ODD: [&str; 8] =
    ["\"quoted\"", "back\\slash", "two\nlines", "tab\there", "ä€\u{1f600}", "\0", "\u{7f}", "<b>"];

const FORM: &str = "application/x-www-form-urlencoded";

/// The error of a refusal; its description is there, and is allowed.
fn described(what: &str, answer: &Answer) -> String {
    assert!(!answer.status.is_success() && !answer.status.is_server_error(), "{what}: {answer:?}");
    let (_, code) = error(answer);
    let json = answer.json();
    let description = json["error_description"].as_str().unwrap_or_default();
    assert!(!description.is_empty(), "{what}: no word about it: {answer:?}");
    assert!(has_allowed_characters(description), "{what}: {description:?}");
    assert!(has_allowed_characters(&code), "{what}: {code:?}");
    for name in json.as_object().unwrap().keys() {
        assert!(["error", "error_description", "error_uri"].contains(&name.as_str()), "{what}: {name}");
    }
    code
}

#[test]
fn the_allowed_characters_are_those_of_the_rfc() {
    let allowed: Vec<u32> = (0..0x110_000)
        .filter_map(char::from_u32)
        .filter(|letter| has_allowed_characters(&letter.to_string()))
        .map(u32::from)
        .collect();
    let wanted: Vec<u32> = (0x20..=0x21).chain(0x23..=0x5b).chain(0x5d..=0x7e).collect();
    assert_eq!(allowed, wanted);
}

/// The errors that were seen, each with a description that is allowed.
type Seen = BTreeSet<String>;

/// Odd values in each parameter, odd parameters, and odd clients.
async fn odd_parameters(wiki: &App, seen: &mut Seen) {
    let by_code = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", CALLBACK)];
    let by_token = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let own = ["grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope"];
    for name in own.into_iter().chain(["client_id", "client_secret"]) {
        for (odd, good) in ODD.iter().flat_map(|odd| [(odd, &by_code[..]), (odd, &by_token)]) {
            let others = good.iter().filter(|(known, _)| *known != name).copied();
            let mut form: Vec<(&str, &str)> = others.chain([(name, *odd)]).collect();
            let what = format!("{name}={odd:?}");
            seen.insert(described(&what, &wiki.post("/oauth2/token", &form).await));
            form.push((name, odd));
            assert_eq!(described(&what, &wiki.post("/oauth2/token", &form).await), "invalid_request");
        }
    }
    for odd in ODD {
        let form = [("grant_type", "password"), (odd, odd)];
        seen.insert(described(odd, &wiki.post("/oauth2/token", &form).await));
        let stranger = App { client_id: odd.to_owned(), client_secret: odd.to_owned(), ..wiki.clone() };
        seen.insert(described(odd, &stranger.post("/oauth2/token", &by_token).await));
    }
}

/// Bodies that are no form, too many parameters, and secrets in the address.
async fn odd_bodies(app: &TestApp, seen: &mut Seen) {
    let many = vec!["\"=ä"; 200].join("&");
    for (query, kind, body) in [
        ("", "application/json", r#"{"grant_type": "\"ä\\"}"#),
        ("", "text/plain; charset=\"ä\"", "x"),
        ("", "multipart/form-data; boundary=\"x\"", "--x"),
        ("", FORM, "grant_type=%ff%fe\\\""),
        ("", FORM, ""),
        ("", FORM, &many),
        ("?code=%22%5C%C3%A4", FORM, "grant_type=x"),
    ] {
        let answer = app.anonymous().post(&format!("/oauth2/token{query}"), kind, body.to_owned()).await;
        seen.insert(described(&format!("{query} {kind}"), &answer));
    }
}

/// Codes and tokens that were good once, or are another's.
async fn spent(clock: &TestClock, admin: &User, wiki: &App, seen: &mut Seen) {
    let other = App::register(admin, json!({"name": "Other"})).await;
    let (code, late) = (wiki.code(admin, &[]).await, wiki.code(admin, &[]).await);
    let tokens = Tokens::of(&wiki.exchange(&code).await);
    seen.insert(described("used", &wiki.exchange(&code).await));
    seen.insert(described("another's", &other.refresh(&tokens.refresh).await));
    let form = [("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh), ("scope", "read write")];
    seen.insert(described("more than granted", &wiki.post("/oauth2/token", &form).await));
    let next = Tokens::of(&wiki.refresh(&tokens.refresh).await);
    Tokens::of(&wiki.refresh(&next.refresh).await);
    clock.advance(601);
    seen.insert(described("an expired code", &wiki.exchange(&late).await));
    seen.insert(described("a code of long ago", &wiki.exchange(&code).await));
    seen.insert(described("an old generation", &wiki.refresh(&tokens.refresh).await));
    seen.insert(described("of an ended family", &wiki.refresh(&next.refresh).await));
    let tokens = wiki.sign_in(admin).await;
    clock.advance(7201);
    seen.insert(described("an expired token", &wiki.refresh(&tokens.refresh).await));
}

#[tokio::test]
async fn every_refusal_of_the_token_endpoint_is_described_in_allowed_characters() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world_with(clock.world(), |settings| settings.max_failures = 400);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({"refresh_token_expiry": 7200})).await;
    let mut seen = Seen::new();
    odd_parameters(&wiki, &mut seen).await;
    odd_bodies(&app, &mut seen).await;
    clock.advance(61);
    spent(&clock, &admin, &wiki, &mut seen).await;
    for _ in 0..400 {
        wiki.exchange("unknown").await;
    }
    let limited = wiki.exchange("unknown").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    seen.insert(described("too often", &limited));

    let all = [
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "temporarily_unavailable",
        "unsupported_grant_type",
    ];
    assert_eq!(seen, all.map(str::to_owned).into());
}

#[tokio::test]
async fn what_is_said_on_the_way_back_and_to_the_plugin_is_allowed_too() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    for odd in ODD {
        for name in ["response_type", "scope", "code_challenge", "code_challenge_method"] {
            let told = told(&wiki.ask(&admin, &[(name, odd)]).await);
            let description = told.get("error_description").map_or("", String::as_str);
            assert!(!description.is_empty() && has_allowed_characters(description), "{name}: {told:?}");
        }
        let plugin = [("grant_type", odd), ("code", odd), ("refresh_token", odd), (odd, odd)];
        let answer = wiki.post("/orestapi/oauth2/access_token", &plugin).await;
        let json: Json = answer.json();
        let description = json["error_description"].as_str().unwrap_or_default();
        assert!(!description.is_empty() && has_allowed_characters(description), "{answer:?}");
        for path in ["/oauth2/revoke", "/oauth2/introspect"] {
            described(path, &wiki.post(path, &[("token_type_hint", odd), (odd, odd)]).await);
        }
    }
}
