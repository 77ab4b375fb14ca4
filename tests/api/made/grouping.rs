//! `read_group` and domains over fields of every type: what does not fit, what has no value, numbers in dates.

use serde_json::{Value as Json, json};

use super::make;
use crate::support::app::TestApp;
use crate::support::client::User;

const MODEL: &str = "x_measure";

async fn measures(admin: &User) -> Vec<i64> {
    let fields = json!([
        {"name": "x_name", "ttype": "char"},
        {"name": "x_count", "ttype": "integer"},
        {"name": "x_weight", "ttype": "float"},
        {"name": "x_flag", "ttype": "boolean"},
        {"name": "x_day", "ttype": "date"},
        {"name": "x_moment", "ttype": "datetime"},
    ]);
    make(admin, MODEL, fields).await;
    let mut ids = Vec::new();
    for values in [
        json!({"x_name": "none"}),
        json!({"x_name": "zero", "x_count": 0, "x_weight": 0.0, "x_day": "2026-11-30", "x_moment": "2026-11-30 23:30:00"}),
        json!({"x_name": "three", "x_count": 3, "x_weight": 1.5, "x_day": "2025-11-02", "x_moment": "2025-02-02 00:00:00", "x_flag": true}),
    ] {
        ids.push(admin.create(MODEL, values).await);
    }
    ids
}

#[tokio::test]
async fn a_function_that_does_not_fit_is_the_callers_mistake() {
    let app = TestApp::start();
    let admin = app.admin().await;
    measures(&admin).await;

    for spec in [
        "x_name:sum",
        "x_name:avg",
        "x_day:sum",
        "x_flag:sum",
        "x_flag:min",
        "x_flag:max",
        "x_count:bool_or",
        "x_name:bool_and",
    ] {
        let answer = admin.call_kw(MODEL, "read_group", json!([[], [spec], ["x_flag"]]), json!({})).await;
        assert_eq!(answer.status, 200, "{spec}");
        assert_eq!(answer.error().1, "psycopg2.errors.UndefinedFunction", "{spec}");
    }
    let fitting =
        json!([[], ["x_name:min", "x_day:max", "x_flag:bool_or", "x_count:avg", "__count"], ["x_flag"]]);
    let groups = admin.result(MODEL, "read_group", fitting).await;
    assert_eq!(groups[0]["x_name"], "none");
    assert_eq!(groups[0]["x_day"], "2026-11-30");
    assert_eq!(groups[0]["x_flag_count"], 2);
}

#[tokio::test]
async fn a_number_without_a_value_is_a_group_of_its_own() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ids = measures(&admin).await;

    for field in ["x_count", "x_weight"] {
        // A client can set 0; nothing at all is what the column has from before it was there.
        let groups = admin.result(MODEL, "read_group", json!([[["id", "in", ids]], [], [field]])).await;
        let values: Vec<&Json> = groups.as_array().unwrap().iter().map(|group| &group[field]).collect();
        let last = values.len() - 1;
        assert_eq!(values[last], &json!(false), "{groups}");
        assert_eq!(groups[last]["__domain"], json!(["&", ["id", "in", ids], [field, "=", false]]));
        let unlike = admin.result(MODEL, "search", json!([[[field, "!=", 0]]])).await;
        assert_eq!(unlike, json!([ids[2]]));
        let like = admin.result(MODEL, "search", json!([[[field, "=", 0]]])).await;
        assert_eq!(like, json!([ids[0], ids[1]]));
    }
}

#[tokio::test]
async fn numbers_in_a_date_are_grouped_by_and_asked_for() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let ids = measures(&admin).await;

    let groups = admin.result(MODEL, "read_group", json!([[], [], ["x_day:month_number"]])).await;
    assert_eq!(groups[0]["x_day:month_number"], 11);
    assert_eq!(groups[0]["x_day_count"], 2);
    assert_eq!(groups[0]["__domain"], json!([["x_day.month_number", "=", 11]]));
    assert_eq!(groups[1]["x_day:month_number"], false);
    let found = admin.result(MODEL, "search", json!([groups[0]["__domain"]])).await;
    assert_eq!(found, json!([ids[1], ids[2]]));
    let later = admin.result(MODEL, "search", json!([[["x_moment.year_number", ">", 2025]]])).await;
    assert_eq!(later, json!([ids[1]]));
    let either = json!([[["x_moment.quarter_number", "in", [1, 4]], ["x_moment.hour_number", "!=", 0]]]);
    assert_eq!(admin.result(MODEL, "search", either).await, json!([ids[1]]));
    // Where the caller is, it is the next day already.
    let context = json!({"context": {"tz": "Europe/Berlin"}});
    let there = admin.call_kw(MODEL, "search", json!([[["x_moment.day_of_month", "=", 1]]]), context).await;
    assert_eq!(there.result(), json!([ids[1]]));
    let wrong = admin.call_kw(MODEL, "search", json!([[["x_moment.fortnight", "=", 1]]]), json!({})).await;
    assert_eq!(wrong.error().1, "builtins.ValueError");
}

