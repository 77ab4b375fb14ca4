//! What is deleted leaves nothing behind; what is needed cannot be deleted; what is shipped stays.

use serde_json::{Value as Json, json};

use super::{add, catalogue, make};
use crate::support::app::TestApp;
use crate::support::client::User;

async fn field(admin: &User, model: &str, name: &str) -> Json {
    admin.result("ir.model.fields", "search", json!([[["model", "=", model], ["name", "=", name]]])).await[0]
        .clone()
}

#[tokio::test]
async fn a_model_takes_everything_with_it_that_was_made_for_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let before = catalogue(&app);
    let things = json!([
        {"name": "x_name", "ttype": "char", "index": true},
        {"name": "x_kind", "ttype": "selection", "selection": "[('a', 'A')]"},
        {"name": "x_partner_ids", "ttype": "many2many", "relation": "res.partner"},
    ]);
    let thing = make(&admin, "x_thing", things).await;
    let line = json!([
        {"name": "x_thing_id", "ttype": "many2one", "relation": "x_thing", "required": true},
        {"name": "x_thing_ids", "ttype": "many2many", "relation": "x_thing"},
    ]);
    let lines = make(&admin, "x_thing.line", line).await;
    add(&admin, thing, json!({"name": "x_line_ids", "ttype": "one2many", "relation": "x_thing.line", "relation_field": "x_thing_id"})).await;
    let shipped = admin.reference("base.model_res_partner").await;
    add(&admin, shipped, json!({"name": "x_thing_id", "ttype": "many2one", "relation": "x_thing"})).await;
    admin.create("ir.rule", json!({"name": "r", "model_id": thing, "domain_force": "[(1, '=', 1)]"})).await;
    let record =
        admin.create("x_thing", json!({"x_name": "n", "x_kind": "a", "x_line_ids": [[0, 0, {}]]})).await;
    admin
        .create(
            "ir.model.data",
            json!({"module": "mine", "name": "thing", "model": "x_thing", "res_id": record}),
        )
        .await;
    admin.result("res.partner", "write", json!([[1], {"x_thing_id": record}])).await;

    admin.result("ir.model", "unlink", json!([[thing]])).await;

    assert_eq!(admin.result("x_thing.line", "search_count", json!([[]])).await, 1);
    let told = admin.result("x_thing.line", "fields_get", json!([[], ["type"]])).await;
    assert!(told.get("x_thing_id").is_none(), "{told}");
    admin.result("ir.model", "unlink", json!([[lines]])).await;
    let mut after = catalogue(&app);
    let version = after.pop();
    assert_ne!(version, before.last().cloned());
    assert_eq!(after, before.split_last().unwrap().1);
    let left = app.database.query(
        "SELECT name FROM ir_model_access WHERE name = 'all' UNION SELECT name FROM ir_rule WHERE name = 'r'",
    );
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_field_takes_its_column_and_its_links_with_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = make(&admin, "x_thing", json!([{"name": "x_name", "ttype": "char"}])).await;
    let before = catalogue(&app);
    for made in [
        json!({"name": "x_more", "ttype": "char", "index": true, "required": true}),
        json!({"name": "x_kind", "ttype": "selection", "selection": "[('a', 'A')]"}),
        json!({"name": "x_ids", "ttype": "many2many", "relation": "res.partner"}),
        json!({"name": "x_own_ids", "ttype": "many2many", "relation": "x_thing"}),
        json!({"name": "x_self_id", "ttype": "many2one", "relation": "x_thing"}),
    ] {
        let id = add(&admin, model, made.clone()).await;
        admin.result("ir.model.fields", "unlink", json!([[id]])).await;
        let mut after = catalogue(&app);
        after.pop();
        assert_eq!(after, before.split_last().unwrap().1, "{made}");
    }
}

#[tokio::test]
async fn links_that_two_fields_share_go_with_the_last_of_them() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let here = make(&admin, "x_here", json!([{"name": "x_name", "ttype": "char"}])).await;
    let there = make(&admin, "x_there", json!([{"name": "x_name", "ttype": "char"}])).await;
    let links = |relation: &str, column1: &str, column2: &str| json!({"name": "x_ids", "ttype": "many2many", "relation": relation, "relation_table": "x_shared", "column1": column1, "column2": column2});
    let first = add(&admin, here, links("x_there", "here", "there")).await;
    let second = add(&admin, there, links("x_here", "there", "here")).await;
    let one = admin.create("x_here", json!({"x_name": "h"})).await;
    let two = admin.create("x_there", json!({"x_name": "t", "x_ids": [[4, one]]})).await;
    assert_eq!(admin.result("x_here", "read", json!([[one], ["x_ids"]])).await[0]["x_ids"], json!([two]));

    admin.result("ir.model.fields", "unlink", json!([[first]])).await;
    assert_eq!(admin.result("x_there", "read", json!([[two], ["x_ids"]])).await[0]["x_ids"], json!([one]));
    admin.result("ir.model.fields", "unlink", json!([[second]])).await;

    assert!(app.database.query("SELECT 1 FROM pg_class WHERE relname = 'x_shared'").is_empty());
}

