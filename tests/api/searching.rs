//! Arguments of searches and of what belongs to them, as clients really give them.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::User;

const APPLICATION: &str = "oregional.application";

async fn applications(admin: &User) -> (Vec<i64>, Vec<i64>) {
    let (mut schemes, mut ids) = (Vec::new(), Vec::new());
    for name in ["z", "y"] {
        schemes.push(admin.create("oregional.model.scheme", json!({"name": name})).await);
    }
    for (name, scheme) in [("a", 1), ("b", 0), ("c", 1)] {
        ids.push(admin.create(APPLICATION, json!({"name": name, "model_scheme_id": schemes[scheme]})).await);
    }
    (schemes, ids)
}

async fn error(user: &User, model: &str, method: &str, args: Json) -> String {
    user.call_kw(model, method, args, json!({})).await.error().1
}

#[tokio::test]
async fn a_domain_of_null_is_none() {
    let app = TestApp::start();
    let admin = app.admin().await;

    for (method, rest) in [
        ("search", json!([])),
        ("search_count", json!([])),
        ("search_fetch", json!([["name"]])),
        ("read_group", json!([[], ["active"]])),
        ("web_search_read", json!([{"name": {}}])),
    ] {
        let mut args = vec![Json::Null];
        args.extend(rest.as_array().unwrap().clone());
        assert_eq!(
            error(&admin, APPLICATION, method, json!(args)).await,
            "builtins.AssertionError",
            "{method}"
        );
    }
    assert_eq!(admin.result(APPLICATION, "search_read", json!([null, ["name"]])).await, json!([]));
    assert_eq!(admin.result(APPLICATION, "search_read", json!([])).await, json!([]));
}

#[tokio::test]
async fn arguments_that_have_to_be_there() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (_, ids) = applications(&admin).await;

    for (method, args) in [
        ("web_search_read", json!([[]])),
        ("web_save", json!([[ids[0]], {"name": "changed"}])),
        ("search_read", json!([[], ["name"], 0, 1, "id", "_classic_read"])),
    ] {
        assert_eq!(error(&admin, APPLICATION, method, args).await, "builtins.TypeError", "{method}");
    }
    assert_eq!(admin.result(APPLICATION, "read", json!([[ids[0]], ["name"]])).await[0]["name"], "a");
    let bare = json!({"load": "", "limit": 1, "fields": ["model_scheme_id"]});
    let read = admin.call_kw(APPLICATION, "search_read", json!([[["id", "=", ids[0]]]]), bare).await.result();
    assert!(read[0]["model_scheme_id"].is_i64(), "{read}");
    assert_eq!(
        error(&admin, APPLICATION, "search_fetch", json!([[], ["nope"]])).await,
        "builtins.ValueError"
    );
}

#[tokio::test]
async fn a_link_is_ordered_by_its_id_where_that_is_asked_for() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (schemes, ids) = applications(&admin).await;
    assert!(schemes[0] < schemes[1]);
    let ordered = async |order: &str| admin.result(APPLICATION, "search", json!([[], 0, false, order])).await;

    assert_eq!(ordered("model_scheme_id, id").await, json!([ids[0], ids[2], ids[1]]));
    assert_eq!(ordered("model_scheme_id.id, id").await, json!([ids[1], ids[0], ids[2]]));
    assert_eq!(ordered("model_scheme_id.id desc, id").await, json!([ids[0], ids[2], ids[1]]));
    assert_eq!(
        error(&admin, APPLICATION, "search", json!([[], 0, false, "name.id"])).await,
        "builtins.ValueError"
    );
}

#[tokio::test]
async fn a_page_that_knows_enough_is_not_counted_further() {
    let app = TestApp::start();
    let admin = app.admin().await;
    applications(&admin).await;
    let length = async |more: Json| {
        let mut kwargs = json!({"domain": [], "specification": {"name": {}}, "limit": 1});
        kwargs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.call_kw(APPLICATION, "web_search_read", json!([]), kwargs).await.result()["length"].clone()
    };

    assert_eq!(length(json!({})).await, 3);
    assert_eq!(length(json!({"count_limit": 2})).await, 2);
    assert_eq!(length(json!({"offset": 1, "count_limit": 2})).await, 2);
    assert_eq!(length(json!({"offset": 1, "count_limit": 1})).await, 2);
    assert_eq!(length(json!({"limit": 2, "offset": 1, "count_limit": 2})).await, 3);
}

