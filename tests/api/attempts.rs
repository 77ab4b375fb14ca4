//! Whoever guesses waits, wherever the guess comes in, and keeps nobody out who comes from elsewhere.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use tokio::time::timeout;
use tokio_postgres::NoTls;

use crate::oauth::support::TestClock;
use crate::support::app::{DB, PASSWORD, TestApp};
use crate::support::client::{Answer, envelope};
use crate::support::eventually;
use crate::support::services::{OBJECTS, Outcome, Script};

/// How long a call may take that waits for nothing.
const PATIENCE: Duration = Duration::from_secs(20);

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
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
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
    for (path, code) in [("/xmlrpc/2/common", "<int>3</int>"), ("/xmlrpc/common", "AccessDenied")] {
        let call = format!(
            "<methodCall><methodName>login</methodName><params><param><value>{DB}</value></param><param><value>admin</value></param><param><value>{PASSWORD}</value></param></params></methodCall>"
        );
        let request = app.anonymous().http.post(format!("{}{path}", app.url()));
        let limited = Answer::to(request.header("x-forwarded-for", "10.0.0.1").body(call)).await;
        assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert!(limited.headers.contains_key("retry-after"), "{path}");
        assert!(limited.body.contains(code) && limited.body.contains("Access Denied"), "{limited:?}");
    }
    assert_eq!(
        sign_in(&app, "10.0.0.2", "admin", PASSWORD).await.result()["uid"],
        2,
        "elsewhere all is well"
    );
    clock.advance(61);
    assert_eq!(sign_in(&app, "10.0.0.1", "admin", PASSWORD).await.result()["uid"], 2);
}

