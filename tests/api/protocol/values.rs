//! Values that are written: odd ones for each type of field, and texts of all the world.

use serde_json::{Value as Json, json};

use super::{Findings, MODEL, outcome, three_applications};
use crate::support::app::TestApp;

const FIELDS: [&str; 19] = [
    "name",
    "active",
    "access_token_expiry",
    "model_scheme_id",
    "uri_ids",
    "description",
    "logo",
    "client_id",
    "client_secret",
    "own_id",
    "uri_count",
    "display_name",
    "id",
    "create_date",
    "create_uid",
    "authorization_ids",
    "nope",
    "na\0me",
    "",
];

/// Values of any kind, commands of lines among them.
fn odd_values() -> Vec<Json> {
    let big: Json = serde_json::from_str("99999999999999999999999").unwrap();
    vec![
        json!(null),
        json!(false),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(2_147_483_648_i64),
        json!(i64::MAX),
        json!(u64::MAX),
        big.clone(),
        json!(""),
        json!("   "),
        json!("text"),
        json!("a\0b"),
        json!("\\u0000"),
        json!("AAAA"),
        json!("AA\0A"),
        json!("2026-02-30"),
        json!([]),
        json!([1]),
        json!([1, "x"]),
        json!(["x"]),
        json!([[]]),
        json!([[0]]),
        json!([[0, 0]]),
        json!([[0, 0, "x"]]),
        json!([[1, "x", {}]]),
        json!([[2, null]]),
        json!([[4, big]]),
        json!([[4, -1]]),
        json!([[6, 0, "x"]]),
        json!([[6, 0, [[1]]]]),
        json!([[7, 0, 0]]),
        json!([["x"]]),
        json!([[0, 0, {"uri": "https://a.example/\0"}]]),
        json!([[0, 0, {"nope": 1}]]),
        json!({}),
        json!({"a": {"b": [1]}}),
    ]
}

#[tokio::test]
async fn a_value_of_any_kind_is_written_or_refused_clearly() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ids = three_applications(&admin).await;
    let (values, mut findings) = (odd_values(), Findings::default());

    for field in FIELDS {
        for value in &values {
            let record = json!({"name": "Odd", field: value});
            let answer = admin.call_kw(MODEL, "create", json!([record]), json!({})).await;
            findings.look_at(&format!("create {record}"), &answer);
            let answer = admin.call_kw(MODEL, "write", json!([[ids[0]], {field: value}]), json!({})).await;
            findings.look_at(&format!("write {field} {value}"), &answer);
        }
    }
    for values in [
        json!("x"),
        json!(5),
        json!(null),
        json!([1]),
        json!([["name", "x"]]),
        json!([[{"name": "x"}]]),
        json!([null]),
    ] {
        for (method, args) in [
            ("create", json!([values])),
            ("write", json!([[ids[0]], values])),
            ("copy", json!([[ids[0]], values])),
        ] {
            let answer = admin.call_kw(MODEL, method, args, json!({})).await;
            findings.look_at(&format!("{method} {values}"), &answer);
        }
    }
    findings.finish();
}

#[tokio::test]
async fn whole_numbers_without_room_are_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = three_applications(&admin).await[0];
    let mut findings = Findings::default();

    for number in ["2147483648", "-2147483649", "9223372036854775808", "99999999999999999999999", "1e300"] {
        let value: Json = serde_json::from_str(number).unwrap();
        let answer =
            admin.call_kw(MODEL, "write", json!([[id], {"access_token_expiry": value}]), json!({})).await;
        findings.look_at(number, &answer);
        if answer.json().get("error").is_none() {
            findings.note(number, "accepted");
        }
    }
    let kept = admin.result(MODEL, "read", json!([[id], ["access_token_expiry"]])).await;
    findings.expect("what was kept", &json!(100), &kept[0]["access_token_expiry"]);
    findings.finish();
}

#[tokio::test]
async fn a_text_with_a_nul_is_refused_wherever_it_stands() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = three_applications(&admin).await[0];

    for (method, args) in [
        ("create", json!([{"name": "a\0b"}])),
        ("create", json!([{"name": "x", "description": "\0"}])),
        (
            "create",
            json!([{"name": "x", "uri_ids": [[0, 0, {"uri": "https://a.example/", "description": "a\0"}]]}]),
        ),
        ("write", json!([[id], {"name": "a\0b"}])),
        ("write", json!([[id], {"client_secret": "a\0b"}])),
        ("name_create", json!(["a\0b"])),
    ] {
        let answer = admin.call_kw(MODEL, method, args.clone(), json!({})).await;
        assert!(answer.fault().is_none(), "{method} {args}: {answer:?}");
        assert_eq!(answer.error().0, 200, "{method} {args}");
    }
    assert_eq!(admin.result(MODEL, "search_count", json!([[]])).await, 3);
}

#[tokio::test]
async fn names_of_all_the_world_come_back_and_are_found() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let names = [
        "\u{e1}rv\u{ed}zt\u{171}r\u{151} t\u{fc}k\u{f6}rf\u{fa}r\u{f3}g\u{e9}p",
        "\u{65e5}\u{672c}\u{8a9e}",
        "\u{5e2}\u{5d1}\u{5e8}\u{5d9}\u{5ea} \u{202e}\u{202c}",
        "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
        "e\u{301} and \u{e9}",
        "\u{10ffff}\u{fffd}\u{feff}",
        "\"double\" 'single' `back` \\ / $1 %s {0} <b>&amp;</b>",
        "line\nbreak\ttab\rreturn",
        "control \u{1}\u{1f}\u{7f}\u{85}\u{2028}",
        "100%_like\\",
        "I \u{130} \u{131} \u{df} \u{1e9e}",
    ];

    for name in names {
        let id = admin.create(MODEL, json!({"name": name, "description": name})).await;
        let read = admin.result(MODEL, "read", json!([[id], ["name", "description", "display_name"]])).await;
        assert_eq!(read, json!([{"id": id, "name": name, "description": name, "display_name": name}]));
        let found = admin.call_kw(MODEL, "search", json!([[["name", "=", name]]]), json!({})).await;
        assert_eq!(outcome(&found), json!([id]), "{name:?}");
    }
}
