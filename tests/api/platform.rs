//! The platform's own records: defaults, modules, scheduled actions, rights that are asked for.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

const USER: &str = "odoo.exceptions.UserError";
const ACCESS: &str = "odoo.exceptions.AccessError";
const APPLICATION: &str = "oregional.application";

async fn default_of(user: &User, field: &str) -> Json {
    user.result(APPLICATION, "default_get", json!([[field]])).await[field].clone()
}

#[tokio::test]
async fn a_default_is_for_everybody_for_a_company_or_for_one_user() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let (admin, there) = (app.admin().await, second.admin().await);
    let ann = admin.make_user("ann", &["oregional.group_app_admin"]).await;
    let set = async |value: i64, user: Json, company: Json| {
        let args = json!([APPLICATION, "access_token_expiry", value, user, company]);
        assert_eq!(admin.result("ir.default", "set", args).await, true);
    };
    assert_eq!(default_of(&ann, "access_token_expiry").await, 3600, "what the field says");

    set(100, json!(false), json!(false)).await;
    assert_eq!(default_of(&there, "access_token_expiry").await, 100, "on another server at once");
    set(200, json!(false), json!(true)).await;
    assert_eq!(default_of(&ann, "access_token_expiry").await, 200);
    set(300, json!(true), json!(false)).await;
    assert_eq!(default_of(&admin, "access_token_expiry").await, 300);
    assert_eq!(default_of(&ann, "access_token_expiry").await, 200);
    set(400, json!(true), json!(false)).await;

    let id = there.create(APPLICATION, json!({"name": "App"})).await;
    let made = admin.result(APPLICATION, "read", json!([[id], ["access_token_expiry"]])).await;
    assert_eq!(made[0]["access_token_expiry"], 400, "it is set in the place of the one before");
    let context = json!({"context": {"default_access_token_expiry": 5}});
    let given = admin.call_kw(APPLICATION, "default_get", json!([["access_token_expiry"]]), context).await;
    assert_eq!(given.result()["access_token_expiry"], 5, "the context comes first");
    let told = admin.result("ir.default", "get", json!([APPLICATION, "access_token_expiry", true])).await;
    assert_eq!(told, 400);
    let all = admin.result("ir.default", "search", json!([[]])).await;
    admin.result("ir.default", "unlink", json!([all])).await;
    assert_eq!(default_of(&there, "access_token_expiry").await, 3600);
}

#[tokio::test]
async fn a_default_that_does_not_fit_or_is_not_ones_own_is_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let set = async |user: &User, field: &str, value: Json, own: Json| {
        user.call_kw("ir.default", "set", json!([APPLICATION, field, value, own]), json!({})).await
    };
    for (field, value) in [
        ("client_secret", json!("secret")),
        ("uri_count", json!(3)),
        ("access_token_expiry", json!("soon")),
        ("no_such_field", json!(1)),
    ] {
        let refused = set(&admin, field, value, json!(false)).await;
        assert_eq!(refused.error(), (200, "odoo.exceptions.ValidationError".to_owned()), "{field}");
    }
    let broken = json!({"field_id": 1, "json_value": "{"});
    let refused = admin.call_kw("ir.default", "create", json!([broken]), json!({})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.ValidationError");
    assert_eq!(set(&ann, "name", json!("Everybody's"), json!(false)).await.error().1, ACCESS);
    assert_eq!(set(&ann, "name", json!("Mine"), json!(true)).await.result(), true);
    assert_eq!(default_of(&ann, "name").await, "Mine");
    assert_eq!(default_of(&admin, "name").await, Json::Null);
    assert!(!app.database.dump().contains("\"secret\""), "nothing of the refused secret is kept");
}

#[tokio::test]
async fn modules_are_told_of_and_cannot_be_touched() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let found = admin
        .call_kw("ir.module.module", "search_read", json!([[], ["name", "state"]]), json!({"order": "name"}))
        .await
        .result();
    let told: Vec<(&str, &str)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|module| (module["name"].as_str().unwrap(), module["state"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("base", "installed"), ("oregional", "installed"), ("web", "installed")]);
    let base = admin.reference("base.module_base").await;
    for method in
        ["button_immediate_install", "button_immediate_upgrade", "button_immediate_uninstall", "unlink"]
    {
        let refused = admin.call_kw("ir.module.module", method, json!([[base]]), json!({})).await;
        assert_eq!(refused.error(), (200, USER.to_owned()), "{method}");
    }
    for (method, args) in [
        ("update_list", json!([])),
        ("create", json!([{"name": "sale"}])),
        ("write", json!([[base], {"state": "uninstalled"}])),
    ] {
        let refused = admin.call_kw("ir.module.module", method, args, json!({})).await;
        assert_eq!(refused.error(), (200, USER.to_owned()), "{method}");
    }
    let category = admin.reference("oregional.module_category_app").await;
    let read = admin
        .result("ir.module.category", "read", json!([[category], ["name", "module_ids", "xml_id"]]))
        .await;
    assert_eq!(read[0]["xml_id"], "oregional.module_category_app");
    assert_eq!(read[0]["module_ids"], json!([admin.reference("base.module_oregional").await]));
}

