//! `common` and `db`, what anybody may call, and the envelope of `/jsonrpc`.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, SET_COOKIE};
use serde_json::{Value as Json, json};

use crate::support::app::{DB, PASSWORD, TestApp};
use crate::support::services::{Outcome, service};

fn error(name: &str) -> Outcome {
    Outcome::Error(200, name.to_owned())
}

fn result(value: Json) -> Outcome {
    Outcome::Result(value)
}

#[tokio::test]
async fn anybody_may_ask_for_the_version_and_the_databases_and_sign_in() {
    let app = TestApp::start();
    let anonymous = app.anonymous();
    let denied = || error("odoo.exceptions.AccessDenied");

    for (name, method, args, wanted) in [
        ("common", "login", json!([DB, "admin", PASSWORD]), result(2.into())),
        ("common", "login", json!([DB, " admin ", PASSWORD]), result(2.into())),
        ("common", "login", json!([DB, "admin", "wrong"]), result(false.into())),
        ("common", "login", json!([DB, "nobody", PASSWORD]), result(false.into())),
        ("common", "login", json!([DB, "__system__", PASSWORD]), result(false.into())),
        ("common", "login", json!([DB, 2, PASSWORD]), result(false.into())),
        ("common", "login", json!([DB, "admin", {"a": 1}]), result(false.into())),
        ("common", "login", json!([DB, "admin\0", "x\0"]), result(false.into())),
        ("common", "login", json!([DB, "admin", ""]), error("builtins.AssertionError")),
        ("common", "login", json!([DB, "admin", false]), error("builtins.AssertionError")),
        ("common", "login", json!(["other", "admin", PASSWORD]), error("psycopg2.OperationalError")),
        ("common", "login", json!([DB, "admin"]), error("builtins.TypeError")),
        ("common", "authenticate", json!([DB, "admin", PASSWORD]), error("builtins.TypeError")),
        ("common", "authenticate", json!([DB, "admin", PASSWORD, {}]), result(2.into())),
        ("common", "authenticate", json!([DB, "admin", PASSWORD, null]), result(2.into())),
        ("common", "authenticate", json!([DB, "admin", PASSWORD, ""]), result(2.into())),
        ("common", "authenticate", json!([DB, "admin", PASSWORD, []]), result(2.into())),
        ("common", "authenticate", json!([DB, "admin", PASSWORD, {"interactive": false}]), result(2.into())),
        ("common", "zzz", json!([]), error("builtins.Exception")),
        ("zzz", "version", json!([]), error("builtins.KeyError")),
        ("db", "list", json!([]), result(json!([DB]))),
        ("db", "list", json!([false]), result(json!([DB]))),
        ("db", "server_version", json!([]), result("18.0".into())),
        ("db", "db_exist", json!([DB]), result(true.into())),
        ("db", "db_exist", json!(["other"]), result(false.into())),
        ("db", "monodb", json!([]), error("builtins.KeyError")),
        ("db", "drop", json!(["admin", DB]), denied()),
        ("db", "dump", json!(["admin", DB, "zip"]), denied()),
        ("db", "create_database", json!(["admin", "new", false, "en_US"]), denied()),
        ("db", "change_admin_password", json!(["admin", "new"]), denied()),
    ] {
        let outcome = service(&anonymous, "/jsonrpc", name, method, args.clone()).await;
        assert_eq!(outcome, wanted, "{name} {method} {args}");
        let path = format!("/xmlrpc/2/{name}");
        let outcome = service(&anonymous, &path, name, method, args.clone()).await;
        match wanted {
            Outcome::Result(_) => assert_eq!(outcome, wanted, "{name} {method} {args}"),
            _ => assert!(matches!(outcome, Outcome::Fault(_)), "{name} {method} {args}"),
        }
    }
    let version = service(&anonymous, "/jsonrpc", "common", "version", json!([])).await.result();
    assert_eq!(
        version,
        json!({
            "server_version": "18.0",
            "server_version_info": [18, 0, 0, "final", 0, ""],
            "server_serie": "18.0",
            "protocol_version": 1,
        })
    );
    let languages = service(&anonymous, "/jsonrpc", "db", "list_lang", json!([])).await.result();
    assert!(languages.as_array().unwrap().iter().any(|language| language[0] == "en_US"), "{languages}");
}

#[tokio::test]
async fn what_the_server_says_about_itself_is_what_clients_compare_it_with() {
    let app = TestApp::start();
    let anonymous = app.anonymous();

    for path in ["/jsonrpc", "/xmlrpc/2/common", "/xmlrpc/common"] {
        let about = async |args| service(&anonymous, path, "common", "about", args).await.result();
        for short in [json!([]), json!([false])] {
            assert_eq!(about(short).await, "See http://openerp.com", "{path}");
        }
        assert_eq!(about(json!([true])).await, json!(["See http://openerp.com", "18.0"]), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_envelope_is_refused_and_no_cookie_is_ever_set() {
    let app = TestApp::start();
    let anonymous = app.anonymous();
    let version = r#"{"id": "x", "params": {"service": "common", "method": "version", "args": []}}"#;

    for (path, kind, body, status) in [
        ("/jsonrpc", "application/json", version, StatusCode::OK),
        ("//jsonrpc", "application/json", version, StatusCode::OK),
        ("/jsonrpc/", "application/json; charset=utf-8", version, StatusCode::OK),
        ("/jsonrpc", "application/json-rpc", version, StatusCode::OK),
        ("/jsonrpc", "text/plain", version, StatusCode::BAD_REQUEST),
        ("/jsonrpc", "application/json", "{", StatusCode::BAD_REQUEST),
        ("/jsonrpc", "application/json", "", StatusCode::BAD_REQUEST),
        ("/jsonrpc", "application/json", "[]", StatusCode::BAD_REQUEST),
        ("/jsonrpc", "application/json", "\"x\"", StatusCode::BAD_REQUEST),
    ] {
        let answer = anonymous.post(path, kind, body).await;
        assert_eq!(answer.status, status, "{path} {kind} {body}");
        assert!(!answer.headers.contains_key(SET_COOKIE), "{path} {kind} {body}");
        if status == StatusCode::OK {
            assert_eq!(answer.json()["id"], "x");
        } else if kind == "application/json" {
            assert_eq!(answer.headers[CONTENT_TYPE], "text/plain; charset=utf-8", "{body}");
        }
    }
    assert_eq!(anonymous.get("/jsonrpc").await.status, StatusCode::BAD_REQUEST);
    for params in [
        json!([]),
        json!({}),
        json!({"service": "common", "method": "version"}),
        json!({"service": "common", "method": "version", "args": null}),
        json!({"service": 5, "method": "version", "args": []}),
        json!([1]),
    ] {
        let answer = anonymous.rpc("/jsonrpc", params.clone()).await;
        assert_eq!(answer.error(), (200, "builtins.TypeError".to_owned()), "{params}");
        assert_eq!(answer.json()["id"], 7, "{params}");
    }
}
