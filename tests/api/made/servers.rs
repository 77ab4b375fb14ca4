//! What one server makes, all servers serve: at once, after a restart, and whoever was first.

use std::sync::Arc;

use futures_util::future::join_all;
use oregional::config::Migrate;
use oregional::startup::commands;
use serde_json::json;

use super::{add, catalogue, grant, make};
use crate::support::app::{PASSWORD, Running, TestApp, settings};
use crate::support::client::User;

const MODEL: &str = "x_thing";

fn name() -> serde_json::Value {
    json!([{"name": "x_name", "ttype": "char"}])
}

#[tokio::test]
async fn another_server_serves_a_change_with_its_very_next_call() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let (here, there) = (app.admin().await, second.admin().await);

    for round in 0..5 {
        let model = format!("x_round_{round}");
        let id = make(&here, &model, name()).await;
        assert_eq!(there.create(&model, json!({"x_name": "there"})).await, 1, "the model and its rights");
        add(&here, id, json!({"name": "x_more", "ttype": "integer"})).await;
        let told = there.result(&model, "fields_get", json!([[], ["type"]])).await;
        assert_eq!(
            told["x_more"],
            json!({"type": "integer"}),
            "a field, though no statement is needed to tell of it"
        );
        there.result(&model, "write", json!([[1], {"x_more": 3}])).await;
        let read = here.result(&model, "search_read", json!([[["x_more", "=", 3]], ["x_more"]])).await;
        assert_eq!(read, json!([{"id": 1, "x_more": 3}]));
        let field = there
            .result("ir.model.fields", "search", json!([[["model", "=", model], ["name", "=", "x_more"]]]))
            .await;
        there.result("ir.model.fields", "unlink", json!([field])).await;
        let all = here.result(&model, "read", json!([[1]])).await;
        assert!(all[0].get("x_more").is_none(), "{all}");
        there.result("ir.model", "unlink", json!([[id]])).await;
        let gone = here.call_kw(&model, "search", json!([[]]), json!({})).await;
        assert_eq!(gone.error(), (404, "werkzeug.exceptions.NotFound".to_owned()));
    }
}

#[tokio::test]
async fn options_that_were_taken_in_one_by_one_are_served_everywhere() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let (here, there) = (app.admin().await, second.admin().await);
    let model = make(&here, MODEL, name()).await;
    let kind = json!({"name": "x_kind", "ttype": "selection", "selection": "[('x', 'X')]"});
    let field = add(&here, model, kind).await;
    let record = there.create(MODEL, json!({"x_name": "a", "x_kind": "x"})).await;
    let options = "ir.model.fields.selection";
    let option = here.result(options, "search", json!([[["field_id", "=", field]]])).await[0].clone();

    // All at once, the new 'x' comes before the old one is called otherwise: that is taken back.
    let table = json!([[".id", "value", "name"], [[option, "y", "Y"], ["", "x", "X again"]]]);
    let context = json!({"context": {"default_field_id": field}});
    let loaded = here.call_kw(options, "load", table, context).await.result();

    assert_eq!(loaded["ids"].as_array().map(Vec::len), Some(2), "{loaded}");
    assert_eq!(there.result(MODEL, "read", json!([[record], ["x_kind"]])).await[0]["x_kind"], "y");
    for value in ["x", "y"] {
        let written = there.call_kw(MODEL, "write", json!([[record], {"x_kind": value}]), json!({})).await;
        assert_eq!(written.result(), true, "{value}");
    }
    let told = there.result(MODEL, "fields_get", json!([["x_kind"], ["selection"]])).await;
    assert_eq!(told["x_kind"]["selection"], json!([["y", "Y"], ["x", "X again"]]));
}