#[tokio::test]
async fn lines_are_those_of_the_call_whatever_the_context_within() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let lines =
        json!([[0, 0, {"uri": "https://a.example"}], [0, 0, {"uri": "https://b.example", "active": false}]]);
    let id = admin.create(APPLICATION, json!({"name": "a", "uri_ids": lines})).await;
    let specification = json!({"uri_ids": {"fields": {"uri": {}}, "context": {"active_test": false}}});

    let read = admin.result(APPLICATION, "web_read", json!([[id], specification])).await;
    assert_eq!(read[0]["uri_ids"].as_array().unwrap().len(), 1, "{read}");
    let all = json!({"context": {"active_test": false}});
    let read = admin.call_kw(APPLICATION, "web_read", json!([[id], specification]), all).await.result();
    assert_eq!(read[0]["uri_ids"].as_array().unwrap().len(), 2, "{read}");
}

#[tokio::test]
async fn who_saves_a_picture_gets_its_size() {
    const PNG: &str =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
    let app = TestApp::start();
    let admin = app.admin().await;

    let saved =
        admin.result(APPLICATION, "web_save", json!([[], {"name": "a", "logo": PNG}, {"logo": {}}])).await;

    assert!(saved[0]["logo"].as_str().unwrap().ends_with(" bytes"), "{saved}");
}

#[tokio::test]
async fn a_default_is_told_as_the_field_keeps_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let context =
        json!({"context": {"default_access_token_expiry": "7", "default_active": "x", "default_name": 5}});

    let names = json!([["access_token_expiry", "active", "name"]]);
    let told = admin.call_kw(APPLICATION, "default_get", names, context).await.result();

    assert_eq!(told, json!({"access_token_expiry": 7, "active": true, "name": "5"}));
}

#[tokio::test]
async fn an_empty_translation_is_one() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let langs = json!([[["code", "=", "fr_FR"]]]);
    let found =
        admin.call_kw("res.lang", "search", langs, json!({"context": {"active_test": false}})).await.result();
    admin.result("res.lang", "write", json!([found, {"active": true}])).await;
    let id = admin.create(APPLICATION, json!({"name": "a", "description": "d"})).await;
    let update = async |text: Json| {
        let args = json!([[id], "description", {"fr_FR": text}]);
        admin.result(APPLICATION, "update_field_translations", args).await;
        let french = json!({"context": {"lang": "fr_FR"}});
        let read = admin.call_kw(APPLICATION, "read", json!([[id], ["description"]]), french).await.result();
        read[0]["description"].clone()
    };

    assert_eq!(update(json!("f")).await, "f");
    assert_eq!(update(json!("")).await, "");
    assert_eq!(update(json!(false)).await, "d");
}

#[tokio::test]
async fn a_moment_is_written_to_the_second() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let model = admin.create("ir.model", json!({"name": "Timed", "model": "x_timed"})).await;
    let field = json!({"model_id": model, "name": "x_moment", "ttype": "datetime"});
    admin.create("ir.model.fields", field).await;
    let rights =
        json!({"name": "all", "model_id": model, "perm_read": true, "perm_write": true, "perm_create": true});
    admin.create("ir.model.access", rights).await;

    let wrong = error(&admin, "x_timed", "create", json!([{"x_moment": "2020-02-03 10:00:00.123456"}])).await;
    assert_eq!(wrong, "builtins.ValueError");
    let id = admin.create("x_timed", json!({"x_moment": "2020-02-03 10:00:00"})).await;
    assert_eq!(
        admin.result("x_timed", "read", json!([[id], ["x_moment"]])).await[0]["x_moment"],
        "2020-02-03 10:00:00"
    );
}

/// Names of the applications that a domain selects, or the error.
async fn selected(admin: &User, domain: Json) -> Json {
    let answer = admin.call_kw(APPLICATION, "search_read", json!([domain, ["name"]]), json!({"order": "id"}));
    let answer = answer.await;
    if answer.json().get("error").is_some() {
        return answer.error().1.into();
    }
    answer.result().as_array().unwrap().iter().map(|row| row["name"].clone()).collect()
}

