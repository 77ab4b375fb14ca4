//! What a form shows before its record is saved, where one field follows from another.

use serde_json::{Value as Json, json};

use crate::support::app::TestApp;
use crate::support::client::{Answer, User};

const APPLICATION: &str = "oregional.application";

async fn onchange(user: &User, model: &str, args: Json) -> Json {
    user.result(model, "onchange", args).await
}

#[tokio::test]
async fn lines_are_counted_as_they_stand_in_the_form() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let lines: Vec<Json> =
        (0..3).map(|number| json!([0, 0, {"uri": format!("https://a.example/{number}")}])).collect();
    let id = admin.create(APPLICATION, json!({"name": "a", "uri_ids": lines})).await;
    let read = admin.result(APPLICATION, "read", json!([[id], ["uri_ids"]])).await;
    let line = |place: usize| read[0]["uri_ids"][place].clone();
    let elsewhere = admin
        .create(APPLICATION, json!({"name": "b", "uri_ids": [[0, 0, {"uri": "https://b.example"}]]}))
        .await;
    let read = admin.result(APPLICATION, "read", json!([[elsewhere], ["uri_ids"]])).await;
    let other = read[0]["uri_ids"][0].clone();
    let new = json!([0, "virtual_1", {"uri": "https://n.example"}]);
    let specification = json!({"uri_ids": {"fields": {"uri": {}}}, "uri_count": {}});

    for (ids, commands, wanted) in [
        (json!([]), json!([new]), json!({"uri_count": 1})),
        (
            json!([]),
            json!([new, [0, "virtual_2", {"uri": "https://m.example", "active": false}]]),
            json!({"uri_count": 1}),
        ),
        (json!([id]), json!([new]), json!({"uri_count": 4})),
        (json!([id]), json!([[1, line(0), {"description": "d"}]]), json!({})),
        (json!([id]), json!([[1, line(0), {"active": false}]]), json!({"uri_count": 2})),
        (json!([id]), json!([[2, line(0), 0], [3, line(1), 0]]), json!({"uri_count": 1})),
        (json!([id]), json!([[4, other, 0]]), json!({"uri_count": 4})),
        (json!([id]), json!([[5, 0, 0], new]), json!({"uri_count": 1})),
        (json!([id]), json!([new, [6, 0, [line(2), other]]]), json!({"uri_count": 2})),
        (json!([id]), json!([{"id": 1}]), json!({})),
    ] {
        let args = json!([ids, {"uri_ids": commands}, ["uri_ids"], specification]);
        let told = onchange(&admin, APPLICATION, args).await;
        assert_eq!(told, json!({"value": wanted}), "{ids} {commands}");
    }
    // The form shows a count already: a new one is told, the same one is not.
    let given =
        |count: usize| json!([[], {"uri_ids": [new], "uri_count": count}, ["uri_ids"], specification]);
    assert_eq!(onchange(&admin, APPLICATION, given(0)).await, json!({"value": {"uri_count": 1}}));
    assert_eq!(onchange(&admin, APPLICATION, given(1)).await, json!({"value": {}}));
    let first = onchange(&admin, APPLICATION, json!([[], {}, [], {"uri_count": {}}])).await;
    assert_eq!(first, json!({"value": {"uri_count": 0}}));
}

#[tokio::test]
async fn a_contact_is_a_person_until_it_is_said_to_be_a_company() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let specification = json!({"company_type": {}, "is_company": {}});
    for (given, changed, wanted) in [
        (json!({}), json!([]), json!({"company_type": "person", "is_company": false})),
        (json!({"company_type": "company"}), json!(["company_type"]), json!({"is_company": true})),
        (json!({"company_type": "person"}), json!(["company_type"]), json!({"is_company": false})),
        (
            json!({"company_type": "person", "is_company": true}),
            json!("company_type"),
            json!({"is_company": false}),
        ),
        (json!({"company_type": "company", "is_company": true}), json!(["company_type"]), json!({})),
        (json!({"is_company": true}), json!(["is_company"]), json!({"company_type": "company"})),
        (json!({"company_type": "company", "name": "x"}), json!(["name"]), json!({})),
    ] {
        let told = onchange(&admin, "res.partner", json!([[], given, changed, specification])).await;
        assert_eq!(told, json!({"value": wanted}), "{given} {changed}");
    }
    let context = json!({"context": {"default_is_company": true}});
    let args = json!([[], {}, [], specification]);
    let told = admin.call_kw("res.partner", "onchange", args, context).await.result();
    assert_eq!(told["value"], json!({"company_type": "company", "is_company": true}));
}

#[tokio::test]
async fn an_unknown_field_changes_nothing_and_all_arguments_are_wanted() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let unknown = json!([[], {"name": "x"}, ["name", "nope"], {"name": {}}]);
    assert_eq!(onchange(&admin, APPLICATION, unknown).await, json!({}));
    let error = async |args: Json| {
        let answer: Answer = admin.call_kw(APPLICATION, "onchange", args, json!({})).await;
        answer.error().1
    };
    assert_eq!(error(json!([[], {"name": "x"}, ["name"]])).await, "builtins.TypeError");
    assert_eq!(error(json!([[], {"name": "x"}])).await, "builtins.TypeError");
}