#[tokio::test]
async fn a_table_that_was_refused_has_changed_nothing_for_anybody() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = make(&admin, MODEL, name()).await;
    let before = catalogue(&app);

    let fields = json!(["name", "ttype", "field_description", "model_id/.id"]);
    let rows = json!([["x_good", "char", "Good", model], ["bad", "char", "Bad", model]]);
    let refused = admin.result("ir.model.fields", "load", json!([fields, rows])).await;

    assert_eq!(refused["ids"], false, "{refused}");
    assert_eq!(catalogue(&app), before, "not even the version, at whose change all servers load anew");
}

#[tokio::test]
async fn a_right_and_a_rule_hold_on_another_server_with_its_very_next_call() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let admin = app.admin().await;
    let model = admin.create("ir.model", json!({"name": "Thing", "model": MODEL})).await;
    admin.make_user("ann", &["base.group_user"]).await;
    let ann = second.user("ann", "ann-secret").await;
    let refused = (200, "odoo.exceptions.AccessError".to_owned());

    assert_eq!(ann.call_kw(MODEL, "search", json!([[]]), json!({})).await.error(), refused);
    grant(&admin, model).await;
    assert_eq!(ann.create(MODEL, json!({"x_name": "mine"})).await, 1);
    admin.create(MODEL, json!({"x_name": "not hers"})).await;
    assert_eq!(ann.result(MODEL, "search", json!([[]])).await, json!([1, 2]));
    let rule = json!({"name": "own", "model_id": model, "domain_force": "[('create_uid', '=', user.id)]"});
    let rule = admin.create("ir.rule", rule).await;
    assert_eq!(ann.result(MODEL, "search", json!([[]])).await, json!([1]));
    let write = ann.call_kw(MODEL, "write", json!([[2], {"x_name": "hers"}]), json!({})).await;
    assert_eq!(write.error(), refused);
    admin.result("ir.rule", "unlink", json!([[rule]])).await;
    assert_eq!(ann.result(MODEL, "write", json!([[2], {"x_name": "hers"}])).await, true);
}

#[tokio::test]
async fn groups_keep_a_made_field_from_others() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = make(&admin, MODEL, name()).await;
    let group = admin.create("res.groups", json!({"name": "Inner circle"})).await;
    add(&admin, model, json!({"name": "x_inner", "ttype": "char", "groups": [[6, 0, [group]]]})).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;

    let told = ann.result(MODEL, "fields_get", json!([[], ["type"]])).await;
    assert!(told.get("x_inner").is_none() && told.get("x_name").is_some(), "{told}");
    let refused = ann.call_kw(MODEL, "create", json!([{"x_inner": "no"}]), json!({})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.AccessError");
    admin.result("res.groups", "write", json!([[group], {"users": [[4, ann.uid]]}])).await;
    ann.create(MODEL, json!({"x_inner": "yes"})).await;
}

#[tokio::test]
async fn what_was_made_survives_a_restart_and_is_looked_at_by_check_and_migrate() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = make(&admin, MODEL, name()).await;
    add(&admin, model, json!({"name": "x_tag_ids", "ttype": "many2many", "relation": "res.partner"})).await;
    let id = admin.create(MODEL, json!({"x_name": "kept", "x_tag_ids": [[4, 1]]})).await;
    let shipped = admin.reference("base.model_res_partner").await;
    add(&admin, shipped, json!({"name": "x_extra", "ttype": "char"})).await;
    admin.result("res.partner", "write", json!([[1], {"x_extra": "more"}])).await;
    let database = Arc::clone(&app.database);
    drop(app);

    let app = TestApp::on(Arc::clone(&database), |_| {}).unwrap();
    let admin = app.admin().await;

    let found = admin.result(MODEL, "read", json!([[id], ["x_name", "x_tag_ids"]])).await;
    assert_eq!(found, json!([{"id": id, "x_name": "kept", "x_tag_ids": [1]}]));
    let company = admin.result("res.partner", "read", json!([[1], ["x_extra"]])).await;
    assert_eq!(company[0]["x_extra"], "more");
    let mut told = Vec::new();
    let settings = settings(&database.url()).database;
    assert!(commands::check(&settings, &mut told).await.unwrap(), "{}", String::from_utf8_lossy(&told));
    database.query("ALTER TABLE x_thing DROP COLUMN x_name");
    assert!(!commands::check(&settings, &mut told).await.unwrap());
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("x_thing.x_name: the column is missing"), "{told}");
    let migrate = Migrate { database: settings.clone(), admin_password: None };
    commands::migrate(&migrate, &mut Vec::new()).await.unwrap();
    assert!(commands::check(&settings, &mut Vec::new()).await.unwrap(), "migrate makes it again");
}

