//! Arguments of methods in all the forms that clients give them, and in some that none should.

use serde_json::{Value as Json, json};

use super::{Findings, MODEL, outcome, three_applications};
use crate::support::app::TestApp;

/// Values that are no id of a record, or only look like one.
fn wrong_ids() -> Vec<Json> {
    let big: Json = serde_json::from_str("99999999999999999999999").unwrap();
    vec![
        json!("1"),
        json!("x"),
        json!(""),
        json!("\0"),
        json!(1.5),
        json!(1.0),
        json!(-1),
        json!(0),
        json!(true),
        json!(false),
        json!(null),
        json!({}),
        json!({"id": 1}),
        json!([[1]]),
        json!([[]]),
        json!([null]),
        json!([false]),
        json!([true]),
        json!(["1"]),
        json!(["x\0"]),
        json!([{"id": 1}]),
        json!([1.5]),
        json!([1e300]),
        json!([-1, 0]),
        json!(2_147_483_648_i64),
        json!([i64::from(i32::MIN) - 1]),
        json!(i64::MAX),
        json!([i64::MIN]),
        json!(u64::MAX),
        big.clone(),
        json!([big]),
        json!([]),
    ]
}

#[tokio::test]
async fn ids_of_every_wrong_kind_are_answered_clearly_by_every_method() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let before = three_applications(&admin).await.len();
    let calls = [
        ("read", json!([["name"]])),
        ("write", json!([{"description": "x"}])),
        ("unlink", json!([])),
        ("copy", json!([])),
        ("exists", json!([])),
        ("action_archive", json!([])),
        ("action_generate_client_id", json!([])),
        ("get_metadata", json!([])),
        ("web_read", json!([{"name": {}}])),
        ("web_save", json!([{"name": "x"}, {"name": {}}])),
        ("export_data", json!([["name"]])),
        ("has_access", json!(["write"])),
        ("get_external_id", json!([])),
    ];
    let mut findings = Findings::default();

    for (method, rest) in calls {
        for ids in wrong_ids() {
            let mut args = rest.as_array().unwrap().clone();
            args.insert(0, ids.clone());
            let answer = admin.call_kw(MODEL, method, args.into(), json!({})).await;
            findings.look_at(&format!("{method} of {ids}"), &answer);
        }
    }
    findings.finish();
    let left = admin
        .call_kw(MODEL, "search_count", json!([[["name", "in", ["Alpha", "Beta", "Gamma"]]]]), json!({}))
        .await;
    assert_eq!(left.result(), before, "an id that is none has reached a record");
}

#[tokio::test]
async fn limits_and_offsets_are_taken_in_the_forms_that_clients_send() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ids = three_applications(&admin).await;
    let (all, first) = (json!(ids), json!([ids[0]]));
    let big: Json = serde_json::from_str("99999999999999999999999").unwrap();
    let mut findings = Findings::default();

    for (keyword, value, wanted) in [
        ("limit", json!(0), &all),
        ("limit", json!(false), &all),
        ("limit", json!(null), &all),
        ("limit", json!(""), &all),
        ("limit", json!("1"), &first),
        ("limit", json!(1.0), &first),
        ("limit", json!(1), &first),
        ("limit", json!(1_000_000_000_000_i64), &all),
        ("offset", json!(0), &all),
        ("offset", json!(false), &all),
        ("offset", json!(""), &all),
        ("offset", json!("1"), &json!(ids[1..])),
        ("offset", json!(1.0), &json!(ids[1..])),
        ("offset", json!(1_000_000_000_000_i64), &json!([])),
    ] {
        let answer = admin.call_kw(MODEL, "search", json!([[]]), json!({keyword: value})).await;
        findings.expect(&format!("{keyword} {value}"), wanted, &outcome(&answer));
    }
    for keyword in ["limit", "offset"] {
        for value in [
            json!(-1),
            json!("x"),
            json!("1; DROP TABLE x"),
            json!([1]),
            json!({"a": 1}),
            json!("\0"),
            big.clone(),
            json!(1e300),
        ] {
            let answer = admin.call_kw(MODEL, "search", json!([[]]), json!({keyword: value})).await;
            findings.look_at(&format!("{keyword} {value}"), &answer);
            if answer.json().get("error").is_none() {
                findings.note(&format!("{keyword} {value}"), "accepted");
            }
        }
    }
    findings.finish();
}

