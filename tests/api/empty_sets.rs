//! Calls on no records need no right, and archiving looks only at what it would change.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::{Answer, User};

const APPLICATION: &str = "oregional.application";

async fn call(user: &User, method: &str, args: Json) -> Answer {
    user.call_kw(APPLICATION, method, args, json!({})).await
}

/// Whether a call went well and gave nothing.
fn is_void(answer: &Answer) -> bool {
    let json = answer.json();
    json.get("error").is_none() && json.get("result").is_none()
}

#[tokio::test]
async fn calls_on_nothing_need_no_right() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    for user in [&admin, &reader] {
        for (method, args, wanted) in [
            ("write", json!([[], {"name": "x"}]), json!(true)),
            ("unlink", json!([[]]), json!(true)),
            ("write", json!([0, {"name": "x"}]), json!(true)),
            ("write", json!([[], null]), json!(true)),
            ("copy", json!([0]), json!([])),
            ("read", json!([0, ["name"]]), json!([])),
            ("create", json!([[]]), json!([])),
            ("create", json!([null]), json!([])),
            ("create", json!([false]), json!([])),
            ("create", json!([""]), json!([])),
            ("create", json!([0]), json!([])),
            ("copy", json!([[]]), json!([])),
            ("action_generate_client_id", json!([[]]), json!(true)),
            ("action_generate_client_secret", json!([[]]), json!(true)),
            ("action_generate_own_id", json!([[]]), json!(true)),
            ("action_generate_own_secret", json!([[]]), json!(true)),
        ] {
            assert_eq!(call(user, method, args).await.result(), wanted, "{method}");
        }
        for method in ["action_archive", "action_unarchive", "toggle_active"] {
            let answer = call(user, method, json!([[]])).await;
            assert!(is_void(&answer), "{method}: {answer:?}");
        }
    }
    assert_eq!(call(&reader, "create", json!([{}])).await.error().1, "odoo.exceptions.AccessError");
    assert_eq!(call(&reader, "create", json!([[{}]])).await.error().1, "odoo.exceptions.AccessError");
}

#[tokio::test]
async fn what_is_archived_already_needs_no_right_to_be_archived() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let on = admin.create(APPLICATION, json!({"name": "on"})).await;
    let off = admin.create(APPLICATION, json!({"name": "off", "active": false})).await;
    for (method, id, is_refused) in [
        ("action_archive", on, true),
        ("action_archive", off, false),
        ("action_unarchive", on, false),
        ("action_unarchive", off, true),
        ("toggle_active", on, true),
        ("toggle_active", off, true),
    ] {
        let answer = call(&reader, method, json!([[id]])).await;
        if is_refused {
            assert_eq!(answer.error().1, "odoo.exceptions.AccessError", "{method}");
        } else {
            assert!(is_void(&answer), "{method}: {answer:?}");
        }
    }
    for method in ["action_archive", "action_unarchive", "toggle_active"] {
        let answer = call(&admin, method, json!([[on, 999_999_999]])).await;
        assert_eq!(answer.error().1, "odoo.exceptions.MissingError", "{method}");
    }
    assert!(is_void(&call(&admin, "toggle_active", json!([[on, off]])).await));
    let read = call(&admin, "read", json!([[on, off], ["active"]])).await.result();
    assert_eq!(read, json!([{"id": on, "active": false}, {"id": off, "active": true}]));
    let unfit = admin.call_kw("res.groups", "toggle_active", json!([[1]]), json!({})).await;
    assert_eq!(unfit.error().1, "odoo.exceptions.UserError");
}
