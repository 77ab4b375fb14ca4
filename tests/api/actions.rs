//! The menu and the actions that it opens.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

async fn names(user: &User) -> Vec<String> {
    let menus = user.browser.get("/web/webclient/load_menus").await.json();
    let mut names: Vec<String> = menus
        .as_object()
        .unwrap()
        .iter()
        .filter(|(id, _)| *id != "root")
        .map(|(_, entry)| entry["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

async fn load(user: &User, action: Json) -> crate::support::client::Answer {
    user.browser.rpc("/web/action/load", json!({"action_id": action})).await
}

async fn run(user: &User, action: i64, context: Json) -> crate::support::client::Answer {
    user.browser.rpc("/web/action/run", json!({"action_id": action, "context": context})).await
}

#[tokio::test]
async fn everybody_has_the_menu_of_the_own_groups() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let keeper = admin.make_user("keeper", &["oregional.group_app_admin"]).await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;

    let five =
        ["Applications", "Authorization Codes", "Authorizations", "Model Configurations", "Model Schemes"];
    let mut expected: Vec<&str> = five.to_vec();
    expected.extend(["Oregional", "Settings"]);
    assert_eq!(names(&keeper).await, expected);
    assert_eq!(names(&reader).await, Vec::<String>::new());
    let all = names(&admin).await;
    for name in
        five.into_iter().chain(["General Settings", "Users & Companies", "Users", "Technical", "Views"])
    {
        assert!(all.iter().any(|known| known == name), "{name} is not in {all:?}");
    }
    let nobody = app.anonymous().get("/web/webclient/load_menus").await;
    assert_eq!(nobody.status, 303);
}

#[tokio::test]
async fn the_browser_keeps_a_menu_until_it_changes() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let info = admin.browser.rpc("/web/session/get_session_info", json!({})).await.result();
    let hash = info["cache_hashes"]["load_menus"].as_str().unwrap().to_owned();
    let path = format!("/web/webclient/load_menus/{hash}");

    let first = admin.browser.get(&path).await;
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    assert!(first.headers["cache-control"].to_str().unwrap().contains("immutable"));
    let again = admin
        .browser
        .http
        .get(format!("{}{path}", app.url()))
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);

    let menu = admin.reference("oregional.menu_application").await;
    admin.result("ir.ui.menu", "write", json!([[menu], {"name": "Wikis"}])).await;
    let changed = admin.browser.get(&path).await;
    assert!(changed.body.contains("Wikis"));
    assert!(!changed.headers["cache-control"].to_str().unwrap().contains("immutable"));
}

#[tokio::test]
async fn an_action_is_loaded_by_id_external_id_and_path() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.reference("base.action_res_users").await;

    let by_id = load(&admin, json!(id)).await.result();
    assert_eq!(by_id["views"][2], json!([false, "kanban"]));
    for name in [json!(id.to_string()), json!("base.action_res_users"), json!("users")] {
        assert_eq!(load(&admin, name.clone()).await.result(), by_id, "{name}");
    }
    for odd in [
        json!(999_999),
        json!("base.nothing"),
        json!("base.main_company"),
        json!("nowhere"),
        json!(""),
        json!(null),
        json!([1]),
        json!(1.5),
    ] {
        let answer = load(&admin, odd.clone()).await;
        assert!(answer.fault().is_none() && answer.json().get("error").is_some(), "{odd}: {}", answer.body);
    }
    assert_eq!(app.anonymous().rpc("/web/action/load", json!({"action_id": id})).await.error().0, 100);
}

#[tokio::test]
async fn an_action_of_a_group_is_for_its_members() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let keeper = admin.make_user("keeper", &["oregional.group_app_admin"]).await;
    let action = admin.reference("oregional.action_application").await;
    assert_eq!(load(&keeper, json!(action)).await.result()["res_model"], "oregional.application");

    let group = admin.reference("base.group_erp_manager").await;
    admin.result("ir.actions.act_window", "write", json!([[action], {"groups_id": [[6, 0, [group]]]}])).await;

    assert_eq!(load(&keeper, json!(action)).await.error().1, "odoo.exceptions.AccessError");
    assert!(!names(&keeper).await.contains(&"Applications".to_owned()));
}

