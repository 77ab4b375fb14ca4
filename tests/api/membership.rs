//! Whether a user is in a group, or in some of several.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;

#[tokio::test]
async fn a_user_is_in_one_of_several_groups_and_in_none_that_is_excluded() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    for (groups, wanted) in [
        ("base.group_user", true),
        ("base.group_user,!base.group_portal", true),
        ("base.group_portal, base.group_user", true),
        ("base.group_user,!base.group_system", true),
        ("!base.group_user", false),
        ("base.group_user,!base.group_user", false),
        ("!base.group_portal", true),
        ("base.group_system", false),
        ("no.such_group", false),
        ("", false),
    ] {
        for user in [&reader, &admin] {
            let told = user.result("res.users", "has_groups", json!([[reader.uid], groups])).await;
            assert_eq!(told, wanted, "{groups}");
        }
    }
    let own = admin.result("res.users", "has_groups", json!([admin.uid, "base.group_system"])).await;
    assert_eq!(own, true);
}

#[tokio::test]
async fn groups_are_asked_of_one_user() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for method in ["has_group", "has_groups"] {
        for ids in [json!([]), json!([1, 2])] {
            let args: Json = json!([ids, "base.group_user"]);
            let answer = admin.call_kw("res.users", method, args, json!({})).await;
            assert_eq!(answer.error().1, "builtins.ValueError", "{method} {ids}");
        }
        let one = admin.result("res.users", method, json!([[admin.uid], "base.group_user"])).await;
        assert_eq!(one, true);
    }
}

#[tokio::test]
async fn who_may_not_see_a_user_learns_nothing_of_its_groups() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let portal = admin.make_user("portal", &["base.group_portal"]).await;

    for method in ["has_group", "has_groups"] {
        let answer = portal.call_kw("res.users", method, json!([[2], "base.group_system"]), json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.AccessError", "{method}");
        let own = portal.result("res.users", method, json!([[portal.uid], "base.group_portal"])).await;
        assert_eq!(own, true, "{method}");
        // That group is for developer mode, of which a call has none.
        let developer = admin.result("res.users", method, json!([[admin.uid], "base.group_no_one"])).await;
        assert_eq!(developer, false, "{method}");
    }
}

#[tokio::test]
async fn nobody_is_of_two_types() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let (user, portal) =
        (admin.reference("base.group_user").await, admin.reference("base.group_portal").await);

    for (method, args) in [
        ("create", json!([{"name": "B", "login": "b", "groups_id": [[6, 0, [user, portal]]]}])),
        ("write", json!([[ann.uid], {"groups_id": [[4, portal]]}])),
    ] {
        let answer = admin.call_kw("res.users", method, args, json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.ValidationError", "{method}");
    }
    let answer =
        admin.call_kw("res.groups", "write", json!([[portal], {"users": [[4, ann.uid]]}]), json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.ValidationError");
    admin.result("res.users", "write", json!([[ann.uid], {"groups_id": [[6, 0, [portal]]]}])).await;
}

#[tokio::test]
async fn the_contact_of_an_active_user_stays() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let contact = admin.result("res.users", "read", json!([[ann.uid], ["partner_id"]])).await;
    let contact = contact[0]["partner_id"][0].clone();

    for (method, args) in
        [("write", json!([[contact], {"active": false}])), ("action_archive", json!([[contact]]))]
    {
        let answer = admin.call_kw("res.partner", method, args, json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.ValidationError", "{method}");
        assert!(answer.message().contains("ann"), "{method}");
    }
    admin.result("res.users", "write", json!([[ann.uid], {"active": false}])).await;
    admin.call_kw("res.partner", "action_archive", json!([[contact]]), json!({})).await;
    let told = admin.result("res.partner", "read", json!([[contact], ["active"]])).await;
    assert_eq!(told[0]["active"], false);
}
