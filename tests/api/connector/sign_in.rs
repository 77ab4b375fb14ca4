//! Signing in through the plugin: cases 1 to 15, 24, 25 and 27.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::json;
use url::Url;

use super::support::{Plugin, body, refusal};
use crate::oauth::support::{CALLBACK, TestClock, Tokens, browse, decide, location};
use crate::support::app::TestApp;
use crate::support::client::{Anonymous, Answer};

const AUTHORIZATION: &str = "OrestapiOauth2Authorization-";
const TOKEN: &str = "OrestapiOauth2AccessToken-";

fn code(start: &str, number: &str) -> String {
    format!("{start}{number}")
}

#[tokio::test]
async fn refusals_of_authorization_have_the_codes_that_the_plugin_knows() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&app, &admin, json!({})).await;
    let route = format!("{}/orestapi/oauth2/authorization", app.url());
    let id = &plugin.app.client_id;
    let good = "https%3A%2F%2Fwiki.example.com%2Fplugins%2Fcallback.action%3Fspace%3DDS";
    for (query, number) in [
        (String::new(), "0001"),
        (format!("redirect_uri={good}"), "0002"),
        (format!("client_id={id}"), "0003"),
        (format!("client_id=unknown&redirect_uri={good}"), "0004"),
        (format!("client_id={id}&redirect_uri=https%3A%2F%2Fevil.example"), "0005"),
        (format!("client_id={id}&redirect_uri={good}&response_type=token"), "0001"),
        (format!("client_id={id}&client_id={id}&redirect_uri={good}"), "0001"),
    ] {
        let answer = browse(&admin, &format!("{route}?{query}")).await;
        assert_eq!(refusal(&answer), code(AUTHORIZATION, number), "{query}");
    }
    // 1: nearly the URI.
    for nearly in [
        "http://wiki.example.com/plugins/callback.action?space=DS",
        "https://wiki.example.com:444/plugins/callback.action?space=DS",
        "https://wiki.example.com/plugins/callback.action/?space=DS",
        "https://Wiki.example.com/plugins/callback.action?space=DS",
    ] {
        let answer = browse(&admin, &plugin.authorize_url(nearly, "")).await;
        assert_eq!(refusal(&answer), code(AUTHORIZATION, "0005"), "{nearly}");
    }
    let page = Anonymous::new("").http.get(&route).header("accept", "text/html,*/*").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "a page for people");
}

#[tokio::test]
async fn the_sign_in_keeps_every_parameter_and_returns_the_state_byte_by_byte() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&app, &admin, json!({})).await;
    let printable: String = (' '..='~').collect();
    let state: String = url::form_urlencoded::byte_serialize(printable.as_bytes()).collect();
    let asked = plugin.authorize_url(CALLBACK, &format!("&state={state}"));

    let stranger = Answer::to(Anonymous::new("").http.get(&asked)).await;
    let sign_in = Url::parse(&format!("http://here{}", location(&stranger))).unwrap();
    assert_eq!(sign_in.path(), "/web/login");
    let back = sign_in.query_pairs().find(|(name, _)| name == "redirect").unwrap().1.into_owned();
    let page = browse(&admin, &format!("{}{back}", app.url())).await;
    assert_eq!(page.status, StatusCode::OK, "the consent page: {page:?}");
    let answer = decide(&admin, &page, "allow").await;

    let told = Url::parse(&location(&answer)).unwrap();
    let pairs: Vec<(String, String)> = told.query_pairs().into_owned().collect();
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["space", "code", "state"], "the query of the URI, and nothing unknown to the plugin");
    assert_eq!(pairs[2].1, printable);

    let later = browse(&admin, &plugin.authorize_url(CALLBACK, "")).await;
    assert_eq!(later.status, StatusCode::FOUND, "straight back at the second time");
    assert!(!location(&later).contains("state="), "absent stays absent");
    let once = plugin.app.authorize_url(&[]).replace("/oauth2/authorize", "/orestapi/oauth2/authorization");
    assert_eq!(browse(&admin, &once).await.status, StatusCode::FOUND, "12: encoded once");
}

#[tokio::test]
async fn consent_can_be_silent_where_the_system_before_was_and_a_denial_goes_back() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&app, &admin, json!({})).await;
    let page = browse(&admin, &plugin.authorize_url(CALLBACK, "&state=s")).await;
    let denied = decide(&admin, &page, "deny").await;
    assert!(location(&denied).contains("error=access_denied") && location(&denied).contains("state=s"));

    admin.result("ir.config_parameter", "set_param", json!(["oregional.require_consent", "false"])).await;
    assert_eq!(browse(&admin, &plugin.authorize_url(CALLBACK, "")).await.status, StatusCode::FOUND);
}