#[tokio::test]
async fn an_order_is_a_list_of_fields_and_nothing_else() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ids = three_applications(&admin).await;
    let all = json!(ids);
    let back: Json = ids.iter().rev().copied().collect();
    let mut findings = Findings::default();

    for (order, wanted) in [
        (json!(""), &all),
        (json!(false), &all),
        (json!(null), &all),
        (json!("name"), &all),
        (json!("name desc"), &back),
        (json!("name DESC"), &back),
        (json!("  name   desc  "), &back),
        (json!("access_token_expiry desc, name"), &back),
        (json!("name desc nulls first"), &back),
        (json!("name asc nulls last, id desc"), &all),
        (json!("model_scheme_id, name desc"), &back),
    ] {
        let answer = admin.call_kw(MODEL, "search", json!([[]]), json!({"order": order})).await;
        findings.expect(&format!("order {order}"), wanted, &outcome(&answer));
    }
    for order in [
        json!("name; DROP TABLE oregional_application"),
        json!("name desc; DELETE FROM res_users; --"),
        json!("(SELECT pg_sleep(10))"),
        json!("pg_sleep(10)"),
        json!("name, (SELECT 1)"),
        json!("CASE WHEN 1=1 THEN id ELSE name END"),
        json!("name/**/desc"),
        json!("name -- "),
        json!("\"name\""),
        json!("id'"),
        json!("1"),
        json!("name foo"),
        json!("name asc asc"),
        json!("name nulls"),
        json!(","),
        json!("name,"),
        json!("name,,id"),
        json!("nope"),
        json!("name\0"),
        json!("n\u{e1}me"),
        json!("model_scheme_id.name.x"),
        json!("uri_ids"),
        json!("password"),
        json!(5),
        json!(["name"]),
        json!({"name": "desc"}),
    ] {
        let answer = admin.call_kw(MODEL, "search", json!([[]]), json!({"order": order})).await;
        findings.look_at(&format!("order {order}"), &answer);
        // Odoo sorts by what it can of a list of links; whether that is refused is free.
        if answer.json().get("error").is_none() && order != "uri_ids" {
            findings.note(&format!("order {order}"), "accepted");
        }
    }
    findings.finish();
    assert_eq!(admin.result(MODEL, "search_count", json!([[]])).await, 3);
}

#[tokio::test]
async fn fields_are_a_list_of_names() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ids = three_applications(&admin).await;
    let mut findings = Findings::default();

    for all in [json!(null), json!([]), json!(false), json!("")] {
        let answer = admin.call_kw(MODEL, "read", json!([[ids[0]]]), json!({"fields": all})).await;
        assert!(answer.result()[0].as_object().unwrap().len() > 15, "{all}");
    }
    for (fields, wanted) in [
        (json!(["name"]), json!([{"id": ids[0], "name": "Alpha"}])),
        (json!(["name", "name", "id"]), json!([{"id": ids[0], "name": "Alpha"}])),
        (json!(["nope"]), json!("<builtins.ValueError>")),
    ] {
        let answer = admin.call_kw(MODEL, "read", json!([[ids[0]], fields]), json!({})).await;
        findings.expect(&format!("fields {fields}"), &wanted, &outcome(&answer));
    }
    for fields in [
        json!("name"),
        json!([1]),
        json!([null]),
        json!([["name"]]),
        json!([{"name": 1}]),
        json!(["name\0"]),
        json!(["name; DROP TABLE x"]),
        json!(["name\" FROM res_users --"]),
        json!(["model_scheme_id.name"]),
        json!([""]),
        json!(7),
    ] {
        for (method, args) in [("read", json!([[ids[0]], fields])), ("search_read", json!([[], fields]))] {
            let answer = admin.call_kw(MODEL, method, args, json!({})).await;
            findings.look_at(&format!("{method}, fields {fields}"), &answer);
            if answer.json().get("error").is_none() {
                findings.note(&format!("{method}, fields {fields}"), &format!("accepted: {}", answer.body));
            }
        }
    }
    findings.finish();
}

