//! Whoever guesses waits, wherever the guess comes in, and keeps nobody out who comes from elsewhere.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::oauth::support::TestClock;
use crate::support::app::{DB, PASSWORD, TestApp};
use crate::support::client::{Answer, envelope};

/// Posts JSON-RPC as if from an address.
async fn from(app: &TestApp, address: &str, path: &str, params: &Json) -> Answer {
    let request = app.anonymous().http.post(format!("{}{path}", app.url()));
    Answer::to(request.header("x-forwarded-for", address).json(&envelope(params))).await
}

async fn sign_in(app: &TestApp, address: &str, login: &str, password: &str) -> Answer {
    let params = json!({"db": DB, "login": login, "password": password});
    from(app, address, "/web/session/authenticate", &params).await
}

fn guarded(clock: &Arc<TestClock>) -> TestApp {
    TestApp::in_world_with(clock.world(), |settings| {
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.max_failures = 20;
    })
}

#[tokio::test]
async fn twenty_wrong_passwords_from_one_address_make_it_wait() {
    let clock = Arc::new(TestClock::default());
    let app = guarded(&clock);
    for _ in 0..20 {
        assert_eq!(
            sign_in(&app, "10.0.0.1", "admin", "guess").await.error().1,
            "odoo.exceptions.AccessDenied"
        );
    }

    let limited = sign_in(&app, "10.0.0.1", "admin", PASSWORD).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "even the right one comes too late");
    assert!(limited.headers.contains_key("retry-after"));
    let service = json!({"service": "common", "method": "login", "args": [DB, "admin", PASSWORD]});
    assert_eq!(from(&app, "10.0.0.1", "/jsonrpc", &service).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        sign_in(&app, "10.0.0.2", "admin", PASSWORD).await.result()["uid"],
        2,
        "elsewhere all is well"
    );
    clock.advance(61);
    assert_eq!(sign_in(&app, "10.0.0.1", "admin", PASSWORD).await.result()["uid"], 2);
}

#[tokio::test]
async fn a_wrong_password_in_a_call_counts_and_is_in_the_audit_log() {
    let clock = Arc::new(TestClock::default());
    let app = guarded(&clock);
    let call = async |password: &str| {
        let args = json!([DB, 2, password, "res.users", "search_count", [[]]]);
        let params = json!({"service": "object", "method": "execute_kw", "args": args});
        from(&app, "10.0.0.1", "/jsonrpc", &params).await
    };
    assert!(call(PASSWORD).await.result().is_i64());
    for _ in 0..20 {
        assert_eq!(call("guess").await.error().1, "odoo.exceptions.AccessDenied");
    }
    assert_eq!(call("another guess").await.status, StatusCode::TOO_MANY_REQUESTS);

    clock.advance(61);
    let admin = app.admin().await;
    let domain = json!([[["event", "=", "sign_in"]], ["outcome", "address", "details"]]);
    let log = admin.result("audit.log", "search_read", domain).await;
    assert_eq!(log.as_array().unwrap().len(), 20);
    assert_eq!(
        (&log[0]["outcome"], &log[0]["address"], &log[0]["details"]),
        (&json!("refused"), &json!("10.0.0.1"), &json!("login 2"))
    );
    let change =
        admin.call_kw("audit.log", "write", json!([[log[0]["id"]], {"outcome": "done"}]), json!({})).await;
    assert_eq!(change.error().0, 200, "nobody changes it: {change:?}");
    let unlink = admin.call_kw("audit.log", "unlink", json!([[log[0]["id"]]]), json!({})).await;
    assert_eq!(unlink.error().0, 200);
}
