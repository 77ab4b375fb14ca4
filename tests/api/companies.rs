//! Companies: who makes one works in it at once.

use serde_json::json;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::eventually;

#[tokio::test]
async fn whoever_makes_a_company_works_in_it_at_once_and_nobody_else_does() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let admin = app.admin().await;
    let manager = admin
        .make_user("manager", &["base.group_user", "base.group_erp_manager", "base.group_partner_manager"])
        .await;
    let other = admin.make_user("other", &["base.group_user", "base.group_partner_manager"]).await;
    let there = second.user("admin", PASSWORD).await;

    let made = admin
        .result(
            "res.company",
            "create",
            json!([[{"name": "One"}, {"name": "Two", "user_ids": [[6, 0, [other.uid]]]}]]),
        )
        .await;
    let (one, two) = (made[0].as_i64().unwrap(), made[1].as_i64().unwrap());

    let of = async |user: i64| {
        admin.result("res.users", "read", json!([[user], ["company_ids"]])).await[0]["company_ids"].clone()
    };
    assert_eq!(of(admin.uid).await, json!([1, one, two]));
    assert_eq!(of(other.uid).await, json!([1, two]));
    for company in [one, two] {
        let partner = admin.create("res.partner", json!({"name": "p", "company_id": company})).await;
        let read = admin.result("res.partner", "read", json!([[partner], ["company_id"]])).await;
        assert_eq!(read[0]["company_id"][0], company);
        eventually("the other server hears of it", async || {
            let partner = json!([{"name": "p", "company_id": company}]);
            there.call_kw("res.partner", "create", partner, json!({})).await.json().get("result").is_some()
        })
        .await;
    }
    // What says nothing of a company is of the main one.
    let plain = admin.create("ir.attachment", json!({"name": "a"})).await;
    let read = admin.result("ir.attachment", "read", json!([[plain], ["company_id"]])).await;
    assert_eq!(read[0]["company_id"][0], 1);
    let only = json!({"context": {"allowed_company_ids": [1]}});
    let refused = json!([{"name": "p", "company_id": one}]);
    let refused = admin.call_kw("res.partner", "create", refused, only).await;
    assert_eq!(refused.error().1, "odoo.exceptions.AccessError", "a call may say that it works in fewer");
    let refused = json!([{"name": "p", "company_id": one}]);
    let refused = other.call_kw("res.partner", "create", refused, json!({})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.AccessError");
    let told = admin.browser.rpc("/web/session/get_session_info", json!({})).await.result();
    assert!(told["user_companies"]["allowed_companies"].get(one.to_string()).is_some(), "{told}");

    // Who may make companies, and may not change users otherwise.
    let three = manager.create("res.company", json!({"name": "Three", "user_ids": false})).await;
    assert_eq!(of(manager.uid).await, json!([1, three]));
    manager.create("res.partner", json!({"name": "p", "company_id": three})).await;
    admin.result("res.company", "write", json!([[three], {"name": "3"}])).await;
    assert_eq!(of(admin.uid).await, json!([1, one, two]), "changing one is not making one");
}