#[tokio::test]
async fn surplus_and_missing_arguments_are_type_errors() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let type_error = (200, "builtins.TypeError".to_owned());

    for (method, args, kwargs) in [
        ("search", json!([[]]), json!({"count": true})),
        ("search", json!([[]]), json!({"limits": 1})),
        ("search", json!([[]]), json!({"domain": []})),
        ("search", json!([[], 0, 1, "name", false, 1, 2]), json!({})),
        ("read", json!([[1], ["name"]]), json!({"fields": ["name"]})),
        ("write", json!([[1]]), json!({})),
        ("write", json!([[1]]), json!({"values": {}})),
        ("search_count", json!([[]]), json!({"": 1})),
        ("search_count", json!([[]]), json!({"limit\0": 1})),
    ] {
        let answer = admin.call_kw(MODEL, method, args.clone(), kwargs.clone()).await;
        assert_eq!(answer.error(), type_error, "{method} {args} {kwargs}");
    }
    for method in ["read", "write", "unlink", "copy"] {
        let answer = admin.call_kw(MODEL, method, json!([]), json!({"ids": [1]})).await;
        assert_eq!(answer.error(), (200, "builtins.IndexError".to_owned()), "{method}");
    }
    for (args, kwargs) in [
        (json!("x"), json!({})),
        (json!({"a": 1}), json!({})),
        (json!([]), json!("x")),
        (json!([]), json!([1])),
    ] {
        let answer = admin.call_kw(MODEL, "search", args.clone(), kwargs.clone()).await;
        assert_eq!(answer.error(), type_error, "{args} {kwargs}");
    }
    for kwargs in [json!({}), json!([]), json!(null), json!(""), json!(false)] {
        assert_eq!(admin.call_kw(MODEL, "search_count", json!([[]]), kwargs).await.result(), 0);
    }
}

#[tokio::test]
async fn a_context_of_any_kind_is_answered_clearly() {
    let app = TestApp::start();
    let admin = app.admin().await;
    three_applications(&admin).await;
    let mut findings = Findings::default();

    for context in [
        json!(null),
        json!([]),
        json!(""),
        json!({}),
        json!({"unknown": {"a": [1]}}),
        json!({"tz": "Nowhere/Else"}),
    ] {
        let answer = admin.call_kw(MODEL, "search_count", json!([[]]), json!({"context": context})).await;
        findings.expect(&format!("context {context}"), &json!(3), &outcome(&answer));
    }
    let unknown = json!({"context": {"lang": "xx_XX"}});
    let answer = admin.call_kw(MODEL, "search_read", json!([[], ["name"]]), unknown).await;
    findings.expect("an unknown language", &json!("<odoo.exceptions.UserError>"), &outcome(&answer));
    for context in [
        json!("x"),
        json!([1]),
        json!(5),
        json!({"lang": 5}),
        json!({"lang": "\0"}),
        json!({"lang": "en_US'; DROP TABLE x"}),
        json!({"lang": ["en_US"]}),
        json!({"tz": 5}),
        json!({"tz": "\0"}),
        json!({"active_test": "x"}),
        json!({"active_test": []}),
        json!({"allowed_company_ids": "x"}),
        json!({"allowed_company_ids": [99, -1, "1"]}),
        json!({"allowed_company_ids": [i64::MAX]}),
        json!({"default_name": {"a": 1}}),
        json!({"default_nope": 1}),
        json!({"default_uri_ids": "x"}),
        json!({"bin_size": {}}),
        json!({"uid": 1}),
        json!({"su": true}),
    ] {
        for (method, args) in [
            ("search_read", json!([[], ["name", "logo"]])),
            ("create", json!([{"name": "x"}])),
            ("default_get", json!([["name"]])),
        ] {
            let answer = admin.call_kw(MODEL, method, args, json!({"context": context})).await;
            findings.look_at(&format!("{method}, context {context}"), &answer);
        }
    }
    findings.finish();
}
