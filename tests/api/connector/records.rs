//! What the plugin reads: cases 16 to 23 and 26.

use serde_json::{Value as Json, json};

use super::support::{Plugin, body, refusal};
use crate::support::app::TestApp;
use crate::support::client::{Anonymous, Answer, User};

#[tokio::test]
async fn models_are_those_of_the_scheme_that_the_user_may_read_under_their_display_names() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let (mine, hers) = (plugin.sign_in(&admin).await, plugin.sign_in(&ann).await);
    let models = async |token: &str| {
        let told = body(&plugin.get("application/model", token, &[]).await);
        let names: Vec<String> = told
            .as_array()
            .unwrap()
            .iter()
            .map(|model| model["model"].as_str().unwrap().to_owned())
            .collect();
        (told, names)
    };
    let (all, mine_names) = models(&mine.access).await;
    let (_, her_names) = models(&hers.access).await;
    assert!(mine_names.contains(&"ir.rule".to_owned()) && !her_names.contains(&"ir.rule".to_owned()), "23");
    assert!(!mine_names.contains(&"res.users".to_owned()), "never users");
    let labels: Vec<&str> =
        all.as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert!(labels.is_sorted(), "{labels:?}");

    // 21 and 22: a white list under another name, at the next call.
    let partner = admin.result("ir.model", "search", json!([[["model", "=", "res.partner"]]])).await;
    let configuration =
        json!({"name": "P", "model_id": partner[0], "model_display_name": "Business contacts"});
    let configuration = admin.create("oregional.model.configuration", configuration).await;
    let scheme =
        admin.result("oregional.application", "read", json!([[plugin.app.id], ["model_scheme_id"]])).await;
    let change = json!({"model_limit": "whitelist", "model_configuration_ids": [[6, 0, [configuration]]]});
    admin.result("oregional.model.scheme", "write", json!([[scheme[0]["model_scheme_id"][0]], change])).await;
    let (listed, _) = models(&mine.access).await;
    assert_eq!(listed, json!([{"model": "res.partner", "name": "Business contacts"}]));
    let outside = plugin.get("record/name_search", &mine.access, &[("model", "res.company")]).await;
    assert_eq!(refusal(&outside), "OrestapiNameSearch-0022", "16");
}

async fn people(admin: &User) -> Vec<i64> {
    let mut ids = Vec::new();
    for name in ["Zed Quill", "Amy Quill", "Mia Quill"] {
        let email = format!("{}@x.example", name.replace(' ', "."));
        ids.push(admin.create("res.partner", json!({"name": name, "email": email})).await);
    }
    ids
}

#[tokio::test]
async fn names_are_searched_in_pages_in_an_order() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let tokens = plugin.sign_in(&admin).await;
    let ids = people(&admin).await;
    let search = async |parameters: &[(&str, &str)]| {
        plugin.get("record/name_search", &tokens.access, parameters).await
    };
    let names = |answer: &Json| -> Vec<String> {
        answer[1]["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["display_name"].as_str().unwrap().to_owned())
            .collect()
    };

    let found = body(&search(&[("model", "res.partner"), ("name", "quill")]).await);
    assert_eq!(names(&found), ["Amy Quill", "Mia Quill", "Zed Quill"]);
    let header = &found[0]["header"];
    assert_eq!(
        (&header["model"], &header["count"], &header["offset"], &header["limit"]),
        (&json!("res.partner"), &json!(3), &json!(0), &json!(20))
    );
    assert_eq!(found[1]["data"][2]["id"], ids[0]);
    let turned = [
        ("model", "res.partner"),
        ("name", "quill"),
        ("limit", "2"),
        ("offset", "1"),
        ("order", "display_name desc"),
    ];
    assert_eq!(names(&body(&search(&turned).await)), ["Mia Quill", "Amy Quill"]);
    let unnamed = body(&search(&[("model", "res.partner"), ("limit", "2"), ("offset", "0")]).await);
    assert_eq!(unnamed[1]["data"].as_array().unwrap().len(), 2, "17: no name");
    assert_eq!(
        body(&search(&[("model", "res.partner"), ("name", "nobody of this name")]).await)[1]["data"],
        json!([])
    );
    assert_eq!(
        body(&search(&[("model", "res.partner"), ("limit", "0")]).await)[1]["data"],
        json!([]),
        "0 is a number"
    );

    let applications = body(&search(&[("model", "oregional.application")]).await)[0]["header"].clone();
    assert!(applications["action_id"].is_i64() && applications["menu_id"].is_i64(), "{applications}");
    let without = body(&search(&[("model", "oregional.application.uri")]).await)[0]["header"].clone();
    assert_eq!((&without["action_id"], &without["menu_id"]), (&json!(false), &json!(false)), "26");

    for (parameters, code) in [
        (vec![], "OrestapiNameSearch-0020"),
        (vec![("model", "no.model")], "OrestapiNameSearch-0021"),
        (vec![("model", "res.users")], "OrestapiNameSearch-0022"),
        (vec![("model", "res.partner"), ("offset", "x")], "OrestapiApplicationGetModel-0050"),
        (vec![("model", "res.partner"), ("limit", "-1")], "OrestapiApplicationGetModel-0060"),
    ] {
        assert_eq!(refusal(&search(&parameters).await), code, "{parameters:?}");
    }
}

