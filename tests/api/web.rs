//! What the web client calls, beyond what the recordings have.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;

const APPLICATION: &str = "oregional.application";

#[tokio::test]
async fn lines_come_up_to_a_limit_and_in_an_order() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let uris: Vec<Json> =
        (0..4).map(|number| json!([0, 0, {"uri": format!("https://a.example/{number}")}])).collect();
    let id = admin.create(APPLICATION, json!({"name": "a", "uri_ids": uris})).await;
    let specification = json!({"uri_ids": {"fields": {"uri": {}}, "limit": 2, "order": "uri desc"}});

    let read = admin.result(APPLICATION, "web_read", json!([[id], specification])).await;

    let lines = read[0]["uri_ids"].as_array().unwrap();
    assert_eq!(lines[0]["uri"], "https://a.example/3");
    assert_eq!(lines.len(), 4);
    assert!(lines[2].get("uri").is_none() && lines[2].get("id").is_some());
}

#[tokio::test]
async fn what_the_caller_may_not_see_is_not_read_over_a_link() {
    let app = TestApp::start();
    let admin = app.admin().await;
    admin.create(APPLICATION, json!({"name": "a"})).await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let read = |specification: Json| {
        let reader = &reader;
        async move { reader.call_kw(APPLICATION, "web_search_read", json!([[], specification]), json!({})).await }
    };

    let named =
        read(json!({"model_scheme_id": {"fields": {"display_name": {}, "model_limit": {}}}})).await.result();
    assert_eq!(named["records"][0]["model_scheme_id"]["model_limit"], "whitelist");
    // The secret of an application through its lines, and configurations, which are for others.
    let secret = json!({"uri_ids": {"fields": {"application_id": {"fields": {"client_secret": {}}}}}});
    let id = admin
        .create(APPLICATION, json!({"name": "b", "uri_ids": [[0, 0, {"uri": "https://b.example"}]]}))
        .await;
    assert_eq!(read(secret).await.error().1, "odoo.exceptions.AccessError");
    let groups = json!({"create_uid": {"fields": {"display_name": {}, "password": {}}}});
    let found = read(groups).await.result();
    assert_ne!(found["records"][0]["create_uid"]["display_name"], false);
    let hidden = reader
        .call_kw(
            "oregional.model.scheme",
            "web_search_read",
            json!([[], {"model_configuration_ids": {"fields": {"name": {}}}}]),
            json!({}),
        )
        .await;
    assert_eq!(hidden.error().1, "odoo.exceptions.AccessError");
    assert!(id > 0);
}

#[tokio::test]
async fn a_form_shows_what_is_read_over_a_link_before_it_is_saved() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = admin.reference("base.model_res_users").await;
    let specification = json!({"model_id": {"fields": {"display_name": {}}}, "model_name": {}, "name": {}});
    let changed = json!([[], {"model_id": model, "name": "x"}, ["model_id"], specification]);

    let told = admin.result("oregional.model.configuration", "onchange", changed).await;

    assert_eq!(told, json!({"value": {"model_name": "res.users"}}));
    let form = admin.result("oregional.model.configuration", "get_views", json!([[[false, "form"]]])).await;
    let arch = form["views"]["form"]["arch"].as_str().unwrap();
    let field = arch.split("<field ").find(|field| field.starts_with("name=\"model_id\"")).unwrap();
    assert!(field.contains("on_change=\"1\""), "{field}");
}

#[tokio::test]
async fn a_new_form_has_the_defaults_of_the_context_and_the_model() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let specification = json!({"name": {}, "model_limit": {}, "active": {}, "application_count": {}, "model_configuration_ids": {"fields": {"display_name": {}}}});
    let configuration = admin.reference("oregional.default_partner_model_configuration").await;
    let context =
        json!({"default_name": "Given", "default_model_configuration_ids": [[6, 0, [configuration]]]});

    let told = admin
        .call_kw(
            "oregional.model.scheme",
            "onchange",
            json!([[], {}, [], specification]),
            json!({"context": context}),
        )
        .await
        .result();

    let value = &told["value"];
    assert_eq!(
        (&value["name"], &value["model_limit"], &value["active"]),
        (&json!("Given"), &json!("none"), &json!(true))
    );
    assert_eq!(value["application_count"], 0);
    let line = json!([4, configuration, {"id": configuration, "display_name": "Default partner model configuration"}]);
    assert_eq!(value["model_configuration_ids"], json!([line]));
}

