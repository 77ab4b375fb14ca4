//! The names that the six models had before: clients that know them by those are served alike.

use serde_json::json;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::services::{OBJECTS, Script};

const NAMES: [(&str, &str); 6] = [
    ("oregional.restapi.application", "oregional.application"),
    ("oregional.restapi.application.uri", "oregional.application.uri"),
    ("oregional.restapi.authorization", "oregional.authorization"),
    ("oregional.restapi.authorization.code", "oregional.authorization.code"),
    ("oregional.restapi.model.scheme", "oregional.model.scheme"),
    ("oregional.restapi.model.configuration", "oregional.model.configuration"),
];

#[tokio::test]
async fn a_model_answers_to_its_name_of_old() {
    let app = TestApp::start();
    let admin = app.admin().await;

    for (old, new) in NAMES {
        let told = admin.result(old, "fields_get", json!([[], ["type"]])).await;
        assert_eq!(told, admin.result(new, "fields_get", json!([[], ["type"]])).await, "{old}");
        let found = admin.result(old, "search_read", json!([[], ["display_name"]])).await;
        assert_eq!(found, admin.result(new, "search_read", json!([[], ["display_name"]])).await, "{old}");
        let models = admin.result("ir.model", "search_read", json!([[["model", "=", old]], ["model"]])).await;
        assert_eq!(models[0]["model"], new, "a search for the model by its name of old finds it");
        let fields =
            admin.result("ir.model.fields", "search_count", json!([[["model", "in", [old, "x"]]]])).await;
        assert!(fields.as_i64().unwrap() > 5, "{old}");
    }
    let id = admin.create(NAMES[0].0, json!({"name": "By its name of old"})).await;
    let read = admin.result(NAMES[0].1, "read", json!([[id], ["name"]])).await;
    assert_eq!(read[0]["name"], "By its name of old");
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let refused = ann.call_kw(NAMES[0].0, "write", json!([[id], {"name": "x"}]), json!({})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.AccessError", "and its rights are the same");
}

#[tokio::test]
async fn a_script_may_call_a_model_by_its_name_of_old_over_every_protocol() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create(NAMES[0].1, json!({"name": "App"})).await;
    let script = Script::new(&app.url(), admin.uid, PASSWORD);

    for path in OBJECTS {
        let found = script.call(path, NAMES[0].0, "search", json!([[]]), json!({})).await;
        assert_eq!(found.result(), json!([id]), "{path}");
    }
}

#[tokio::test]
async fn what_is_written_with_a_name_of_old_is_kept_with_the_one_of_today() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let data = json!({"module": "mine", "name": "scheme", "model": NAMES[4].0, "res_id": 1});

    let id = admin.create("ir.model.data", data).await;

    let kept = admin.result("ir.model.data", "read", json!([[id], ["model"]])).await;
    assert_eq!(kept[0]["model"], NAMES[4].1);
    let model = admin.reference("base.model_res_partner").await;
    let field = json!({"name": "x_app_id", "ttype": "many2one", "relation": NAMES[0].0, "model_id": model});
    admin.create("ir.model.fields", field).await;
    let told = admin.result("res.partner", "fields_get", json!([["x_app_id"], ["relation"]])).await;
    assert_eq!(told["x_app_id"]["relation"], NAMES[0].1);
}
