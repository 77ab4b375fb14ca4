//! Fields of every type: made, written, read, searched, grouped, copied, exported, described.

use serde_json::{Value as Json, json};

use super::{add, make};
use crate::support::app::TestApp;

const MODEL: &str = "x_thing";

fn fields() -> Json {
    json!([
        {"name": "x_name", "ttype": "char", "field_description": "Name", "required": true, "index": true, "help": "What it is called"},
        {"name": "x_short", "ttype": "char", "size": 3},
        {"name": "x_label", "ttype": "char", "translate": true},
        {"name": "x_text", "ttype": "text"},
        {"name": "x_html", "ttype": "html"},
        {"name": "x_flag", "ttype": "boolean"},
        {"name": "x_count", "ttype": "integer", "required": true},
        {"name": "x_weight", "ttype": "float"},
        {"name": "x_day", "ttype": "date"},
        {"name": "x_moment", "ttype": "datetime"},
        {"name": "x_file", "ttype": "binary"},
        {"name": "x_kind", "ttype": "selection", "selection": "[('a', 'A'), ('b', \"It's B\")]"},
        {"name": "x_secret", "ttype": "char", "copied": false},
        {"name": "x_partner_id", "ttype": "many2one", "relation": "res.partner"},
        {"name": "x_partner_name", "ttype": "char", "related": "x_partner_id.name"},
        {"name": "x_partner_company", "ttype": "boolean", "related": "x_partner_id.is_company", "store": false},
        {"name": "x_tag_ids", "ttype": "many2many", "relation": "res.partner"},
        {"name": "x_parent_id", "ttype": "many2one", "relation": MODEL, "on_delete": "cascade"},
        {"name": "x_child_ids", "ttype": "one2many", "relation": MODEL, "relation_field": "x_parent_id"},
        {"name": "x_twin_ids", "ttype": "many2many", "relation": MODEL},
    ])
}

fn values() -> Json {
    json!({
        "x_name": "One", "x_short": "abcdef", "x_label": "Etikett", "x_text": "a\nb",
        "x_html": "<p onclick=\"x()\">hi</p>", "x_flag": true, "x_count": 7, "x_weight": 1.5,
        "x_day": "2026-02-03", "x_moment": "2026-02-03 04:05:06", "x_file": "aGVsbG8=", "x_kind": "b",
        "x_secret": "s", "x_partner_id": 1, "x_tag_ids": [[6, 0, [1, 3]]],
        "x_child_ids": [[0, 0, {"x_name": "Child", "x_count": 1}]],
    })
}

#[tokio::test]
async fn fields_of_every_type_are_written_and_read() {
    let app = TestApp::start();
    let admin = app.admin().await;
    make(&admin, MODEL, fields()).await;

    let id = admin.create(MODEL, values()).await;
    admin.result(MODEL, "write", json!([[id], {"x_twin_ids": [[4, id]]}])).await;

    let found = admin.result(MODEL, "read", json!([[id]])).await;
    let record = &found[0];
    let child = record["x_child_ids"][0].as_i64().unwrap();
    let expected = json!({
        "x_name": "One", "x_short": "abc", "x_label": "Etikett", "x_text": "a\nb", "x_html": "<p>hi</p>",
        "x_flag": true, "x_count": 7, "x_weight": 1.5, "x_day": "2026-02-03",
        "x_moment": "2026-02-03 04:05:06", "x_file": "aGVsbG8=", "x_kind": "b", "x_secret": "s",
        "x_partner_id": [1, "My Company"], "x_partner_name": "My Company", "x_partner_company": true,
        "x_tag_ids": [3, 1], "x_parent_id": false, "x_child_ids": [child], "x_twin_ids": [id],
        "display_name": "One", "create_uid": [2, "Administrator"],
    });
    for (name, value) in expected.as_object().unwrap() {
        let is_set = |ids: &Json| {
            let mut ids: Vec<i64> = ids.as_array().into_iter().flatten().filter_map(Json::as_i64).collect();
            ids.sort_unstable();
            ids
        };
        if name == "x_tag_ids" {
            assert_eq!(is_set(&record[name]), is_set(value));
        } else {
            assert_eq!(record[name], *value, "{name}");
        }
    }
    let empty = admin.create(MODEL, json!({"x_name": "Empty", "x_count": 0})).await;
    let found = admin.result(MODEL, "read", json!([[empty]])).await;
    for (name, value) in [
        ("x_short", json!(false)),
        ("x_flag", json!(false)),
        ("x_count", json!(0)),
        ("x_weight", json!(0.0)),
        ("x_day", json!(false)),
        ("x_file", json!(false)),
        ("x_kind", json!(false)),
        ("x_partner_id", json!(false)),
        ("x_partner_name", json!(false)),
        ("x_tag_ids", json!([])),
    ] {
        assert_eq!(found[0][name], value, "{name}");
    }
}

