//! `/json/2` takes `group_ids`, as Odoo 19 says, and `groups_id`, as the models here do.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use super::json2::Keyed;
use crate::support::app::TestApp;
use crate::support::client::password_of;
use crate::support::services::Script;

struct Spelt {
    keyed: Keyed,
}

impl Spelt {
    async fn call(&self, path: &str, body: Json) -> Json {
        let answer = self.keyed.call_at(path, body.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {body}: {answer:?}");
        answer.json()
    }
}

#[tokio::test]
async fn groups_of_users_have_two_spellings_and_the_answer_has_the_one_that_was_asked_for() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (user, portal) =
        (admin.reference("base.group_user").await, admin.reference("base.group_portal").await);
    let zoe = admin.make_user("zoe", &["base.group_user"]).await.uid;
    let spelt = Spelt { keyed: Keyed::admin(&app).await };
    let theirs =
        admin.result("res.users", "read", json!([[zoe], ["groups_id"]])).await[0]["groups_id"].clone();
    let only_zoe = json!([["id", "=", zoe]]);

    for name in ["groups_id", "group_ids"] {
        let read = spelt.call("res.users/read", json!({"ids": [zoe], "fields": ["login", name]})).await;
        assert_eq!(read, json!([{"id": zoe, "login": "zoe", name: theirs}]));
        let found = json!({"domain": [[name, "in", [user]], ["login", "=", "zoe"]], "fields": [name], "order": "login"});
        assert_eq!(spelt.call("res.users/search_read", found).await, json!([{"id": zoe, name: theirs}]));
        for domain in [
            json!([[format!("{name}.id"), "=", user], ["id", "=", zoe]]),
            json!(["&", ["id", "=", zoe], "!", [name, "not in", [user]]]),
            json!([["partner_id.user_ids", "any", [[name, "=", user]]], ["id", "=", zoe]]),
            json!([["partner_id", "any", [[format!("user_ids.{name}"), "=", user]]], ["id", "=", zoe]]),
        ] {
            let ids = spelt.call("res.users/search", json!({"domain": domain})).await;
            assert_eq!(ids, json!([zoe]), "{domain}");
        }
        let named = json!({"name": "zoe", "domain": [[name, "in", [user]]]});
        assert_eq!(spelt.call("res.users/name_search", named).await[0][0], zoe);
        let told =
            spelt.call("res.users/fields_get", json!({"allfields": [name], "attributes": ["type"]})).await;
        assert_eq!(told, json!({name: {"type": "many2many"}}));
        let exported = json!({"ids": [zoe], "fields_to_export": ["login", format!("{name}/id")]});
        let exported = spelt.call("res.users/export_data", exported).await;
        assert_eq!(exported["datas"][0][0], "zoe");
        assert!(exported["datas"].to_string().contains("base.group_user"), "{exported}");
        let groups = json!({"domain": only_zoe, "groupby": [name], "fields": [], "lazy": true});
        let groups = spelt.call("res.users/read_group", groups).await;
        let first = &groups[0];
        assert!(first[name][0].is_i64() && first[format!("{name}_count")] == 1, "{groups}");
        let specification = json!({"user_ids": {"fields": {name: {}}}});
        let partners = json!({"domain": [["user_ids", "=", zoe]], "specification": specification});
        let partners = spelt.call("res.partner/web_search_read", partners).await;
        assert_eq!(partners["records"][0]["user_ids"], json!([{"id": zoe, name: theirs}]));

        let values = json!({"name": name, "login": name, name: [[6, 0, [portal]]]});
        let made = spelt.call("res.users/create", json!({"vals_list": values})).await;
        let write = json!({"ids": made, "vals": {name: [[6, 0, [user]]]}});
        assert_eq!(spelt.call("res.users/write", write).await, true);
        let read = spelt.call("res.users/read", json!({"ids": made, "fields": [name]})).await;
        assert_eq!(read[0][name], theirs);
    }
    let both = json!({"ids": [zoe], "fields": ["group_ids", "groups_id"]});
    let read = spelt.call("res.users/read", both).await;
    assert_eq!(read, json!([{"id": zoe, "groups_id": theirs, "group_ids": theirs}]));
    let menus = json!({"domain": [["group_ids", "!=", false]], "fields": ["group_ids"], "limit": 1});
    assert!(spelt.call("ir.ui.menu/search_read", menus).await[0]["group_ids"].is_array());
}

#[tokio::test]
async fn the_newer_spelling_is_of_json_2_alone_and_of_models_that_have_the_field() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let zoe = admin.make_user("zoe", &["base.group_user"]).await;
    let keyed = Keyed::admin(&app).await;

    let unknown = json!({"domain": [], "fields": ["group_ids"]});
    let answer = keyed.call_at("res.partner/search_read", unknown).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["name"]), (422, &json!("builtins.ValueError")));
    let answer = admin.call_kw("res.users", "read", json!([[zoe.uid], ["group_ids"]]), json!({})).await;
    assert_eq!(answer.error(), (200, "builtins.ValueError".to_owned()));
    let script = Script::new(&app.url(), zoe.uid, &password_of("zoe"));
    let domain = json!([[["group_ids", "!=", false]]]);
    let outcome = script.call("/jsonrpc", "res.users", "search", domain, json!({})).await;
    assert!(format!("{outcome:?}").contains("ValueError"), "{outcome:?}");
}
