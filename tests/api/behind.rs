//! Fields that show another record's: whether writing them changes that record, and whose rights it takes.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

async fn value(user: &User, model: &str, id: i64, field: &str) -> Json {
    user.result(model, "read", json!([[id], [field]])).await[0][field].clone()
}

async fn make_field(admin: &User, model: &str, mut values: Json) {
    let model = admin.result("ir.model", "search", json!([[["model", "=", model]]])).await[0].clone();
    values["model_id"] = model;
    values["state"] = "manual".into();
    admin.create("ir.model.fields", values).await;
}

#[tokio::test]
async fn what_is_only_shown_is_not_changed_from_there() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user", "base.group_partner_manager"]).await;
    let france = admin.reference("base.fr").await;
    let head = admin.create("res.partner", json!({"name": "Head", "is_company": true})).await;
    let branch =
        admin.create("res.partner", json!({"name": "Branch", "parent_id": head, "country_id": france})).await;

    // As a client sends back what it has read.
    let values = json!({"country_code": "XX", "parent_name": "Mine", "comment": "seen"});
    assert_eq!(ann.result("res.partner", "write", json!([[branch], values])).await, true);

    assert_eq!(value(&admin, "res.country", france, "code").await, "FR");
    assert_eq!(value(&admin, "res.partner", head, "name").await, "Head");
    assert_eq!(value(&admin, "res.partner", branch, "comment").await, "<p>seen</p>");
    let made = json!({"name": "Made", "country_id": france, "country_code": "XX"});
    ann.create("res.partner", made).await;
    assert_eq!(value(&admin, "res.country", france, "code").await, "FR");
    let own = json!([[ann.uid], {"country_id": france, "country_code": "XX"}]);
    admin.result("res.users", "write", own).await;
    assert_eq!(value(&admin, "res.country", france, "code").await, "FR");
}

#[tokio::test]
async fn a_made_field_is_written_with_the_rights_of_the_caller() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user", "base.group_partner_manager"]).await;
    let bob = admin.make_user("bob", &["base.group_user"]).await;
    for (name, path, readonly) in [
        ("x_salesman_login", "user_id.login", false),
        ("x_parent_phone", "parent_id.phone", false),
        ("x_grand_city", "parent_id.parent_id.city", false),
        ("x_parent_vat", "parent_id.vat", true),
    ] {
        let field =
            json!({"name": name, "ttype": "char", "related": path, "readonly": readonly, "store": false});
        make_field(&admin, "res.partner", field).await;
    }
    let grand = admin.create("res.partner", json!({"name": "Grand", "is_company": true})).await;
    let head =
        admin.create("res.partner", json!({"name": "Head", "is_company": true, "parent_id": grand})).await;
    let values = json!({"name": "Branch", "parent_id": head, "user_id": bob.uid});
    let branch = admin.create("res.partner", values).await;

    let stolen = json!([[branch], {"x_salesman_login": "stolen"}]);
    let answer = ann.call_kw("res.partner", "write", stolen.clone(), json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.AccessError");
    assert_eq!(value(&admin, "res.users", bob.uid, "login").await, "bob");
    let values = json!({"x_parent_phone": "1", "x_grand_city": "Rome", "x_parent_vat": "2"});
    ann.result("res.partner", "write", json!([[branch], values])).await;
    assert_eq!(value(&admin, "res.partner", head, "phone").await, "1");
    assert_eq!(value(&admin, "res.partner", grand, "city").await, "Rome");
    assert_eq!(value(&admin, "res.partner", head, "vat").await, false);
    let values = json!({"name": "Another", "parent_id": head, "x_parent_phone": "3"});
    ann.create("res.partner", values).await;
    assert_eq!(value(&admin, "res.partner", head, "phone").await, "3");
    // As a form that nobody filled in there.
    let values = json!({"name": "A third", "parent_id": head, "x_parent_phone": false});
    ann.create("res.partner", values).await;
    assert_eq!(value(&admin, "res.partner", head, "phone").await, "3");
    admin.result("res.partner", "write", stolen).await;
    assert_eq!(value(&admin, "res.users", bob.uid, "login").await, "stolen");

    // A user has the fields of its contact: the rights that they take are no others from there.
    admin.result("res.partner", "write", json!([[branch], {"user_id": admin.uid}])).await;
    let contact = admin.result("res.users", "read", json!([[bob.uid], ["partner_id"]])).await;
    let contact = contact[0]["partner_id"][0].clone();
    admin.result("res.partner", "write", json!([[contact], {"user_id": admin.uid}])).await;
    let own = json!([[bob.uid], {"x_salesman_login": "taken"}]);
    let answer = bob.call_kw("res.users", "write", own, json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.AccessError");
    assert_eq!(value(&admin, "res.users", admin.uid, "login").await, "admin");
}

#[tokio::test]
async fn the_address_of_a_company_is_that_of_its_contact() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let contact = admin.create("res.partner", json!({"name": "Acme", "is_company": true})).await;

    let values = json!({"name": "Acme", "partner_id": contact, "city": "Bern", "phone": "1"});
    let company = admin.create("res.company", values).await;
    assert_eq!(value(&admin, "res.partner", contact, "city").await, "Bern");
    admin.result("res.company", "write", json!([[company], {"city": "Basel"}])).await;
    assert_eq!(value(&admin, "res.partner", contact, "city").await, "Basel");
    let told =
        admin.result("res.company", "fields_get", json!([["city", "country_code"], ["readonly"]])).await;
    assert_eq!(told, json!({"city": {"readonly": false}, "country_code": {"readonly": true}}));
}