#[tokio::test]
async fn made_fields_are_searched_sorted_and_grouped() {
    let app = TestApp::start();
    let admin = app.admin().await;
    make(&admin, MODEL, fields()).await;
    let one = admin.create(MODEL, values()).await;
    let other = json!({"x_name": "Two", "x_count": 3, "x_kind": "a", "x_weight": 0.25, "x_partner_id": 3});
    let two = admin.create(MODEL, other).await;

    for (domain, expected) in [
        (json!([["x_name", "ilike", "ONE"]]), vec![one]),
        (json!([["x_count", ">", 2], ["x_parent_id", "=", false]]), vec![one, two]),
        (json!([["x_kind", "in", ["a", "c"]]]), vec![two]),
        (json!([["x_moment", ">=", "2026-02-03"]]), vec![one]),
        (json!([["x_partner_id.name", "=", "My Company"]]), vec![one]),
        (json!([["x_partner_name", "=", "Administrator"]]), vec![two]),
        (json!([["x_partner_company", "=", true]]), vec![one]),
        (json!([["x_tag_ids", "in", [3]]]), vec![one]),
        (json!([["x_child_ids.x_name", "=", "Child"]]), vec![one]),
        (json!([["x_partner_id", "=", "Administrator"]]), vec![two]),
    ] {
        let found = admin.call_kw(MODEL, "search", json!([domain]), json!({"order": "id"})).await.result();
        assert_eq!(found, json!(expected), "{domain}");
    }
    let sorted = admin
        .call_kw(
            MODEL,
            "search",
            json!([[["x_parent_id", "=", false]]]),
            json!({"order": "x_weight, x_name desc"}),
        )
        .await;
    assert_eq!(sorted.result(), json!([two, one]));
    let groups = admin
        .result(MODEL, "read_group", json!([[["x_parent_id", "=", false]], ["x_count:sum"], ["x_kind"]]))
        .await;
    assert_eq!(groups[0]["x_kind"], "a");
    assert_eq!((&groups[0]["x_count"], &groups[1]["x_count"]), (&json!(3), &json!(7)));
    let named = admin.result(MODEL, "name_search", json!(["Tw"])).await;
    assert_eq!(named, json!([[two, "Two"]]));
}

