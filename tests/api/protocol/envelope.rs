//! The envelope of JSON-RPC: what is echoed, what is refused, and in which shape.

use std::io::Read as _;

use flate2::read::GzDecoder;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, COOKIE};
use serde_json::{Value as Json, json};

use super::Findings;
use crate::support::app::TestApp;
use crate::support::client::{Answer, envelope};

const VERSION: &str = "/web/webclient/version_info";

#[tokio::test]
async fn the_id_of_a_request_is_echoed_with_its_type() {
    let app = TestApp::start();
    let anonymous = app.anonymous();

    for id in [
        "7",
        "-7",
        "1.5",
        "1.0",
        "\"7\"",
        "\"\u{e9}\u{1f600}\"",
        "\"\"",
        "null",
        "18446744073709551615",
        "true",
    ] {
        let body = format!("{{\"jsonrpc\": \"2.0\", \"id\": {id}, \"params\": {{}}}}");
        let answer = anonymous.post(VERSION, "application/json", body).await;
        let wanted: Json = serde_json::from_str(id).unwrap();
        assert_eq!(answer.json()["id"], wanted, "{id}");
        assert!(answer.json().get("result").is_some(), "{id}");

        let body = format!("{{\"id\": {id}, \"params\": {{\"db\": \"oregional\"}}}}");
        let answer = anonymous.post("/web/session/authenticate", "application/json", body).await;
        assert_eq!(answer.json()["id"], wanted, "{id} of an error");
        assert_eq!(answer.error(), (200, "builtins.TypeError".to_owned()));
    }
}

#[tokio::test]
async fn a_request_needs_no_more_than_an_object() {
    let app = TestApp::start();
    let anonymous = app.anonymous();

    for body in [
        "{}",
        "{\"params\": {}}",
        "{\"params\": []}",
        "{\"method\": \"whatever\", \"params\": {}, \"extra\": [1]}",
        "{\"params\": {\"unknown\": 1}}",
        " \n{\"params\": {}} \n",
    ] {
        let answer = anonymous.post(VERSION, "application/json", body).await;
        assert_eq!(answer.result()["server_serie"], "18.0", "{body}");
        assert_eq!(answer.json()["id"], Json::Null, "{body}");
        assert_eq!(answer.headers[CONTENT_TYPE], "application/json; charset=utf-8");
    }
}

#[tokio::test]
async fn a_body_that_is_no_request_is_refused_without_an_id() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let decode = "json.decoder.JSONDecodeError";
    let mut findings = Findings::default();

    for (body, name) in [
        (b"".to_vec(), decode),
        (b"{".to_vec(), decode),
        (b"{\"id\": 1,}".to_vec(), decode),
        (b"{'id': 1}".to_vec(), decode),
        (b"{\"id\": 1} x".to_vec(), decode),
        (b"{\"id\": NaN}".to_vec(), ""),
        (b"{\"id\": 1e999}".to_vec(), ""),
        (b"{\"id\": \"\xff\xfe\"}".to_vec(), ""),
        (b"{\"id\": \"\\ud800\"}".to_vec(), ""),
        (b"{\"params\": {\"model\": \"\\udc00\\ud800\"}}".to_vec(), ""),
        (b"\xef\xbb\xbf{}".to_vec(), ""),
        (b"\0".to_vec(), decode),
        (b"[]".to_vec(), ""),
        (b"[{\"id\": 1, \"params\": {}}]".to_vec(), ""),
        (b"\"text\"".to_vec(), ""),
        (b"5".to_vec(), ""),
        (b"null".to_vec(), ""),
    ] {
        let text = String::from_utf8_lossy(&body).into_owned();
        let answer = app.anonymous().call_raw(&admin.session, body).await;
        findings.look_at(&text, &answer);
        findings.expect(&text, &Json::Null, &answer.json()["id"]);
        if !name.is_empty() {
            findings.expect(&text, &name.into(), &answer.json()["error"]["data"]["name"]);
        }
    }
    findings.finish();
}

