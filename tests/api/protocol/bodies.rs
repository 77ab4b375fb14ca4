//! Bodies that are too large, too deep, or come oddly.

use serde_json::{Value as Json, json};

use super::{Findings, MODEL};
use crate::support::app::TestApp;
use crate::support::client::envelope;
use crate::support::raw;

const MIB: usize = 1024 * 1024;

/// A JSON text nested so deep.
fn nested(depth: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_the_connection_goes() {
    let app = TestApp::with(|settings| settings.max_body = 1);
    let body = vec![b'x'; 3 * MIB];
    let head = |more: &str| {
        format!(
            "POST /web/session/authenticate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{more}\r\n"
        )
    };
    let chunked =
        [format!("{:x}\r\n", body.len()).into_bytes(), body.clone(), b"\r\n0\r\n\r\n".to_vec()].concat();
    let length = format!("Content-Length: {}\r\n", body.len());

    for (what, head, body) in
        [("a length", head(&length), body), ("chunks", head("Transfer-Encoding: chunked\r\n"), chunked)]
    {
        let answer = raw::send(app.address(), &head, &body).await;
        let answer = answer.unwrap_or_else(|error| panic!("with {what}: {error}"));
        assert_eq!(answer.status, 413, "with {what}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_body_within_the_limit_is_taken() {
    let app = TestApp::with(|settings| settings.max_body = 1);
    let admin = app.admin().await;
    let text = "x".repeat(MIB - 1024);

    let id = admin.create(MODEL, json!({"name": "Large", "description": text})).await;

    let found = admin.result(MODEL, "read", json!([[id], ["description"]])).await;
    assert_eq!(found[0]["description"].as_str().map(str::len), Some(text.len()));
}

#[tokio::test]
async fn five_megabytes_of_text_come_back_as_they_went() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let text = "\u{e1}rv\u{ed}zt\u{171}r\u{151} \"t\u{fc}k\u{f6}rf\u{fa}r\u{f3}g\u{e9}p\" \\ \n"
        .repeat(5 * MIB / 36);
    assert!(text.len() > 5_000_000);

    let id = admin.create(MODEL, json!({"name": "Huge", "description": text})).await;

    let found = admin.result(MODEL, "read", json!([[id], ["description"]])).await;
    assert!(found[0]["description"] == text, "another text came back");
}

#[tokio::test]
async fn json_may_be_nested_as_deep_as_it_likes_and_is_refused_clearly() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let call = |args: &str| {
        format!(
            "{{\"id\": 7, \"params\": {{\"model\": \"{MODEL}\", \"method\": \"search\", \"args\": {args}, \"kwargs\": {{}}}}}}"
        )
    };
    let mut findings = Findings::default();

    for depth in [20, 101, 120, 127, 128, 129, 200, 100_000] {
        for (what, body) in [
            ("the body", nested(depth, "[", "", "]")),
            ("the arguments", call(&nested(depth, "[", "", "]"))),
            ("a domain", call(&format!("[[[\"id\", \"in\", {}]]]", nested(depth, "[", "1", "]")))),
            ("objects", call(&format!("[{}]", nested(depth, "{\"a\": ", "1", "}")))),
            ("what is never closed", "[".repeat(depth)),
            ("any", call(&format!("[[{}]]", nested(depth, "[\"uri_ids\", \"any\", [", "", "]]")))),
        ] {
            let answer = app.anonymous().call_raw(&admin.session, body).await;
            findings.look_at(&format!("{what}, {depth} deep"), &answer);
            if depth > 127 && answer.json().get("error").is_none() {
                findings.note(&format!("{what}, {depth} deep"), "accepted");
            }
        }
    }
    findings.finish();
}

#[tokio::test]
async fn a_request_in_small_pieces_is_put_together() {
    use tokio::io::AsyncWriteExt as _;
    let app = TestApp::start();
    let body = envelope(&json!({})).to_string();
    let head = format!(
        "POST /web/webclient/version_info HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(app.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();

    for byte in format!("{head}{body}").bytes() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }

    let answer = raw::read(&mut stream).await.unwrap();
    assert_eq!(serde_json::from_str::<Json>(&answer.body).unwrap()["result"]["server_serie"], "18.0");
}

#[tokio::test]
async fn a_client_that_hangs_up_half_way_disturbs_nobody() {
    use tokio::io::AsyncWriteExt as _;
    let app = TestApp::start();
    let admin = app.admin().await;

    for _ in 0..20 {
        let mut stream = tokio::net::TcpStream::connect(app.address()).await.unwrap();
        let head = format!(
            "POST /web/dataset/call_kw HTTP/1.1\r\nHost: x\r\nCookie: session_id={}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
            admin.session
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        drop(stream);
    }

    assert_eq!(admin.result("res.users", "context_get", json!([])).await["uid"], admin.uid);
}

/// Some clients look a header up letter by letter, in the spelling of Odoo's server.
#[tokio::test]
async fn headers_are_spelled_as_odoo_spells_them() {
    let app = TestApp::start();
    let body = br#"{"params": {"db": "oregional", "login": "admin", "password": "admin"}}"#;
    let head = format!(
        "POST /web/session/authenticate HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );

    let answer = raw::send(app.address(), &head, body).await.unwrap();

    assert_eq!(answer.status, 200);
    for name in ["Content-Type: application/json", "Content-Length: ", "Set-Cookie: session_id="] {
        assert!(answer.head.lines().any(|line| line.starts_with(name)), "{name}: {}", answer.head);
    }
}
