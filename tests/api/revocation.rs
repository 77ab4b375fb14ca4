//! What ends a session or takes a right away, also on other servers over the same database.

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::client::{User, is_alive, password_of};
use crate::support::eventually;

const APP_ADMIN: &str = "oregional.group_app_admin";
const MODEL: &str = "oregional.application";

#[tokio::test]
async fn a_new_password_ends_all_sessions_of_the_user() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let admin = app.admin().await;
    let user = admin.make_user("ann", &["base.group_user"]).await;
    let elsewhere = second.user("ann", &password_of("ann")).await;
    assert!(is_alive(&second.url(), &user.session).await && is_alive(&app.url(), &elsewhere.session).await);

    let changed =
        user.result("res.users", "change_password", json!([password_of("ann"), "another one"])).await;

    assert_eq!(changed, true);
    for server in [&app, &second] {
        assert!(
            !is_alive(&server.url(), &user.session).await
                && !is_alive(&server.url(), &elsewhere.session).await
        );
        assert!(is_alive(&server.url(), &admin.session).await, "somebody else's session has ended");
        let old = server.anonymous().authenticate("ann", &password_of("ann")).await;
        assert_eq!(old.error().1, "odoo.exceptions.AccessDenied");
    }
    let user = second.user("ann", "another one").await;
    admin.result("res.users", "write", json!([[user.uid], {"password": "a third one"}])).await;
    assert!(!is_alive(&second.url(), &user.session).await);
    second.user("ann", "a third one").await;
}

#[tokio::test]
async fn a_wrong_old_password_changes_nothing() {
    let app = TestApp::start();
    let user = app.admin().await.make_user("bob", &["base.group_user"]).await;

    for (old, new, name) in [
        ("wrong", "new one", "odoo.exceptions.AccessDenied"),
        ("", "new one", "odoo.exceptions.AccessDenied"),
        (password_of("bob").as_str(), "", "odoo.exceptions.UserError"),
        (password_of("bob").as_str(), "   ", "odoo.exceptions.UserError"),
    ] {
        let answer = user.call_kw("res.users", "change_password", json!([old, new]), json!({})).await;
        assert_eq!(answer.error(), (200, name.to_owned()), "{old} {new}");
    }
    assert!(is_alive(&app.url(), &user.session).await);
    app.user("bob", &password_of("bob")).await;
}

#[tokio::test]
async fn an_archived_user_is_out_at_once_on_every_server() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let admin = app.admin().await;
    for deed in ["write", "unlink"] {
        let user = admin.make_user(deed, &["base.group_user"]).await;
        assert!(is_alive(&second.url(), &user.session).await);
        let args = if deed == "write" { json!([[user.uid], {"active": false}]) } else { json!([[user.uid]]) };

        assert_eq!(admin.result("res.users", deed, args).await, true);

        assert!(!is_alive(&second.url(), &user.session).await, "{deed}");
        assert!(!is_alive(&app.url(), &user.session).await, "{deed}");
        for server in [&app, &second] {
            let answer = server.anonymous().authenticate(deed, &password_of(deed)).await;
            assert_eq!(answer.error().1, "odoo.exceptions.AccessDenied", "{deed}");
        }
    }
}

#[tokio::test]
async fn a_session_outlives_its_server() {
    let app = TestApp::start();
    let session = app.admin().await.session;
    let database = std::sync::Arc::clone(&app.database);
    drop(app);

    let app = TestApp::on(database, |_| {}).unwrap();

    assert!(is_alive(&app.url(), &session).await);
}

/// Servers on one database, and somebody who administers applications, signed in on the second.
async fn two_servers() -> (TestApp, TestApp, User, User) {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let admin = app.admin().await;
    admin.create(MODEL, json!({"name": "There"})).await;
    admin.make_user("boss", &[APP_ADMIN]).await;
    let boss = second.user("boss", &password_of("boss")).await;
    assert_eq!(boss.result(MODEL, "search_count", json!([[]])).await, 1);
    assert_eq!(boss.result(MODEL, "has_access", json!([[], "write"])).await, true);
    (app, second, admin, boss)
}

#[tokio::test]
async fn another_server_hears_that_a_user_has_left_a_group() {
    let (_app, _second, admin, boss) = two_servers().await;
    let group = admin.reference(APP_ADMIN).await;

    admin.result("res.users", "write", json!([[boss.uid], {"groups_id": [[3, group]]}])).await;

    eventually("the right to write is gone", async || {
        boss.result(MODEL, "has_access", json!([[], "write"])).await == false
    })
    .await;
    let answer = boss.call_kw(MODEL, "create", json!([{"name": "Mine"}]), json!({})).await;
    assert_eq!(answer.error(), (200, "odoo.exceptions.AccessError".to_owned()));
}

#[tokio::test]
async fn another_server_hears_of_a_new_rule() {
    let (_app, _second, admin, boss) = two_servers().await;
    let model = admin.result("ir.model", "search", json!([[["model", "=", MODEL]]])).await[0].clone();

    let rule = json!({"name": "none", "model_id": model, "domain_force": "[('id', '=', 0)]"});
    let id = admin.create("ir.rule", rule).await;

    eventually("the rule hides the record", async || {
        boss.result(MODEL, "search_count", json!([[]])).await == 0
    })
    .await;
    admin.result("ir.rule", "unlink", json!([[id]])).await;
    eventually("the record is seen again", async || {
        boss.result(MODEL, "search_count", json!([[]])).await == 1
    })
    .await;
}

#[tokio::test]
async fn another_server_hears_of_a_changed_right() {
    let (_app, _second, admin, boss) = two_servers().await;
    let rights = admin.result("ir.model.access", "search", json!([[["model_id.model", "=", MODEL]]])).await;

    admin.result("ir.model.access", "write", json!([rights, {"perm_write": false}])).await;

    eventually("the right to write is gone", async || {
        boss.result(MODEL, "has_access", json!([[], "write"])).await == false
    })
    .await;
}
