//! Records by what people call them: made by a name, and found by one.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

const APPLICATION: &str = "oregional.application";

/// The names that a search finds.
async fn found(user: &User, model: &str, args: Json) -> Vec<String> {
    let pairs = user.result(model, "name_search", args).await;
    pairs.as_array().unwrap().iter().map(|pair| pair[1].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_contact_is_made_by_a_name_an_address_or_both() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for (line, name, email) in [
        ("Bob", "Bob", json!(false)),
        ("Bob <Bob@x.example>", "Bob", json!("bob@x.example")),
        ("bob@y.example", "bob@y.example", json!("bob@y.example")),
    ] {
        let made = admin.result("res.partner", "name_create", json!([line])).await;
        assert_eq!(made[1], name, "{line}");
        let read = admin.result("res.partner", "read", json!([[made[0]], ["name", "email"]])).await;
        assert_eq!(read, json!([{"id": made[0], "name": name, "email": email}]), "{line}");
    }
    let empty = admin.call_kw("res.partner", "name_create", json!([false]), json!({})).await;
    assert_eq!(empty.error().1, "odoo.exceptions.ValidationError");
    let application = admin.result(APPLICATION, "name_create", json!(["By name"])).await;
    assert_eq!(application[1], "By name");
}

#[tokio::test]
async fn an_empty_name_restricts_nothing_only_where_names_are_to_contain_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for name in ["a", "b"] {
        admin.create(APPLICATION, json!({"name": name})).await;
    }
    for (args, wanted) in [
        (json!([]), 2),
        (json!([""]), 2),
        (json!(["", [], "like"]), 2),
        (json!([false, [], "ilike"]), 2),
        (json!(["", [["name", "=", "a"]]]), 1),
        (json!(["", [], "="]), 0),
        (json!([false, [], "="]), 0),
        (json!(["", [], "not ilike"]), 0),
        (json!(["", [], "!="]), 2),
        (json!(["a", false]), 1),
        (json!(["a", null]), 1),
        (json!(["a", []]), 1),
    ] {
        assert_eq!(found(&admin, APPLICATION, args.clone()).await.len(), wanted, "{args}");
    }
    let web = |name: &'static str, operator: &'static str| {
        let admin = &admin;
        async move {
            let kwargs = json!({"operator": operator, "domain": false});
            admin.call_kw(APPLICATION, "web_name_search", json!([name, {}]), kwargs).await.result()
        }
    };
    assert_eq!(web("", "ilike").await.as_array().unwrap().len(), 2);
    assert_eq!(web("", "=").await, json!([]));
}

#[tokio::test]
async fn where_records_have_no_name_a_name_restricts_nothing() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = "oregional.authorization";
    let granted = admin.create(APPLICATION, json!({"name": "granted"})).await;
    admin.create(APPLICATION, json!({"name": "other"})).await;
    let id = admin.create(model, json!({"application_id": granted, "user_id": admin.uid})).await;

    assert_eq!(admin.result(model, "name_create", json!(["x"])).await, false);
    assert_eq!(admin.result(model, "search_count", json!([[]])).await, 1);
    let pairs = admin.result(model, "name_search", json!(["x"])).await;
    assert_eq!((pairs.as_array().unwrap().len(), &pairs[0][0]), (1, &json!(id)));
    for (operator, wanted) in [("like", 1), ("=", 1), ("not like", 1)] {
        let domain = json!([["authorization_ids", operator, "zz"]]);
        let count = admin.result(APPLICATION, "search_count", json!([domain])).await;
        assert_eq!(count, wanted, "{operator}");
    }
    // A line of an import that names one by a wrong name is told so, and does not take any.
    let rows = json!([["authorization_id", "expiry"], [["zz", "2030-01-01 00:00:00"]]]);
    let told = admin.result("oregional.authorization.code", "load", rows).await;
    assert_eq!(told["ids"], false, "{told}");
}
