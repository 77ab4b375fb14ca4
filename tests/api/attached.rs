//! Attachments that hold the value of a field: for who may see the field, and found by who asks for them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

const ATTACHMENT: &str = "ir.attachment";
const APPLICATION: &str = "oregional.application";

async fn attach(user: &User, name: &str, more: Json) -> i64 {
    let mut values = json!({"name": name, "datas": STANDARD.encode(name)});
    values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user.create(ATTACHMENT, values).await
}

#[tokio::test]
async fn the_file_of_a_field_is_for_those_who_may_see_the_field() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let id = admin.create(APPLICATION, json!({"name": "a"})).await;
    let on = |field: Json| json!({"res_model": APPLICATION, "res_id": id, "res_field": field});
    let plain = attach(&admin, "plain", on(json!(false))).await;
    let open = attach(&admin, "open", on(json!("logo"))).await;
    let hidden = attach(&admin, "hidden", on(json!("client_secret"))).await;
    let mut public = on(json!("client_secret"));
    public["public"] = true.into();
    let public = attach(&admin, "public", public).await;
    let all = json!([plain, open, hidden, public]);

    let found = async |user: &User, domain: Json| {
        user.result(ATTACHMENT, "search", json!([domain, 0, null, "id"])).await
    };
    assert_eq!(found(&reader, json!([["id", "in", all]])).await, json!([plain, open, public]));
    assert_eq!(found(&admin, json!([["id", "in", all]])).await, all);
    for (file, may) in [(plain, true), (open, true), (hidden, false), (public, true)] {
        let read = reader.call_kw(ATTACHMENT, "read", json!([[file], ["name", "datas"]]), json!({})).await;
        let page = reader.browser.get(&format!("/web/content/{file}")).await;
        assert_eq!(
            (read.json().get("result").is_some(), page.status.as_u16()),
            (may, if may { 200 } else { 404 }),
            "{file}"
        );
        if !may {
            assert_eq!(read.error().1, "odoo.exceptions.AccessError");
        }
        assert!(admin.browser.get(&format!("/web/content/{file}")).await.status.is_success());
    }
    // Nobody points a file of the own at a field that is not for them.
    let writer = admin.make_user("writer", &["base.group_user", "base.group_partner_manager"]).await;
    let own = attach(&writer, "own", json!({"res_model": "res.partner", "res_id": 3})).await;
    let moved = json!([[own], {"res_model": APPLICATION, "res_id": id, "res_field": "client_secret"}]);
    assert_eq!(
        writer.call_kw(ATTACHMENT, "write", moved, json!({})).await.error().1,
        "odoo.exceptions.AccessError"
    );
}

#[tokio::test]
async fn a_search_leaves_out_the_files_of_fields_unless_it_asks_for_them() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create(APPLICATION, json!({"name": "a"})).await;
    let plain = attach(&admin, "shown", json!({"res_model": APPLICATION, "res_id": id})).await;
    let field = json!({"res_model": APPLICATION, "res_id": id, "res_field": "logo"});
    let of_field = attach(&admin, "shown", field).await;
    let free = attach(&admin, "shown", json!({})).await;

    for (domain, wanted) in [
        (json!([["name", "=", "shown"]]), json!([plain, free])),
        (json!([["res_model", "=", APPLICATION]]), json!([plain])),
        (json!([["name", "=", "shown"], ["res_field", "=", "logo"]]), json!([of_field])),
        (json!([["name", "=", "shown"], ["res_field", "!=", false]]), json!([of_field])),
        (json!(["|", ["res_field", "=", false], ["name", "=", "shown"]]), json!([plain, of_field, free])),
        (json!([["id", "=", of_field]]), json!([of_field])),
        (json!([["id", ">=", plain], ["name", "=", "shown"]]), json!([plain, of_field, free])),
    ] {
        let found = admin.result(ATTACHMENT, "search", json!([domain, 0, null, "id"])).await;
        assert_eq!(found, wanted, "{domain}");
        let count = admin.result(ATTACHMENT, "search_count", json!([domain])).await;
        assert_eq!(count, wanted.as_array().unwrap().len(), "{domain}");
    }
    let groups =
        admin.result(ATTACHMENT, "read_group", json!([[["name", "=", "shown"]], [], ["name"]])).await;
    assert_eq!(groups[0]["name_count"], 2);
    assert_eq!(admin.browser.get(&format!("/web/content/{of_field}")).await.body, "shown");
    let listed = admin.browser.get("/odoo/ir.attachment").await;
    assert!(listed.status.is_success() && listed.body.contains("shown"), "{}", listed.status);
    assert_eq!(admin.browser.get(&format!("/odoo/ir.attachment/{of_field}")).await.status, 200);
}