#[tokio::test]
async fn parameters_that_are_no_object_are_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;

    for params in [json!(null), json!([1]), json!([["model", "x"]]), json!("x"), json!(5), json!(true)] {
        for path in ["/web/dataset/call_kw", "/web/dataset/call_button", VERSION] {
            let answer = admin.browser.rpc(path, params.clone()).await;
            assert_eq!(answer.error(), (200, "builtins.TypeError".to_owned()), "{path} {params}");
            assert_eq!(answer.json()["id"], 7, "{path} {params}");
        }
    }
}

#[tokio::test]
async fn a_call_without_one_of_its_parameters_is_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let whole = json!({"model": "res.users", "method": "context_get", "args": [], "kwargs": {}});
    assert!(admin.browser.rpc("/web/dataset/call_kw", whole.clone()).await.result().is_object());

    for missing in ["method", "args", "kwargs"] {
        let mut params = whole.clone();
        params.as_object_mut().unwrap().remove(missing);
        let answer = admin.browser.rpc("/web/dataset/call_kw", params).await;
        assert_eq!(answer.error(), (200, "builtins.TypeError".to_owned()), "{missing}");
        assert!(answer.message().contains(missing), "{}", answer.message());
        assert_eq!(answer.json()["id"], 7, "{missing}");
    }
}

#[tokio::test]
async fn an_unknown_model_and_an_expired_session_hide_the_id() {
    let app = TestApp::start();
    let admin = app.admin().await;

    let answer = admin.call_kw("no.such.model", "read", json!([[1]]), json!({})).await;
    assert_eq!(answer.error(), (404, "werkzeug.exceptions.NotFound".to_owned()));
    assert_eq!(answer.json()["id"], Json::Null);

    for none in [json!({}), json!({"model": "x"}), json!({"model": 5}), json!({"model": null})] {
        let answer = admin.browser.rpc("/web/dataset/call_kw", none.clone()).await;
        assert_eq!(answer.error(), (404, "werkzeug.exceptions.NotFound".to_owned()), "{none}");
    }

    let params = json!({"model": "no.such.model", "method": "read", "args": [[1]], "kwargs": {}});
    let answer = app.anonymous().rpc("/web/dataset/call_kw", params).await;
    assert_eq!(answer.error(), (100, "odoo.http.SessionExpiredException".to_owned()));
    assert_eq!(answer.json()["id"], Json::Null);
}

