//! XML-RPC: what becomes a fault, in both of its forms, and what bodies are taken.

use reqwest::StatusCode;
use reqwest::header::SET_COOKIE;
use serde_json::{Value as Json, json};

use crate::support::app::{DB, PASSWORD, TestApp};
use crate::support::client::password_of;
use crate::support::services::{Fault, Outcome, Script, read};

const MODEL: &str = "oregional.application";

fn fault(outcome: Outcome) -> Fault {
    match outcome {
        Outcome::Fault(fault) => fault,
        other => panic!("no fault: {other:?}"),
    }
}

#[tokio::test]
async fn each_error_has_a_fault_in_both_forms() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let zoe = admin.make_user("zoe", &["base.group_user"]).await;
    let script = Script::new(&app.url(), zoe.uid, &password_of("zoe"));
    let boss = Script::new(&app.url(), 2, PASSWORD);
    let wrong = Script::new(&app.url(), 2, "wrong");

    for (who, model, method, args, two, one) in [
        (&script, MODEL, "create", json!([{"name": "x"}]), 4, "warning -- AccessError\n\n"),
        (&script, MODEL, "_private", json!([]), 4, "warning -- AccessError\n\n"),
        (&boss, MODEL, "create", json!([{"description": "x"}]), 2, "warning -- UserError\n\n"),
        (&boss, "no.model", "search", json!([[]]), 2, "warning -- UserError\n\n"),
        (&boss, MODEL, "write", json!([[999_999], {"name": "x"}]), 2, "warning -- MissingError\n\n"),
        (&wrong, MODEL, "search", json!([[]]), 3, "AccessDenied"),
        (&boss, MODEL, "write", json!([[1], {"nope": 1}]), 1, ""),
        (&boss, MODEL, "search", json!([[["nope", "=", 1]]]), 1, ""),
        (&boss, MODEL, "search", json!([]), 1, ""),
        (&boss, MODEL, "no_method", json!([]), 1, ""),
        (&boss, MODEL, "search", json!([[]]), 0, ""),
    ] {
        let second = who.call("/xmlrpc/2/object", model, method, args.clone(), json!({})).await;
        let first = who.call("/xmlrpc/object", model, method, args.clone(), json!({})).await;
        if two == 0 {
            assert_eq!((second.result(), first.result()), (json!([]), json!([])));
            continue;
        }
        let (second, first) = (fault(second), fault(first));
        assert_eq!(second.code, two, "{method} {args}");
        let code = first.code.as_str().unwrap_or_else(|| panic!("{first:?}"));
        assert!(code.starts_with(one) && code.len() >= one.len(), "{method} {args}: {code}");
        match two {
            1 => {
                // The last line names the exception.
                assert!(second.text.contains("Error: "), "{second:?}");
                assert_eq!(second.text, first.text);
                assert!(second.text.ends_with(code), "{second:?} {first:?}");
            }
            3 => assert_eq!([second.text, first.text], ["Access Denied", "Access Denied"]),
            _ => {
                assert_eq!(first.text, "");
                assert_eq!(code, format!("{one}{}", second.text));
            }
        }
    }
}

#[tokio::test]
async fn what_xml_rpc_cannot_say_is_a_fault_after_the_work_was_done() {
    let app = TestApp::start();
    let script = Script::new(&app.url(), 2, PASSWORD);
    for path in ["/xmlrpc/2/object", "/xmlrpc/object"] {
        let call = async |method: &str, args: Json| script.call(path, MODEL, method, args, json!({})).await;
        let id = call("create", json!([{"name": "x"}])).await.result();

        let void = fault(call("action_archive", json!([[id]])).await);
        assert_eq!(void.text, "TypeError: cannot marshal None unless allow_none is enabled");
        assert_eq!(call("read", json!([[id], ["active"]])).await.result()[0]["active"], false);

        let long = "x\u{1}\u{8}y\u{b}\t\r\n\u{151}\u{1f600} & <b> ]]>";
        call("write", json!([[id], {"description": long}])).await.result();
        let text = call("read", json!([[id], ["description"]])).await.result()[0]["description"].clone();
        assert!(!text.as_str().unwrap().contains(['\u{1}', '\u{8}', '\u{b}']), "{text}");
        assert!(text.as_str().unwrap().contains("\u{151}\u{1f600} & <b> ]]>"), "{text}");
    }
}

/// Posts a body and gives the fault that it is answered with.
async fn refusal(app: &TestApp, path: &str, body: impl Into<reqwest::Body>) -> Fault {
    let answer = app.anonymous().post(path, "application/octet-stream", body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.headers.contains_key(SET_COOKIE));
    read(&answer.body).expect_err("it was taken")
}

