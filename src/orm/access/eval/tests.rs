//! Checks the evaluator of record rules as a whole.

use chrono::{NaiveDate, NaiveDateTime};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The values of one user.
struct Example;

impl Names for Example {
    fn resolve(&self, path: &[String]) -> Result<Option<Value>, LookupError> {
        Ok(Some(match path.join(".").as_str() {
            "user.id" => json!(7),
            "user.partner_id.id" | "user.commercial_partner_id.id" => json!(70),
            "user.groups_id.ids" => json!([1, 2]),
            "company_id" => json!(3),
            "company_ids" => json!([3, 4]),
            "user.broken" => return Err("the database is away".into()),
            _ => return Ok(None),
        }))
    }

    fn known(&self) -> Vec<String> {
        ["user", "company_id", "company_ids"].map(str::to_owned).to_vec()
    }

    fn now(&self) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2024, 2, 9).unwrap().and_hms_opt(5, 6, 7).unwrap()
    }
}

fn value(text: &str) -> Value {
    evaluate(&parse(text).unwrap(), &Example).unwrap()
}

fn refusal(text: &str) -> String {
    parse(text).err().or_else(|| evaluate(&parse(text).unwrap(), &Example).err()).unwrap().to_string()
}

#[test]
fn the_domains_of_common_rules_are_evaluated() {
    let cases = [
        ("[(1, '=', 1)]", json!([[1, "=", 1]])),
        ("[('user_id', '=', user.id)]", json!([["user_id", "=", 7]])),
        (
            "['|', ('company_id', '=', False), ('company_id', 'in', company_ids)]",
            json!(["|", ["company_id", "=", false], ["company_id", "in", [3, 4]]]),
        ),
        ("[('create_date', '>=', time.strftime('%Y-%m-%d'))]", json!([["create_date", ">=", "2024-02-09"]])),
        (
            "['|', ('create_uid', '=', user.id), ('create_uid', 'in', [user.id, user.partner_id.id])]",
            json!(["|", ["create_uid", "=", 7], ["create_uid", "in", [7, 70]]]),
        ),
        ("[('company_id', 'in', [False] + company_ids)]", json!([["company_id", "in", [false, 3, 4]]])),
        ("[('id', 'in', user.groups_id.ids)]", json!([["id", "in", [1, 2]]])),
        (
            "[('partner_id','child_of', user.commercial_partner_id.id)]",
            json!([["partner_id", "child_of", 70]]),
        ),
        ("\n  [\n    '|',  # either\n    (\"a\", '=', None,),\n  ]\n", json!(["|", ["a", "=", null]])),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn brackets_follow_the_rules_for_tuples() {
    for (text, expected) in [
        ("()", json!([])),
        ("[]", json!([])),
        ("(1)", json!(1)),
        ("(1,)", json!([1])),
        ("(1, 2,)", json!([1, 2])),
        ("[(1)]", json!([1])),
        ("([1] + [2]) + [3]", json!([1, 2, 3])),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn numbers_are_read_and_added() {
    for (text, expected) in [
        ("0", json!(0)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("1.5", json!(1.5)),
        ("-.5", json!(-0.5)),
        ("1e3", json!(1000.0)),
        ("2.", json!(2.0)),
        ("1 + 2 + -4", json!(-1)),
        ("1 + 0.5", json!(1.5)),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    for text in ["012", "1_000", "0x10", "1e", "1e999", "9223372036854775808", "1.2.3", "5j"] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(refusal("9223372036854775807 + 1").contains("too large (line 1, column 21)"));
}

#[test]
fn texts_are_read_with_their_escapes() {
    for (text, expected) in [
        (r"'it\'s'", "it's"),
        (r#""it's""#, "it's"),
        (r"'a\\b\n\t\x41\u00e9\U0001f600\101\0'", "a\\b\n\tAé\u{1f600}A\0"),
        (r"'100\%'", r"100\%"),
        ("'a\\\nb'", "ab"),
        ("'a' \"b\" 'c'", "abc"),
        ("'a' + 'b'", "ab"),
        ("''", ""),
    ] {
        assert_eq!(value(text), json!(expected), "{text}");
    }
    for text in ["'a", "'a\nb'", r"'\x4'", r"'\ud800'", r"'\", r"'\N{BULLET}'", "'''a'''", "f'a'", "b'a'"] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_time_is_formatted() {
    assert_eq!(value("time.strftime('%Y-%m-%d %H:%M:%S %%',)"), json!("2024-02-09 05:06:07 %"));
    for text in ["time.strftime()", "time.strftime('%A')", "time.strftime('%')", "time.strftime('%Y', 1)"] {
        assert!(refusal(text).contains("`time.strftime` with"), "{text}");
    }
    assert!(refusal("time.time()").contains("a call of `time.time`"));
}

#[test]
fn other_constructs_are_refused_by_name_and_position() {
    for (text, construct, column) in [
        ("user.has_group('base.group_user')", "a call of `user.has_group`", 1),
        ("[user.groups_id[0]]", "a subscript", 16),
        ("lambda: 1", "a lambda", 1),
        ("[x for x in company_ids]", "a comprehension", 4),
        ("1 if company_id else 2", "a conditional expression", 3),
        ("company_id == 1", "a comparison with `==`", 12),
        ("company_id not in company_ids", "a comparison with `not`", 12),
        ("user.id and 1", "the operator `and`", 9),
        ("2 * 3", "the operator `*`", 3),
        ("2 - 3", "the operator `-`", 3),
        ("-user.id", "`-` before something other than a number", 2),
        ("+1", "`+` before a value", 1),
        ("{'a': 1}", "a dictionary or set", 1),
        ("user.__class__", "the name `__class__` with a double underscore", 6),
        ("__import__", "the name `__import__` with a double underscore", 1),
        ("''.join", "an attribute of something other than a name", 3),
        ("[].append", "an attribute of something other than a name", 3),
        ("None.x", "an attribute of None", 1),
        ("(x := 1)", "the operator `:=`", 4),
        ("import os", "the keyword `import`", 1),
        ("user.if", "a conditional expression", 6),
        ("(1)(2)", "a call", 4),
    ] {
        let message = refusal(text);
        assert!(message.contains(&format!("uses {construct}, which")), "{text}: {message}");
        assert!(message.contains(&format!("(line 1, column {column})")), "{text}: {message}");
        assert!(message.contains("allowed are lists"), "{message}");
    }
}

#[test]
fn text_that_is_no_expression_is_an_error_with_a_position() {
    for text in
        ["", "  \n", "[", "(1", "[1 2]", "[,]", "(,)", "1 +", "+ 1", "user.", "user.1", "]", "[1)", "é"]
    {
        let error = parse(text).unwrap_err();
        assert!(error.to_string().contains("(line "), "{text}: {error}");
    }
    let message = refusal("[\n  ('a', '=', ?)]");
    assert!(message.contains("line 2, column 14"), "{message}");
}

#[test]
fn unknown_names_are_reported_with_the_known_ones() {
    let message = refusal("[('a', '=', usr.id)]");
    assert_eq!(
        message,
        "the domain uses the unknown name `usr.id` (line 1, column 13); \
         known are user, company_id, company_ids, time.strftime"
    );
    assert!(refusal("time").contains("unknown name `time`"));
    assert!(refusal("user.broken").ends_with("cannot be determined: the database is away"));
}

#[test]
fn different_kinds_are_not_added() {
    assert!(refusal("[1] + company_id").contains("adds a list and a number (line 1, column 5)"));
    assert!(refusal("'a' + 1").contains("adds a text and a number"));
    assert!(refusal("True + None").contains("adds a truth value and None"));
}

#[test]
fn length_and_depth_are_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert!(matches!(parse(&nested(MAX_DEPTH + 1)), Err(EvalError::TooDeep { .. })));
    assert!(matches!(parse(&"(".repeat(60_000)), Err(EvalError::TooDeep { .. })));
    assert!(matches!(parse(&" ".repeat(MAX_BYTES + 1)), Err(EvalError::TooLong { .. })));
    assert_eq!(value(&format!("0{}", " + 1".repeat(16_000))), json!(16_000));
    assert_eq!(value(&"[],".repeat(20_000).replace(",[", "+[").replace(',', "")), json!([]));
}

#[test]
fn the_used_paths_are_listed_once_in_order() {
    let expr =
        parse("[('a', 'in', [user.id] + company_ids), (user.id, time.strftime('%Y'), user.x.id)]").unwrap();
    assert_eq!(paths(&expr), [vec!["user", "id"], vec!["company_ids"], vec!["user", "x", "id"]]);
}

/// Writes a value the way Python would.
fn written(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::String(text) => {
            let escaped: String = text
                .chars()
                .map(|c| match c {
                    '\'' | '\\' => format!("\\{c}"),
                    c if c.is_control() => format!("\\U{:08x}", u32::from(c)),
                    c => c.to_string(),
                })
                .collect();
            format!("'{escaped}'")
        }
        other => other.to_string(),
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let float = any::<f64>().prop_filter("finite", |number| number.is_finite());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        float.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| prop::collection::vec(inner, 0..6).prop_map(Value::from))
}

proptest! {
    #[test]
    fn parsing_never_panics(text: String) {
        let _ = parse(&text);
    }

    #[test]
    fn parsing_text_that_looks_like_an_expression_never_panics(text in r#"[\[\]()'"\\,.+\-%#a-c_0-9e \nxuU=]{0,60}"#) {
        if let Ok(expr) = parse(&text) {
            let _ = (paths(&expr), evaluate(&expr, &Example));
        }
    }

    #[test]
    fn a_value_written_down_and_parsed_is_the_same(value in any_value()) {
        let expr = parse(&written(&value)).unwrap();
        prop_assert_eq!(evaluate(&expr, &Example).unwrap(), value);
    }
}

#[test]
fn views_may_compare_and_rules_may_not() {
    let told = |text: &str| evaluate(&parse_view(text).unwrap(), &Example).unwrap();
    let cases = [
        ("not company_id or company_id != 3", json!(false)),
        ("company_id == 3 and company_ids", json!([3, 4])),
        ("company_id in company_ids", json!(true)),
        ("company_id not in [1, 2]", json!(true)),
        ("company_id >= 3 and company_id < 3.5", json!(true)),
        ("False == None", json!(true)),
        (
            "{'group_by': 'name', 'default_company_id': company_id,}",
            json!({"group_by": "name", "default_company_id": 3}),
        ),
        ("not (1 == 1.0 and 'b' in 'abc')", json!(false)),
    ];
    for (text, expected) in cases {
        assert_eq!(told(text), expected, "{text}");
        assert!(parse(text).is_err(), "{text}");
    }
    for text in ["a(b)", "not", "1 <", "{1: 2}", "{'a': 1", "x if y else z", &"not ".repeat(10_000)] {
        assert!(parse_view(text).is_err(), "{text}");
    }
    let script = for_script(&parse_view("not active or limit != 'none'").unwrap());
    assert_eq!(
        script,
        Some(json!(["or", ["not", ["name", "active"]], ["!=", ["name", "limit"], ["value", "none"]]]))
    );
}
