//! Fields that a configuration keeps back: names are searched anyway, and nothing shows them by another way.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use super::support::{Plugin, body};
use crate::oauth::support::Tokens;
use crate::oauth::tokens::{access_error, call};
use crate::support::app::TestApp;
use crate::support::client::User;

/// A configuration of contacts in the application's scheme that lists some fields.
async fn limit(admin: &User, plugin: &Plugin, limit: &str, fields: &[&str]) {
    let partner = admin.result("ir.model", "search", json!([[["model", "=", "res.partner"]]])).await;
    let domain = json!([[["model", "=", "res.partner"], ["name", "in", fields]]]);
    let fields = admin.result("ir.model.fields", "search", domain).await;
    let values =
        json!({"name": limit, "model_id": partner[0], "field_limit": limit, "field_ids": [[6, 0, fields]]});
    let configuration = admin.create("oregional.model.configuration", values).await;
    let read = json!([[plugin.app.id], ["model_scheme_id"]]);
    let scheme = admin.result("oregional.application", "read", read).await[0]["model_scheme_id"][0].clone();
    let change = json!({"model_configuration_ids": [[6, 0, [configuration]]]});
    admin.result("oregional.model.scheme", "write", json!([[scheme], change])).await;
}

#[tokio::test]
async fn a_name_is_searched_whatever_fields_are_kept_back() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let token = plugin.sign_in(&admin).await.access;
    let person = json!({"name": "Zed Quill", "email": "own@x.example"});
    let id = admin.create("res.partner", person).await;
    for (kind, fields, by_email) in [
        ("whitelist", &["name", "email"][..], 1),
        ("whitelist", &["name", "ref"], 0),
        ("whitelist", &["phone"], 0),
        ("whitelist", &[], 0),
        ("whitelist", &["name", "complete_name", "email"], 1),
        ("blacklist", &["complete_name"], 1),
        ("blacklist", &["name"], 1),
    ] {
        limit(&admin, &plugin, kind, fields).await;
        for (name, count) in [("Quill", 1), ("own@x.example", by_email)] {
            let asked = [("model", "res.partner"), ("name", name)];
            let found = body(&plugin.get("record/name_search", &token, &asked).await);
            assert_eq!(found[0]["header"]["count"], count, "{kind} {fields:?}: {name}");
            let listed = found[1]["data"].as_array().unwrap();
            assert!(listed.iter().all(|row| row["id"] == id), "{found}");
        }
        let named = call(&app.url(), &token, "res.partner", "name_search", json!(["Quill"]), json!({})).await;
        assert_eq!(named.result()[0][0], id, "{kind} {fields:?}");
    }
}

#[tokio::test]
async fn what_is_computed_from_a_field_is_kept_back_with_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let code = plugin.code_for(&admin, "read write").await;
    let token = Tokens::of(&plugin.exchange(&code).await).access;
    let reads = async |model: &str, field: &str| {
        call(&app.url(), &token, model, "read", json!([[1], [field]]), json!({})).await
    };
    let shown = [
        ("blacklist", &["email"][..], "email_formatted", false),
        ("blacklist", &["email"], "complete_name", true),
        ("blacklist", &["name"], "complete_name", false),
        ("blacklist", &["name"], "display_name", true),
        ("whitelist", &["email_formatted"], "email_formatted", true),
    ];
    for (kind, fields, field, is_shown) in shown {
        limit(&admin, &plugin, kind, fields).await;
        let answer = reads("res.partner", field).await;
        assert_eq!(answer.json().get("result").is_some(), is_shown, "{kind} {fields:?}: {field}: {answer:?}");
    }
    limit(&admin, &plugin, "blacklist", &["email"]).await;
    assert_eq!(reads("res.company", "email").await.error(), access_error(), "it is the partner's");
    let write = json!([[1], {"email": "new@x.example"}]);
    let written = call(&app.url(), &token, "res.company", "write", write, json!({})).await;
    assert_eq!(written.error(), access_error());
    let company: Json = admin.result("res.company", "read", json!([[1], ["email"]])).await;
    assert_ne!(company[0]["email"], "new@x.example");
    assert_eq!(reads("res.company", "name").await.status, StatusCode::OK);
}

#[tokio::test]
async fn metadata_and_external_ids_tell_nothing_that_is_kept_back() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let token = plugin.sign_in(&admin).await.access;
    let ask = async |method: &str| {
        call(&app.url(), &token, "res.partner", method, json!([[1]]), json!({})).await.result()
    };
    assert_eq!(ask("get_external_id").await["1"], "base.main_partner");
    assert_eq!(ask("get_metadata").await[0]["xmlid"], "base.main_partner");

    limit(&admin, &plugin, "whitelist", &["name"]).await;
    let read = json!([[plugin.app.id], ["model_scheme_id"]]);
    let scheme = admin.result("oregional.application", "read", read).await[0]["model_scheme_id"][0].clone();
    admin.result("oregional.model.scheme", "write", json!([[scheme], {"model_limit": "whitelist"}])).await;

    assert_eq!(ask("get_external_id").await["1"], "");
    let told = ask("get_metadata").await;
    for audit in ["create_uid", "create_date", "write_uid", "write_date"] {
        assert_eq!(told[0].get(audit), None, "{told}");
    }
    assert_eq!(
        (&told[0]["id"], &told[0]["xmlid"], &told[0]["xmlids"]),
        (&json!(1), &json!(false), &json!([]))
    );
}
