//! Calls as clients write them, well and badly.

use proptest::prelude::*;
use serde_json::json;

use super::super::write;
use super::*;

fn args(params: &str) -> Result<Vec<Json>> {
    let body = format!(
        "<?xml version='1.0'?>\n<methodCall>\n<methodName>m</methodName>\n<params>{params}</params>\n</methodCall>\n"
    );
    method_call(body.as_bytes()).map(|call| call.args)
}

fn value(inner: &str) -> Result<Json> {
    args(&format!("<param><value>{inner}</value></param>")).map(|mut args| args.remove(0))
}

/// Pieces of which calls are made, in no order that makes sense.
const PIECES: [&str; 20] = [
    "<methodCall>",
    "</methodCall>",
    "<methodName>",
    "</methodName>",
    "<params>",
    "</params>",
    "<param>",
    "<value>",
    "</value>",
    "<array>",
    "<data>",
    "<struct>",
    "<member>",
    "<name>",
    "<int>",
    "1",
    "&amp;",
    "<![CDATA[",
    "]]>",
    "<!--",
];

fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        (-1e9..1e9).prop_map(Json::from),
        "[ -~\u{e9}\u{1f600}\n]*".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let members = proptest::collection::btree_map("[ -~]{0,8}", inner.clone(), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Json::from),
            members.prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn bytes_of_any_kind_are_a_call_or_an_error(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(method_call(&body));
    }

    #[test]
    fn markup_of_any_kind_is_a_call_or_an_error(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..60)
    ) {
        drop(method_call(pieces.concat().as_bytes()));
    }

    #[test]
    fn what_is_written_is_read_again(json in values()) {
        let mut written = String::new();
        write::value(&mut written, &json).unwrap();
        prop_assert_eq!(args(&format!("<param>{written}</param>")), Ok(vec![json]));
    }
}

#[test]
fn every_type_has_a_value() {
    for (inner, wanted) in [
        ("<int>7</int>", json!(7)),
        ("<i4> -7 </i4>", json!(-7)),
        ("<i8>9000000000</i8>", json!(9_000_000_000_i64)),
        ("<boolean>1</boolean>", json!(true)),
        ("<double>1.5</double>", json!(1.5)),
        ("<string> a &amp; \u{151} &#x41;<![CDATA[<b>]]></string>", json!(" a & \u{151} A<b>")),
        (" bare\r\ntext ", json!(" bare\ntext ")),
        ("", json!("")),
        ("<string/>", json!("")),
        ("<nil/>", json!(null)),
        ("<dateTime.iso8601>20260102T03:04:05</dateTime.iso8601>", json!("2026-01-02 03:04:05")),
        ("<array><data/></array>", json!([])),
        (
            "\n<array>\n<data>\n<value><int>1</int></value>\n<value>x</value>\n</data>\n</array>\n",
            json!([1, "x"]),
        ),
        ("<struct/>", json!({})),
        (
            "<struct><member><name>b</name><value><nil/></value></member><member>\n<name>a</name><value/></member></struct>",
            json!({"b": null, "a": ""}),
        ),
    ] {
        assert_eq!(value(inner), Ok(wanted), "{inner}");
    }
    assert_eq!(
        method_call(b"<methodCall><methodName>m</methodName></methodCall>").unwrap().args,
        Vec::<Json>::new()
    );
    assert_eq!(
        method_call(b"<methodCall><methodName>m</methodName><params/></methodCall>").unwrap().args,
        Vec::<Json>::new()
    );
}

#[test]
fn what_is_no_call_is_an_error_and_no_panic() {
    let deep = "<array><data><value>".repeat(20_000);
    for inner in [
        "<int>x</int>",
        "<int>99999999999999999999</int>",
        "<boolean>true</boolean>",
        "<double>nan</double>",
        "<double>1e999</double>",
        "<what/>",
        "x<int>1</int>",
        "<int>1</int>x",
        "<int>1</int><int>2</int>",
        "<int><b/></int>",
        "&unknown;",
        "&#0;<",
        "<array><value/></array>",
        "<struct><name>x</name></struct>",
        "<struct><member><value/></member></struct>",
        deep.as_str(),
    ] {
        assert!(matches!(value(inner), Err(Error::Xml(_))), "{}", inner.chars().take(60).collect::<String>());
    }
    for body in [
        "",
        "x",
        "<",
        "<a/>",
        "<methodCall/>",
        "<methodCall><methodName>m</methodName></methodCall><a/>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><methodCall><methodName>&b;</methodName></methodCall>",
    ] {
        assert!(matches!(method_call(body.as_bytes()), Err(Error::Xml(_))), "{body}");
    }
    assert!(matches!(method_call(&[0xff, 0xfe]), Err(Error::Xml(_))));
    assert!(matches!(value("<base64>AA==</base64>"), Err(Error::Type(_))));
}