#[tokio::test]
async fn scheduled_actions_are_kept_and_not_run() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = admin.reference("base.model_res_partner").await;
    let values = json!({"name": "Nightly", "model_id": model, "state": "code", "code": "model.action_archive()", "interval_type": "days"});

    let id = admin.create("ir.cron", values).await;

    let read = admin
        .result(
            "ir.cron",
            "read",
            json!([[id], ["name", "cron_name", "user_id", "active", "interval_number", "display_name"]]),
        )
        .await;
    let expected = json!([{"id": id, "name": "Nightly", "cron_name": "Nightly", "user_id": [2, "Administrator"], "active": true, "interval_number": 1, "display_name": "Nightly"}]);
    assert_eq!(read, expected);
    let refused = admin.call_kw("ir.cron", "method_direct_trigger", json!([[id]]), json!({})).await;
    assert_eq!(refused.error(), (200, USER.to_owned()));
    let code = json!({"name": "Bad", "model_id": model, "state": "code", "code": "env.cr.execute(1)"});
    let refused = admin.call_kw("ir.cron", "create", json!([code]), json!({})).await;
    assert_eq!(refused.error(), (200, USER.to_owned()));
    let entry =
        json!({"name": "client", "type": "client", "message": "m", "path": "p", "func": "f", "line": "1"});
    let entry = admin.create("ir.logging", entry).await;
    assert_eq!(
        admin.result("ir.logging", "search", json!([[["type", "=", "client"]]])).await,
        json!([entry])
    );
}

#[tokio::test]
async fn what_one_may_do_is_told_beforehand() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;

    assert_eq!(ann.result("ir.model.access", "check", json!([APPLICATION, "read"])).await, true);
    assert_eq!(ann.result("ir.model.access", "check", json!([APPLICATION, "write", false])).await, false);
    assert_eq!(ann.result("ir.model.access", "check", json!(["no.such", "read", false])).await, false);
    let refused = ann.call_kw("ir.model.access", "check", json!([APPLICATION, "unlink"]), json!({})).await;
    assert_eq!(refused.error().1, ACCESS);
    let wrong = ann.call_kw("ir.model.access", "check", json!([APPLICATION, "fly"]), json!({})).await;
    assert_eq!(wrong.error().1, "builtins.AssertionError");
    let models = ann.result("ir.model", "get_available_models", json!([])).await;
    let names: Vec<&str> =
        models.as_array().unwrap().iter().map(|model| model["model"].as_str().unwrap()).collect();
    assert!(names.contains(&APPLICATION) && !names.contains(&"ir.rule"), "{names:?}");
    let named = ann.result("ir.model", "display_name_for", json!([[APPLICATION, "ir.rule"]])).await;
    assert_eq!(
        named,
        json!([{"display_name": "Application", "model": APPLICATION}, {"display_name": "ir.rule", "model": "ir.rule"}])
    );
}

#[tokio::test]
async fn models_fields_and_external_ids_tell_where_they_come_from() {
    let app = TestApp::start();
    let admin = app.admin().await;

    let model = admin
        .result(
            "ir.model",
            "search_read",
            json!([[["model", "=", APPLICATION]], ["modules", "count", "state", "transient", "abstract"]]),
        )
        .await;
    assert_eq!(model[0]["modules"], "oregional");
    assert_eq!((&model[0]["count"], &model[0]["state"]), (&json!(0), &json!("base")));
    let field = admin
        .result(
            "ir.model.fields",
            "search_read",
            json!([
                [["model", "=", "oregional.model.scheme"], ["name", "=", "model_limit"]],
                ["modules", "selection", "selection_ids", "ttype"]
            ]),
        )
        .await;
    assert_eq!(
        field[0]["selection"],
        "[('none', 'None'), ('blacklist', 'Blacklist'), ('whitelist', 'Whitelist')]"
    );
    assert_eq!(
        (field[0]["selection_ids"].as_array().unwrap().len(), &field[0]["modules"]),
        (3, &json!("oregional"))
    );
    let users = admin
        .result("ir.model", "search_read", json!([[["model", "=", "res.users"]], ["inherited_model_ids"]]))
        .await;
    assert_eq!(users[0]["inherited_model_ids"], json!([admin.reference("base.model_res_partner").await]));
    let id = admin.reference("base.main_company").await;
    let data = admin
        .result(
            "ir.model.data",
            "search_read",
            json!([[["module", "=", "base"], ["name", "=", "main_company"]], ["reference", "complete_name"]]),
        )
        .await;
    assert_eq!(
        (&data[0]["reference"], &data[0]["complete_name"]),
        (&json!(format!("res.company,{id}")), &json!("base.main_company"))
    );
    let rules = admin.result("ir.rule", "search_count", json!([[["global", "=", true]]])).await;
    assert!(rules.as_i64().unwrap() >= 2, "{rules}");
}

#[tokio::test]
async fn a_default_is_looked_at_as_often_as_it_is_set() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let set = async |value: Json| {
        let args = json!([APPLICATION, "access_token_expiry", value]);
        admin.call_kw("ir.default", "set", args, json!({})).await
    };
    assert_eq!(set(json!(100)).await.result(), true);

    assert_eq!(set(json!("soon")).await.error().1, "odoo.exceptions.ValidationError");
    let default = admin.result("ir.default", "search", json!([[]])).await;
    let name = json!([["model", "=", APPLICATION], ["name", "=", "name"]]);
    let name = admin.result("ir.model.fields", "search", json!([name])).await[0].clone();
    let expiry = json!([["model", "=", APPLICATION], ["name", "=", "access_token_expiry"]]);
    let expiry = admin.result("ir.model.fields", "search", json!([expiry])).await[0].clone();
    let write =
        async |values: Json| admin.call_kw("ir.default", "write", json!([default, values]), json!({})).await;
    let refused = write(json!({"json_value": "\"soon\""})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.ValidationError");
    assert_eq!(write(json!({"field_id": name, "json_value": "\"App\""})).await.result(), true);
    let refused = write(json!({"field_id": expiry})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.ValidationError", "the value that it has does not fit");
    admin.create(APPLICATION, json!({})).await;
    assert_eq!(set(json!(200)).await.result(), true);
    assert_eq!(default_of(&admin, "access_token_expiry").await, 200);
}