#[tokio::test]
async fn methods_that_are_unknown_or_private_are_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;

    for (method, name) in [
        ("no_such_method", "builtins.AttributeError"),
        ("_write", "odoo.exceptions.AccessError"),
        ("__class__", "odoo.exceptions.AccessError"),
        ("READ", "builtins.AttributeError"),
        ("", "builtins.AttributeError"),
        ("re\0ad", "builtins.AttributeError"),
        ("read ", "builtins.AttributeError"),
        ("l\u{e9}gy\u{171}jt\u{e9}s", "builtins.AttributeError"),
    ] {
        let params = json!({"model": "res.partner", "method": method, "args": [[1]], "kwargs": {}});
        let answer = admin.browser.rpc("/web/dataset/call_kw", params).await;
        assert_eq!(answer.error(), (200, name.to_owned()), "{method}");
        assert_eq!(answer.json()["id"], 7, "{method}");
    }
    for model in [
        "",
        "res.partner\0",
        "res_partner",
        "RES.PARTNER",
        "res.partner; DROP TABLE res_partner",
        "\u{1f600}",
    ] {
        let params = json!({"model": model, "method": "read", "args": [[1]], "kwargs": {}});
        let answer = admin.browser.rpc("/web/dataset/call_kw", params).await;
        assert_eq!(answer.error(), (404, "werkzeug.exceptions.NotFound".to_owned()), "{model}");
    }
    for (model, method) in
        [(json!(5), json!("read")), (json!("res.partner"), json!(["read"])), (json!(null), json!(null))]
    {
        let params = json!({"model": model, "method": method, "args": [[1]], "kwargs": {}});
        let answer = admin.browser.rpc("/web/dataset/call_kw", params).await;
        assert!(answer.fault().is_none() && answer.json().get("error").is_some(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_void_result_has_no_key() {
    let app = TestApp::start();
    let admin = app.admin().await;

    let answer = admin.browser.rpc("/web/session/check", json!({})).await;

    assert_eq!(answer.json(), json!({"jsonrpc": "2.0", "id": 7}));
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn an_address_takes_json_by_post_only() {
    let app = TestApp::start();
    let anonymous = app.anonymous();
    let body = envelope(&json!({})).to_string();
    let is_page = |answer: &Answer, status: u16| {
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
        assert!(answer.headers[CONTENT_TYPE].to_str().unwrap().starts_with("text/html"), "{answer:?}");
        assert!(answer.body.contains("<html"), "{answer:?}");
    };

    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonx", "", ";"]
    {
        is_page(&anonymous.post(VERSION, content_type, body.clone()).await, 400);
    }
    is_page(
        &Answer::to(anonymous.http.post(format!("{}{VERSION}", app.url())).body(body.clone())).await,
        400,
    );
    is_page(&anonymous.get(VERSION).await, 400);
    is_page(&Answer::to(anonymous.http.put(format!("{}{VERSION}", app.url())).json(&json!({}))).await, 400);
    for content_type in [
        "application/json",
        "application/json-rpc",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/json;",
    ] {
        let answer = anonymous.post(VERSION, content_type, body.clone()).await;
        assert_eq!(answer.result()["protocol_version"], 1, "{content_type}");
    }
}

#[tokio::test]
async fn an_unknown_address_is_a_page_that_says_so() {
    let app = TestApp::start();
    let anonymous = app.anonymous();

    for path in [
        "/nothing",
        "/web/dataset/search_read",
        "/web/dataset/call",
        "/web/session",
        "/%00",
        "/web/../etc/passwd",
        "/web/%2e%2e/x",
    ] {
        let answers = [anonymous.rpc(path, json!({})).await, anonymous.get(path).await];
        for answer in answers {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert!(answer.headers[CONTENT_TYPE].to_str().unwrap().starts_with("text/html"), "{path}");
        }
    }
}

#[tokio::test]
async fn slashes_too_many_lead_to_the_same_place() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let params = json!({"model": "res.users", "method": "context_get", "args": [], "kwargs": {}});

    for path in [
        "/web/dataset/call_kw",
        "/web/dataset/call_kw/",
        "//web/dataset/call_kw",
        "/web//dataset///call_kw",
        "/web/dataset/call_kw/res.users/context_get",
        "/web/dataset/call_kw/res.users/context_get/",
        "/web/dataset/call_kw/any/thing/at/all",
        "/web/dataset/call_kw/%E2%98%83",
    ] {
        let request = app.anonymous().http.post(format!("{}{path}", app.url()));
        let request =
            request.header(COOKIE, format!("session_id={}", admin.session)).json(&envelope(&params));
        assert_eq!(Answer::to(request).await.result()["uid"], admin.uid, "{path}");
    }
    assert_eq!(
        admin.browser.rpc("//web/webclient/version_info/", json!({})).await.result()["server_version"],
        "18.0"
    );
}

/// Long answers go out in parts, short ones in one piece; a reader sees no difference.
#[tokio::test]
async fn answers_of_any_length_are_whole_compressed_or_not() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let url = format!("{}/web/dataset/call_kw", app.url());
    for limit in [1, 20, 40, 80, 200] {
        let params = json!({
            "model": "res.country", "method": "search_read", "args": [],
            "kwargs": {"fields": ["name", "code", "currency_id"], "limit": limit},
        });
        let body = json!({"jsonrpc": "2.0", "id": "\u{e9}", "params": params}).to_string();
        let ask = |encoding: &str| {
            let request = admin.browser.http.post(&url).header(CONTENT_TYPE, "application/json");
            request.header(ACCEPT_ENCODING, encoding).body(body.clone()).send()
        };
        let plain = ask("identity").await.unwrap();
        let length = plain.content_length();
        let plain = plain.bytes().await.unwrap();
        assert_eq!(length, Some(plain.len() as u64), "{limit}");
        let answer: Json = serde_json::from_slice(&plain).unwrap();
        assert_eq!(answer["id"], "\u{e9}");
        assert_eq!(answer["result"].as_array().unwrap().len(), limit);

        let small = ask("gzip").await.unwrap();
        assert_eq!(small.headers()[CONTENT_ENCODING], "gzip");
        let mut text = Vec::new();
        GzDecoder::new(small.bytes().await.unwrap().as_ref()).read_to_end(&mut text).unwrap();
        assert_eq!(text, plain, "{limit}");
    }
}
