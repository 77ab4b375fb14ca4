//! A client that proves who it is, is not locked out by codes and refresh tokens that are not good; each of them
//! leaves a trace.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::json;

use super::support::{App, CALLBACK, TestClock, Tokens, error};
use crate::support::app::TestApp;

#[tokio::test]
async fn failed_codes_and_refresh_tokens_lock_no_good_client_out() {
    let app = TestApp::with(|settings| settings.max_failures = 20);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    let code = wiki.code(&admin, &[]).await;
    let unknown = "x".repeat(43);
    for _ in 0..20 {
        assert_eq!(error(&wiki.refresh(&unknown).await), (400, "invalid_grant".to_owned()));
        assert_eq!(error(&wiki.exchange(&unknown).await), (400, "invalid_grant".to_owned()));
    }

    let limited = (429, "temporarily_unavailable".to_owned());
    let refused = wiki.refresh(&unknown).await;
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    assert_eq!(error(&refused), limited, "who goes on guessing has to wait");
    assert_eq!(error(&wiki.exchange(&unknown).await), limited);
    assert!(wiki.is_active(&tokens.access).await, "and introspection goes on");
    Tokens::of(&wiki.exchange(&code).await);
    let next = Tokens::of(&wiki.refresh(&tokens.refresh).await);
    let revoked = wiki.post("/oauth2/revoke", &[("token", &next.refresh)]).await;
    assert_eq!(revoked.status, StatusCode::OK, "{revoked:?}");
    let status = format!("{}/orestapi/application/status", app.url());
    let ask = app.anonymous().http.get(status).basic_auth(&wiki.client_id, Some(&wiki.client_secret));
    assert_eq!(ask.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_refused_code_or_refresh_token_is_noted_without_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let other = App::register(&admin, json!({"name": "Other"})).await;
    let tokens = wiki.sign_in(&admin).await;
    let code = wiki.code(&admin, &[]).await;
    let unknown = "x".repeat(43);
    let short = [("grant_type", "authorization_code"), ("code", "short"), ("redirect_uri", CALLBACK)];
    for (event, answer, count) in [
        ("issue_token", other.exchange(&code).await, 3),
        ("issue_token", other.exchange(&unknown).await, 3),
        ("issue_token", other.post("/oauth2/token", &short).await, 3),
        ("refresh", other.refresh(&tokens.refresh).await, 2),
        ("refresh", other.refresh(&unknown).await, 2),
    ] {
        assert_eq!(error(&answer), (400, "invalid_grant".to_owned()));
        let noted = app.database.query(&format!(
            "SELECT concat(l.*::text) FROM audit_log l WHERE event = '{event}' AND outcome = 'refused' AND application_id = {} AND application_name = 'Other' AND address = '127.0.0.1'",
            other.id
        ));
        assert_eq!(noted.len(), count, "{event}");
        for secret in [&code, &tokens.refresh, &unknown] {
            assert!(
                noted.iter().flatten().flatten().all(|entry| !entry.contains(secret.as_str())),
                "{event}"
            );
        }
    }
    Tokens::of(&wiki.exchange(&code).await);
}

#[tokio::test]
async fn a_refresh_token_that_has_ended_is_noted_with_its_user_and_makes_nobody_wait() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world_with(clock.world(), |settings| settings.max_failures = 20);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({"refresh_token_expiry": 7200})).await;
    let tokens = wiki.sign_in(&admin).await;
    clock.advance(7201);
    // A wiki whose users were all away for long asks for each of them.
    for _ in 0..25 {
        assert_eq!(error(&wiki.refresh(&tokens.refresh).await), (400, "invalid_grant".to_owned()));
    }

    let noted = app.database.query(
        "SELECT concat_ws(' ', user_name, application_id, address, details) FROM audit_log WHERE event = 'refresh' AND outcome = 'refused'",
    );
    let told = format!("admin {} 127.0.0.1 The refresh token has expired or was revoked.", wiki.id);
    assert_eq!(noted.len(), 20, "and no client fills the log");
    assert!(noted.iter().all(|entry| *entry == [Some(told.clone())]), "{noted:?}");
}
