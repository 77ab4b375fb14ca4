//! What the interface refuses by itself: odd characters, doubled parameters, other verbs; and secrets that are
//! sent as they are.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::support::{Plugin, body, refusal};
use crate::oauth::support::{CALLBACK, browse};
use crate::support::app::TestApp;
use crate::support::client::{Anonymous, Answer};

#[tokio::test]
async fn a_nul_in_any_parameter_is_refused_by_a_code() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let token = plugin.sign_in(&admin).await.access;
    for parameters in [
        [("model", "res.partner"), ("name", "a\0"), ("order", "name")],
        [("model", "res.partner\0"), ("name", "a"), ("order", "name")],
        [("model", "res.partner"), ("name", "a"), ("order", "name\0")],
    ] {
        let answer = plugin.get("record/name_search", &token, &parameters).await;
        assert!(refusal(&answer).starts_with("OrestapiNameSearch-00"), "{parameters:?}");
    }
    let read = [("model", "res.partner"), ("ids", "[3]"), ("fields", "[\"name\\u0000\"]")];
    refusal(&plugin.get("record/read", &token, &read).await);
    let fields = [("model", "res.partner"), ("names", "[\"name\\u0000\"]"), ("data", "[\"name\\u0000\"]")];
    assert_eq!(body(&plugin.get("model/field", &token, &fields).await), json!([]));
    let asked = browse(&admin, &plugin.authorize_url(CALLBACK, "&state=x%00")).await;
    assert_eq!(
        refusal(&asked),
        "OrestapiOauth2Authorization-0001",
        "the state would not come back as it was"
    );
}

#[tokio::test]
async fn a_secret_in_the_basic_header_may_be_sent_as_it_is_or_urlencoded() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for secret in ["abc+def", "abc%41def", "per%cent"] {
        let plugin = Plugin::register(&admin, json!({"client_secret": secret})).await;
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for sent in [secret, encoded.as_str()] {
            let ask = Anonymous::new("").http.get(format!("{}/orestapi/application/status", app.url()));
            body(&Answer::to(ask.basic_auth(&plugin.app.client_id, Some(sent))).await);
            let refresh = plugin.sign_in(&admin).await.refresh;
            let at = format!("{}/orestapi/oauth2/access_token", app.url());
            let ask = Anonymous::new("").http.post(at).basic_auth(&plugin.app.client_id, Some(sent));
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            body(&Answer::to(ask.form(&form)).await);
        }
        assert!(app.database.query("SELECT 1 FROM rate_limit").is_empty(), "{secret}: no failure");
        let ask = Anonymous::new("").http.get(format!("{}/orestapi/application/status", app.url()));
        refusal(&Answer::to(ask.basic_auth(&plugin.app.client_id, Some("a+wrong%41one"))).await);
        let counted = app.database.query("SELECT failures::text FROM rate_limit");
        assert_eq!(counted, [[Some("1".to_owned())]], "{secret}: counted once");
        app.database.query("DELETE FROM rate_limit RETURNING 1");
    }
}

#[tokio::test]
async fn a_parameter_twice_is_refused_on_every_route() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let token = plugin.sign_in(&admin).await.access;
    let twice = [("x", "1"), ("x", "2")];
    for path in [
        "version",
        "application/model",
        "record/name_search",
        "record/read",
        "model/field",
        "application/user",
    ] {
        assert!(refusal(&plugin.get(path, &token, &twice).await).starts_with("Orestapi"), "{path}");
    }
    let ask = Anonymous::new("").http.get(format!("{}/orestapi/application/status?x=1&x=2", app.url()));
    let secret = Some(&plugin.app.client_secret);
    assert!(
        refusal(&Answer::to(ask.basic_auth(&plugin.app.client_id, secret)).await).starts_with("Orestapi")
    );
    let link = format!("{}/orestapi/application/confluence/link?x=1&x=2", app.url());
    assert!(refusal(&browse(&admin, &link).await).starts_with("Orestapi"));
}

#[tokio::test]
async fn other_verbs_than_get_head_and_post_are_not_answered() {
    let app = TestApp::start();
    for path in
        ["version", "application/status", "oauth2/authorization", "oauth2/access_token", "record/read"]
    {
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
            let url = format!("{}/orestapi/{path}", app.url());
            let answer = Answer::to(Anonymous::new("").http.request(method, url)).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}: {answer:?}");
            assert_eq!(answer.headers["allow"], "GET, HEAD, POST");
            assert_eq!(answer.headers["cache-control"], "no-store");
            assert_eq!(answer.json()["orestapi_code"], "Orestapi-0000", "{path}");
        }
    }
    let head = Anonymous::new("").http.head(format!("{}/orestapi/version", app.url()));
    assert_eq!(Answer::to(head).await.status, StatusCode::OK);
}