#[tokio::test]
async fn a_network_of_the_sixth_version_is_one_party() {
    let clock = Arc::new(TestClock::default());
    let app = guarded(&clock);
    for number in 0..20 {
        let address = format!("2001:db8:1:2::{number:x}");
        assert_eq!(sign_in(&app, &address, "admin", "guess").await.status, StatusCode::OK);
        // The fourth version in the clothes of the sixth is one address as well.
        let address = if number % 2 == 0 { "10.0.0.1" } else { "::ffff:10.0.0.1" };
        assert_eq!(sign_in(&app, address, "admin", "guess").await.status, StatusCode::OK);
    }

    for address in ["2001:db8:1:2:ffff::1", "10.0.0.1", "::ffff:10.0.0.1"] {
        let limited = sign_in(&app, address, "admin", PASSWORD).await;
        assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "{address}");
    }
    for address in ["2001:db8:1:3::1", "::ffff:10.0.0.2"] {
        assert_eq!(sign_in(&app, address, "admin", PASSWORD).await.result()["uid"], 2, "{address}");
    }
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
    assert_eq!(call(PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS, "remembered, and too late");

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

#[tokio::test]
async fn another_spelling_of_a_user_is_no_other_guess() {
    let clock = Arc::new(TestClock::default());
    let app = guarded(&clock);
    let logins = ["admin", " admin", "admin ", "\u{a0}admin\t"];
    for number in 0..20 {
        sign_in(&app, "10.0.0.1", logins[number % logins.len()], "guess").await.error();
    }
    for login in logins {
        let answer = sign_in(&app, "10.0.0.1", login, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{login:?}");
    }

    let ids = [json!(2), json!("2"), json!("02"), json!("+2"), json!(" 2 "), json!(2.0)];
    let call = async |id: &Json| {
        let args = json!([DB, id, "guess", "res.users", "search_count", [[]]]);
        let params = json!({"service": "object", "method": "execute_kw", "args": args});
        from(&app, "10.0.0.2", "/jsonrpc", &params).await
    };
    for number in 0..20 {
        call(&ids[number % ids.len()]).await.error();
    }
    for id in &ids {
        assert_eq!(call(id).await.status, StatusCode::TOO_MANY_REQUESTS, "{id}");
    }
}

#[tokio::test]
async fn whoever_has_a_session_cannot_guess_the_password_by_changing_it() {
    let clock = Arc::new(TestClock::default());
    let app = guarded(&clock);
    let admin = app.admin().await;
    let change = async |old: &str| {
        admin.call_kw("res.users", "change_password", json!([old, "a new one"]), json!({})).await
    };
    for _ in 0..20 {
        assert_eq!(change("guess").await.error().1, "odoo.exceptions.AccessDenied");
    }
    assert_eq!(
        change(PASSWORD).await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "even the right one comes too late"
    );
    clock.advance(61);
    assert_eq!(change(PASSWORD).await.result(), true);
}

#[tokio::test]
async fn a_sign_in_under_way_does_not_outlive_the_password_that_it_proved() {
    let app = TestApp::start();
    let (holder, connection) = app.database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    // Another server changes the password, and has not committed yet.
    let change = "BEGIN; UPDATE user_password SET version = version + 1 WHERE user_id = 2";
    holder.batch_execute(change).await.unwrap();

    let anonymous = app.anonymous();
    let sign_in = anonymous.authenticate("admin", PASSWORD);
    let release = async {
        let waits =
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("the sign-in waits", async || !app.database.query(waits).is_empty()).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let (answer, ()) = futures_util::future::join(sign_in, release).await;

    assert_eq!(answer.error().1, "odoo.exceptions.AccessDenied");
    assert!(app.database.query("SELECT 1 FROM web_session").is_empty());
}

#[tokio::test]
async fn guesses_that_come_all_at_once_are_counted_too() {
    let clock = Arc::new(TestClock::default());
    let app = guarded(&clock);
    let guesses = (0..200).map(|number| {
        let app = &app;
        async move { sign_in(app, "10.0.0.1", "admin", &format!("guess {number}")).await.status }
    });

    let statuses = futures_util::future::join_all(guesses).await;

    let limited = statuses.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
    assert!(limited >= 160, "{} of 200 guesses were tried", 200 - limited);
    let elsewhere = sign_in(&app, "10.0.0.2", "admin", PASSWORD).await;
    assert_eq!(elsewhere.result()["uid"], 2);
}

#[tokio::test]
async fn guesses_that_come_with_calls_all_at_once_are_counted_too() {
    let clock = Arc::new(TestClock::default());
    let app = guarded(&clock);
    let call = async |password: String| {
        let args = json!([DB, 2, password, "res.users", "search_count", [[]]]);
        let params = json!({"service": "object", "method": "execute_kw", "args": args});
        from(&app, "10.0.0.1", "/jsonrpc", &params).await.status
    };
    assert_eq!(call(PASSWORD.to_owned()).await, StatusCode::OK);

    let guesses = (0..200).map(|number| call(format!("guess {number}")));
    let statuses = futures_util::future::join_all(guesses).await;

    let limited = statuses.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
    assert!(limited >= 160, "{} of 200 guesses were tried", 200 - limited);
}

/// Changes the password of the administrator as a script does, and gives what came of it.
async fn change(app: &TestApp, path: &str, secret: &str, old: &str, new: &str) -> Outcome {
    let script = Script::new(&app.url(), 2, secret);
    let call = script.call(path, "res.users", "change_password", json!([old, new]), json!({}));
    timeout(PATIENCE, call).await.unwrap_or_else(|_| panic!("{path}: it waits for itself"))
}

#[tokio::test]
async fn a_script_changes_its_password_where_a_single_failure_is_one_too_many() {
    let app = TestApp::with(|settings| settings.max_failures = 1);
    let mut password = PASSWORD.to_owned();
    for (number, path) in OBJECTS.into_iter().enumerate() {
        let new = format!("another one {number}");
        assert_eq!(change(&app, path, &password, &password, &new).await.result(), true, "{path}");
        password = new;
    }
}

#[tokio::test]
async fn scripts_that_change_a_password_at_once_do_not_wait_for_each_other_for_ever() {
    let app = TestApp::with(|settings| settings.max_failures = 3);

    let changes = (0..6).map(|_| change(&app, "/jsonrpc", PASSWORD, PASSWORD, PASSWORD));
    let outcomes = futures_util::future::join_all(changes).await;

    // Who proved the password just before somebody else changed it is not let in by it.
    assert!(outcomes.contains(&Outcome::Result(true.into())), "{outcomes:?}");
}

#[tokio::test]
async fn a_wrong_old_password_in_a_script_is_one_failure() {
    let app = TestApp::with(|settings| settings.max_failures = 2);

    assert!(change(&app, "/jsonrpc", PASSWORD, "guess", "new").await.is_denied());
    assert_eq!(change(&app, "/jsonrpc", PASSWORD, PASSWORD, "another one").await.result(), true);

    let noted = "SELECT 1 FROM audit_log WHERE event = 'sign_in' AND outcome = 'refused'";
    assert_eq!(app.database.query(noted).len(), 1);
}
