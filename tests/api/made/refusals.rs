//! What cannot be made is refused with clear words, and leaves nothing behind.

use serde_json::{Value as Json, json};

use super::{add, catalogue, make};
use crate::support::app::TestApp;

const VALIDATION: &str = "odoo.exceptions.ValidationError";
const USER: &str = "odoo.exceptions.UserError";
const VALUE: &str = "builtins.ValueError";

fn model(name: &str) -> Json {
    json!({"name": "Odd", "model": name})
}

#[tokio::test]
async fn odd_names_of_models_are_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let before = catalogue(&app);
    let (long, longest) = (format!("x_{}", "a".repeat(62)), format!("x_{}", "a".repeat(61)));
    for name in [
        "",
        "x_",
        "thing",
        "select",
        "res.partner",
        "oregional.application",
        "X_thing",
        "x_Thing",
        "x_ä",
        "x_a b",
        "x_a-b",
        "x_a\"b",
        "x_a'; DROP TABLE res_users; --",
        "x_a..b",
        "x_a.",
        "x_a\0",
        long.as_str(),
        "pg_class",
    ] {
        let refused = admin.call_kw("ir.model", "create", json!([model(name)]), json!({})).await;
        assert_eq!(refused.error(), (200, VALIDATION.to_owned()), "{name}");
        assert!(refused.message().contains("name"), "{}", refused.message());
    }
    for name in ["x_a.b", "x_order", "x_select", "x_user", "x_9", longest.as_str()] {
        admin.create("ir.model", model(name)).await;
        admin
            .result(
                "ir.model",
                "unlink",
                json!([admin.result("ir.model", "search", json!([[["model", "=", name]]])).await]),
            )
            .await;
    }
    let mut after = catalogue(&app);
    after.pop();
    assert_eq!(after, before.split_last().unwrap().1);
}

#[tokio::test]
async fn models_that_do_not_fit_are_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;
    make(&admin, "x_thing.line", json!([{"name": "x_name", "ttype": "char"}])).await;
    let before = catalogue(&app);
    let with = |fields: Json| json!({"name": "Odd", "model": "x_odd", "field_id": fields});
    for (values, name, words) in [
        (json!({"name": "Odd", "model": "x_thing.line"}), VALIDATION, "unique"),
        (json!({"name": "Odd", "model": "x_thing_line"}), VALIDATION, "x_thing_line"),
        (json!({"model": "x_odd"}), VALIDATION, "required"),
        (json!({"name": "Odd", "model": "x_odd", "order": "x_nothing"}), VALIDATION, "order"),
        (
            json!({"name": "Odd", "model": "x_odd", "order": "x_name; DROP TABLE res_users"}),
            VALIDATION,
            "order",
        ),
        (json!({"name": "Odd", "model": "x_odd", "transient": true}), USER, "transient"),
        (json!({"name": "Odd", "model": "x_odd", "state": "base"}), USER, "shipped"),
        (with(json!([[0, 0, {"name": "bad", "ttype": "char"}]])), VALIDATION, "x_"),
        (
            with(json!([[0, 0, {"name": "x_a", "ttype": "char"}], [0, 0, {"name": "x_a", "ttype": "text"}]])),
            VALIDATION,
            "unique",
        ),
        (
            with(json!([[0, 0, {"name": "x_a", "ttype": "many2one", "relation": "x_unknown"}]])),
            VALIDATION,
            "x_unknown",
        ),
    ] {
        let refused = admin.call_kw("ir.model", "create", json!([values]), json!({})).await;
        assert_eq!(refused.error(), (200, name.to_owned()), "{values}");
        assert!(refused.message().contains(words), "{values}: {}", refused.message());
    }
    assert_eq!(catalogue(&app), before);
}