#[tokio::test]
async fn no_two_actions_have_the_same_id() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let mut ids: Vec<Json> = Vec::new();
    for model in ["ir.actions.act_window", "ir.actions.server", "ir.actions.report"] {
        ids.extend(admin.result(model, "search", json!([[]])).await.as_array().unwrap().clone());
    }
    let all = ids.len();
    ids.sort_by_key(Json::as_i64);
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[tokio::test]
async fn an_action_of_the_server_calls_a_method_and_runs_no_code() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = admin.reference("oregional.model_oregional_application").await;
    let values = |code: &str| json!({"name": "Archive", "model_id": model, "binding_model_id": model, "binding_view_types": "list", "code": code});
    for code in [
        "import os",
        "records.write({'active': False})",
        "env['res.users'].unlink()",
        "records.a()\nrecords.b()",
    ] {
        let answer = admin.call_kw("ir.actions.server", "create", json!([values(code)]), json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.UserError", "{code}");
    }
    let action = admin.create("ir.actions.server", values("records.action_archive()")).await;
    let views = admin
        .call_kw(
            "oregional.application",
            "get_views",
            json!([[[false, "list"], [false, "form"]]]),
            json!({"options": {"toolbar": true}}),
        )
        .await
        .result();
    assert_eq!(views["views"]["list"]["toolbar"]["action"][0]["id"], action);
    assert_eq!(views["views"]["form"]["toolbar"], json!({}));

    let one = admin.create("oregional.application", json!({"name": "one"})).await;
    let two = admin.create("oregional.application", json!({"name": "two"})).await;
    let done =
        run(&admin, action, json!({"active_model": "oregional.application", "active_ids": [one]})).await;
    assert_eq!(done.result(), false);
    let left = admin.result("oregional.application", "search", json!([[["id", "in", [one, two]]]])).await;
    assert_eq!(left, json!([two]));

    // In the name of the caller, with the caller's rights.
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let refused =
        run(&reader, action, json!({"active_model": "oregional.application", "active_ids": [two]})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.AccessError");
    let nothing = admin.create("ir.actions.server", values("records.no_such_method()")).await;
    assert_eq!(run(&admin, nothing, json!({})).await.error().1, "odoo.exceptions.UserError");
    assert_eq!(run(&admin, 999_999, json!({})).await.error().1, "odoo.exceptions.MissingError");
}

#[tokio::test]
async fn a_menu_opens_actions_alone_and_lies_not_below_itself() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for action in ["res.users,1", "ir.actions.act_window", "ir.actions.act_window,x", "nonsense"] {
        let answer = admin
            .call_kw("ir.ui.menu", "create", json!([{"name": "bad", "action": action}]), json!({}))
            .await;
        assert_eq!(answer.error().1, "odoo.exceptions.ValidationError", "{action}");
    }
    let top = admin.reference("base.menu_administration").await;
    let below = admin.reference("oregional.menu_application").await;
    let answer = admin.call_kw("ir.ui.menu", "write", json!([[top], {"parent_id": below}]), json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.ValidationError");
}

#[tokio::test]
async fn an_action_that_runs_itself_is_stopped() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let servers = admin.result("ir.model", "search", json!([[["model", "=", "ir.actions.server"]]])).await;
    let values = |name: &str| json!({"name": name, "model_id": servers[0], "code": "records.run()"});
    let one = admin.create("ir.actions.server", values("one")).await;
    let two = admin.create("ir.actions.server", values("two")).await;

    for ids in [json!([one]), json!([two, one])] {
        let context = json!({"active_model": "ir.actions.server", "active_ids": ids});
        let stopped = run(&admin, one, context.clone()).await;
        assert_eq!(stopped.error().1, "odoo.exceptions.UserError", "{ids}");
        assert!(stopped.message().contains("10"), "{}", stopped.message());
        let called =
            admin.call_kw("ir.actions.server", "run", json!([[one]]), json!({"context": context})).await;
        assert_eq!(called.error().1, "odoo.exceptions.UserError", "{ids}");
    }
    let model = admin.reference("oregional.model_oregional_application").await;
    let archive = json!({"name": "a", "model_id": model, "code": "records.action_archive()"});
    let archive = admin.create("ir.actions.server", archive).await;
    let many: Vec<i64> = vec![archive; 12];
    assert_eq!(admin.result("ir.actions.server", "run", json!([many])).await, false, "one after the other");
}
