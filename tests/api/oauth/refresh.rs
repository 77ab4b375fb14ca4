//! Refresh tokens: rotation, repetition, reuse.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::json;

use super::support::{App, TestClock, Tokens, error};
use crate::support::app::TestApp;

fn invalid() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

#[tokio::test]
async fn the_same_answer_is_given_again_until_the_successor_is_used() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let first = wiki.sign_in(&admin).await;

    let second = Tokens::of(&wiki.refresh(&first.refresh).await);
    assert!(second != first && second.access != second.refresh);
    clock.advance(3000);
    let again = wiki.refresh(&first.refresh).await;
    assert_eq!(Tokens::of(&again), second, "whoever lost the answer gets it again");
    let left = again.json()["expires_in"].as_i64().unwrap();
    assert!((590..=600).contains(&left), "as long as it still lasts: {left}");

    let third = Tokens::of(&wiki.refresh(&second.refresh).await);
    assert!(wiki.is_active(&third.access).await);
    assert_eq!(error(&wiki.refresh(&first.refresh).await), invalid(), "an older generation");
    assert!(!wiki.is_active(&third.access).await, "and the family is gone");
    assert_eq!(error(&wiki.refresh(&third.refresh).await), invalid());
}

#[tokio::test]
async fn a_node_whose_clock_is_behind_is_told_no_more_than_the_setting() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let first = wiki.sign_in(&admin).await;
    let second = Tokens::of(&wiki.refresh(&first.refresh).await);
    clock.advance(-3);
    let again = wiki.refresh(&first.refresh).await;
    assert_eq!(Tokens::of(&again), second);
    assert_eq!(again.json()["expires_in"], 3600);
}

#[tokio::test]
async fn once_the_successor_opened_a_door_the_old_token_has_ten_seconds() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let first = wiki.sign_in(&admin).await;
    let second = Tokens::of(&wiki.refresh(&first.refresh).await);
    let userinfo =
        app.anonymous().http.get(format!("{}/oauth2/userinfo", app.url())).bearer_auth(&second.access);
    assert_eq!(userinfo.send().await.unwrap().status(), StatusCode::OK);

    clock.advance(8);
    assert_eq!(Tokens::of(&wiki.refresh(&first.refresh).await), second, "a slow node");
    clock.advance(3);
    assert_eq!(error(&wiki.refresh(&first.refresh).await), invalid());
    assert!(!wiki.is_active(&second.access).await, "a thief");
}

#[tokio::test]
async fn reuse_is_noticed_after_a_restart_too() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let first = wiki.sign_in(&admin).await;
    let second = Tokens::of(&wiki.refresh(&first.refresh).await);
    let third = Tokens::of(&wiki.refresh(&second.refresh).await);
    let database = Arc::clone(&app.database);
    drop(app);

    let app = TestApp::on(database, |_| {}).unwrap();
    let wiki = wiki.at(&app.url());
    assert!(wiki.is_active(&third.access).await);
    assert_eq!(error(&wiki.refresh(&first.refresh).await), invalid());
    assert!(!wiki.is_active(&third.access).await);
}

#[tokio::test]
async fn a_revoked_token_has_no_grace() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let first = wiki.sign_in(&admin).await;
    let second = Tokens::of(&wiki.refresh(&first.refresh).await);

    let revoked =
        wiki.post("/oauth2/revoke", &[("token", &second.refresh), ("token_type_hint", "access_token")]).await;

    assert_eq!(
        (revoked.status, revoked.headers["content-type"].to_str().unwrap()),
        (StatusCode::OK, "application/json; charset=utf-8")
    );
    for token in [&first.refresh, &second.refresh] {
        assert_eq!(error(&wiki.refresh(token).await), invalid());
    }
    assert!(!wiki.is_active(&second.access).await, "its access tokens go with it");
    let unknown = wiki.post("/oauth2/revoke", &[("token", "unknown"), ("token_type_hint", "nonsense")]).await;
    assert_eq!(unknown.status, StatusCode::OK, "an unknown one is no error");
    let record = admin
        .result(
            "oregional.authorization",
            "search_read",
            json!([
                [["application_id", "=", wiki.id]],
                ["access_token_expiry", "refresh_token_expiry", "last_used"]
            ]),
        )
        .await;
    assert_eq!(
        (&record[0]["access_token_expiry"], &record[0]["refresh_token_expiry"]),
        (&json!(false), &json!(false))
    );
    assert!(record[0]["last_used"].is_string());
}

#[tokio::test]
async fn lifetimes_are_those_of_the_application_at_the_time_of_issue() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({"access_token_expiry": 100, "refresh_token_expiry": 1000})).await;
    let first = wiki.sign_in(&admin).await;
    admin.result("oregional.application", "write", json!([[wiki.id], {"refresh_token_expiry": 0}])).await;

    clock.advance(99);
    assert!(wiki.is_active(&first.access).await);
    clock.advance(2);
    assert!(!wiki.is_active(&first.access).await && wiki.is_active(&first.refresh).await);
    let record = async || {
        let fields = json!([[["application_id", "=", wiki.id]], ["refresh_token_expiry"]]);
        admin.result("oregional.authorization", "search_read", fields).await[0]["refresh_token_expiry"]
            .clone()
    };
    assert_ne!(record().await, "9999-12-31 23:59:59");
    let second = Tokens::of(&wiki.refresh(&first.refresh).await);
    assert_eq!(record().await, "9999-12-31 23:59:59");
    let never = wiki.post("/oauth2/introspect", &[("token", &second.refresh)]).await.json();
    assert_eq!((&never["active"], never.get("exp")), (&json!(true), None), "what never expires has no exp");

    let short = App::register(&admin, json!({"name": "Short", "refresh_token_expiry": 1000})).await;
    let tokens = short.sign_in(&admin).await;
    clock.advance(1001);
    assert_eq!(error(&short.refresh(&tokens.refresh).await), invalid());
    assert!(wiki.is_active(&second.refresh).await);
}

#[tokio::test]
async fn a_scope_may_shrink_and_comes_back_with_the_next_refresh() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let code = wiki.code(&admin, &[("scope", "read write")]).await;
    let first = Tokens::of(&wiki.exchange(&code).await);
    let refresh = async |token: &str, scope: &str| {
        wiki.post(
            "/oauth2/token",
            &[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)],
        )
        .await
    };

    let narrow = refresh(&first.refresh, "read").await;
    assert_eq!(narrow.json()["scope"], "read");
    let whole = wiki.refresh(&Tokens::of(&narrow).refresh).await;
    assert_eq!(whole.json()["scope"], "read write");

    let code = wiki.code(&admin, &[("scope", "read")]).await;
    let reader = Tokens::of(&wiki.exchange(&code).await);
    assert_eq!(error(&refresh(&reader.refresh, "read write").await), (400, "invalid_scope".to_owned()));
    assert_eq!(wiki.refresh(&reader.refresh).await.status, StatusCode::OK, "the token is not spent by it");
}