#[tokio::test]
async fn made_records_are_copied_exported_and_described() {
    let app = TestApp::start();
    let admin = app.admin().await;
    make(&admin, MODEL, fields()).await;
    let id = admin.create(MODEL, values()).await;

    let twin = admin.result(MODEL, "copy", json!([[id]])).await[0].as_i64().unwrap();

    let found =
        admin.result(MODEL, "read", json!([[twin], ["x_name", "x_secret", "x_child_ids", "x_kind"]])).await;
    assert_eq!(
        found,
        json!([{"id": twin, "x_name": "One", "x_secret": false, "x_child_ids": [], "x_kind": "b"}])
    );
    let exported = admin
        .result(MODEL, "export_data", json!([[id], ["x_name", "x_partner_id", "x_kind", "x_count"]]))
        .await;
    assert_eq!(exported["datas"], json!([["One", "My Company", "It's B", 7]]));
    let told = admin
        .result(
            MODEL,
            "fields_get",
            json!([["x_name", "x_kind", "x_partner_id", "x_child_ids", "x_partner_name", "x_short"]]),
        )
        .await;
    assert_eq!(told["x_name"]["help"], "What it is called");
    assert_eq!((&told["x_name"]["manual"], &told["x_name"]["required"]), (&json!(true), &json!(true)));
    assert_eq!(told["x_kind"]["selection"], json!([["a", "A"], ["b", "It's B"]]));
    assert_eq!(told["x_kind"]["string"], "Kind");
    assert_eq!(told["x_partner_id"]["relation"], "res.partner");
    assert_eq!(told["x_child_ids"]["relation_field"], "x_parent_id");
    assert_eq!(told["x_partner_name"]["related"], "x_partner_id.name");
    assert_eq!(told["x_short"]["size"], 3);
    let row = admin
        .result(
            "ir.model.fields",
            "search_read",
            json!([[["model", "=", MODEL], ["name", "=", "x_kind"]], ["selection", "state", "store"]]),
        )
        .await;
    assert_eq!(row[0]["selection"], "[('a', 'A'), ('b', 'It\\'s B')]");
    assert_eq!((&row[0]["state"], &row[0]["store"]), (&json!("manual"), &json!(true)));
    let model = admin
        .result(
            "ir.model",
            "search_read",
            json!([[["model", "=", MODEL]], ["name", "state", "count", "transient", "modules"]]),
        )
        .await;
    assert_eq!(
        (&model[0]["state"], &model[0]["count"], &model[0]["modules"]),
        (&json!("manual"), &json!(3), &json!(false))
    );
}

#[tokio::test]
async fn a_model_without_fields_of_its_own_gets_a_name() {
    let app = TestApp::start();
    let admin = app.admin().await;

    let id = admin.create("ir.model", json!({"name": "Bare", "model": "x_bare"})).await;
    super::grant(&admin, id).await;

    let record = admin.create("x_bare", json!({"x_name": "first"})).await;
    assert_eq!(record, 1);
    let made = admin.result("x_bare", "name_create", json!(["second"])).await;
    assert_eq!(made, json!([2, "second"]));
}

#[tokio::test]
async fn a_field_is_changed_where_its_records_allow_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = make(&admin, MODEL, json!([{"name": "x_name", "ttype": "char"}])).await;
    let id = admin.create(MODEL, json!({"x_name": "One"})).await;
    let name = admin
        .result("ir.model.fields", "search", json!([[["model", "=", MODEL], ["name", "=", "x_name"]]]))
        .await[0]
        .clone();
    let flag = add(&admin, model, json!({"name": "x_flag", "ttype": "boolean", "required": true})).await;
    assert!(flag > 0, "a truth value that nobody gave is false");

    for change in [
        json!({"required": true, "index": true}),
        json!({"translate": true}),
        json!({"translate": false, "index": false}),
        json!({"required": false, "field_description": "Title", "help": "Its title", "copied": false}),
    ] {
        admin.result("ir.model.fields", "write", json!([[name], change])).await;
        let found = admin.result(MODEL, "read", json!([[id], ["x_name", "x_flag"]])).await;
        assert_eq!(found, json!([{"id": id, "x_name": "One", "x_flag": false}]), "{change}");
    }
    let told = admin.result(MODEL, "fields_get", json!([["x_name"], ["string", "help", "required"]])).await;
    assert_eq!(told, json!({"x_name": {"string": "Title", "help": "Its title", "required": false}}));
    admin.create(MODEL, json!({"x_flag": true})).await;
    admin.result("ir.model", "write", json!([[model], {"order": "x_name desc, id", "name": "Matter"}])).await;
    assert_eq!(
        admin.result(MODEL, "search", json!([[]])).await,
        json!([2, 1]),
        "nothing comes first, upside down"
    );
}

