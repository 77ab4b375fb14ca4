//! Secrets: sealed at rest, found by equality alone, and useless without the right key.

use std::sync::Arc;

use oregional::seal::{Key, Sealer};
use serde_json::{Value as Json, json};

use crate::support::app::{KEY, TestApp};
use crate::support::client::{User, password_of};

const MODEL: &str = "oregional.application";
const FIELDS: [&str; 2] = ["client_secret", "own_secret"];

/// Another key than that of the tests.
const OTHER_KEY: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

fn user_error() -> (i64, String) {
    (200, "odoo.exceptions.UserError".to_owned())
}

fn access_error() -> (i64, String) {
    (200, "odoo.exceptions.AccessError".to_owned())
}

/// The two secrets of an application.
async fn secrets(admin: &User, id: i64) -> [String; 2] {
    let found = admin.result(MODEL, "read", json!([[id], FIELDS])).await;
    FIELDS.map(|field| found[0][field].as_str().unwrap_or_default().to_owned())
}

fn hexadecimal(text: &str) -> String {
    let digits = text.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

async fn search(user: &User, domain: Json) -> Json {
    user.call_kw(MODEL, "search", json!([domain]), json!({"order": "id"})).await.result()
}

#[tokio::test]
async fn a_backup_of_the_database_gives_no_secret_away() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let generated = admin.create(MODEL, json!({"name": "Generated"})).await;
    let values =
        json!({"name": "Chosen", "client_secret": "chosen client secret", "own_secret": "chosen own secret"});
    let chosen = admin.create(MODEL, values).await;
    let copied = admin.result(MODEL, "copy", json!([[generated]])).await[0].as_i64().unwrap();
    let user = admin.make_user("carl", &["base.group_user"]).await;
    let mut issued =
        vec!["admin-secret".to_owned(), password_of("carl"), admin.session.clone(), user.session.clone()];
    for id in [generated, chosen, copied] {
        issued.extend(secrets(&admin, id).await);
        admin.result(MODEL, "action_generate_client_secret", json!([[id]])).await;
        admin.result(MODEL, "action_generate_own_secret", json!([[id]])).await;
        issued.extend(secrets(&admin, id).await);
    }
    admin.result("res.users", "write", json!([[user.uid], {"password": "the next password"}])).await;
    issued.push("the next password".to_owned());

    let dump = app.database.dump();

    assert!(dump.contains("oregional_application") && dump.contains("Chosen") && dump.contains("carl"));
    for secret in &issued {
        assert!(secret.len() >= 8, "{secret:?} is no secret");
        assert!(!dump.contains(secret.as_str()), "the secret {secret} is in the dump");
        let hex = hexadecimal(secret);
        assert!(!dump.contains(&hex), "the secret {secret} is in the dump as hexadecimal digits");
    }
    let distinct: std::collections::HashSet<_> = issued.iter().collect();
    assert_eq!(distinct.len(), issued.len(), "a secret was given twice");
}

#[tokio::test]
async fn equal_secrets_do_not_look_equal_in_the_database() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for name in ["One", "Two"] {
        admin.create(MODEL, json!({"name": name, "own_secret": "the very same"})).await;
    }

    let rows = app.database.query("SELECT own_secret FROM oregional_application");

    assert_eq!(rows.len(), 2);
    assert_ne!(rows[0], rows[1]);
}

#[tokio::test]
async fn an_administrator_reads_a_secret_and_finds_it_by_equality() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let mut ids = Vec::new();
    for secret in [json!("alpha"), json!("beta"), json!(false)] {
        let values = json!({"name": "App", "client_secret": secret, "own_secret": secret});
        ids.push(admin.create(MODEL, values).await);
    }
    let [alpha, beta, none] = ids[..] else { panic!("three were made") };
    assert_eq!(secrets(&admin, alpha).await, ["alpha", "alpha"]);
    assert_eq!(admin.result(MODEL, "read", json!([[none], FIELDS])).await[0]["own_secret"], false);

    for field in FIELDS {
        for (operator, value, wanted) in [
            ("=", json!("alpha"), json!([alpha])),
            ("=", json!("Alpha"), json!([])),
            ("=", json!("alph"), json!([])),
            ("=", json!(false), json!([none])),
            ("!=", json!(false), json!([alpha, beta])),
            ("!=", json!("alpha"), json!([beta, none])),
            ("in", json!(["alpha", "beta"]), json!([alpha, beta])),
            ("in", json!(["beta", false]), json!([beta, none])),
            ("in", json!([]), json!([])),
            ("not in", json!(["alpha"]), json!([beta, none])),
            ("not in", json!(["alpha", false]), json!([beta])),
            ("=?", json!("beta"), json!([beta])),
            ("=?", json!(false), json!([alpha, beta, none])),
            ("=", json!("%"), json!([])),
            ("=", json!("x".repeat(100_000)), json!([])),
        ] {
            assert_eq!(
                search(&admin, json!([[field, operator, value]])).await,
                wanted,
                "{field} {operator} {value:.50}"
            );
        }
    }
    let through = json!([["application_id.client_secret", "=", "alpha"]]);
    assert_eq!(admin.result("oregional.application.uri", "search", json!([through])).await, json!([]));
}

