//! `copy` and `copy_data`: what a copy takes along, what it is called, and what it never has.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::{User, password_of};

const APPLICATION: &str = "oregional.application";

/// Copies one record, and gives the copy's id.
async fn copy(user: &User, model: &str, args: Json) -> i64 {
    user.result(model, "copy", args).await[0].as_i64().unwrap()
}

/// Some fields of one record.
async fn read(user: &User, model: &str, id: i64, fields: &[&str]) -> Json {
    user.result(model, "read", json!([[id], fields])).await[0].clone()
}

#[tokio::test]
async fn archived_lines_are_copied_as_well() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let lines = json!([
        [0, 0, {"uri": "https://a.example/on"}],
        [0, 0, {"uri": "https://a.example/off", "active": false}],
    ]);
    let id = admin.create(APPLICATION, json!({"name": "a", "uri_ids": lines})).await;

    let twin = copy(&admin, APPLICATION, json!([[id]])).await;

    let args = json!([[["application_id", "=", twin]], ["uri", "active"]]);
    let kwargs = json!({"order": "id", "context": {"active_test": false}});
    let found = admin.call_kw("oregional.application.uri", "search_read", args, kwargs).await.result();
    let told: Vec<(&Json, &Json)> =
        found.as_array().unwrap().iter().map(|line| (&line["uri"], &line["active"])).collect();
    assert_eq!(
        told,
        [(&json!("https://a.example/on"), &json!(true)), (&json!("https://a.example/off"), &json!(false))]
    );
}

#[tokio::test]
async fn a_copy_of_a_user_is_another_user_without_the_password() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let group = admin.reference("oregional.group_app_admin").await;
    let made = admin.make_user("ann", &["base.group_user", "oregional.group_app_admin"]).await;
    admin.result("res.users", "write", json!([[made.uid], {"phone": "123", "tz": "Europe/Budapest"}])).await;

    let twin = copy(&admin, "res.users", json!([[made.uid]])).await;

    let fields = ["name", "login", "phone", "tz", "partner_id", "groups_id"];
    let (told, origin) =
        (read(&admin, "res.users", twin, &fields).await, read(&admin, "res.users", made.uid, &fields).await);
    assert_eq!((&told["name"], &told["login"]), (&json!("ann (copy)"), &json!("ann (copy)")));
    assert_eq!((&told["phone"], &told["tz"]), (&json!("123"), &json!("Europe/Budapest")));
    assert!(told["groups_id"].as_array().unwrap().contains(&json!(group)));
    assert_ne!(told["partner_id"], origin["partner_id"]);
    for password in [password_of("ann"), String::new()] {
        let answer = admin.browser.authenticate("ann (copy)", &password).await;
        assert_eq!(answer.error().1, "odoo.exceptions.AccessDenied");
    }

    let administrator = copy(&admin, "res.users", json!([[2]])).await;
    let told = read(&admin, "res.users", administrator, &["name", "login"]).await;
    assert_eq!(told, json!({"id": administrator, "name": "Administrator (copy)", "login": "admin (copy)"}));
    let named = copy(&admin, "res.users", json!([[2], {"login": "cp1"}])).await;
    let told = read(&admin, "res.users", named, &["name", "login"]).await;
    assert_eq!(told, json!({"id": named, "name": "Administrator (copy)", "login": "cp1"}));
    // A contact that is given keeps its name.
    let partner = admin.create("res.partner", json!({"name": "Cleo"})).await;
    let linked = copy(&admin, "res.users", json!([[2], {"login": "cleo", "partner_id": partner}])).await;
    assert_eq!(read(&admin, "res.users", linked, &["name"]).await, json!({"id": linked, "name": "Cleo"}));
    let again = admin.call_kw("res.users", "copy", json!([[2]]), json!({})).await;
    assert_eq!(again.error().1, "odoo.exceptions.ValidationError");
}

#[tokio::test]
async fn copies_of_groups_and_contacts_are_called_so() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for model in ["res.groups", "res.partner"] {
        let name = read(&admin, model, 1, &["name"]).await["name"].as_str().unwrap().to_owned();
        let twin = copy(&admin, model, json!([[1]])).await;
        assert_eq!(read(&admin, model, twin, &["name"]).await["name"], format!("{name} (copy)"));
        let given = copy(&admin, model, json!([[1], {"name": "Given"}])).await;
        assert_eq!(read(&admin, model, given, &["name"]).await["name"], "Given");
    }
}

#[tokio::test]
async fn copy_data_is_what_a_copy_is_made_with() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let lines = json!([[0, 0, {"uri": "https://a.example/on"}], [0, 0, {"uri": "https://a.example/off", "active": false}]]);
    let ids = [
        admin.create(APPLICATION, json!({"name": "a", "uri_ids": lines})).await,
        admin.create(APPLICATION, json!({"name": "b"})).await,
    ];

    let data = admin.result(APPLICATION, "copy_data", json!([ids, {"description": "given"}])).await;

    let records = data.as_array().unwrap();
    assert_eq!((records.len(), &records[0]["name"], &records[1]["name"]), (2, &json!("a"), &json!("b")));
    assert_eq!(records[0]["description"], "given");
    let uris = records[0]["uri_ids"].as_array().unwrap();
    assert_eq!((uris.len(), &uris[0][0], &uris[0][2]["uri"]), (1, &json!(0), &json!("https://a.example/on")));
    for never in ["id", "client_id", "client_secret", "own_id", "own_secret", "create_date", "uri_count"] {
        assert!(records[0].get(never).is_none(), "{never}: {data}");
    }
    let user = admin.result("res.users", "copy_data", json!([[2]])).await;
    assert_eq!(
        (&user[0]["name"], &user[0]["login"]),
        (&json!("Administrator (copy)"), &json!("admin (copy)"))
    );
    assert!(user[0].get("password").is_none() && user[0].get("partner_id").is_none(), "{user}");
    // What it gives is good to make a record with.
    let twin = admin.create(APPLICATION, records[0].clone()).await;
    assert_eq!(read(&admin, APPLICATION, twin, &["uri_count"]).await["uri_count"], 1);
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    assert_eq!(reader.result(APPLICATION, "copy_data", json!([[ids[1]]])).await[0]["name"], "b");
    let gone = admin.call_kw(APPLICATION, "copy_data", json!([[999_999_999]]), json!({})).await;
    assert_eq!(gone.error().1, "odoo.exceptions.MissingError");
}
