//! A password that comes with every call: verified once, refused at once when it holds no more.

use serde_json::json;

use crate::support::app::{DB, PASSWORD, TestApp};
use crate::support::client::{Answer, password_of};
use crate::support::services::{OBJECTS, Outcome, Script, service};

const MODEL: &str = "oregional.application";

#[tokio::test]
async fn a_new_password_holds_at_once_on_every_server_and_the_old_one_no_more() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let old = Script::new(&app.url(), ann.uid, &password_of("ann"));
    let new = Script::new(&app.url(), ann.uid, "another one");
    assert!(old.is_let_in().await && old.at(&second.url()).is_let_in().await);
    assert!(!new.is_let_in().await && !new.at(&second.url()).is_let_in().await);

    ann.result("res.users", "change_password", json!([password_of("ann"), "another one"])).await;

    assert!(!old.is_let_in().await && !old.at(&second.url()).is_let_in().await);
    assert!(new.is_let_in().await && new.at(&second.url()).is_let_in().await);
    admin.result("res.users", "write", json!([[ann.uid], {"password": "another one"}])).await;
    assert!(new.is_let_in().await && new.at(&second.url()).is_let_in().await, "the same one, set again");
}

#[tokio::test]
async fn a_user_who_is_archived_or_deleted_is_refused_at_once_on_every_server() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let admin = app.admin().await;
    let bob = admin.make_user("bob", &["base.group_user"]).await;
    let script = Script::new(&app.url(), bob.uid, &password_of("bob"));
    assert!(script.is_let_in().await && script.at(&second.url()).is_let_in().await);

    admin.result("res.users", "write", json!([[bob.uid], {"active": false}])).await;
    assert!(!script.is_let_in().await && !script.at(&second.url()).is_let_in().await);

    admin.result("res.users", "write", json!([[bob.uid], {"active": true}])).await;
    assert!(script.is_let_in().await && script.at(&second.url()).is_let_in().await);

    admin.result("res.users", "unlink", json!([[bob.uid]])).await;
    for server in [&app, &second] {
        let outcome =
            script.at(&server.url()).call("/jsonrpc", MODEL, "search", json!([[]]), json!({})).await;
        assert_eq!(outcome, Outcome::Error(200, "odoo.exceptions.MissingError".to_owned()));
    }
}

#[tokio::test]
async fn the_slow_hash_is_computed_once() {
    let app = TestApp::start();
    let script = Script::new(&app.url(), 2, PASSWORD);
    assert!(script.is_let_in().await);

    // What is stored is of no use any more, and has its version: only who computes would notice.
    app.database.query("UPDATE user_password SET hash = '$pbkdf2-sha512$1$YWJj$' WHERE user_id = 2");

    assert!(script.is_let_in().await);
    let elsewhere = TestApp::beside(&app);
    let outcome = script.at(&elsewhere.url()).call("/jsonrpc", MODEL, "search", json!([[]]), json!({})).await;
    assert!(!matches!(outcome, Outcome::Result(_)), "{outcome:?}");
}

#[tokio::test]
async fn many_first_calls_at_once_are_all_let_in() {
    let app = TestApp::start();
    let script = Script::new(&app.url(), 2, PASSWORD);

    let calls = (0..24).map(async |number| {
        let path = OBJECTS[number % 3];
        script.call(path, MODEL, "search_count", json!([[]]), json!({})).await.result()
    });
    for count in futures_util::future::join_all(calls).await {
        assert_eq!(count, 0);
    }
}

#[tokio::test]
async fn a_call_that_would_fail_anyway_tells_nothing_to_who_is_let_in_no_more() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let eve = admin.make_user("eve", &["base.group_user"]).await;
    let script = Script::new(&app.url(), eve.uid, &password_of("eve"));
    assert!(script.is_let_in().await);
    admin.result("res.users", "write", json!([[eve.uid], {"password": "changed"}])).await;

    for (model, method, args) in [
        ("no.model", "search", json!([[]])),
        (MODEL, "no_method", json!([])),
        (MODEL, "_private", json!([])),
        (MODEL, "search", json!([])),
        (MODEL, "write", json!([[1], {"nope": 1}])),
        (MODEL, "create", json!([{"name": "x"}])),
        (MODEL, "read", json!([[]])),
    ] {
        for path in OBJECTS {
            let outcome = script.call(path, model, method, args.clone(), json!({})).await;
            assert!(outcome.is_denied(), "{path} {model} {method}: {outcome:?}");
        }
    }
    assert_eq!(admin.result(MODEL, "search_count", json!([[]])).await, 0);
}

#[tokio::test]
async fn a_wrong_old_password_is_no_reason_to_forget_the_right_one() {
    let app = TestApp::start();
    let script = Script::new(&app.url(), 2, PASSWORD);

    let args = json!(["wrong", "new"]);
    let outcome = script.call("/jsonrpc", "res.users", "change_password", args, json!({})).await;

    assert!(outcome.is_denied());
    assert!(script.is_let_in().await);
}

#[tokio::test]
async fn a_key_that_is_remembered_lets_nobody_in_by_a_login_that_nobody_has() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let key = admin.api_key().await;
    let anonymous = app.anonymous();
    let question = anonymous.http.post(format!("{}/json/2/res.users/context_get", app.url()));
    let answer = Answer::to(question.bearer_auth(&key).json(&json!({}))).await;
    assert_eq!(answer.status, reqwest::StatusCode::OK, "{answer:?}");

    for path in ["/jsonrpc", "/xmlrpc/2/common"] {
        let outcome = service(&anonymous, path, "common", "login", json!([DB, "nobody", key])).await;
        assert_eq!(outcome, Outcome::Result(false.into()), "{path}");
    }
    let outcome = service(&anonymous, "/jsonrpc", "common", "login", json!([DB, "admin", key])).await;
    assert_eq!(outcome, Outcome::Result(admin.uid.into()));
}
