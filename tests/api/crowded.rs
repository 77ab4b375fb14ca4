//! Domains with very many subqueries, and statements that would take too long.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio_postgres::NoTls;

use crate::support::app::TestApp;

const APPLICATION: &str = "oregional.application";

/// So many conditions on records behind others, all of which have to hold.
fn paths(path: &str, count: usize) -> Json {
    (0..count).map(|number| json!([path, "!=", format!("x{number}")])).collect()
}

#[tokio::test]
async fn hundreds_of_paths_take_the_planner_no_minutes() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let line = json!([0, 0, {"uri": "https://a.example"}]);
    let id = admin.create(APPLICATION, json!({"name": "a", "uri_ids": [line]})).await;

    for path in ["model_scheme_id.name", "uri_ids.uri", "authorization_ids.user_id.login"] {
        let began = Instant::now();
        let domain = paths(path, 400);
        let found = admin.result(APPLICATION, "search", json!([domain])).await;
        let expected = if path.starts_with("authorization") { json!([]) } else { json!([id]) };
        assert_eq!(found, expected, "{path}");
        // It was half a minute with half as many.
        assert!(began.elapsed() < Duration::from_secs(15), "{path}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_subquery_means_the_same_wherever_it_stands() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let scheme = admin.create("oregional.model.scheme", json!({"name": "north"})).await;
    for number in 0..6 {
        let lines: Vec<Json> = (0..number % 3)
            .map(|line| json!([0, 0, {"uri": format!("https://{number}.example/{line}")}]))
            .collect();
        let mut values = json!({"name": format!("a{number}"), "uri_ids": lines});
        if number % 2 == 0 {
            values["model_scheme_id"] = scheme.into();
        }
        admin.create(APPLICATION, values).await;
    }
    let conditions = [
        json!(["model_scheme_id.name", "=", "north"]),
        json!(["model_scheme_id", "ilike", "nor"]),
        json!(["model_scheme_id", "not any", [["name", "=", "north"]]]),
        json!(["uri_ids.uri", "like", "/1"]),
        json!(["uri_ids", "not any", [["uri", "like", "/1"]]]),
        json!(["uri_ids", "=", false]),
        json!(["authorization_ids", "!=", false]),
        json!(["create_uid.groups_id.name", "!=", "nothing"]),
    ];
    for condition in conditions {
        let alone = admin.result(APPLICATION, "search", json!([[condition]])).await;
        let mut behind: Vec<Json> = paths("model_scheme_id.name", 12).as_array().unwrap().clone();
        behind.push(condition.clone());
        let crowded = admin.result(APPLICATION, "search", json!([behind])).await;
        assert_eq!(alone, crowded, "{condition}");
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up() {
    let app = TestApp::with(|settings| settings.statement_timeout = 1);
    let admin = app.admin().await;
    let id = admin.create(APPLICATION, json!({"name": "a"})).await;
    let (other, connection) = app.database.config().connect(NoTls).await.unwrap();
    let driven = tokio::spawn(connection);
    other.batch_execute("BEGIN; SELECT 1 FROM oregional_application FOR UPDATE").await.unwrap();

    let answer = admin.call_kw(APPLICATION, "write", json!([[id], {"name": "b"}]), json!({})).await;

    assert_eq!(answer.error().1, "psycopg2.errors.QueryCanceled");
    assert!(answer.message().contains("--statement-timeout"), "{}", answer.message());
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(admin.result(APPLICATION, "read", json!([[id], ["name"]])).await[0]["name"], "a");
    assert_eq!(admin.result(APPLICATION, "write", json!([[id], {"name": "b"}])).await, true);
    drop(other);
    driven.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_table_whose_statement_takes_too_long_is_not_tried_row_by_row() {
    let app = TestApp::with(|settings| settings.statement_timeout = 1);
    let admin = app.admin().await;
    let (other, connection) = app.database.config().connect(NoTls).await.unwrap();
    let driven = tokio::spawn(connection);
    other.batch_execute("BEGIN; LOCK TABLE oregional_application IN SHARE MODE").await.unwrap();
    let table = json!([["name"], [["a"], ["b"], ["c"], ["d"]]]);

    let began = Instant::now();
    let answer = admin.call_kw(APPLICATION, "load", table.clone(), json!({})).await;

    assert_eq!(answer.error().1, "psycopg2.errors.QueryCanceled", "no row is to blame");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    other.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(admin.result(APPLICATION, "load", table).await["ids"].as_array().map(Vec::len), Some(4));
    drop(other);
    driven.await.unwrap().unwrap();
}

#[tokio::test]
async fn more_parameters_than_a_statement_may_have_are_the_callers_mistake() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let domain: Json = (0..70_000).map(|number| json!(["name", "not like", format!("x{number}")])).collect();

    let refused = admin.call_kw(APPLICATION, "search", json!([domain]), json!({})).await;

    assert_eq!(refused.status, 200, "it is no outage: {}", refused.body);
    assert_eq!(refused.error().1, "builtins.ValueError");
    assert_eq!(admin.result(APPLICATION, "search", json!([[]])).await, json!([]));
}