#[tokio::test]
async fn fields_that_do_not_fit_are_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let fields = json!([
        {"name": "x_name", "ttype": "char"},
        {"name": "x_partner_id", "ttype": "many2one", "relation": "res.partner"},
    ]);
    let thing = make(&admin, "x_thing", fields).await;
    admin.create("x_thing", json!({"x_name": "a record"})).await;
    let before = catalogue(&app);
    let long = format!("x_{}", "a".repeat(62));
    let mut odd: Vec<(Json, &str, &str)> =
        ["", "x_", "name", "id", "create_uid", "x_a.b", "x_Ä", "x_a\"", "select", "ctid", long.as_str()]
            .map(|name| (json!({"name": name, "ttype": "char"}), VALIDATION, "name"))
            .to_vec();
    odd.extend([
        (json!({"name": "x_name", "ttype": "char"}), VALIDATION, "unique"),
        (json!({"name": "x_a"}), VALIDATION, "type"),
        (json!({"name": "x_a", "ttype": "nonsense"}), VALUE, "nonsense"),
        (json!({"name": "x_a", "ttype": "reference"}), VALUE, "reference"),
        (json!({"name": "x_a", "ttype": "char", "model_id": 999_999}), VALIDATION, "model_id"),
        (json!({"name": "x_a", "ttype": "char", "required": true}), VALIDATION, "required"),
        (json!({"name": "x_a", "ttype": "date", "required": true}), VALIDATION, "required"),
        (json!({"name": "x_a", "ttype": "text", "index": true}), VALIDATION, "index"),
        (json!({"name": "x_a", "ttype": "many2one"}), VALIDATION, "relation"),
        (json!({"name": "x_a", "ttype": "many2one", "relation": "no.such"}), VALIDATION, "no.such"),
        (json!({"name": "x_a", "ttype": "many2one", "relation": "res.partner", "required": true, "on_delete": "set null"}), VALIDATION, "restrict"),
        (json!({"name": "x_a", "ttype": "one2many", "relation": "res.partner"}), VALIDATION, "many2one"),
        (json!({"name": "x_a", "ttype": "one2many", "relation": "res.partner", "relation_field": "parent_id"}), VALIDATION, "x_thing"),
        (json!({"name": "x_a", "ttype": "many2many", "relation": "res.partner", "relation_table": "res_partner"}), VALIDATION, "x_"),
        (json!({"name": "x_a", "ttype": "many2many", "relation": "res.partner", "relation_table": "x_thing"}), VALIDATION, "x_thing"),
        (json!({"name": "x_a", "ttype": "many2many", "relation": "res.partner", "relation_table": "x a"}), VALIDATION, "identifier"),
        (json!({"name": "x_a", "ttype": "many2many", "relation": "res.partner", "column1": "same", "column2": "same"}), VALIDATION, "same"),
        (json!({"name": "x_a", "ttype": "selection"}), VALIDATION, "options"),
        (json!({"name": "x_a", "ttype": "selection", "selection": "nonsense("}), VALIDATION, "Label"),
        (json!({"name": "x_a", "ttype": "selection", "selection": "[('a', 1)]"}), VALIDATION, "Label"),
        (json!({"name": "x_a", "ttype": "selection", "selection": "[('a', 'A'), ('a', 'B')]"}), VALIDATION, "unique"),
        (json!({"name": "x_a", "ttype": "monetary"}), VALIDATION, "currency"),
        (json!({"name": "x_a", "ttype": "monetary", "currency_field": "x_name"}), VALIDATION, "currency"),
        (json!({"name": "x_a", "ttype": "char", "related": "x_nothing.name"}), VALIDATION, "leads nowhere"),
        (json!({"name": "x_a", "ttype": "char", "related": "x_partner_id.nothing"}), VALIDATION, "leads nowhere"),
        (json!({"name": "x_a", "ttype": "char", "related": "x_name.name"}), VALIDATION, "no many2one"),
        (json!({"name": "x_a", "ttype": "char", "related": "x_a"}), VALIDATION, "itself"),
        (json!({"name": "x_a", "ttype": "integer", "related": "x_partner_id.name"}), VALIDATION, "type"),
        (json!({"name": "x_a", "ttype": "char", "compute": "for r in self: r['x_a'] = 1"}), USER, "Python"),
        (json!({"name": "x_a", "ttype": "char", "store": false}), USER, "stored"),
    ]);
    for (mut values, name, words) in odd {
        if values.get("model_id").is_none() {
            values["model_id"] = thing.into();
        }
        let refused = admin.call_kw("ir.model.fields", "create", json!([values]), json!({})).await;
        assert_eq!(refused.error(), (200, name.to_owned()), "{values}: {}", refused.message());
        assert!(refused.message().contains(words), "{values}: {}", refused.message());
    }
    assert_eq!(catalogue(&app), before);
}

#[tokio::test]
async fn changes_that_the_records_do_not_bear_are_refused() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let thing = make(&admin, "x_thing", json!([{"name": "x_name", "ttype": "char"}])).await;
    let partner =
        add(&admin, thing, json!({"name": "x_partner_id", "ttype": "many2one", "relation": "res.partner"}))
            .await;
    let kind =
        add(&admin, thing, json!({"name": "x_kind", "ttype": "selection", "selection": "[('a', 'A')]"}))
            .await;
    admin.create("x_thing", json!({"x_kind": "a"})).await;
    let before = catalogue(&app);
    for (field, values, name) in [
        (partner, json!({"name": "x_other_id"}), USER),
        (partner, json!({"ttype": "char"}), USER),
        (partner, json!({"relation": "res.users"}), USER),
        (partner, json!({"model_id": 1}), USER),
        (partner, json!({"state": "base"}), USER),
        (partner, json!({"store": false}), USER),
        (partner, json!({"compute": "x"}), USER),
        (partner, json!({"required": true}), VALIDATION),
        (kind, json!({"selection": "[]"}), USER),
        (kind, json!({"selection_ids": [[5]]}), USER),
    ] {
        let refused = admin.call_kw("ir.model.fields", "write", json!([[field], values]), json!({})).await;
        assert_eq!(refused.error(), (200, name.to_owned()), "{values}: {}", refused.message());
    }
    for values in [json!({"model": "x_other"}), json!({"state": "base"}), json!({"transient": true})] {
        let refused = admin.call_kw("ir.model", "write", json!([[thing], values]), json!({})).await;
        assert_eq!(refused.error(), (200, USER.to_owned()), "{values}");
    }
    assert_eq!(catalogue(&app), before);
    let found = admin.result("x_thing", "search_read", json!([[], ["x_kind"]])).await;
    assert_eq!(found[0]["x_kind"], "a");
}

#[tokio::test]
async fn nobody_but_an_administrator_makes_anything() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let keeper = admin.make_user("keeper", &["oregional.group_app_admin"]).await;
    let shipped = admin.reference("oregional.model_oregional_application").await;
    let before = catalogue(&app);
    for user in [&ann, &keeper] {
        for (model, values) in [
            ("ir.model", model("x_thing")),
            ("ir.model.fields", json!({"name": "x_a", "ttype": "char", "model_id": shipped})),
        ] {
            let refused = user.call_kw(model, "create", json!([values]), json!({})).await;
            assert_eq!(refused.error(), (200, "odoo.exceptions.AccessError".to_owned()), "{model}");
        }
    }
    assert_eq!(catalogue(&app), before);
}
