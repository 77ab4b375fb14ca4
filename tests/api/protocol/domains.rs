//! Domains: very long, very deep, and malformed ones.

use serde_json::{Value as Json, json};

use super::{Findings, MODEL, outcome, three_applications};
use crate::support::app::TestApp;

/// How many conditions a long domain has.
const MANY: usize = 10_000;

/// So many conditions, joined by one operator.
fn chain(sign: &str, conditions: impl Iterator<Item = Json>) -> Json {
    let conditions: Vec<Json> = conditions.collect();
    let signs = vec![Json::from(sign); conditions.len() - 1];
    signs.into_iter().chain(conditions).collect()
}

#[tokio::test]
async fn ten_thousand_conditions_are_answered_right() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ids = three_applications(&admin).await;
    let (all, none) = (json!(ids), json!([]));
    let ids_from = |first: i64| (0..).map(move |number| json!(["id", "=", first + number])).take(MANY);
    let mixed = |number: usize| match number % 4 {
        0 => json!(["name", "ilike", format!("nothing {number}")]),
        1 => json!(["access_token_expiry", ">", 1_000_000 + number]),
        2 => json!(["model_scheme_id.name", "=", format!("nothing {number}")]),
        _ => json!(["description", "=like", format!("nothing {number}")]),
    };
    let one_hit = |number: usize| if number == 7_777 { json!(["name", "=", "Beta"]) } else { mixed(number) };
    let mut findings = Findings::default();

    for (what, domain, wanted) in [
        ("ids, one of them", chain("|", ids_from(ids[0])), &all),
        ("ids, one of none", chain("|", ids_from(5_000_000)), &none),
        ("ids, each of them", chain("&", ids_from(ids[0])), &none),
        ("other ids", chain("&", (0..MANY).map(|number| json!(["id", "!=", 5_000_000 + number]))), &all),
        (
            "other ids and not the first",
            chain("&", (0..MANY).map(|number| json!(["id", "!=", ids[0] + i64::try_from(number).unwrap()]))),
            &none,
        ),
        (
            "without operators",
            (0..MANY).map(|number| json!(["name", "not ilike", format!("n{number}")])).collect(),
            &all,
        ),
        ("a mixture", chain("|", (0..MANY).map(mixed)), &none),
        ("a mixture with one hit", chain("|", (0..MANY).map(one_hit)), &json!([ids[1]])),
        (
            "a list",
            json!([[
                "id",
                "in",
                (0..MANY).map(|number| ids[0] + i64::try_from(number).unwrap()).collect::<Vec<_>>()
            ]]),
            &all,
        ),
    ] {
        let answer = admin.call_kw(MODEL, "search", json!([domain]), json!({})).await;
        findings.look_at(what, &answer);
        findings.expect(what, wanted, &outcome(&answer));
    }
    findings.finish();
}

#[tokio::test]
async fn deep_domains_are_answered_right_or_refused_clearly() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ids = three_applications(&admin).await;
    let mut findings = Findings::default();
    let negated = |times: usize| -> Json {
        vec![json!("!"); times].into_iter().chain([json!(["name", "=", "Alpha"])]).collect()
    };
    let any = |levels: usize| {
        (0..levels).fold(json!([["name", "=", "Alpha"]]), |inner, _| {
            json!([["uri_ids", "any", [["application_id", "any", inner]]]])
        })
    };

    for (what, domain, wanted) in [
        ("50 negations", negated(50), json!([ids[0]])),
        ("51 negations", negated(51), json!(ids[1..])),
        ("10 times there and back", any(10), json!([ids[0]])),
    ] {
        let answer = admin.call_kw(MODEL, "search", json!([domain]), json!({})).await;
        findings.expect(what, &wanted, &outcome(&answer));
    }
    let alternating = |levels: usize| -> Json {
        let signs = (0..levels).map(|level| json!(if level % 2 == 0 { "|" } else { "&" }));
        signs.chain((0..=levels).map(|number| json!(["id", "=", number]))).collect()
    };
    for (what, domain) in [
        ("101 negations", negated(101)),
        ("10,000 negations", negated(MANY)),
        ("101 operators that alternate", alternating(101)),
        ("10,000 operators that alternate", alternating(MANY)),
        ("101 levels of any", any(51)),
        ("200 levels of any", any(100)),
    ] {
        let answer = admin.call_kw(MODEL, "search", json!([domain]), json!({})).await;
        findings.look_at(what, &answer);
        if answer.json().get("error").is_none() {
            findings.note(what, "accepted");
        }
    }
    findings.finish();
}