#[tokio::test]
async fn administrators_who_change_models_at_once_all_get_through() {
    const MANY: usize = 12;
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let (here, there) = (app.admin().await, second.admin().await);
    let model = make(&here, MODEL, name()).await;
    let at = |number: usize| -> &User { if number.is_multiple_of(2) { &here } else { &there } };

    let fields = (0..MANY).map(|number| {
        add(at(number), model, json!({"name": format!("x_field_{number}"), "ttype": "integer"}))
    });
    join_all(fields).await;

    let values: serde_json::Map<_, _> =
        (0..MANY).map(|number| (format!("x_field_{number}"), json!(number))).collect();
    for user in [&here, &there] {
        let id = user.create(MODEL, json!(values)).await;
        let found = user.result(MODEL, "read", json!([[id]])).await;
        assert!((0..MANY).all(|number| found[0][format!("x_field_{number}")] == number), "{found}");
    }
    let same = (0..MANY).map(|number| {
        let field = json!({"name": "x_same", "ttype": "char", "model_id": model});
        at(number).call_kw("ir.model.fields", "create", json!([field]), json!({}))
    });
    let answers = join_all(same).await;
    let made = answers.iter().filter(|answer| answer.json().get("error").is_none()).count();
    assert_eq!(made, 1, "one of them makes it");
    let refusals = answers.iter().filter(|answer| answer.json().get("error").is_some());
    assert!(refusals.into_iter().all(|answer| answer.error().1 == "odoo.exceptions.ValidationError"));
}

#[tokio::test]
async fn records_are_written_while_fields_come_and_go() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let (admin, writer) = (app.admin().await, second.admin().await);
    let model = make(&admin, MODEL, name()).await;
    let id = admin.create(MODEL, json!({"x_name": "0"})).await;

    let writes = async {
        for number in 0..60 {
            let name = number.to_string();
            let written = writer.call_kw(MODEL, "write", json!([[id], {"x_name": name}]), json!({})).await;
            assert_eq!(written.result(), true);
            assert_eq!(writer.result(MODEL, "read", json!([[id], []])).await[0]["x_name"], name);
        }
    };
    let changes = async {
        for _ in 0..6 {
            let field =
                add(&admin, model, json!({"name": "x_now", "ttype": "char", "required": false})).await;
            admin.result("ir.model.fields", "unlink", json!([[field]])).await;
        }
    };
    tokio::join!(writes, changes);
}

#[tokio::test]
async fn servers_that_start_at_once_on_an_empty_database_make_it_together() {
    let app = TestApp::start();
    let empty = format!("{}_empty", app.database.name);
    app.database.query(&format!("CREATE DATABASE {empty}"));
    let url = app.database.url().replace(&app.database.name, &empty);

    let starts: Vec<_> = (0..3)
        .map(|_| {
            let settings = settings(&url);
            std::thread::spawn(move || Running::start(settings))
        })
        .collect();
    let running: Vec<Running> = starts.into_iter().map(|start| start.join().unwrap().unwrap()).collect();

    for server in &running {
        let admin = User::sign_in(&format!("http://{}", server.address), "admin", PASSWORD).await;
        assert_eq!(admin.result("ir.model", "search_count", json!([[["model", "=", "res.users"]]])).await, 1);
    }
    drop(running);
    app.database.query(&format!("DROP DATABASE {empty} WITH (FORCE)"));
}
