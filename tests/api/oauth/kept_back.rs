//! What a scheme keeps back stays so over fields that were made at run time.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use super::support::{App, Tokens};
use super::tokens::{access_error, call};
use crate::support::app::TestApp;

#[tokio::test]
async fn what_is_made_of_a_field_that_is_kept_back_is_kept_back() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let ids = async |model: &str, domain: Json| admin.result(model, "search", json!([domain])).await;
    let partner = ids("ir.model", json!([["model", "=", "res.partner"]])).await;
    let tokens = wiki.sign_in(&admin).await;
    let read = async |field: &str| {
        let fields = json!([[3], [field]]);
        call(&app.url(), &tokens.access, "res.partner", "read", fields, json!({})).await
    };
    let limit = async |limit: &str, names: &[&str]| {
        let fields =
            ids("ir.model.fields", json!([["model", "=", "res.partner"], ["name", "in", names]])).await;
        let values = json!({"name": limit, "model_id": partner[0], "field_limit": limit, "field_ids": [[6, 0, fields]]});
        let configuration = admin.create("oregional.model.configuration", values).await;
        let scheme = json!({"name": "Few", "model_limit": "none", "model_configuration_ids": [[6, 0, [configuration]]]});
        let scheme = admin.create("oregional.model.scheme", scheme).await;
        admin.result("oregional.application", "write", json!([[wiki.id], {"model_scheme_id": scheme}])).await;
    };
    assert_eq!(read("email_formatted").await.status, StatusCode::OK);

    limit("blacklist", &["email"]).await;
    for (field, is_kept_back) in
        [("email", true), ("email_formatted", true), ("complete_name", false), ("display_name", false)]
    {
        assert_eq!(read(field).await.json().get("error").is_some(), is_kept_back, "{field}");
    }
    limit("blacklist", &["name"]).await;
    for (field, is_kept_back) in [("complete_name", true), ("email_formatted", true), ("display_name", false)]
    {
        assert_eq!(read(field).await.json().get("error").is_some(), is_kept_back, "{field}");
    }
    // One that is offered by its own name is meant.
    limit("whitelist", &["email_formatted"]).await;
    assert_eq!(read("email_formatted").await.status, StatusCode::OK);
    assert!(read("email_formatted").await.json().get("error").is_none());
    assert_eq!(read("email").await.error(), access_error());
}

#[tokio::test]
async fn what_a_scheme_keeps_back_is_not_read_over_a_field_made_for_that() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let model = async |name: &str| {
        admin.result("ir.model", "search", json!([[["model", "=", name]]])).await[0].clone()
    };
    let (company, language) = (model("res.company").await, model("res.lang").await);
    for (name, path) in
        [("x_company", "company_id.name"), ("x_title", "parent_id.name"), ("x_chain", "parent_id.x_company")]
    {
        let field = json!({"model_id": model("res.partner").await, "name": name, "ttype": "char", "related": path, "store": false});
        admin.create("ir.model.fields", field).await;
    }
    let keep_back = async |models: Json| {
        let scheme =
            json!({"name": "Few", "model_limit": "blacklist", "model_blacklist_ids": [[6, 0, models]]});
        let scheme = admin.create("oregional.model.scheme", scheme).await;
        admin.result("oregional.application", "write", json!([[wiki.id], {"model_scheme_id": scheme}])).await;
    };
    keep_back(json!([language])).await;
    let tokens = wiki.sign_in(&admin).await;
    let read = async |field: &str| {
        call(
            &app.url(),
            &tokens.access,
            "res.partner",
            "search_read",
            json!([[], [field]]),
            json!({"limit": 1}),
        )
        .await
    };
    assert_eq!(read("x_company").await.status, StatusCode::OK);

    keep_back(json!([company])).await;
    assert_eq!(read("x_company").await.error(), access_error());
    assert_eq!(read("x_title").await.status, StatusCode::OK, "that leads to what is offered");
    // Nor over a field that leads to such a one.
    assert_eq!(read("x_chain").await.error(), access_error());
}

#[tokio::test]
async fn external_ids_are_kept_back_where_they_are_told_and_where_they_are_made() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let code = wiki.code(&admin, &[("scope", "read write")]).await;
    let tokens = Tokens::of(&wiki.exchange(&code).await);
    let of = |name: &str| json!([["name", "=", name]]);
    let call = async |method: &str, args: Json| {
        call(&app.url(), &tokens.access, "res.partner", method, args, json!({})).await
    };

    let taken = call("load", json!([["id", "name"], [["wiki.one", "One"]]])).await;
    assert_eq!(taken.error(), access_error());
    let known = call("load", json!([["id", "name"], [["base.main_partner", "Taken"]]])).await;
    assert_eq!(known.error(), access_error());
    let told = call("export_data", json!([[1], ["id", "name"]])).await.result();
    assert_eq!(told["datas"][0][0], "");
    let new = admin.create("res.partner", json!({"name": "New"})).await;
    assert_eq!(call("export_data", json!([[new], ["id"]])).await.result()["datas"][0][0], "");

    assert_eq!(admin.result("ir.model.data", "search_count", json!([of("one")])).await, 0);
    let made = json!([[["model", "=", "res.partner"], ["res_id", "=", new]]]);
    assert_eq!(admin.result("ir.model.data", "search_count", made).await, 0);
    assert!(call("load", json!([["name"], [["Two"]]])).await.result()["ids"].is_array());
}

#[tokio::test]
async fn a_parent_that_is_kept_back_is_not_told_by_a_hierarchy() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let ids = async |model: &str, domain: Json| admin.result(model, "search", json!([domain])).await;
    let parent = admin.create("res.partner", json!({"name": "Head", "is_company": true})).await;
    let child = admin.create("res.partner", json!({"name": "Branch", "parent_id": parent})).await;
    let partner = ids("ir.model", json!([["model", "=", "res.partner"]])).await;
    let fields =
        ids("ir.model.fields", json!([["model", "=", "res.partner"], ["name", "=", "parent_id"]])).await;
    let tokens = wiki.sign_in(&admin).await;
    let below = json!([[["id", "child_of", parent]]]);
    let call = async |method: &str, args: Json| {
        call(&app.url(), &tokens.access, "res.partner", method, args, json!({})).await
    };
    assert_eq!(call("search", below.clone()).await.result(), json!([parent, child]));

    let values = json!({"name": "few", "model_id": partner[0], "field_limit": "blacklist", "field_ids": [[6, 0, fields]]});
    let configuration = admin.create("oregional.model.configuration", values).await;
    let scheme =
        json!({"name": "Few", "model_limit": "none", "model_configuration_ids": [[6, 0, [configuration]]]});
    let scheme = admin.create("oregional.model.scheme", scheme).await;
    admin.result("oregional.application", "write", json!([[wiki.id], {"model_scheme_id": scheme}])).await;

    assert_eq!(call("search", below).await.error(), access_error());
    assert_eq!(call("search", json!([[["id", "parent_of", child]]])).await.error(), access_error());
}