#[tokio::test]
async fn refusals_of_tokens_have_the_codes_that_the_plugin_knows() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let plugin = Plugin::register(&app, &admin, json!({})).await;
    let good = plugin.code(&admin).await;
    let (id, secret) = (plugin.app.client_id.as_str(), plugin.app.client_secret.as_str());
    let all = [
        ("grant_type", "authorization_code"),
        ("code", good.as_str()),
        ("client_id", id),
        ("client_secret", secret),
        ("redirect_uri", CALLBACK),
    ];
    let without = |name: &str| all.iter().filter(|(known, _)| *known != name).copied().collect::<Vec<_>>();
    let with = |name: &'static str, value: &'static str| {
        let mut changed = without(name);
        changed.push((name, value));
        changed
    };
    for (parameters, number) in [
        (vec![], "0001"),
        (without("grant_type"), "0020"),
        (with("grant_type", "password"), "0021"),
        (without("code"), "0030"),
        (without("client_id"), "0040"),
        (without("client_secret"), "0050"),
        (without("redirect_uri"), "0051"),
        (with("code", "unknown"), "0070"),
        (with("client_secret", "wrong"), "0070"),
        (with("client_id", "unknown"), "0070"),
        (with("redirect_uri", "https://wiki.example.com/"), "0070"),
    ] {
        let answer = plugin.exchange_with(&parameters).await;
        assert_eq!(refusal(&answer), code(TOKEN, number), "{parameters:?}");
        assert!(answer.json()["error"].is_string(), "and the word of the RFC: {answer:?}");
    }
    let first = body(&plugin.exchange(&good).await);
    assert_eq!((&first["token_type"], &first["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(refusal(&plugin.exchange(&good).await), code(TOKEN, "0070"), "5: used");
    let late = plugin.code(&admin).await;
    clock.advance(601);
    assert_eq!(refusal(&plugin.exchange(&late).await), code(TOKEN, "0070"), "5: expired");

    let refresh = async |header: Option<&str>, token: Option<&str>| {
        let token = token.map(|token| format!("&refresh_token={token}")).unwrap_or_default();
        let url = format!("{}/orestapi/oauth2/access_token?grant_type=refresh_token{token}", app.url());
        let mut request = Anonymous::new("").http.get(url);
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        Answer::to(request).await
    };
    let token = first["refresh_token"].as_str().unwrap();
    assert_eq!(refusal(&refresh(None, Some(token)).await), code(TOKEN, "0201"), "24: no header");
    assert_eq!(refusal(&refresh(Some("Basic "), Some(token)).await), code(TOKEN, "0202"));
    assert_eq!(refusal(&plugin.refresh("").await), code(TOKEN, "0203"));
    assert_eq!(refusal(&refresh(Some("Basic eDp5"), Some(token)).await), code(TOKEN, "0204"));
    assert_eq!(refusal(&plugin.refresh("unknown").await), code(TOKEN, "0205"));
    let other = Plugin::register(&app, &admin, json!({"name": "Other"})).await;
    assert_eq!(refusal(&other.refresh(token).await), code(TOKEN, "0205"), "of another application");
}

#[tokio::test]
async fn tokens_of_the_plugin_expire_rotate_and_end_as_those_of_the_standard_do() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let plugin = Plugin::register(&app, &admin, json!({})).await;
    let models = async |token: &str| plugin.get("application/model", token, &[]).await;
    let gone = "OrestapiApplicationGetModel-0010";

    let first = plugin.sign_in(&admin).await;
    body(&models(&first.access).await);
    clock.advance(3601);
    assert_eq!(refusal(&models(&first.access).await), gone, "6: expired");
    let second = Tokens::of(&plugin.refresh(&first.refresh).await);
    body(&models(&second.access).await);
    let newer = plugin.sign_in(&admin).await;
    body(&models(&newer.access).await);
    body(&models(&second.access).await);
    clock.advance(11);
    assert_eq!(refusal(&plugin.refresh(&first.refresh).await), code(TOKEN, "0205"), "6: the old one again");
    assert_eq!(refusal(&models(&second.access).await), gone, "and its family is gone");
    body(&models(&newer.access).await);
    // One core: the other face honours them.
    assert!(plugin.app.is_active(&newer.access).await);

    let grants = admin
        .result("oregional.authorization", "search", json!([[["application_id", "=", plugin.app.id]]]))
        .await;
    admin.result("oregional.authorization", "action_revoke_tokens", json!([grants])).await;
    assert_eq!(refusal(&models(&newer.access).await), gone, "7");
    admin.result("oregional.authorization", "unlink", json!([grants])).await;
    body(&models(&plugin.sign_in(&admin).await.access).await);
}

#[tokio::test]
async fn an_archived_application_is_refused_on_every_route_but_its_own_status() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&app, &admin, json!({})).await;
    let tokens = plugin.sign_in(&admin).await;
    let code_before = plugin.code(&admin).await;
    let status = async || {
        let request = Anonymous::new("").http.get(format!("{}/orestapi/application/status", app.url()));
        Answer::to(request.basic_auth(&plugin.app.client_id, Some(&plugin.app.client_secret))).await
    };
    assert_eq!(
        body(&status().await),
        json!([{"id": plugin.app.id, "active": true, "display_name": "Wiki", "company": [1, "My Company"]}])
    );
    admin.call_kw("oregional.application", "action_archive", json!([[plugin.app.id]]), json!({})).await;

    assert_eq!(body(&status().await)[0]["active"], false);
    assert_eq!(
        refusal(&browse(&admin, &plugin.authorize_url(CALLBACK, "")).await),
        code(AUTHORIZATION, "0004")
    );
    assert_eq!(refusal(&plugin.exchange(&code_before).await), code(TOKEN, "0070"));
    assert_eq!(refusal(&plugin.refresh(&tokens.refresh).await), code(TOKEN, "0204"));
    for (path, expected) in [
        ("application/model", "OrestapiApplicationGetModel-0010"),
        ("record/name_search", "OrestapiNameSearch-0010"),
        ("record/read", "OrestapiContentRecordRead-0010"),
        ("model/field", "OrestapiModelFields-0010"),
    ] {
        let answer = plugin.get(path, &tokens.access, &[("model", "res.partner")]).await;
        assert_eq!(refusal(&answer), expected, "{path}");
    }
    let stranger = Anonymous::new("").http.get(format!("{}/orestapi/application/status", app.url()));
    assert_eq!(refusal(&Answer::to(stranger).await), "OrestapiApplicationData-0010");
}

