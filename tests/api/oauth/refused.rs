//! What is not offered is not there, and what a user granted is that user's own affair.

use reqwest::StatusCode;
use serde_json::json;

use super::support::{App, Tokens, error};
use crate::support::app::TestApp;

#[tokio::test]
async fn what_is_not_offered_is_refused_and_the_metadata_do_not_speak_of_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    for path in [
        "/oauth2/par",
        "/oauth2/register",
        "/oauth2/device_authorization",
        "/.well-known/openid-configuration",
    ] {
        let answer = wiki.post(path, &[("client_id", &wiki.client_id)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let metadata = app.anonymous().get("/.well-known/oauth-authorization-server").await.json();
    let told: Vec<&String> = metadata.as_object().unwrap().keys().collect();
    for silent in ["pushed", "dpop", "registration", "device", "request_uri", "jwks", "id_token"] {
        assert!(!told.iter().any(|key| key.contains(silent)), "{silent}: {told:?}");
    }
    let tokens = wiki.sign_in(&admin).await;
    let request = app.anonymous().http.get(format!("{}/oauth2/userinfo", app.url()));
    let answer = request.header("authorization", format!("DPoP {}", tokens.access)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_user_sees_and_revokes_the_own_grants_alone() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let anna = admin.make_user("anna", &["base.group_user"]).await;
    let ben = admin.make_user("ben", &["base.group_user"]).await;
    let (hers, his) = (wiki.sign_in(&anna).await, wiki.sign_in(&ben).await);
    let model = "oregional.authorization";

    let own = anna.result(model, "search_read", json!([[], ["user_id", "last_used"]])).await;
    assert_eq!(own.as_array().unwrap().len(), 1, "{own}");
    assert_eq!(own[0]["user_id"][0], anna.uid);
    let all = admin.result(model, "search", json!([[["user_id", "=", ben.uid]]])).await;
    for method in ["action_revoke_tokens", "unlink"] {
        let refused = anna.call_kw(model, method, json!([all]), json!({})).await;
        assert_eq!(refused.error().1, "odoo.exceptions.AccessError", "{method}");
    }
    anna.result(model, "action_revoke_tokens", json!([[own[0]["id"]]])).await;

    assert!(!wiki.is_active(&hers.access).await, "at once");
    assert_eq!(error(&wiki.refresh(&hers.refresh).await), (400, "invalid_grant".to_owned()));
    assert!(wiki.is_active(&his.access).await);
    Tokens::of(&wiki.refresh(&his.refresh).await);
    anna.result(model, "unlink", json!([[own[0]["id"]]])).await;
    assert_eq!(wiki.ask(&anna, &[]).await.status, StatusCode::OK, "asked again");
}

#[tokio::test]
async fn who_empties_an_expiry_revokes() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let model = "oregional.authorization";
    for values in [
        json!({"access_token_expiry": false, "refresh_token_expiry": false}),
        json!({"refresh_token_expiry": false}),
    ] {
        let tokens = wiki.sign_in(&admin).await;
        let grant = admin.result(model, "search", json!([[["application_id", "=", wiki.id]]])).await;
        let note = json!([[["event", "=", "revoke"], ["application_id", "=", wiki.id]]]);
        let before = admin.result("audit.log", "search_count", note.clone()).await;

        admin.result(model, "write", json!([grant, {"last_used": "2025-01-01 00:00:00"}])).await;
        assert!(wiki.is_active(&tokens.access).await, "anything else ends nothing");
        admin.result(model, "write", json!([grant, values])).await;

        assert!(!wiki.is_active(&tokens.access).await, "{values}");
        assert_eq!(error(&wiki.refresh(&tokens.refresh).await), (400, "invalid_grant".to_owned()));
        let after = admin.result("audit.log", "search_count", note).await;
        assert_eq!(after.as_i64().unwrap(), before.as_i64().unwrap() + 1, "{values}");
    }
}