#[tokio::test]
async fn links_to_records_that_a_rule_hides_make_no_groups() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let fields = json!([
        {"name": "x_name", "ttype": "char"},
        {"name": "x_user_ids", "ttype": "many2many", "relation": "res.users"},
    ]);
    make(&admin, "x_team", fields).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let bob = admin.make_user("bob", &["base.group_user"]).await;
    for linked in [vec![ann.uid, bob.uid], vec![bob.uid], vec![]] {
        admin.create("x_team", json!({"x_name": "t", "x_user_ids": [[6, 0, linked]]})).await;
    }
    let counted = async |user: &User, method: &str, args: Json| -> Vec<(Json, Json)> {
        let answer = user.result("x_team", method, args).await;
        let groups = answer.get("groups").unwrap_or(&answer).as_array().unwrap().clone();
        groups.iter().map(|group| (group["x_user_ids"].clone(), group["x_user_ids_count"].clone())).collect()
    };
    let all = counted(&ann, "read_group", json!([[], ["__count"], ["x_user_ids"]])).await;
    assert!(all.contains(&(json!([bob.uid, "bob"]), json!(2))), "{all:?}");

    let model = admin.result("ir.model", "search", json!([[["model", "=", "res.users"]]])).await[0].clone();
    let group = admin.reference("base.group_user").await;
    let rule = json!({"name": "own", "model_id": model, "groups": [[4, group]],
        "domain_force": "[('id', '=', user.id)]"});
    admin.create("ir.rule", rule).await;

    for (method, args) in [
        ("read_group", json!([[], ["__count"], ["x_user_ids"]])),
        ("web_read_group", json!([[], ["__count"], ["x_user_ids"]])),
    ] {
        let groups = counted(&ann, method, args).await;
        let named = (json!([ann.uid, "ann"]), json!(1));
        assert_eq!(groups, [named, (json!(false), json!(2))], "{method}");
    }
}

#[tokio::test]
async fn a_day_without_a_midnight_begins_when_the_clock_has_moved() {
    let app = TestApp::start();
    let admin = app.admin().await;
    measures(&admin).await;
    let moment = async |moment: &str| admin.create(MODEL, json!({"x_moment": moment})).await;
    // In Santiago the clock goes from 0:00 to 1:00 on that day, at 4:00 UTC; in Apia a whole day was left out.
    for (zone, moments, edge) in [
        ("America/Santiago", ["2026-09-06 03:59:59", "2026-09-06 04:00:00"], "2026-09-06 04:00:00"),
        ("America/Santiago", ["2026-09-05 04:00:00", "2026-09-07 02:59:59"], "2026-09-06 04:00:00"),
        ("Pacific/Apia", ["2011-12-30 09:59:59", "2011-12-30 10:00:00"], "2011-12-30 10:00:00"),
    ] {
        let ids = [moment(moments[0]).await, moment(moments[1]).await];
        let context = json!({"context": {"tz": zone}});
        let args = json!([[["id", "in", ids]], [], ["x_moment:day"]]);
        let groups = admin.call_kw(MODEL, "read_group", args, context.clone()).await.result();
        let groups = groups.as_array().unwrap();
        assert_eq!(groups.len(), 2, "{groups:?}");
        assert_eq!(groups[1]["__range"]["x_moment:day"]["from"], edge, "{zone} {moments:?}");
        for (group, id) in groups.iter().zip(ids) {
            let args = json!([group["__domain"]]);
            let opened = admin.call_kw(MODEL, "search", args, context.clone()).await.result();
            assert_eq!((opened, &group["x_moment_count"]), (json!([id]), &json!(1)), "{zone} {group}");
        }
    }
}
