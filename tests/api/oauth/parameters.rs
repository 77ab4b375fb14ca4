//! What administrators ask of applications by system parameters: a challenge, and use within some time.

use std::sync::Arc;

use serde_json::json;

use super::support::{App, TestClock, Tokens, error, told};
use crate::support::app::TestApp;
use crate::support::client::{Answer, User};

const CHALLENGE: [(&str, &str); 2] =
    [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];

async fn set(admin: &User, key: &str, value: &str) {
    admin.result("ir.config_parameter", "set_param", json!([key, value])).await;
}

fn refusal(answer: &Answer) -> (String, String) {
    let told = told(answer);
    (told["error"].clone(), told.get("state").cloned().unwrap_or_default())
}

#[tokio::test]
async fn a_code_without_a_challenge_is_refused_where_a_parameter_asks_for_one() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let plain = [("state", "s 1")];
    let with = [CHALLENGE[0], CHALLENGE[1], ("state", "s 1")];
    let refused = ("invalid_request".to_owned(), "s 1".to_owned());
    wiki.code(&admin, &plain).await;

    set(&admin, &format!("oregional.require_pkce.{}", wiki.client_id), "true").await;
    assert_eq!(refusal(&wiki.ask(&admin, &plain).await), refused, "although it was allowed before");
    wiki.code(&admin, &with).await;
    let other = App::register(&admin, json!({"name": "Other"})).await;
    other.code(&admin, &plain).await;

    set(&admin, "oregional.require_pkce", "1").await;
    assert_eq!(refusal(&other.ask(&admin, &plain).await), refused);
    set(&admin, &format!("oregional.require_pkce.{}", other.client_id), "False").await;
    other.code(&admin, &plain).await;
    let plugin = wiki.authorize_url(&plain).replace("/oauth2/authorize", "/orestapi/oauth2/authorization");
    let answer = super::support::browse(&admin, &plugin).await;
    assert!(answer.status.is_client_error(), "no way around: {answer:?}");
    assert!(
        !answer.headers.contains_key("location") && answer.body.contains("PKCE"),
        "and shown: {answer:?}"
    );
}

#[tokio::test]
async fn a_refresh_token_that_nobody_uses_ends() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let spared = App::register(&admin, json!({"name": "Spared"})).await;
    set(&admin, "oregional.idle_expiry", "100").await;
    set(&admin, &format!("oregional.idle_expiry.{}", spared.client_id), "0").await;
    let (mut tokens, other) = (wiki.sign_in(&admin).await, spared.sign_in(&admin).await);

    for _ in 0..3 {
        clock.advance(98);
        assert!(wiki.is_active(&tokens.refresh).await);
        tokens = Tokens::of(&wiki.refresh(&tokens.refresh).await);
    }
    clock.advance(101);
    assert!(!wiki.is_active(&tokens.refresh).await);
    for _ in 0..2 {
        assert_eq!(error(&wiki.refresh(&tokens.refresh).await), (400, "invalid_grant".to_owned()));
    }
    assert!(wiki.is_active(&tokens.access).await, "the access token lives as long as it was to live");
    Tokens::of(&spared.refresh(&other.refresh).await);
    set(&admin, &format!("oregional.idle_expiry.{}", wiki.client_id), "500").await;
    Tokens::of(&wiki.refresh(&tokens.refresh).await);
}

#[tokio::test]
async fn an_odd_value_is_refused_and_protects_where_it_got_in() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    for (key, value) in [
        ("oregional.require_pkce", "perhaps"),
        ("oregional.idle_expiry", "soon"),
        ("oregional.audit_days", "-1"),
    ] {
        let answer = admin.call_kw("ir.config_parameter", "set_param", json!([key, value]), json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.ValidationError", "{answer:?}");
        app.database
            .query(&format!("INSERT INTO ir_config_parameter (key, value) VALUES ('{key}', '{value}')"));
    }
    let answer = admin.call_kw(
        "ir.config_parameter",
        "set_param",
        json!(["oregional.audit_days", "36501"]),
        json!({}),
    );
    assert_eq!(answer.await.error().1, "odoo.exceptions.ValidationError");
    let known =
        admin.result("ir.config_parameter", "search", json!([[["key", "=", "oregional.idle_expiry"]]])).await;
    let answer =
        admin.call_kw("ir.config_parameter", "write", json!([known, {"value": "never"}]), json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.ValidationError", "{answer:?}");

    assert_eq!(refusal(&wiki.ask(&admin, &[]).await).0, "invalid_request");
    clock.advance(86_000);
    let tokens = Tokens::of(&wiki.refresh(&tokens.refresh).await);
    clock.advance(86_500);
    assert_eq!(error(&wiki.refresh(&tokens.refresh).await), (400, "invalid_grant".to_owned()));
}
