//! Reads that are sent on one connection at once: each gets its own answer, none waits for a slow one before it,
//! and none is lost with the connection.

use std::cell::Cell;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use tokio_postgres::NoTls;

use crate::support::app::TestApp;
use crate::support::client::{User, expired};
use crate::support::eventually;

const MODEL: &str = "oregional.application";

/// Statements that wait for somebody's lock.
const WAITING: &str = "datname = current_database() AND wait_event_type = 'Lock'";

fn waiting(app: &TestApp) -> usize {
    app.database.query(&format!("SELECT 1 FROM pg_stat_activity WHERE {WAITING}")).len()
}

/// A server with one thread, in which all callers meet.
fn one_thread() -> TestApp {
    TestApp::with(|settings| settings.workers = Some(1))
}

async fn make(admin: &User, count: usize) -> Vec<i64> {
    let values: Vec<Json> = (0..count).map(|number| json!({"name": format!("App {number}")})).collect();
    serde_json::from_value(admin.result(MODEL, "create", json!([values])).await).unwrap()
}

async fn lock_countries(app: &TestApp) -> tokio_postgres::Client {
    let (holder, connection) = app.database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN; LOCK TABLE res_country").await.unwrap();
    holder
}

#[tokio::test]
async fn each_reader_gets_the_answer_to_what_was_asked() {
    let app = one_thread();
    let admin = app.admin().await;
    let gone = admin.make_user("gone", &["oregional.group_app_admin"]).await;
    let ids = make(&admin, 40).await;
    app.database.query(&format!("DELETE FROM web_session WHERE user_id = {}", gone.uid));

    let reads = ids.iter().enumerate().map(async |(place, id)| match place % 4 {
        0 => gone.call_kw(MODEL, "read", json!([[id], ["name"]]), json!({})).await,
        1 => admin.call_kw(MODEL, "read", json!([[id], ["no_such"]]), json!({})).await,
        2 => admin.call_kw(MODEL, "search_read", json!([[["id", "=", id]], ["name"]]), json!({})).await,
        _ => admin.call_kw(MODEL, "read", json!([[id], ["name"]]), json!({})).await,
    });
    for (place, answer) in join_all(reads).await.iter().enumerate() {
        match place % 4 {
            0 => assert_eq!(answer.error(), expired()),
            1 => assert_eq!(answer.error(), (200, "builtins.ValueError".to_owned())),
            _ => assert_eq!(answer.result(), json!([{"id": ids[place], "name": format!("App {place}")}])),
        }
    }
}

#[tokio::test]
async fn readers_do_not_wait_behind_a_slow_one() {
    let app = one_thread();
    let admin = app.admin().await;
    let ids = make(&admin, 20).await;
    let country = admin.reference("base.be").await;
    let holder = lock_countries(&app).await;
    let answered = Cell::new(0);
    let slow = join_all(
        (0..3).map(|_| admin.call_kw("res.country", "read", json!([[country], ["name"]]), json!({}))),
    );
    let quick = join_all(ids.iter().map(async |id| {
        let found = admin.result(MODEL, "read", json!([[id], ["id"]])).await;
        assert_eq!(found, json!([{"id": id}]));
        answered.set(answered.get() + 1);
    }));
    let release = async {
        eventually("the slow ones alone wait", async || answered.get() == ids.len() && waiting(&app) == 3)
            .await;
        holder.batch_execute("COMMIT").await.unwrap();
    };

    let (slow, _, ()) = tokio::join!(slow, quick, release);

    assert!(slow.iter().all(|answer| answer.result()[0]["name"] == "Belgium"));
}

#[tokio::test]
async fn reads_whose_connections_are_broken_off_are_answered_or_told_so() {
    let app = one_thread();
    let admin = app.admin().await;
    let country = admin.reference("base.be").await;
    let holder = lock_countries(&app).await;
    let read = || admin.call_kw("res.country", "read", json!([[country], ["name"]]), json!({}));
    // The first ones come before there is anything to share.
    let reads = join_all((0..5).map(|_| read()));
    let release = async {
        let pids = format!("SELECT pid::text FROM pg_stat_activity WHERE {WAITING}");
        let mut first = Vec::new();
        eventually("the reads wait", async || {
            first = app.database.query(&pids);
            first.len() == 5
        })
        .await;
        app.database
            .query(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {WAITING}"));
        holder.batch_execute("COMMIT").await.unwrap();
    };

    let (answers, ()) = tokio::join!(reads, release);

    let (found, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_success());
    assert!(found.iter().all(|answer| answer.result()[0]["name"] == "Belgium"), "{found:?}");
    assert!(lost.iter().all(|answer| answer.status == StatusCode::SERVICE_UNAVAILABLE), "{lost:?}");
    assert_eq!(read().await.result()[0]["name"], "Belgium", "calls work again");
}