#[tokio::test]
async fn hostile_bodies_are_faults() {
    let app = TestApp::start();
    let deep = format!(
        "<methodCall><methodName>x</methodName><params><param><value>{}",
        "<array><data><value>".repeat(100_000)
    );
    let bomb = "<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><methodCall><methodName>&b;</methodName></methodCall>";
    for path in ["/xmlrpc/2/common", "/xmlrpc/common"] {
        for body in ["", "x", "{}", "<methodCall/>", "<methodCall><methodName>", bomb, deep.as_str()] {
            let found = refusal(&app, path, body.to_owned()).await;
            assert!(found.text.starts_with("xml.parsers.expat.ExpatError: "), "{found:?}");
            assert_eq!(found.code == 1, path.contains('2'));
        }
        refusal(&app, path, vec![0xff, 0xfe, 0x00]).await;
        assert_eq!(app.anonymous().get(path).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    let listed = "<methodCall><methodName>system.listMethods</methodName><params/></methodCall>";
    assert!(refusal(&app, "/xmlrpc/2/common", listed).await.text.contains("Method not found"));
    refusal(&app, "/xmlrpc/2/object", listed).await;
    assert!(refusal(&app, "/xmlrpc/2/zzz", listed).await.text.starts_with("KeyError: "));
}

#[tokio::test]
async fn bytes_are_refused_and_moments_are_taken() {
    let app = TestApp::start();
    let script = Script::new(&app.url(), 2, PASSWORD);
    let id = script.call("/jsonrpc", MODEL, "create", json!([{"name": "x"}]), json!({})).await.result();
    let call = |method: &str, args: &str| {
        let text = |text: &str| format!("<param><value>{text}</value></param>");
        let head = [DB, "<int>2</int>", PASSWORD, MODEL, method].map(text).concat();
        format!(
            "<?xml version='1.0'?><methodCall><methodName>execute_kw</methodName><params>{head}<param><value><array><data>{args}</data></array></value></param></params></methodCall>"
        )
    };
    let post =
        async |body: String| read(&app.anonymous().post("/xmlrpc/2/object", "text/plain", body).await.body);

    let leaf = |moment: &str| {
        let operands = format!("<value>create_date</value><value>&gt;</value><value>{moment}</value>");
        format!(
            "<value><array><data><value><array><data>{operands}</data></array></value></data></array></value>"
        )
    };
    let past = leaf("<dateTime.iso8601>20200101T00:00:00</dateTime.iso8601>");
    let future = leaf("<dateTime.iso8601>29990101T00:00:00</dateTime.iso8601>");
    assert_eq!(post(call("search", &past)).await, Ok(json!([id])));
    assert_eq!(post(call("search", &future)).await, Ok(json!([])));

    let bytes = post(call("search", &leaf("<base64>AAAA</base64>"))).await.unwrap_err();
    assert!(bytes.code == 1 && bytes.text.starts_with("TypeError: "), "{bytes:?}");
}

#[tokio::test]
async fn a_body_is_read_in_the_encoding_that_it_declares() {
    let app = TestApp::start();
    let name = "Gru\u{df} \u{e9}\u{e8}";
    let script = Script::new(&app.url(), 2, PASSWORD);
    let values = json!([{"name": name}]);
    let id = script.call("/xmlrpc/2/object", MODEL, "create", values, json!({})).await.result();
    let call = |encoding: &str| {
        let texts = [DB, "<int>2</int>", PASSWORD, MODEL, "search"]
            .map(|text| format!("<param><value>{text}</value></param>"))
            .concat();
        let list = |inner: &str| format!("<value><array><data>{inner}</data></array></value>");
        let leaf = format!("<value>name</value><value>=</value><value>{name}</value>");
        format!(
            "<?xml version='1.0' encoding='{encoding}'?><methodCall><methodName>execute_kw</methodName><params>{texts}<param>{}</param></params></methodCall>",
            list(&list(&list(&leaf)))
        )
    };
    let latin = call("ISO-8859-1").chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();

    for (form, body) in [
        ("UTF-8", call("UTF-8").into_bytes()),
        ("ISO-8859-1", latin),
        ("UTF-16 with a mark", wide(&format!("\u{feff}{}", call("UTF-16")))),
        ("UTF-16", wide(&call("UTF-16"))),
    ] {
        let answer = app.anonymous().post("/xmlrpc/2/object", "text/xml", body).await;
        assert_eq!(read(&answer.body), Ok(json!([id])), "{form}");
    }
    for encoding in ["UTF-16", "x-nobody-knows"] {
        let found = refusal(&app, "/xmlrpc/2/object", call(encoding)).await;
        assert!(found.text.starts_with("xml.parsers.expat.ExpatError: "), "{encoding}: {found:?}");
    }
}