#[tokio::test]
async fn groups_are_counted_beyond_their_page() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for name in ["a", "b", "c"] {
        let scheme = admin.create("oregional.model.scheme", json!({"name": name})).await;
        admin.create(APPLICATION, json!({"name": name, "model_scheme_id": scheme})).await;
    }
    let page = admin
        .call_kw(APPLICATION, "web_read_group", json!([[], [], ["model_scheme_id"]]), json!({"limit": 2}))
        .await
        .result();
    assert_eq!((page["groups"].as_array().unwrap().len(), &page["length"]), (2, &json!(3)));
    let read = admin
        .call_kw(
            APPLICATION,
            "web_search_read",
            json!([[], {"name": {}}]),
            json!({"limit": 2, "count_limit": 10_001}),
        )
        .await
        .result();
    assert_eq!((read["records"].as_array().unwrap().len(), &read["length"]), (2, &json!(3)));
    let named = admin
        .call_kw(APPLICATION, "web_name_search", json!(["b", {"client_id": {}}]), json!({}))
        .await
        .result();
    assert_eq!((named.as_array().unwrap().len(), &named[0]["display_name"]), (1, &json!("b")));
    assert!(named[0].get("client_id").is_some());
}

#[tokio::test]
async fn the_panel_beside_a_list_counts_its_values() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let scheme =
        admin.create("oregional.model.scheme", json!({"name": "z", "model_limit": "blacklist"})).await;
    admin.create(APPLICATION, json!({"name": "a", "model_scheme_id": scheme})).await;
    let range = |model: &'static str, field: &'static str, more: Json| {
        let admin = &admin;
        async move { admin.call_kw(model, "search_panel_select_range", json!([field]), more).await.result() }
    };

    let some = range(APPLICATION, "model_scheme_id", json!({"enable_counters": true})).await;
    assert_eq!(
        some,
        json!({"parent_field": false, "values": [{"id": scheme, "display_name": "z", "__count": 1}]})
    );
    let all =
        range("oregional.model.scheme", "model_limit", json!({"expand": true, "enable_counters": true}))
            .await;
    let counts: Vec<&Json> =
        all["values"].as_array().unwrap().iter().map(|value| &value["__count"]).collect();
    assert_eq!(counts, [0, 1, 1]);
    let tree = range("res.partner", "parent_id", json!({"expand": true})).await;
    assert_eq!(tree["parent_field"], "parent_id");
    let many = admin
        .call_kw(
            APPLICATION,
            "search_panel_select_multi_range",
            json!(["model_scheme_id"]),
            json!({"limit": 200}),
        )
        .await
        .result();
    assert_eq!(many["values"][0]["display_name"], "z");
    let odd = admin.call_kw(APPLICATION, "search_panel_select_range", json!(["name"]), json!({})).await;
    assert_eq!(odd.error().1, "odoo.exceptions.UserError");
}

#[tokio::test]
async fn users_change_their_own_preferences_and_nothing_else() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let save = |user: i64, values: Json| {
        let reader = &reader;
        async move {
            reader
                .call_kw(
                    "res.users",
                    "web_save",
                    json!([[user], values]),
                    json!({"specification": {"tz": {}}}),
                )
                .await
        }
    };

    assert_eq!(
        save(reader.uid, json!({"tz": "Europe/Budapest"})).await.result(),
        json!([{"id": reader.uid, "tz": "Europe/Budapest"}])
    );
    assert_eq!(
        reader.result("res.users", "write", json!([[reader.uid], {"email": "r@example.com"}])).await,
        true
    );
    for (user, values) in [
        (reader.uid, json!({"login": "root"})),
        (reader.uid, json!({"tz": "UTC", "groups_id": [[5]]})),
        (admin.uid, json!({"tz": "UTC"})),
    ] {
        assert_eq!(save(user, values.clone()).await.error().1, "odoo.exceptions.AccessError", "{values}");
    }
    // What is read afterwards is read with the own rights.
    let company = json!({"company_id": {"fields": {"user_ids": {"fields": {"login_date": {}}}}}});
    let peek = json!([[reader.uid], {"tz": "UTC"}]);
    let answer = reader.call_kw("res.users", "web_save", peek, json!({"specification": company})).await;
    assert!(answer.fault().is_none(), "{}", answer.body);
}

