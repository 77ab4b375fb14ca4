//! A code that is being made while the session of its request ends: it ends as well, or is never made.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use tokio_postgres::{Client, NoTls};

use super::support::{App, CALLBACK, decide, error, told};
use crate::support::app::TestApp;
use crate::support::client::{User, password_of};
use crate::support::eventually;

/// A connection of somebody who looks behind the front door.
async fn holder(app: &TestApp) -> Client {
    let (holder, connection) = app.database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    holder
}

/// What waits for somebody else's change.
fn waiting(app: &TestApp) -> usize {
    let waits =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    app.database.query(waits).len()
}

/// The calls that end a user's sessions.
fn endings(ann: &User) -> [(&'static str, Json); 3] {
    [
        ("change_password", json!([password_of("ann"), "another one"])),
        ("write", json!([[ann.uid], {"password": "another one"}])),
        ("action_revoke_all_devices", json!([[ann.uid]])),
    ]
}

#[tokio::test]
async fn a_code_that_is_made_while_the_sessions_end_is_ended_with_them() {
    for place in 0..3 {
        let app = TestApp::start();
        let admin = app.admin().await;
        let wiki = App::register(&admin, json!({})).await;
        let ann = admin.make_user("ann", &["base.group_user"]).await;
        wiki.code(&ann, &[]).await;
        let (method, args) = endings(&ann)[place].clone();
        // Its foreign key asks for the grant when the code is made already, and not committed yet.
        let holder = holder(&app).await;
        holder.batch_execute("BEGIN; SELECT 1 FROM oregional_authorization FOR UPDATE").await.unwrap();
        let making = tokio::spawn({
            let (wiki, ann) = (wiki.clone(), ann.clone());
            async move { wiki.ask(&ann, &[]).await }
        });
        eventually("the code waits", async || waiting(&app) == 1).await;

        let who = if method == "write" { &admin } else { &ann };
        let ending = tokio::spawn({
            let who = who.clone();
            async move { who.result("res.users", method, args).await }
        });
        eventually("the end waits for it, or does not", async || waiting(&app) == 2 || ending.is_finished())
            .await;
        holder.batch_execute("COMMIT").await.unwrap();

        ending.await.unwrap();
        let made = making.await.unwrap();
        let code = told(&made).get("code").unwrap_or_else(|| panic!("{method}: {made:?}")).clone();
        assert_eq!(error(&wiki.exchange(&code).await), (400, "invalid_grant".to_owned()), "{method}");
    }
}

#[tokio::test]
async fn no_code_is_made_for_a_session_that_is_ending() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    wiki.code(&ann, &[]).await;
    let before = app.database.query("SELECT 1 FROM oauth_code").len();
    // Another server ends it, and has not committed yet.
    let holder = holder(&app).await;
    let end = format!("BEGIN; DELETE FROM web_session WHERE user_id = {}", ann.uid);
    holder.batch_execute(&end).await.unwrap();

    let making = tokio::spawn({
        let (wiki, ann) = (wiki.clone(), ann.clone());
        async move { wiki.ask(&ann, &[]).await }
    });
    eventually("the code waits, or is made", async || waiting(&app) == 1 || making.is_finished()).await;
    holder.batch_execute("COMMIT").await.unwrap();

    let answer = making.await.unwrap();
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "to the sign-in page: {answer:?}");
    let location = answer.headers["location"].to_str().unwrap();
    assert!(location.starts_with("/web/login?redirect="), "{location}");
    assert_eq!(app.database.query("SELECT 1 FROM oauth_code").len(), before);
}

#[tokio::test]
async fn a_consent_for_a_single_address_is_not_kept_for_the_one_that_it_becomes() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let single = json!([[0, 0, {"uri": CALLBACK, "authorize_individually": true}]]);
    let wiki = App::register(&admin, json!({"uri_ids": single})).await;
    let page = wiki.ask(&admin, &[]).await;
    // Another server changes it, and has not committed yet.
    let holder = holder(&app).await;
    let change = "BEGIN; UPDATE oregional_application_uri SET uri = 'https://elsewhere.example/'";
    holder.batch_execute(change).await.unwrap();

    let deciding = tokio::spawn({
        let (admin, page) = (admin.clone(), page.clone());
        async move { decide(&admin, &page, "allow").await }
    });
    eventually("it waits, or is done", async || waiting(&app) == 1 || deciding.is_finished()).await;
    holder.batch_execute("COMMIT").await.unwrap();

    let answer = deciding.await.unwrap();
    assert!(answer.status.is_client_error() && !answer.headers.contains_key("location"), "{answer:?}");
    for table in ["oauth_consent", "oauth_code", "oregional_authorization"] {
        let rows = app.database.query(&format!("SELECT 1 FROM {table}"));
        assert!(rows.is_empty(), "{table}");
    }
}

#[tokio::test]
async fn a_revocation_that_the_database_breaks_off_is_told_as_none_and_can_be_repeated() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    let holder = holder(&app).await;
    holder.batch_execute("BEGIN; SELECT 1 FROM oauth_family FOR UPDATE").await.unwrap();

    let revoking = tokio::spawn({
        let (wiki, token) = (wiki.clone(), tokens.refresh.clone());
        async move { wiki.post("/oauth2/revoke", &[("token", &token)]).await }
    });
    eventually("the revocation waits", async || waiting(&app) == 1).await;
    // As a stop of PostgreSQL does to each of its sessions.
    app.database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");

    let answer = revoking.await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
    holder.batch_execute("COMMIT").await.unwrap();
    assert!(wiki.is_active(&tokens.access).await, "nothing of it was kept");
    assert_eq!(wiki.post("/oauth2/revoke", &[("token", &tokens.refresh)]).await.status, StatusCode::OK);
    assert!(!wiki.is_active(&tokens.access).await);
}