#[tokio::test]
async fn records_are_read_as_odoo_reads_them() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let tokens = plugin.sign_in(&admin).await;
    let ids = people(&admin).await;
    let read =
        async |parameters: &[(&str, &str)]| plugin.get("record/read", &tokens.access, parameters).await;
    let list = format!("[{}, {}, 999999]", ids[0], ids[1]);

    let answer = body(
        &read(&[
            ("model", "res.partner"),
            ("ids", &list),
            ("fields", r#"["name", "parent_id", "child_ids", "company_id", "phone", "active"]"#),
        ])
        .await,
    );
    assert_eq!(answer[0]["header"]["model"], "res.partner");
    assert_eq!(
        answer[1]["data"],
        json!([
            {"id": ids[1], "name": "Amy Quill", "parent_id": false, "child_ids": [], "company_id": false, "phone": false, "active": true},
            {"id": ids[0], "name": "Zed Quill", "parent_id": false, "child_ids": [], "company_id": false, "phone": false, "active": true},
        ]),
        "18: in the order of the model, unknown ids left out"
    );
    let all = body(&read(&[("model", "res.partner"), ("ids", &format!("[{}]", ids[0]))]).await)[1]["data"][0]
        .clone();
    assert!(
        all["create_uid"].is_array() && all["create_date"].is_string() && all["image_1920"] == false,
        "{all}"
    );
    assert!(all.get("user_ids").is_none(), "no lines of users");

    for (parameters, code) in [
        (vec![("ids", "[1]")], "OrestapiContentRecordRead-0020"),
        (vec![("model", "no.model"), ("ids", "[1]")], "OrestapiContentRecordRead-0021"),
        (vec![("model", "res.users"), ("ids", "[1]")], "OrestapiContentRecordRead-0030"),
        (vec![("model", "res.partner")], "OrestapiContentRecordRead-0040"),
        (vec![("model", "res.partner"), ("ids", "x")], "OrestapiContentRecordRead-0040"),
        (vec![("model", "res.partner"), ("ids", r#"["x"]"#)], "OrestapiContentRecordRead-0040"),
        (
            vec![("model", "res.partner"), ("ids", "[1]"), ("fields", "name")],
            "OrestapiContentRecordRead-0041",
        ),
        (
            vec![("model", "res.partner"), ("ids", "[1]"), ("fields", r#"["no_field"]"#)],
            "OrestapiContentRecordRead-0041",
        ),
        (vec![("model", "res.partner"), ("ids", "[999999]")], "OrestapiContentRecordRead 0050"),
    ] {
        assert_eq!(refusal(&read(&parameters).await), code, "{parameters:?}");
    }
    let stranger = plugin.get("record/read", "nonsense", &[("model", "res.partner"), ("ids", "[1]")]).await;
    assert_eq!(refusal(&stranger), "OrestapiContentRecordRead-0010");
}

#[tokio::test]
async fn fields_are_told_by_attribute_within_the_configuration() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    // She may not look at ir.model.fields herself.
    let tokens = plugin.sign_in(&ann).await;
    let ask = async |parameters: &[(&str, &str)]| plugin.get("model/field", &tokens.access, parameters).await;
    let names = |told: &Json| -> Vec<String> {
        let mut names: Vec<String> =
            told.as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };

    let told = body(
        &ask(&[
            ("model", "res.partner"),
            ("names", r#"["email", "name", "nonsense"]"#),
            ("data", r#"["name", "ttype", "field_description"]"#),
        ])
        .await,
    );
    assert_eq!(names(&told), ["email", "name"]);
    assert!(told[0]["id"].is_i64() && told[0]["ttype"] == "char", "{told}");
    let all = body(&ask(&[("model", "res.partner"), ("names", "[]"), ("data", r#"["name"]"#)]).await);
    assert!(names(&all).len() > 20);

    let partner = admin.result("ir.model", "search", json!([[["model", "=", "res.partner"]]])).await;
    let email = admin
        .result("ir.model.fields", "search", json!([[["model", "=", "res.partner"], ["name", "=", "email"]]]))
        .await;
    let configuration = json!({"name": "P", "model_id": partner[0], "field_limit": "blacklist", "field_ids": [[6, 0, email]]});
    let configuration = admin.create("oregional.model.configuration", configuration).await;
    let scheme =
        admin.result("oregional.application", "read", json!([[plugin.app.id], ["model_scheme_id"]])).await;
    let change = json!({"model_configuration_ids": [[6, 0, [configuration]]]});
    admin.result("oregional.model.scheme", "write", json!([[scheme[0]["model_scheme_id"][0]], change])).await;
    let both = [("model", "res.partner"), ("names", r#"["email", "name"]"#), ("data", r#"["name"]"#)];
    assert_eq!(names(&body(&ask(&both).await)), ["name"], "20: blacklist");
    admin
        .result(
            "oregional.model.configuration",
            "write",
            json!([[configuration], {"field_limit": "whitelist"}]),
        )
        .await;
    assert_eq!(names(&body(&ask(&both).await)), ["email"], "20: whitelist");
    let kept_back = plugin
        .get(
            "record/read",
            &tokens.access,
            &[("model", "res.partner"), ("ids", "[1]"), ("fields", r#"["name"]"#)],
        )
        .await;
    assert_eq!(refusal(&kept_back), "OrestapiContentRecordRead-0041");
}

#[tokio::test]
async fn refusals_of_fields_have_the_codes_that_the_plugin_knows() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let tokens = plugin.sign_in(&admin).await;
    let ask = async |parameters: &[(&str, &str)]| plugin.get("model/field", &tokens.access, parameters).await;
    for (parameters, code) in [
        (vec![("names", "[]")], "OrestapiModelField-0020"),
        (vec![("model", "no.model"), ("names", "[]")], "OrestapiModelField-0021"),
        (vec![("model", "res.groups"), ("names", "[]")], "OrestapiModelField-0022"),
        (vec![("model", "res.partner")], "OrestapiModelField-0030"),
        (vec![("model", "res.partner"), ("names", "name")], "OrestapiModelField-0031"),
        (vec![("model", "res.partner"), ("names", "[]"), ("data", "name")], "OrestapiModelField-0040"),
    ] {
        assert_eq!(refusal(&ask(&parameters).await), code, "{parameters:?}");
    }
}

#[tokio::test]
async fn a_field_that_is_kept_back_is_not_searched_and_the_others_are() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let tokens = plugin.sign_in(&admin).await;
    let ids = people(&admin).await;
    let partner = admin.result("ir.model", "search", json!([[["model", "=", "res.partner"]]])).await;
    let field = async |name: &str| {
        let domain = json!([[["model", "=", "res.partner"], ["name", "=", name]]]);
        admin.result("ir.model.fields", "search", domain).await[0].clone()
    };
    let scheme =
        admin.result("oregional.application", "read", json!([[plugin.app.id], ["model_scheme_id"]])).await;
    // The name of a record is told in each of these, and found by it.
    for (limit, fields) in [
        ("blacklist", json!([field("email").await])),
        ("blacklist", json!([field("email").await, field("complete_name").await])),
        ("whitelist", json!([field("name").await, field("phone").await])),
        ("whitelist", json!([field("name").await, field("ref").await])),
        ("whitelist", json!([field("phone").await])),
        ("whitelist", json!([])),
    ] {
        let configuration = json!({"name": limit, "model_id": partner[0], "field_limit": limit, "field_ids": [[6, 0, fields]]});
        let configuration = admin.create("oregional.model.configuration", configuration).await;
        let change = json!({"model_configuration_ids": [[6, 0, [configuration]]]});
        admin
            .result("oregional.model.scheme", "write", json!([[scheme[0]["model_scheme_id"][0]], change]))
            .await;
        for (name, found) in [("Zed Quill", 1), ("Zed.Quill@x.example", 0)] {
            let asked = [("model", "res.partner"), ("name", name)];
            let answer = body(&plugin.get("record/name_search", &tokens.access, &asked).await);
            let data = answer[1]["data"].as_array().unwrap();
            assert_eq!(data.len(), found, "{limit}: {name}");
            assert!(data.iter().all(|row| row["id"] == ids[0]), "{limit}: {name}");
        }
    }
}

#[tokio::test]
async fn what_the_database_refuses_of_an_argument_is_the_plugins_mistake() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let plugin = Plugin::register(&admin, json!({})).await;
    let tokens = plugin.sign_in(&admin).await;

    for (path, parameters) in [
        ("record/name_search", [("model", "res.partner"), ("name", "a\0")]),
        ("record/name_search", [("model", "res.partner\0"), ("name", "a")]),
        ("record/read", [("model", "res.partner"), ("ids", "[9999999999999]")]),
    ] {
        let answer = plugin.get(path, &tokens.access, &parameters).await;
        assert!(refusal(&answer).starts_with("Orestapi"), "{path}: {answer:?}");
    }
    let url = plugin.authorize_url(crate::oauth::support::CALLBACK, "&state=%00");
    refusal(&crate::oauth::support::browse(&admin, &url).await);
}

#[tokio::test]
async fn a_secret_that_was_typed_in_is_sent_as_it_is() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for secret in ["abc+def", "abc%41def", "a:b c", "üml%"] {
        let plugin = Plugin::register(&admin, json!({"client_secret": secret})).await;
        let url = format!("{}/orestapi/application/status", plugin.app.url);
        let request = Anonymous::new("").http.get(url).basic_auth(&plugin.app.client_id, Some(secret));
        body(&Answer::to(request).await);
    }
}
