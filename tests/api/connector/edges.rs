//! Where the interface ends: forms by POST, who fails too often, browsers of other sites, archived URIs and
//! applications.

use std::sync::Arc;

use reqwest::header::{COOKIE, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value as Json, json};
use url::Url;

use super::support::{Plugin, body, refusal};
use crate::oauth::support::{CALLBACK, TestClock, Tokens, browse};
use crate::support::app::TestApp;
use crate::support::client::{Anonymous, Answer, User};

const USER: &str = "OrestapiApplicationUserClient-";

async fn identity(user: &User, parameters: &[(&str, &str)]) -> Answer {
    let url = format!("{}/orestapi/application/user", user.browser.url);
    browse(user, Url::parse_with_params(&url, parameters).unwrap().as_str()).await
}

#[tokio::test]
async fn what_is_missing_for_the_identity_of_the_caller_is_told_by_its_code() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    plugin.sign_in(&admin).await;
    let id = ("client_id", plugin.app.client_id.as_str());
    let secret = ("client_secret", plugin.app.client_secret.as_str());
    let uri = ("redirect_uri", CALLBACK);
    body(&identity(&admin, &[id, secret, uri]).await);
    for (parameters, number) in [
        (vec![], "0001"),
        (vec![("client_id", "")], "0001"),
        (vec![secret, uri], "0002"),
        (vec![id, uri], "0002"),
        (vec![uri], "0002"),
        (vec![("client_id", ""), secret, uri], "0002"),
        (vec![id, ("client_secret", ""), uri], "0002"),
        (vec![id, secret], "0003"),
        (vec![id, secret, ("redirect_uri", "")], "0003"),
        (vec![id, secret, ("redirect_uri", "https://wiki.example.com/")], "0004"),
        (vec![("client_id", "unknown"), secret, uri], "0005"),
        (vec![id, ("client_secret", "guess"), uri], "0005"),
    ] {
        let answer = identity(&admin, &parameters).await;
        assert_eq!(refusal(&answer), format!("{USER}{number}"), "{parameters:?}");
    }
    let stranger = app.anonymous().get("/orestapi/application/user?client_id=x&client_secret=y").await;
    assert!(refusal(&stranger).starts_with(USER), "{stranger:?}");
}

#[tokio::test]
async fn an_archived_application_tells_nobody_who_its_users_are() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    plugin.sign_in(&admin).await;
    let all = [
        ("client_id", plugin.app.client_id.as_str()),
        ("client_secret", &plugin.app.client_secret),
        ("redirect_uri", CALLBACK),
    ];
    let told = body(&identity(&admin, &all).await);
    let set = async |active: bool| {
        let change = json!([[plugin.app.id], {"active": active}]);
        admin.result("oregional.application", "write", change).await;
    };

    set(false).await;
    assert_eq!(refusal(&identity(&admin, &all).await), format!("{USER}0005"));
    set(true).await;
    assert_eq!(body(&identity(&admin, &all).await), told, "the same as before");
}

#[tokio::test]
async fn an_application_whose_only_uri_is_archived_signs_nobody_in_and_its_tokens_go_on() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let tokens = plugin.sign_in(&admin).await;
    let code = plugin.code(&admin).await;
    let all = [
        ("client_id", plugin.app.client_id.as_str()),
        ("client_secret", &plugin.app.client_secret),
        ("redirect_uri", CALLBACK),
    ];
    let own = json!([[["application_id", "=", plugin.app.id]]]);
    let uris = admin.result("oregional.application.uri", "search", own).await;

    admin.result("oregional.application.uri", "write", json!([uris, {"active": false}])).await;

    let asked = browse(&admin, &plugin.authorize_url(CALLBACK, "&state=x")).await;
    assert_eq!(refusal(&asked), "OrestapiOauth2Authorization-0005");
    let unnamed = format!("{}/orestapi/oauth2/authorization?client_id={}", app.url(), plugin.app.client_id);
    assert_eq!(refusal(&browse(&admin, &unnamed).await), "OrestapiOauth2Authorization-0003");
    assert_eq!(refusal(&plugin.exchange(&code).await), "OrestapiOauth2AccessToken-0070");
    assert_eq!(refusal(&identity(&admin, &all).await), format!("{USER}0004"));
    body(&plugin.get("application/model", &tokens.access, &[]).await);
    let next = Tokens::of(&plugin.refresh(&tokens.refresh).await);
    body(&plugin.get("application/model", &next.access, &[]).await);
}

