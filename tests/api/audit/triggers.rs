//! What notes changes follows the models: fields that are made, triggers that are gone.

use oregional::orm::registry::Registry;
use oregional::orm::schema::drift;
use serde_json::json;

use super::Log;
use crate::support::app::TestApp;

#[tokio::test]
async fn fields_made_at_run_time_are_followed() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = "oregional.application";
    let id = admin.create(model, json!({"name": "Wiki"})).await;
    let mut log = Log::of(&admin).await;

    let fields = json!([
        {"name": "x_note", "ttype": "char", "field_description": "Note's"},
        {"name": "x_file", "ttype": "binary"},
        {"name": "x_group_ids", "ttype": "many2many", "relation": "res.groups"},
    ]);
    let of = admin.reference("oregional.model_oregional_application").await;
    for mut field in fields.as_array().unwrap().clone() {
        field["model_id"] = of.into();
        admin.create("ir.model.fields", field).await;
    }
    let group = admin.reference("base.group_user").await;
    let values = json!({"x_note": "a", "x_file": "aGVsbG8=", "x_group_ids": [[4, group]]});
    admin.result(model, "write", json!([[id], values])).await;
    let mut told: Vec<String> = log.news().await.into_iter().map(|entry| entry.details).collect();
    told.sort();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("(x_file): set") && told[1].contains("(x_group_ids): + \""), "{told:?}");
    assert_eq!(told[2], "Note's (x_note): empty → \"a\"");

    let made = admin
        .result("ir.model.fields", "search", json!([[["model", "=", model], ["state", "=", "manual"]]]))
        .await;
    let note = admin
        .result("ir.model.fields", "search", json!([[["model", "=", model], ["name", "=", "x_note"]]]))
        .await;
    admin.result("ir.model.fields", "write", json!([note, {"translate": true}])).await;
    admin.result(model, "write", json!([[id], {"x_note": "b"}])).await;
    assert_eq!(log.one().await.details, "Note's (x_note): \"a\" → \"b\"");
    admin.result("ir.model.fields", "unlink", json!([made])).await;
    log.news().await;
    admin.result(model, "write", json!([[id], {"name": "Still there"}])).await;
    assert_eq!(log.one().await.details, "Name (name): \"Wiki\" → \"Still there\"");
    let left = app.database.query("SELECT proname FROM pg_proc WHERE proname LIKE 'audit_x%'");
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_trigger_that_is_missing_is_found_and_made_again() {
    let app = TestApp::start();
    let registry = Registry::declared(oregional::models::all()).unwrap();
    let pool = oregional::db::Pool::new(&app.database.url().parse().unwrap(), 1).unwrap();
    let connection = pool.get().await.unwrap();
    assert_eq!(drift::find_unnoted(&connection, &registry).await.unwrap(), Vec::<String>::new());

    app.database.query("ALTER TABLE oregional_application DISABLE TRIGGER audit");
    app.database.query("DROP TRIGGER audit_linked ON res_groups_users_rel");
    let found = drift::find_unnoted(&connection, &registry).await.unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("oregional.application: the triggers")
            && found[1].contains("res_groups_users_rel")
    );

    oregional::orm::schema::audit::follow(&connection, &registry, registry.models().map(AsRef::as_ref))
        .await
        .unwrap();
    assert_eq!(drift::find_unnoted(&connection, &registry).await.unwrap(), Vec::<String>::new());
}
