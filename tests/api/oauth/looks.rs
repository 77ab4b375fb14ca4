//! Looking without a body: HEAD where GET is answered.

use reqwest::StatusCode;
use serde_json::json;

use super::support::App;
use crate::support::app::TestApp;
use crate::support::client::Answer;

#[tokio::test]
async fn head_is_answered_as_get_without_a_body() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let token = wiki.sign_in(&admin).await.access;
    for path in ["/.well-known/oauth-authorization-server", "/oauth2/userinfo", "/oauth2/authorize"] {
        let url = format!("{}{path}", app.url());
        let http = app.anonymous().http;
        let get = Answer::to(http.get(&url).bearer_auth(&token)).await;
        let head = Answer::to(http.head(&url).bearer_auth(&token)).await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.headers.get("content-type"), get.headers.get("content-type"), "{path}");
        assert_eq!(head.body, "", "{path}");
    }
    let metadata = app.anonymous().http.head(format!("{}/.well-known/oauth-authorization-server", app.url()));
    assert_eq!(Answer::to(metadata).await.status, StatusCode::OK);
}