#[tokio::test]
async fn odd_habits_do_no_harm() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&app, &admin, json!({})).await;
    let form = [
        ("grant_type", "authorization_code".to_owned()),
        ("code", plugin.code(&admin).await),
        ("client_id", plugin.app.client_id.clone()),
        ("client_secret", plugin.app.client_secret.clone()),
        ("redirect_uri", CALLBACK.to_owned()),
    ];
    // 14 and 15: in the body, and with a stray header.
    let url = format!("{}/orestapi/oauth2/access_token", app.url());
    let request = Anonymous::new("").http.post(url).header("authorization", "OAuth realm=\"x\"").form(&form);
    body(&Answer::to(request).await);

    let version = body(&app.anonymous().get("/orestapi/version").await);
    assert_eq!((&version["orestapi_version"], &version["server_version"]), (&json!("1.6.4"), &json!("18.0")));
    assert_eq!(
        body(&browse(&admin, &format!("{}/orestapi/application/confluence/link", app.url())).await),
        json!({})
    );
    refusal(&app.anonymous().get("/orestapi/application/confluence/link").await);

    // 25: the same URI twice; 27: none that is active.
    let twice = json!({"name": "x", "uri_ids": [[0, 0, {"uri": CALLBACK}], [0, 0, {"uri": CALLBACK}]]});
    let answer = admin.call_kw("oregional.application", "create", json!([twice]), json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.ValidationError");
    let none = Plugin::register(&app, &admin, json!({"uri_ids": []})).await;
    assert_eq!(
        refusal(&browse(&admin, &none.authorize_url(CALLBACK, "")).await),
        code(AUTHORIZATION, "0005")
    );
}

#[tokio::test]
async fn the_identity_of_the_caller_is_derived_and_the_same_each_time() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&app, &admin, json!({})).await;
    let ask = async |secret: &str, uri: &str| {
        let url = Url::parse_with_params(
            &format!("{}/orestapi/application/user", app.url()),
            [("client_id", plugin.app.client_id.as_str()), ("client_secret", secret), ("redirect_uri", uri)],
        );
        browse(&admin, url.unwrap().as_str()).await
    };
    let secret = plugin.app.client_secret.as_str();
    assert_eq!(refusal(&ask(secret, CALLBACK).await), "OrestapiApplicationUserClient-0007");
    plugin.sign_in(&admin).await;
    let told = body(&ask(secret, CALLBACK).await);
    assert_eq!(told, body(&ask(secret, CALLBACK).await));
    assert!(told["user_id"] != told["user_secret"] && told["user_id"].as_str().unwrap().len() == 64);
    assert_eq!(refusal(&ask(secret, "https://evil.example").await), "OrestapiApplicationUserClient-0004");
    assert_eq!(refusal(&ask("wrong", CALLBACK).await), "OrestapiApplicationUserClient-0005");
}
