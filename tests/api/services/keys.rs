//! API keys: shown once, good as a password for calls and for nothing else, gone at once.

use serde_json::{Value as Json, json};

use crate::support::app::{DB, PASSWORD, TestApp};
use crate::support::client::{User, in_days, password_of};
use crate::support::services::{Outcome, Script, service};

const KEYS: &str = "res.users.apikeys";

async fn ids(user: &User) -> Json {
    user.result(KEYS, "search", json!([[]])).await
}

#[tokio::test]
async fn a_key_stands_in_for_the_password_of_calls_and_opens_no_session() {
    let app = TestApp::start();
    let ann = app.admin().await.make_user("ann", &["base.group_user"]).await;
    let key = ann.api_key().await;

    assert!(Script::new(&app.url(), ann.uid, &key).is_let_in().await);
    assert!(!Script::new(&app.url(), 2, &key).is_let_in().await, "the key of somebody else");
    assert!(!Script::new(&app.url(), ann.uid, &key.to_lowercase()).is_let_in().await);
    for (login, wanted) in [("ann", json!(ann.uid)), ("admin", json!(false))] {
        let outcome = service(&app.anonymous(), "/jsonrpc", "common", "login", json!([DB, login, key])).await;
        assert_eq!(outcome.result(), wanted, "{login}");
    }
    let answer = app.anonymous().authenticate("ann", &key).await;
    assert_eq!(answer.error(), (200, "odoo.exceptions.AccessDenied".to_owned()));
    assert!(answer.cookies().is_empty());
}

#[tokio::test]
async fn the_database_knows_no_key_and_nobody_can_read_one() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let key = admin.api_key().await;

    assert!(key.len() >= 40);
    assert!(!app.database.dump().contains(&key));
    let read = admin.call_kw(KEYS, "search_read", json!([[]]), json!({})).await;
    assert!(!read.body.contains(&key), "{}", read.body);
    let record = &read.result()[0];
    assert_eq!(record["name"], "a test");
    assert_eq!(record["scope"], "rpc");
    assert_eq!(record["user_id"], json!([2, "Administrator"]));
    assert!(record["expiration_date"].is_string() && record["create_date"].is_string());
    assert!(admin.result(KEYS, "fields_get", json!([])).await.get("key").is_none());
}

#[tokio::test]
async fn a_removed_or_expired_key_and_that_of_an_archived_user_are_refused_at_once_on_every_server() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let admin = app.admin().await;
    let bob = admin.make_user("bob", &["base.group_user"]).await;
    let good = async |script: &Script| {
        let (here, there) = (script.is_let_in().await, script.at(&second.url()).is_let_in().await);
        assert_eq!(here, there);
        here
    };

    let removed = Script::new(&app.url(), bob.uid, &bob.api_key().await);
    assert!(good(&removed).await);
    let closed = bob.call_kw(KEYS, "remove", json!([ids(&bob).await]), json!({})).await.result();
    assert_eq!(closed["type"], "ir.actions.act_window_close");
    assert!(!good(&removed).await);
    assert_eq!(app.database.query("SELECT 1 FROM api_key_secret").len(), 0);

    let expired = Script::new(&app.url(), bob.uid, &bob.api_key().await);
    assert!(good(&expired).await);
    app.database.query("UPDATE res_users_apikeys SET expiration_date = now() AT TIME ZONE 'UTC'");
    assert!(!good(&expired).await);

    let archived = Script::new(&app.url(), bob.uid, &bob.api_key().await);
    assert!(good(&archived).await);
    let password = Script::new(&app.url(), bob.uid, &password_of("bob"));
    admin.result("res.users", "write", json!([[bob.uid], {"password": "changed"}])).await;
    assert!(good(&archived).await && !good(&password).await, "a key outlives a password");
    admin.result("res.users", "write", json!([[bob.uid], {"active": false}])).await;
    assert!(!good(&archived).await);

    admin.result("res.users", "unlink", json!([[bob.uid]])).await;
    let left = "SELECT 1 FROM api_key_secret UNION ALL SELECT 1 FROM res_users_apikeys";
    assert_eq!(app.database.query(left).len(), 0);
}

#[tokio::test]
async fn keys_are_for_oneself_and_end() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let user_error = "odoo.exceptions.UserError";

    for (kwargs, name) in [
        (json!({"name": "x"}), user_error),
        (json!({"name": "x", "expiration_date": in_days(91)}), user_error),
        (json!({"name": "x", "expiration_date": in_days(-1)}), user_error),
        (json!({"name": " ", "expiration_date": in_days(1)}), user_error),
        (json!({"name": "x", "scope": "everything", "expiration_date": in_days(1)}), user_error),
        (json!({"name": "x", "expiration_date": "soon"}), "builtins.ValueError"),
        (json!({"name": "x", "expiration_date": 5}), "builtins.TypeError"),
        (json!({"expiration_date": in_days(1)}), "builtins.TypeError"),
    ] {
        let answer = ann.call_kw(KEYS, "generate", json!([]), kwargs.clone()).await;
        assert_eq!(answer.error(), (200, name.to_owned()), "{kwargs}");
    }
    for (method, args) in [
        ("_generate", json!(["rpc", "x", in_days(1)])),
        ("create", json!([{"name": "x", "user_id": ann.uid}])),
        ("write", json!([[1], {"user_id": ann.uid}])),
        ("unlink", json!([[1]])),
    ] {
        let answer = ann.call_kw(KEYS, method, args, json!({})).await;
        assert_eq!(answer.error(), (200, "odoo.exceptions.AccessError".to_owned()), "{method}");
    }
    assert_eq!(ids(&ann).await, json!([]));
    let answer = admin.call_kw(KEYS, "create", json!([{"name": "x", "user_id": 2}]), json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.AccessError");

    // An administrator's may last.
    admin.call_kw(KEYS, "generate", json!([]), json!({"name": "forever", "scope": null})).await.result();
    assert_eq!(ids(&ann).await, json!([]), "somebody else's key is seen");
    let others = admin.call_kw(KEYS, "search_read", json!([[], ["scope", "expiration_date"]]), json!({}));
    let others = others.await.result();
    assert_eq!((&others[0]["scope"], &others[0]["expiration_date"]), (&json!(false), &json!(false)));
    let answer = ann.call_kw(KEYS, "remove", json!([[others[0]["id"]]]), json!({})).await;
    assert_eq!(answer.error(), (200, "odoo.exceptions.AccessError".to_owned()));

    ann.api_key().await;
    assert_eq!(admin.result(KEYS, "search_count", json!([[]])).await, 2);
    admin.result(KEYS, "remove", json!([ids(&ann).await])).await;
    assert_eq!(ids(&admin).await.as_array().unwrap().len(), 1);
    let script = Script::new(&app.url(), 2, PASSWORD);
    let outcome = script.call("/xmlrpc/2/object", KEYS, "search_count", json!([[]]), json!({})).await;
    assert_eq!(outcome, Outcome::Result(json!(1)));
}
