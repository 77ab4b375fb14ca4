//! What a user allowed is that user's word alone: nobody makes another consent of it.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use super::support::{ABSENT, App, decide, told};
use crate::support::app::TestApp;
use crate::support::client::User;

async fn grant_of(admin: &User, wiki: &App) -> i64 {
    let domain = json!([[["application_id", "=", wiki.id]]]);
    let found = admin.result("oregional.authorization", "search", domain).await;
    found[0].as_i64().unwrap()
}

async fn change(user: &User, grant: i64, values: Json) -> (i64, String) {
    user.call_kw("oregional.authorization", "write", json!([[grant], values]), json!({})).await.error()
}

#[tokio::test]
async fn a_grant_stays_with_its_user_and_its_application() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let mallory = admin.make_user("mallory", &["base.group_user", "oregional.group_app_admin"]).await;
    let evil = App::register(&mallory, json!({"name": "Evil"})).await;
    let good = App::register(&admin, json!({"name": "Good"})).await;
    evil.code(&mallory, &[("scope", "write")]).await;
    good.code(&admin, &[("scope", "write")]).await;
    let (own, others) = (grant_of(&admin, &evil).await, grant_of(&admin, &good).await);

    for user in [&mallory, &admin] {
        let refused = (200, "odoo.exceptions.UserError".to_owned());
        assert_eq!(change(user, own, json!({"user_id": admin.uid})).await, refused);
        assert_eq!(change(user, others, json!({"application_id": evil.id})).await, refused);
    }

    assert_eq!(evil.ask(&admin, &[("scope", "write")]).await.status, StatusCode::OK, "the victim is asked");
    let same = json!([[own], {"user_id": mallory.uid, "application_id": evil.id}]);
    assert_eq!(mallory.result("oregional.authorization", "write", same).await, true, "no change is none");
}

#[tokio::test]
async fn a_single_uri_is_asked_for_again_when_it_was_taken_out_or_is_another_address() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let uris = json!([[0, 0, {"uri": "https://a.example.com/cb", "authorize_individually": true}]]);
    let wiki = App::register(&admin, json!({"uri_ids": uris})).await;
    let uri = admin
        .result("oregional.application.uri", "search", json!([[["application_id", "=", wiki.id]]]))
        .await;
    let ask = async || wiki.ask(&admin, &[("redirect_uri", ABSENT)]).await;
    let allow = async || {
        let page = ask().await;
        assert_eq!(page.status, StatusCode::OK, "asked");
        assert!(told(&decide(&admin, &page, "allow").await).contains_key("code"));
        assert!(told(&ask().await).contains_key("code"), "and not asked again");
    };
    let write = async |model: &str, id: &Json, values: Json| {
        let ids = if id.is_array() { id.clone() } else { json!([id]) };
        admin.result(model, "write", json!([ids, values])).await
    };
    allow().await;
    let grant = json!(grant_of(&admin, &wiki).await);

    write("oregional.authorization", &grant, json!({"uri_ids": [[3, uri[0]]]})).await;
    allow().await;
    write("oregional.application.uri", &uri, json!({"uri": "https://a.example.com/cb"})).await;
    assert!(told(&ask().await).contains_key("code"), "the same address is no change");
    write("oregional.application.uri", &uri, json!({"uri": "https://b.example.com/cb"})).await;
    allow().await;
    for active in [false, true] {
        write("oregional.application.uri", &uri, json!({"active": active})).await;
    }
    let read = admin.result("oregional.authorization", "read", json!([[grant], ["uri_ids"]])).await;
    assert_eq!(read[0]["uri_ids"], json!([]), "the record tells of no consent that is gone");
    allow().await;
}