#[tokio::test]
async fn a_domain_that_selects_nothing_is_not_looked_at_any_further() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for (name, description) in [("a", "told"), ("b", ""), ("c", "told")] {
        let description = if description.is_empty() { Json::from(false) } else { description.into() };
        admin.create(APPLICATION, json!({"name": name, "description": description})).await;
    }
    let invalid = json!("builtins.ValueError");

    for (domain, wanted) in [
        // Membership of what Python calls false is nothing by itself.
        (json!([["description", "in", false]]), json!([])),
        (json!([["description", "in", ""], ["name", "=", "a"]]), json!([])),
        (json!([["nope", "in", []]]), json!([])),
        (json!([["name", "in", []], ["name", "badop", "x"]]), json!([])),
        (json!([[0, "=", 1], ["nope", "=", 1]]), json!([])),
        (json!(["|", ["nope", "in", 0], "!", ["nope", "not in", null]]), json!([])),
        // Where something may be left, it is what it says: unset, or no list at all.
        (json!(["|", ["description", "in", false], ["name", "=", "a"]]), json!(["a", "b"])),
        (json!(["!", ["description", "in", false]]), json!(["a", "c"])),
        (json!(["|", ["description", "in", ""], ["name", "=", "a"]]), invalid.clone()),
        (json!(["|", ["nope", "in", []], ["name", "=", "a"]]), invalid.clone()),
        (json!(["|", ["name", "in", []], ["name", "=", "a"]]), json!(["a"])),
        (json!([["name", "IN", ""]]), invalid.clone()),
        // Constants, as Python compares them.
        (json!([[true, "=", true]]), json!(["a", "b", "c"])),
        (json!([[1.0, "=", 1]]), json!(["a", "b", "c"])),
        (json!([[false, "=", true], ["name", "=", "a"]]), json!([])),
        (json!([[1, "=", 0]]), json!("builtins.AttributeError")),
        (json!([[1, "!=", 1]]), json!("builtins.AttributeError")),
    ] {
        assert_eq!(selected(&admin, domain.clone()).await, wanted, "{domain}");
    }
    let kwargs = json!({"order": "nope"});
    let found = admin.call_kw(APPLICATION, "search", json!([[["id", "in", []]]]), kwargs).await;
    assert_eq!(found.result(), json!([]));
    let found = admin.result(APPLICATION, "search_count", json!([[["nope", "in", []]]])).await;
    assert_eq!(found, json!(0));
}

#[tokio::test]
async fn counts_are_rounded_as_the_database_rounds() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (_, ids) = applications(&admin).await;

    for (offset, limit, wanted) in [
        (json!(0), json!(1.5), &ids[..2]),
        (json!(1.5), json!(8), &ids[2..]),
        (json!(0), json!(1.4), &ids[..1]),
    ] {
        let found = admin.result(APPLICATION, "search", json!([[], offset, limit, "id"])).await;
        assert_eq!(found, json!(wanted), "{offset} {limit}");
    }
}