#[tokio::test]
async fn the_options_of_a_selection_take_their_records_along() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = make(&admin, MODEL, json!([{"name": "x_name", "ttype": "char"}])).await;
    let options = json!([[0, 0, {"value": "b", "name": "B", "sequence": 2}], [0, 0, {"value": "a", "name": "A", "sequence": 1}]]);
    let field =
        add(&admin, model, json!({"name": "x_kind", "ttype": "selection", "selection_ids": options})).await;
    let id = admin.create(MODEL, json!({"x_kind": "a"})).await;
    let value = async || admin.result(MODEL, "read", json!([[id], ["x_kind"]])).await[0]["x_kind"].clone();
    let option = |value: &str| {
        let domain = json!([["field_id", "=", field], ["value", "=", value]]);
        let admin = admin.clone();
        async move { admin.result("ir.model.fields.selection", "search", json!([domain])).await[0].clone() }
    };

    admin
        .result(
            "ir.model.fields.selection",
            "write",
            json!([[option("a").await], {"value": "z", "name": "Z"}]),
        )
        .await;
    assert_eq!(value().await, "z");
    admin
        .result("ir.model.fields", "write", json!([[field], {"selection": "[('z', 'Zed'), ('c', 'C')]"}]))
        .await;
    assert_eq!(value().await, "z");
    let told = admin.result(MODEL, "fields_get", json!([["x_kind"], ["selection"]])).await;
    assert_eq!(told["x_kind"]["selection"], json!([["z", "Zed"], ["c", "C"]]));
    admin.result("ir.model.fields.selection", "unlink", json!([[option("z").await]])).await;
    assert_eq!(value().await, false);
    let refused = admin.call_kw(MODEL, "write", json!([[id], {"x_kind": "z"}]), json!({})).await;
    assert_eq!(refused.error().1, "builtins.ValueError");
}

#[tokio::test]
async fn a_stored_related_field_follows_records_that_were_there_before() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = make(
        &admin,
        MODEL,
        json!([{"name": "x_partner_id", "ttype": "many2one", "relation": "res.partner"}]),
    )
    .await;
    let partner = admin.create("res.partner", json!({"name": "Ann"})).await;
    let id = admin.create(MODEL, json!({"x_partner_id": partner})).await;
    let read =
        async || admin.result(MODEL, "read", json!([[id], ["x_partner"]])).await[0]["x_partner"].clone();

    add(&admin, model, json!({"name": "x_partner", "ttype": "char", "related": "x_partner_id.name"})).await;

    assert_eq!(read().await, "Ann");
    admin.result("res.partner", "write", json!([[partner], {"name": "Anna"}])).await;
    assert_eq!(read().await, "Anna");
    assert_eq!(admin.result(MODEL, "search", json!([[["x_partner", "=", "Anna"]]])).await, json!([id]));
}

#[tokio::test]
async fn an_amount_of_money_has_its_currency_beside_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let fields = json!([
        {"name": "x_currency_id", "ttype": "many2one", "relation": "res.currency"},
        {"name": "x_amount", "ttype": "monetary"},
    ]);
    let model = make(&admin, MODEL, fields).await;
    add(&admin, model, json!({"name": "x_fee", "ttype": "monetary", "currency_field": "x_currency_id"}))
        .await;
    let euro = admin.reference("base.EUR").await;

    let id = admin.create(MODEL, json!({"x_currency_id": euro, "x_amount": 12.5, "x_fee": "0.25"})).await;

    let found = admin.result(MODEL, "read", json!([[id], ["x_amount", "x_fee"]])).await;
    assert_eq!(found, json!([{"id": id, "x_amount": 12.5, "x_fee": 0.25}]));
    let told = admin.result(MODEL, "fields_get", json!([["x_amount"], ["currency_field"]])).await;
    assert_eq!(told, json!({"x_amount": {"currency_field": "x_currency_id"}}));
    let currency = admin
        .result("ir.model.fields", "search", json!([[["model", "=", MODEL], ["name", "=", "x_currency_id"]]]))
        .await;
    let refused = admin.call_kw("ir.model.fields", "unlink", json!([currency]), json!({})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.UserError", "the amounts need it");
}
