//! A URI that is changed or moved to another application is another one: nothing that was asked for the old one
//! goes to it.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use super::support::{App, CALLBACK, Tokens, decide, error, told};
use crate::support::app::TestApp;
use crate::support::client::User;

const URI: &str = "oregional.application.uri";
const ELSEWHERE: &str = "https://elsewhere.example.net/cb";

async fn uris_of(admin: &User, wiki: &App) -> Json {
    admin.result(URI, "search", json!([[["application_id", "=", wiki.id]]])).await
}

#[tokio::test]
async fn a_code_ends_when_its_uri_moves_to_another_application() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let other = App::register(&admin, json!({"name": "Other", "uri_ids": []})).await;
    let tokens = wiki.sign_in(&admin).await;
    let code = wiki.code(&admin, &[]).await;

    let uris = uris_of(&admin, &wiki).await;
    admin.result(URI, "write", json!([uris, {"application_id": other.id}])).await;

    for client in [&wiki, &other] {
        assert_eq!(error(&client.exchange(&code).await), (400, "invalid_grant".to_owned()));
    }
    assert_eq!(wiki.ask(&admin, &[]).await.status, StatusCode::BAD_REQUEST, "it is registered no more");
    Tokens::of(&wiki.refresh(&tokens.refresh).await);
}

#[tokio::test]
async fn a_consent_form_sends_nobody_to_a_host_that_it_did_not_show() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for change in ["changed", "moved"] {
        let wiki = App::register(&admin, json!({"name": change})).await;
        let other = App::register(&admin, json!({"name": "Other", "uri_ids": []})).await;
        let page = wiki.ask(&admin, &[]).await;
        assert!(page.body.contains("wiki.example.com"), "{page:?}");

        let uris = uris_of(&admin, &wiki).await;
        let values = match change {
            "changed" => json!({"uri": ELSEWHERE}),
            _ => json!({"application_id": other.id}),
        };
        admin.result(URI, "write", json!([uris, values])).await;

        let answer = decide(&admin, &page, "allow").await;
        assert!(answer.status.is_client_error(), "{change}: {answer:?}");
        assert!(!answer.headers.contains_key("location"), "{change}: {answer:?}");
    }
}

#[tokio::test]
async fn what_was_allowed_for_a_single_uri_is_asked_again_when_it_leads_elsewhere() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let single = json!([[0, 0, {"uri": CALLBACK, "authorize_individually": true}]]);
    let wiki = App::register(&admin, json!({"uri_ids": single})).await;
    wiki.sign_in(&admin).await;
    assert!(told(&wiki.ask(&admin, &[]).await).contains_key("code"));

    let uris = uris_of(&admin, &wiki).await;
    admin.result(URI, "write", json!([uris, {"uri": ELSEWHERE}])).await;

    let page = wiki.ask(&admin, &[("redirect_uri", ELSEWHERE)]).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert!(page.body.contains("elsewhere.example.net"), "{page:?}");
}
