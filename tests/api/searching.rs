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
