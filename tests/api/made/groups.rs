//! Groups of related fields: a value that is hidden where it is shows over no path either.

use serde_json::{Value as Json, json};

use super::{add, make};
use crate::support::app::TestApp;
use crate::support::client::User;

const CHILD: &str = "x_child";

/// Every way to a field's values that a client has.
async fn ways(user: &User, id: i64, field: &str) -> Vec<(String, bool)> {
    let domain = json!([[[field, "=", "treasure"]]]);
    let group = json!([[], [], [field]]);
    let calls: [(&str, Json, Json); 9] = [
        ("read", json!([[id], [field]]), json!({})),
        ("search", domain.clone(), json!({})),
        ("search_count", domain, json!({})),
        ("search_read", json!([[], [field]]), json!({})),
        ("search", json!([[]]), json!({"order": format!("{field} desc")})),
        ("read_group", group, json!({})),
        ("web_read", json!([[id], {field: {}}]), json!({})),
        ("web_search_read", json!([[], {field: {}}]), json!({})),
        ("write", json!([[id], {field: "treasure"}]), json!({})),
    ];
    let mut open = Vec::new();
    for (method, args, kwargs) in calls {
        let what = format!("{method} {args} {kwargs}");
        let answer = user.call_kw(CHILD, method, args, kwargs).await;
        let is_open = answer.json().get("error").is_none();
        assert!(is_open || answer.error().1 == "odoo.exceptions.AccessError", "{what}: {answer:?}");
        open.push((what, is_open));
    }
    let told = user.result(CHILD, "fields_get", json!([])).await;
    open.push(("fields_get".to_owned(), told.get(field).is_some()));
    open.push((
        "read of all".to_owned(),
        user.result(CHILD, "read", json!([[id]])).await[0].get(field).is_some(),
    ));
    open
}

/// A record of a model whose related fields lead to another one's, some over a link that has groups itself.
async fn record(admin: &User, keeper: i64, holder: i64) -> i64 {
    let parent = json!([
        {"name": "x_name", "ttype": "char"},
        {"name": "x_secret", "ttype": "char", "groups": [[4, keeper]]},
        {"name": "x_open", "ttype": "char"},
    ]);
    make(admin, "x_parent", parent).await;
    let child = json!([
        {"name": "x_name", "ttype": "char"},
        {"name": "x_parent_id", "ttype": "many2one", "relation": "x_parent"},
        {"name": "x_held_id", "ttype": "many2one", "relation": "x_parent", "groups": [[4, holder]]},
    ]);
    let model = make(admin, CHILD, child).await;
    for (name, path, more) in [
        ("x_rel", "x_parent_id.x_secret", json!({"store": false})),
        ("x_stored", "x_parent_id.x_secret", json!({"store": true})),
        ("x_again", "x_rel", json!({"store": false})),
        ("x_both", "x_held_id.x_secret", json!({"store": false})),
        ("x_held", "x_held_id.x_open", json!({"store": false})),
        ("x_plain", "x_parent_id.x_open", json!({"store": false})),
    ] {
        let mut field = json!({"name": name, "ttype": "char", "related": path});
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        add(admin, model, field).await;
    }
    let of_everybody = admin.reference("base.group_user").await;
    let own = json!({"name": "x_own", "ttype": "char", "related": "x_parent_id.x_secret", "groups": [[4, of_everybody]], "store": false});
    add(admin, model, own).await;
    let both = json!({"groups_id": [[4, keeper], [4, holder]]});
    admin.result("res.users", "write", json!([[admin.uid], both])).await;
    let treasure =
        admin.create("x_parent", json!({"x_name": "p", "x_secret": "treasure", "x_open": "treasure"})).await;
    admin.create(CHILD, json!({"x_name": "c", "x_parent_id": treasure, "x_held_id": treasure})).await
}

#[tokio::test]
async fn a_related_field_is_for_those_who_may_see_what_it_shows() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (keeper, holder) = {
        let group = async |name: &str| admin.create("res.groups", json!({"name": name})).await;
        (group("Keepers").await, group("Holders").await)
    };
    let id = record(&admin, keeper, holder).await;
    let mut users = Vec::new();
    for (login, groups) in
        [("none", vec![]), ("keeper", vec![keeper]), ("holder", vec![holder]), ("all", vec![keeper, holder])]
    {
        let user = admin.make_user(login, &["base.group_user"]).await;
        let links: Vec<Json> = groups.iter().map(|group| json!([4, group])).collect();
        admin.result("res.users", "write", json!([[user.uid], {"groups_id": links}])).await;
        users.push((login, user));
    }
    for (field, whose) in [
        ("x_rel", &["keeper", "all"][..]),
        ("x_stored", &["keeper", "all"]),
        ("x_again", &["keeper", "all"]),
        ("x_both", &["all"]),
        ("x_held", &["holder", "all"]),
        ("x_plain", &["none", "keeper", "holder", "all"]),
        // A decision of whoever made it.
        ("x_own", &["none", "keeper", "holder", "all"]),
    ] {
        for (login, user) in &users {
            for (what, is_open) in ways(user, id, field).await {
                // Whoever writes it changes the other record, with no more rights than there.
                let is_theirs = field == "x_own" && what.starts_with("write");
                let whose = if is_theirs { &["keeper", "all"][..] } else { whose };
                assert_eq!(is_open, whose.contains(login), "{login}: {field} by {what}");
            }
        }
    }
    // What its target asks for changes, and so does what it asks for.
    let secret = admin
        .result("ir.model.fields", "search", json!([[["model", "=", "x_parent"], ["name", "=", "x_secret"]]]))
        .await;
    admin.result("ir.model.fields", "write", json!([secret, {"groups": [[5]]}])).await;
    let (_, none) = &users[0];
    assert!(ways(none, id, "x_rel").await.iter().all(|(_, is_open)| *is_open));
}