#[tokio::test]
async fn nothing_but_equality_can_be_asked_of_a_secret() {
    let app = TestApp::start();
    let admin = app.admin().await;
    admin.create(MODEL, json!({"name": "App", "client_secret": "alpha"})).await;

    for field in FIELDS {
        for operator in [
            "<",
            "<=",
            ">",
            ">=",
            "like",
            "not like",
            "ilike",
            "not ilike",
            "=like",
            "=ilike",
            "child_of",
            "parent_of",
        ] {
            let domain = json!([[field, operator, "a%"]]);
            let answer = admin.call_kw(MODEL, "search", json!([domain]), json!({})).await;
            assert_eq!(answer.error(), user_error(), "{domain}");
            let through = json!([[format!("application_id.{field}"), operator, "a%"]]);
            let answer =
                admin.call_kw("oregional.application.uri", "search_count", json!([through]), json!({})).await;
            assert_eq!(answer.error(), user_error(), "{through}");
        }
        for order in [field.to_owned(), format!("{field} desc"), format!("name, {field}")] {
            let answer = admin.call_kw(MODEL, "search", json!([[]]), json!({"order": order})).await;
            assert_eq!(answer.error(), user_error(), "order {order}");
        }
        let answer = admin.call_kw(MODEL, "read_group", json!([[], ["name"], [field]]), json!({})).await;
        assert_eq!(answer.error(), user_error(), "group by {field}");
        for aggregate in ["min", "max", "array_agg", "count_distinct"] {
            let fields = json!([format!("{field}:{aggregate}")]);
            let answer = admin.call_kw(MODEL, "read_group", json!([[], fields, ["name"]]), json!({})).await;
            assert_eq!(answer.error().0, 200, "{field}:{aggregate}");
            assert!(!answer.body.contains("alpha"), "{field}:{aggregate}");
        }
    }
}

#[tokio::test]
async fn whoever_is_no_administrator_can_do_nothing_with_a_secret() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create(MODEL, json!({"name": "App", "client_secret": "alpha"})).await;
    let user = admin.make_user("dora", &["base.group_user"]).await;

    let all = user.result(MODEL, "read", json!([[id]])).await;
    let described = user.result(MODEL, "fields_get", json!([])).await;

    for field in FIELDS {
        assert!(all[0].get(field).is_none() && described.get(field).is_none(), "{field}");
        for (method, args) in [
            ("read", json!([[id], [field]])),
            ("search_read", json!([[], [field]])),
            ("search", json!([[[field, "=", "alpha"]]])),
            ("search", json!([[[field, "=", false]]])),
            ("search", json!([["!", [field, "!=", "alpha"]]])),
            (
                "search_count",
                json!([[["uri_ids", "any", [[format!("application_id.{field}"), "=", "alpha"]]]]]),
            ),
            ("search", json!([[], 0, 1, field])),
            ("read_group", json!([[], ["name"], [field]])),
        ] {
            let answer = user.call_kw(MODEL, method, args.clone(), json!({})).await;
            assert!(!answer.body.contains("alpha"), "{method} {args}: {}", answer.body);
            assert_eq!(answer.error(), access_error(), "{method} {args}");
        }
        let defaults = user.result(MODEL, "default_get", json!([[field]])).await;
        assert_eq!(defaults, json!({}), "a default shows what cannot be seen");
    }
}

#[tokio::test]
async fn a_server_with_another_key_does_not_start_and_names_both_keys() {
    let app = TestApp::start();
    let database = Arc::clone(&app.database);
    let fingerprint = |key: &str| Sealer::new(Key::parse(key).unwrap()).fingerprint();

    let refused = TestApp::on(Arc::clone(&database), |settings| {
        settings.database.secret_key = Some(OTHER_KEY.into());
    });

    let Err(error) = refused else { panic!("a server has started with another key") };
    let text = error.to_string();
    assert!(text.contains(&fingerprint(KEY)) && text.contains(&fingerprint(OTHER_KEY)), "{text}");
    assert!(text.contains("OREGIONAL_SECRET_KEY"), "{text}");
    assert!(!text.contains(KEY) && !text.contains(OTHER_KEY), "{text}");
    app.admin().await;
    TestApp::on(database, |_| {}).unwrap();
}