#[tokio::test]
async fn datetimes_may_end_early() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let user = admin.make_user("visitor", &["base.group_user"]).await;
    let application = admin.create(APPLICATION, json!({"name": "a"})).await;
    let values = json!({"application_id": application, "user_id": user.uid});
    let id = admin.create("oregional.authorization", values).await;

    for (written, wanted) in [
        ("2025-05-06 10:11:12", "2025-05-06 10:11:12"),
        ("2025-05-06 10:11", "2025-05-06 10:11:00"),
        ("2025-05-06 10", "2025-05-06 10:00:00"),
        ("2025-05-06", "2025-05-06 00:00:00"),
        ("2025-05", "2025-05-01 00:00:00"),
        ("2025", "2025-01-01 00:00:00"),
    ] {
        admin.result("oregional.authorization", "write", json!([[id], {"last_used": written}])).await;
        let read = admin.result("oregional.authorization", "read", json!([[id], ["last_used"]])).await;
        assert_eq!(read[0]["last_used"], wanted, "{written}");
    }
    for wrong in
        ["2025-05-06T10:11:12", "2025-05-06 10:11:12.5", "2025-05-0", "2025-05-06 10:", "x", "2025-13"]
    {
        let values = json!([[id], {"last_used": wrong}]);
        assert_eq!(
            error(&admin, "oregional.authorization", "write", values).await,
            "builtins.ValueError",
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn values_are_an_object_and_aggregates_have_names_of_their_own() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (_, ids) = applications(&admin).await;

    for values in
        [json!([]), Json::Null, json!(false), json!(""), json!(0), json!("x"), json!([{"name": "x"}])]
    {
        let refused = error(&admin, APPLICATION, "write", json!([[ids[0]], values])).await;
        assert_eq!(refused, "builtins.TypeError", "{values}");
    }
    let twice = json!([[], ["n:sum(access_token_expiry)", "n:max(access_token_expiry)"], []]);
    assert_eq!(error(&admin, APPLICATION, "read_group", twice).await, "odoo.exceptions.UserError");
}

#[tokio::test]
async fn groups_of_several_links_come_in_the_order_of_each() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (_, ids) = applications(&admin).await;
    let ann = admin.make_user("ann", &["base.group_system"]).await;
    ann.create("oregional.application.uri", json!({"application_id": ids[2], "uri": "https://c.example/1"}))
        .await;
    for place in [2, 0] {
        let uri = json!({"application_id": ids[place], "uri": format!("https://{place}.example/2")});
        admin.create("oregional.application.uri", uri).await;
    }

    let by = json!([[["application_id", "in", ids]], [], ["application_id", "create_uid"]]);
    let groups =
        admin.call_kw("oregional.application.uri", "read_group", by, json!({"lazy": false})).await.result();

    let told: Vec<(&Json, &Json)> = groups
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (&group["application_id"][1], &group["create_uid"][1]))
        .collect();
    let wanted = [("a", "Administrator"), ("c", "Administrator"), ("c", "ann")];
    assert_eq!(
        told,
        wanted.map(|(application, user)| (json!(application), json!(user))).each_ref().map(|(a, u)| (a, u))
    );
    let both = json!({"lazy": false, "orderby": "create_uid desc, application_id desc"});
    let by = json!([[["application_id", "in", ids]], [], ["application_id", "create_uid"]]);
    let groups = admin.call_kw("oregional.application.uri", "read_group", by, both).await.result();
    assert_eq!(groups[0]["create_uid"][1], "ann");
    assert_eq!(groups[1]["application_id"][1], "c");
}

#[tokio::test]
async fn a_hierarchy_that_another_model_has_is_followed() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (_, ids) = applications(&admin).await;

    let found = admin.result(APPLICATION, "search", json!([[["create_uid", "child_of", admin.uid]]])).await;
    assert_eq!(found.as_array().unwrap().len(), ids.len());
    for operator in ["child_of", "parent_of"] {
        let own = admin.result("res.users", "search", json!([[["id", operator, [admin.uid]]]])).await;
        assert_eq!(own, json!([admin.uid]), "{operator}");
        for field in ["id", "model_scheme_id", "uri_ids"] {
            let none = admin.result(APPLICATION, "search", json!([[[field, operator, 0]]])).await;
            assert_eq!(none, json!([]), "{field} {operator}");
        }
    }
}

#[tokio::test]
async fn groups_are_found_by_their_application_too() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let group = admin.reference("oregional.group_app_admin").await;
    let name =
        admin.result("res.groups", "read", json!([[group], ["full_name"]])).await[0]["full_name"].clone();
    let category = name.as_str().unwrap().split(" / ").next().unwrap().to_owned();

    for (given, operator) in [(name.clone(), "="), (json!(category), "ilike")] {
        let args = json!([given, [], operator]);
        let found = admin.result("res.groups", "name_search", args).await;
        assert!(found.as_array().unwrap().contains(&json!([group, name])), "{given} {found}");
    }
}

#[tokio::test]
async fn that_a_record_exists_is_told_to_everybody() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (_, ids) = applications(&admin).await;
    let portal = admin.make_user("portal", &["base.group_portal"]).await;

    assert_eq!(portal.result(APPLICATION, "exists", json!([[ids[0], 987_654]])).await, json!([ids[0]]));
}