#[tokio::test]
async fn a_malformed_domain_is_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ids = three_applications(&admin).await;
    let mut findings = Findings::default();

    for domain in [
        json!("x"),
        json!(5),
        json!({}),
        json!({"name": "x"}),
        json!(true),
        json!(["&"]),
        json!(["|", ["name", "=", "x"]]),
        json!(["!"]),
        json!(["?", ["name", "=", "x"]]),
        json!([[]]),
        json!([["name"]]),
        json!([["name", "="]]),
        json!([["name", "=", "x", "y"]]),
        json!([5]),
        json!([null]),
        json!([["name", "~", "x"]]),
        json!([["name", 5, "x"]]),
        json!([["nope", "=", "x"]]),
        json!([["name.x", "=", "x"]]),
        json!([["model_scheme_id.nope", "=", "x"]]),
        json!([["", "=", "x"]]),
        json!([[".", "=", "x"]]),
        json!([["model_scheme_id.", "=", "x"]]),
        json!([[".name", "=", "x"]]),
        json!([["name\0", "=", "x"]]),
        json!([["name\" OR 1=1 --", "=", "x"]]),
        json!([[["name"], "=", "x"]]),
        json!([["id", "=", "abc"]]),
        json!([["access_token_expiry", ">", "many"]]),
        json!([["create_date", ">", "yesterday"]]),
        json!([["create_date", ">", "2026-13-45"]]),
        json!([["uri_ids", "any", "x"]]),
        json!([["uri_ids", "any", [["nope", "=", 1]]]]),
        json!([["application_ids.password", "=", 1]]),
        json!(["name", "=", "x"]),
    ] {
        let answer = admin.call_kw(MODEL, "search", json!([domain]), json!({})).await;
        findings.look_at(&domain.to_string(), &answer);
        if answer.json().get("error").is_none() {
            findings.note(&domain.to_string(), &format!("accepted: {}", answer.body));
        }
    }
    findings.finish();
    assert_eq!(admin.result(MODEL, "search", json!([[]])).await, json!(ids));
}

const FIELDS: [&str; 17] = [
    "id",
    "name",
    "active",
    "access_token_expiry",
    "create_date",
    "model_scheme_id",
    "uri_ids",
    "description",
    "logo",
    "uri_count",
    "client_secret",
    "display_name",
    "write_uid",
    "model_scheme_id.name",
    "uri_ids.uri",
    "uri_ids.active",
    "authorization_ids",
];

const OPERATORS: [&str; 20] = [
    "=",
    "!=",
    "<>",
    "=?",
    "<",
    "<=",
    ">",
    ">=",
    "=like",
    "=ilike",
    "like",
    "not like",
    "ilike",
    "not ilike",
    "in",
    "not in",
    "child_of",
    "parent_of",
    "any",
    "not any",
];

/// Values of any kind.
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
        json!(i64::MAX),
        json!(u64::MAX),
        big.clone(),
        json!(""),
        json!("Alpha"),
        json!("a\0b"),
        json!("%\\"),
        json!("\\"),
        json!("x".repeat(100_000)),
        json!("'; DROP TABLE oregional_application; --"),
        json!("\u{10ffff}\u{202e}\u{0}"),
        json!("2026-01-01"),
        json!("0000-00-00 00:00:00"),
        json!("294277-01-01 00:00:00"),
        json!({}),
        json!({"a": 1}),
        json!([]),
        json!([null, false, 1, "x", 1.5]),
        json!([[1]]),
        json!([{"a": 1}]),
        json!([big]),
        json!(["a\0"]),
        json!([i64::MIN, i64::MAX]),
        json!([1, 100_001]),
    ]
}

#[tokio::test]
async fn a_value_of_any_kind_is_answered_clearly_by_every_operator() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ids = three_applications(&admin).await;
    let (values, mut findings) = (odd_values(), Findings::default());

    for field in FIELDS {
        for operator in OPERATORS {
            for value in &values {
                let domain = json!([[field, operator, value]]);
                let answer = admin.call_kw(MODEL, "search", json!([domain]), json!({})).await;
                findings.look_at(&domain.to_string(), &answer);
            }
        }
    }
    findings.finish();
    assert_eq!(admin.result(MODEL, "search", json!([[]])).await, json!(ids));
}

#[tokio::test]
async fn a_condition_that_does_not_matter_is_checked_all_the_same() {
    let app = TestApp::start();
    let admin = app.admin().await;

    // Not so where nothing is left whatever it says: see `searching`.
    for domain in [
        json!(["|", [1, "=", 1], ["nope", "=", 1]]),
        json!(["|", [0, "=", 1], ["nope", "=", 1]]),
        json!([[1, "=", 1], ["nope", "=", 1]]),
    ] {
        let answer = admin.call_kw(MODEL, "search", json!([domain]), json!({})).await;
        assert_eq!(outcome(&answer), "<builtins.ValueError>", "{domain}");
    }
}

#[tokio::test]
async fn a_truth_value_has_nothing_above_or_below_it() {
    let app = TestApp::start();
    let admin = app.admin().await;

    for operator in ["child_of", "parent_of"] {
        let domain = json!([["is_company", operator, 1]]);
        let refused = admin.call_kw("res.partner", "search", json!([domain]), json!({})).await;
        assert_eq!(refused.error(), (200, "builtins.ValueError".to_owned()), "{operator}");
        assert!(refused.message().contains("is_company"), "{}", refused.message());
    }
    let above = admin.result("res.partner", "search_count", json!([[["is_company", ">=", true]]])).await;
    let equal = admin.result("res.partner", "search_count", json!([[["is_company", "=", true]]])).await;
    assert_eq!(above, equal);
}
