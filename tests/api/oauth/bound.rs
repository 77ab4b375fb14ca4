//! What belongs together: a consent form and its token, a code and the expiry that it was made with, a secret and
//! the body that it comes in.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::json;

use super::support::{App, TestClock, Tokens, decide, error, hidden, send_form, told};
use crate::support::app::TestApp;
use crate::support::client::Answer;

#[tokio::test]
async fn the_token_of_a_consent_form_is_good_for_its_own_request_alone() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let (first, second) = (wiki.ask(&admin, &[]).await, wiki.ask(&admin, &[]).await);
    assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK));
    let decided = async |token: String| {
        let form =
            [("request", hidden(&first, "request")), ("token", token), ("decision", "allow".to_owned())];
        send_form(&admin, "/oauth2/consent", &form).await
    };

    for token in [hidden(&second, "token"), "x".repeat(43)] {
        let answer = decided(token).await;
        assert!(answer.status.is_client_error(), "{answer:?}");
        assert!(!answer.headers.contains_key("location"), "{answer:?}");
    }
    assert!(app.database.query("SELECT 1 FROM oauth_code").is_empty());
    assert!(told(&decide(&admin, &second, "allow").await).contains_key("code"), "the right pair");
}

#[tokio::test]
async fn a_code_lasts_as_long_as_its_application_said_when_it_was_made() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({"authorization_code_expiry": 60})).await;
    let good = wiki.code(&admin, &[]).await;
    clock.advance(57);
    Tokens::of(&wiki.exchange(&good).await);

    let late = wiki.code(&admin, &[]).await;
    let change = json!([[wiki.id], {"authorization_code_expiry": 600}]);
    admin.result("oregional.application", "write", change).await;
    let longer = wiki.code(&admin, &[]).await;
    clock.advance(61);
    assert_eq!(error(&wiki.exchange(&late).await), (400, "invalid_grant".to_owned()));
    Tokens::of(&wiki.exchange(&longer).await);
}

#[tokio::test]
async fn no_endpoint_takes_a_secret_in_its_address_and_no_cache_keeps_an_answer() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    let form =
        [("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh), ("token", &tokens.refresh)];
    let is_uncached = |answer: &Answer| {
        answer.headers["cache-control"] == "no-store" && answer.headers["pragma"] == "no-cache"
    };

    for endpoint in ["token", "revoke", "introspect"] {
        for name in ["client_secret", "code", "code_verifier", "refresh_token", "token"] {
            let answer = wiki.post(&format!("/oauth2/{endpoint}?{name}={}", tokens.refresh), &form).await;
            assert_eq!(error(&answer), (400, "invalid_request".to_owned()), "{name} at {endpoint}");
            assert!(is_uncached(&answer), "{name} at {endpoint}");
        }
        let unknown = wiki.post(&format!("/oauth2/{endpoint}"), &[("token", "unknown")]).await;
        assert!(endpoint == "revoke" || is_uncached(&unknown), "{endpoint}");
    }
    let active = wiki.post("/oauth2/introspect", &[("token", &tokens.access)]).await;
    assert!(active.json()["active"] == true && is_uncached(&active), "{active:?}");
    assert!(is_uncached(&wiki.refresh(&tokens.refresh).await));
}

#[tokio::test]
async fn the_metadata_tells_of_everything_that_is_there_and_of_nothing_else() {
    let app = TestApp::start();
    let document = app.anonymous().get("/.well-known/oauth-authorization-server").await.json();
    let issuer = document["issuer"].as_str().unwrap().to_owned();
    let at = |path: &str| format!("{issuer}{path}");
    let methods = json!(["client_secret_basic", "client_secret_post"]);
    let whole = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth2/authorize"),
        "token_endpoint": at("/oauth2/token"),
        "revocation_endpoint": at("/oauth2/revoke"),
        "introspection_endpoint": at("/oauth2/introspect"),
        "userinfo_endpoint": at("/oauth2/userinfo"),
        "scopes_supported": ["read", "write"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    assert_eq!(document, whole);
}

#[tokio::test]
async fn what_a_user_allowed_outlives_the_time_in_which_the_application_is_archived() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    wiki.code(&admin, &[]).await;
    for active in [false, true] {
        let change = json!([[wiki.id], {"active": active}]);
        admin.result("oregional.application", "write", change).await;
    }

    assert!(told(&wiki.ask(&admin, &[]).await).contains_key("code"), "without a question");
}

#[tokio::test]
async fn a_client_that_guesses_tokens_waits_although_its_secret_is_right() {
    let app = TestApp::with(|settings| {
        settings.max_failures = 20;
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    for number in 0..20 {
        let guess = format!("{number:0>43}");
        assert_eq!(error(&wiki.refresh(&guess).await), (400, "invalid_grant".to_owned()), "{number}");
    }

    // The next guess has to wait; what is no guess goes on, below and in `fair`.
    let limited = wiki.refresh(&format!("{:0>43}", 20)).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "{limited:?}");
    assert!(limited.headers.contains_key("retry-after"), "{limited:?}");
    let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh.as_str())];
    let elsewhere = admin.browser.http.post(format!("{}/oauth2/token", app.url()));
    let elsewhere = elsewhere.basic_auth(&wiki.client_id, Some(&wiki.client_secret)).form(&form);
    Tokens::of(&Answer::to(elsewhere.header("x-forwarded-for", "10.0.0.9")).await);
}

#[tokio::test]
async fn nobody_writes_an_entry_into_the_audit_log() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let entry = json!([{"event": "authorize", "outcome": "allowed"}]);
    let answer = admin.call_kw("audit.log", "create", entry, json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.AccessError", "{answer:?}");
}
