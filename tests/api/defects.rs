//! A defect of the server: clients are told that there was one, and the log which.

use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value as Json, json};

use crate::support::app::{DB, PASSWORD, TestApp};
use crate::support::client::Answer;
use crate::support::database::log;

const MODEL: &str = "oregional.application";

/// What clients are told.
const TOLD: &str = "The server made a mistake; its log says which.";

/// The database refuses what it takes from a server without a defect.
const BROKEN: &str = "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'the gearbox' USING ERRCODE = 'XX000'; END $$;
    CREATE TRIGGER broken BEFORE INSERT ON oregional_application EXECUTE FUNCTION broken();";

/// How often the log has a text by now.
fn said(start: u64, text: &str) -> usize {
    String::from_utf8_lossy(&log().since(start)).matches(text).count()
}

#[tokio::test]
async fn clients_are_told_that_there_was_a_defect_and_the_log_which() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let key = admin.api_key().await;
    app.database.query(BROKEN);
    let start = log().length();

    let answer = admin.call_kw(MODEL, "create", json!([{"name": "A"}]), json!({})).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{answer:?}");
    assert_eq!(answer.error(), (200, "builtins.RuntimeError".to_owned()));
    assert_eq!(answer.json()["error"]["data"]["arguments"], json!([TOLD]));
    assert_eq!(answer.message(), TOLD);

    let request = app.anonymous().http.post(format!("{}/json/2/{MODEL}/create", app.url())).bearer_auth(&key);
    let plain = Answer::to(request.json(&json!({"vals_list": [{"name": "A"}]}))).await;
    assert_eq!(plain.status, StatusCode::INTERNAL_SERVER_ERROR, "{plain:?}");
    assert_eq!(plain.json()["message"], TOLD);
    assert_eq!(plain.json()["debug"], format!("builtins.RuntimeError: {TOLD}"));

    assert!(said(start, "the gearbox") >= 2 && said(start, "a call failed by a defect") >= 2);
}

#[tokio::test]
async fn a_hash_that_cannot_be_read_is_no_matter_of_who_signs_in() {
    let app = TestApp::start();
    app.database.query("UPDATE user_password SET hash = 'the gears'");
    let anonymous = app.anonymous();
    let start = log().length();

    let answer = anonymous.authenticate("admin", PASSWORD).await;
    assert_eq!((answer.status, answer.message().as_str()), (StatusCode::INTERNAL_SERVER_ERROR, TOLD));
    let params: Json = json!({"service": "common", "method": "login", "args": [DB, "admin", PASSWORD]});
    let answer = anonymous.rpc("/jsonrpc", params).await;
    assert_eq!((answer.status, answer.message().as_str()), (StatusCode::INTERNAL_SERVER_ERROR, TOLD));
    let texts: String =
        [DB, "admin", PASSWORD].map(|text| format!("<param><value>{text}</value></param>")).concat();
    let body = format!("<methodCall><methodName>login</methodName><params>{texts}</params></methodCall>");
    for path in ["/xmlrpc/2/common", "/xmlrpc/common"] {
        let request = anonymous.http.post(format!("{}{path}", app.url())).header(CONTENT_TYPE, "text/xml");
        let answer = Answer::to(request.body(body.clone())).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{answer:?}");
        assert!(answer.body.contains(&format!("RuntimeError: {TOLD}")), "{answer:?}");
        assert!(!answer.body.contains("verified"), "{answer:?}");
    }
    assert!(said(start, "The stored password cannot be verified.") >= 4);
}