#[tokio::test]
async fn what_is_asked_by_a_form_is_answered_as_what_is_asked_in_the_address() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let token = plugin.sign_in(&admin).await.access;
    let id = admin.create("res.partner", json!({"name": "Quill & Söhne = +%"})).await;
    let ids = format!("[{id}]");
    let partner = ("model", "res.partner");
    let post = async |path: &str, query: &[(&str, &str)], form: &[(&str, &str)]| {
        let url = Url::parse_with_params(&format!("{}/orestapi/{path}", app.url()), query).unwrap();
        Answer::to(Anonymous::new("").http.post(url).bearer_auth(&token).form(form)).await
    };
    for (path, parameters) in [
        ("application/model", vec![]),
        ("record/name_search", vec![partner, ("name", "Söhne = +%"), ("limit", "5"), ("offset", "0")]),
        ("record/read", vec![partner, ("ids", ids.as_str()), ("fields", r#"["name", "email"]"#)]),
        ("model/field", vec![partner, ("names", r#"["name"]"#), ("data", r#"["name", "ttype"]"#)]),
    ] {
        let wanted = body(&plugin.get(path, &token, &parameters).await);
        assert!(!wanted.as_array().unwrap().is_empty(), "{path}: {wanted}");
        if path.starts_with("record/") {
            assert_eq!(wanted[1]["data"][0]["id"], id, "{path}: {wanted}");
        }
        for split in 0..=parameters.len() {
            let (query, form) = parameters.split_at(split);
            assert_eq!(body(&post(path, query, form).await), wanted, "{path}: {query:?} and {form:?}");
        }
        if let Some(first) = parameters.first() {
            let twice = post(path, &[*first], &parameters).await;
            assert!(refusal(&twice).starts_with("Orestapi"), "{path}: in both");
        }
    }
    let missing = post("record/name_search", &[], &[("name", "x")]).await;
    assert_eq!(refusal(&missing), "OrestapiNameSearch-0020");
    let json = Anonymous::new("").http.post(format!("{}/orestapi/record/name_search", app.url()));
    let json = Answer::to(json.bearer_auth(&token).json(&json!({"model": "res.partner"}))).await;
    assert_eq!(refusal(&json), "OrestapiNameSearch-0020", "a body of another kind is none");
}

/// Asks a route that takes the client's secret, as if from an address.
async fn ask_from(user: &User, plugin: &Plugin, route: &str, secret: &str, address: &str) -> Answer {
    let (http, id) = (Anonymous::new("").http, plugin.app.client_id.as_str());
    let url = format!("{}/orestapi/{route}", plugin.app.url);
    let by_code =
        [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", CALLBACK), ("client_id", id)];
    let by_token = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let request = match route {
        "oauth2/access_token" => http.post(url).query(&by_code).query(&[("client_secret", secret)]),
        "oauth2/access_token?" => http.post(url).basic_auth(id, Some(secret)).form(&by_token),
        "application/status" => http.get(url).basic_auth(id, Some(secret)),
        _ => http
            .get(url)
            .query(&[("client_id", id), ("client_secret", secret), ("redirect_uri", CALLBACK)])
            .header(COOKIE, format!("session_id={}", user.session)),
    };
    Answer::to(request.header("x-forwarded-for", address)).await
}

#[tokio::test]
async fn who_fails_too_often_is_told_to_wait_on_every_route_that_takes_a_secret() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world_with(clock.world(), |settings| {
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        settings.max_failures = 20;
    });
    let admin = app.admin().await;
    for route in ["oauth2/access_token", "oauth2/access_token?", "application/status", "application/user"] {
        let plugin = Plugin::register(&admin, json!({"name": route})).await;
        let good = plugin.app.client_secret.as_str();
        for _ in 0..20 {
            refusal(&ask_from(&admin, &plugin, route, "guess", "10.0.0.1").await);
        }

        let limited = ask_from(&admin, &plugin, route, good, "10.0.0.1").await;

        assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "{route}: {limited:?}");
        let seconds: i64 = limited.headers[RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{route}: {seconds}");
        assert_eq!(limited.headers["cache-control"], "no-store", "{route}");
        for name in ["orestapi_code", "orestapi_message"] {
            let text = limited.json()[name].as_str().unwrap_or_default().to_owned();
            assert!(!text.is_empty() && !limited.body.contains(good), "{route}: {limited:?}");
        }
        let elsewhere = ask_from(&admin, &plugin, route, good, "10.0.0.2").await;
        assert_ne!(elsewhere.status, StatusCode::TOO_MANY_REQUESTS, "{route}: locks nobody else out");
        clock.advance(61);
        let later = ask_from(&admin, &plugin, route, good, "10.0.0.1").await;
        assert_ne!(later.status, StatusCode::TOO_MANY_REQUESTS, "{route}: {later:?}");
    }
}

/// All routes, each as whom it is for.
fn routes(app: &TestApp, user: &User, plugin: &Plugin, token: &str, method: &Method) -> Vec<RequestBuilder> {
    let http = Anonymous::new("").http;
    let at = |path: &str| http.request(method.clone(), format!("{}/orestapi/{path}", app.url()));
    let (id, secret) = (plugin.app.client_id.as_str(), plugin.app.client_secret.as_str());
    let session = format!("session_id={}", user.session);
    let client = [("client_id", id), ("client_secret", secret), ("redirect_uri", CALLBACK)];
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let partner = [("model", "res.partner"), ("ids", "[3]"), ("names", "[]")];
    let mut all = vec![
        at("version"),
        at("application/status").basic_auth(id, Some(secret)),
        at("oauth2/authorization").query(&client[..1]).query(&client[2..]).header(COOKIE, &session),
        at("oauth2/access_token").basic_auth(id, Some(secret)).query(&refresh),
        at("application/user").query(&client).header(COOKIE, &session),
        at("application/confluence/link").header(COOKIE, &session),
    ];
    for path in ["application/model", "record/name_search", "record/read", "model/field"] {
        all.push(at(path).bearer_auth(token).query(&partner));
        all.push(at(path).query(&partner));
    }
    all.extend(["version/", "no/such/route", "oauth2/authorization", "application/user"].map(at));
    all
}

#[tokio::test]
async fn no_answer_gives_another_site_a_permission() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let token = plugin.sign_in(&admin).await.access;
    let (mut good, mut refused) = (0, 0);
    for method in [Method::GET, Method::POST, Method::OPTIONS, Method::HEAD] {
        for origin in ["https://evil.example", "null", "https://wiki.example.com"] {
            for request in routes(&app, &admin, &plugin, &token, &method) {
                let request = request
                    .header("origin", origin)
                    .header("access-control-request-method", "POST")
                    .header("access-control-request-headers", "authorization");
                let answer = Answer::to(request).await;
                let permits: Vec<_> = answer
                    .headers
                    .keys()
                    .filter(|name| {
                        name.as_str().starts_with("access-control-") || *name == "timing-allow-origin"
                    })
                    .collect();
                assert!(permits.is_empty(), "{method} from {origin}: {permits:?} in {answer:?}");
                assert!(!answer.status.is_server_error(), "{method}: {answer:?}");
                let count = if answer.status == StatusCode::OK { &mut good } else { &mut refused };
                *count += 1;
            }
        }
    }
    assert!(good > 40 && refused > 20, "{good} good answers and {refused} refusals");
}

#[tokio::test]
async fn the_plugin_is_answered_by_get_and_by_post_alike() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let token = plugin.sign_in(&admin).await.access;
    let mut answers: Vec<Vec<(StatusCode, Json)>> = Vec::new();
    for method in [Method::GET, Method::POST] {
        let mut told = Vec::new();
        for request in routes(&app, &admin, &plugin, &token, &method) {
            let answer = Answer::to(request).await;
            let json = serde_json::from_str(&answer.body).unwrap_or_default();
            told.push((answer.status, json));
        }
        answers.push(told);
    }
    assert_eq!(answers[0], answers[1]);
}