#[tokio::test]
async fn settings_are_system_parameters() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let settings = "res.config.settings";
    let told = admin
        .result(settings, "onchange", json!([[], {}, [], {"web_base_url": {}, "active_user_count": {}}]))
        .await;
    assert!(told["value"]["active_user_count"].as_i64().unwrap() >= 1);

    let saved = admin
        .call_kw(
            settings,
            "web_save",
            json!([[], {"web_base_url": "https://odoo.example"}]),
            json!({"specification": {}}),
        )
        .await
        .result();
    let done = admin.result(settings, "execute", json!([[saved[0]["id"]]])).await;

    assert_eq!(done["type"], "ir.actions.client");
    assert_eq!(
        admin.result("ir.config_parameter", "get_param", json!(["web.base.url"])).await,
        "https://odoo.example"
    );
    let again = admin.result(settings, "default_get", json!([["web_base_url"]])).await;
    assert_eq!(again["web_base_url"], "https://odoo.example");
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let refused = reader.call_kw(settings, "onchange", json!([[], {}, [], {}]), json!({})).await;
    assert_eq!(refused.error().1, "odoo.exceptions.AccessError");
}

#[tokio::test]
async fn a_specification_that_goes_in_circles_is_refused_before_it_fills_the_memory() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let uris: Vec<Json> =
        (0..40).map(|number| json!([0, 0, {"uri": format!("https://a.example/{number}")}])).collect();
    let id = admin.create(APPLICATION, json!({"name": "a", "uri_ids": uris})).await;
    let mut specification = json!({"name": {}});
    for _turn in 0..12 {
        specification = json!({"uri_ids": {"fields": {"application_id": {"fields": specification}}}});
    }

    let answer = admin.call_kw(APPLICATION, "web_read", json!([[id], specification]), json!({})).await;

    assert_eq!(answer.error().1, "odoo.exceptions.UserError");
}

#[tokio::test]
async fn odd_specifications_are_clear_errors_or_nothing() {
    let app = TestApp::start();
    let admin = app.admin().await;
    admin.create(APPLICATION, json!({"name": "a", "uri_ids": [[0, 0, {"uri": "https://a.example"}]]})).await;
    for odd in [
        json!({"uri_ids": 5}),
        json!({"uri_ids": {"fields": []}}),
        json!({"uri_ids": {"fields": {"uri": 1}, "limit": -1}}),
        json!({"uri_ids": {"fields": {"uri": {}}, "limit": "x", "order": 7}}),
        json!({"uri_ids": {"fields": {"nope": {}}}}),
        json!({"uri_ids": {"fields": {"uri": {}}, "order": "nope"}}),
        json!({"uri_ids": {"fields": {"uri": {}}, "context": {"lang": "xx"}}}),
        json!({"uri_ids": {"fields": {"uri": {}}, "context": [1]}}),
        json!({"name": {"fields": {"x": {}}}}),
        json!({"model_scheme_id": {"fields": {"nope": {}}}}),
        json!({"nope": {}}),
        json!([1]),
        json!("name"),
        json!(null),
    ] {
        for method in ["web_search_read", "onchange"] {
            let args = if method == "onchange" { json!([[], {}, [], odd]) } else { json!([[], odd]) };
            let answer = admin.call_kw(APPLICATION, method, args, json!({})).await;
            assert!(answer.fault().is_none(), "{method} {odd}: {}", answer.body);
        }
    }
    for odd in [
        json!([[], {}, 5]),
        json!([[], 5, []]),
        json!([[], {"name": [1]}, ["nope"]]),
        json!([[], {"model_scheme_id": "x"}, "model_scheme_id", {"name": {}}]),
    ] {
        let answer = admin.call_kw(APPLICATION, "onchange", odd.clone(), json!({})).await;
        assert!(answer.fault().is_none(), "{odd}: {}", answer.body);
    }
}