#[tokio::test]
async fn what_something_else_needs_is_not_deleted() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let fields = json!([
        {"name": "x_name", "ttype": "char"},
        {"name": "x_partner_id", "ttype": "many2one", "relation": "res.partner"},
        {"name": "x_email", "ttype": "char", "related": "x_partner_id.email"},
        {"name": "x_parent_id", "ttype": "many2one", "relation": "x_thing"},
        {"name": "x_child_ids", "ttype": "one2many", "relation": "x_thing", "relation_field": "x_parent_id"},
    ]);
    let model = make(&admin, "x_thing", fields).await;
    admin.result("ir.model", "write", json!([[model], {"order": "x_name"}])).await;
    let before = catalogue(&app);

    for name in ["x_partner_id", "x_parent_id", "x_name"] {
        let id = field(&admin, "x_thing", name).await;
        let refused = admin.call_kw("ir.model.fields", "unlink", json!([[id]]), json!({})).await;
        assert_eq!(refused.error(), (200, "odoo.exceptions.UserError".to_owned()), "{name}");
    }
    assert_eq!(catalogue(&app), before);
    let both = [field(&admin, "x_thing", "x_parent_id").await, field(&admin, "x_thing", "x_child_ids").await];
    assert_eq!(admin.result("ir.model.fields", "unlink", json!([both])).await, true, "together they go");
}

#[tokio::test]
async fn what_is_shipped_stays_and_may_be_called_otherwise() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = admin.reference("oregional.model_oregional_application").await;
    let name = field(&admin, "oregional.application", "name").await;
    let option = admin
        .result("ir.model.fields.selection", "search", json!([[["field_id.name", "=", "model_limit"]]]))
        .await[0]
        .clone();
    assert!(option.is_number(), "the options of shipped selections are told");
    let before = catalogue(&app);

    for (of, method, args) in [
        ("ir.model", "unlink", json!([[model]])),
        ("ir.model", "write", json!([[model], {"model": "x_other"}])),
        ("ir.model", "write", json!([[model], {"order": "id"}])),
        ("ir.model", "write", json!([[model], {"transient": true}])),
        ("ir.model.fields", "unlink", json!([[name]])),
        ("ir.model.fields", "write", json!([[name], {"ttype": "text"}])),
        ("ir.model.fields", "write", json!([[name], {"required": false}])),
        ("ir.model.fields", "write", json!([[name], {"name": "x_title"}])),
        (
            "ir.model.fields",
            "create",
            json!([{"name": "x_a", "ttype": "char", "model_id": model, "state": "base"}]),
        ),
        ("ir.model.fields.selection", "unlink", json!([[option]])),
        ("ir.model.fields.selection", "write", json!([[option], {"value": "other"}])),
    ] {
        let refused = admin.call_kw(of, method, args.clone(), json!({})).await;
        assert_eq!(refused.error(), (200, "odoo.exceptions.UserError".to_owned()), "{of} {method} {args}");
    }
    assert_eq!(catalogue(&app), before);
    admin.result("ir.model", "write", json!([[model], {"name": "Client"}])).await;
    admin.result("ir.model.fields", "write", json!([[name], {"field_description": "Title"}])).await;
    let told = admin.result("oregional.application", "fields_get", json!([["name"], ["string"]])).await;
    assert_eq!(told, json!({"name": {"string": "Title"}}));
}

#[tokio::test]
async fn a_made_field_on_a_shipped_model_is_one_like_any_other() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = admin.reference("base.model_res_partner").await;
    let id = add(&admin, model, json!({"name": "x_rank", "ttype": "integer"})).await;

    let user = admin.create("res.users", json!({"name": "Ann", "login": "ann", "x_rank": 3})).await;

    let partner = admin.result("res.partner", "search_read", json!([[["x_rank", "=", 3]], ["name"]])).await;
    assert_eq!(partner[0]["name"], "Ann", "users have the fields of their partners");
    assert_eq!(admin.result("res.users", "read", json!([[user], ["x_rank"]])).await[0]["x_rank"], 3);
    admin.result("ir.model.fields", "unlink", json!([[id]])).await;
    let gone = admin.call_kw("res.users", "read", json!([[user], ["x_rank"]]), json!({})).await;
    assert_eq!(gone.error().1, "builtins.ValueError");
}

#[tokio::test]
async fn a_field_that_a_view_shows_is_not_deleted_and_a_model_takes_its_views_along() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = make(
        &admin,
        "x_thing",
        json!([{"name": "x_name", "ttype": "char"}, {"name": "x_more", "ttype": "char"}]),
    )
    .await;
    let arch = "<form><field name=\"x_more\"/></form>";
    let view = admin
        .create("ir.ui.view", json!({"name": "A form of things", "model": "x_thing", "arch": arch}))
        .await;
    let more = field(&admin, "x_thing", "x_more").await;

    let refused = admin.call_kw("ir.model.fields", "unlink", json!([[more]]), json!({})).await;

    assert_eq!(refused.error(), (200, "odoo.exceptions.UserError".to_owned()));
    assert!(refused.message().contains("A form of things"), "{}", refused.message());
    admin.result("ir.model", "unlink", json!([[model]])).await;
    assert_eq!(admin.result("ir.ui.view", "search", json!([[["id", "=", view]]])).await, json!([]));
}
