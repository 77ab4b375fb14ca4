//! Many callers at once, and calls that fail half-way: nothing is lost, and nothing is left.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use tokio_postgres::NoTls;

use crate::support::app::TestApp;
use crate::support::client::{Answer, User};
use crate::support::eventually;

const MODEL: &str = "oregional.application";

/// Callers at once.
const CALLERS: usize = 32;

/// How long a call waits for a connection of its thread before it gives up.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a caller tries before something must be wrong.
const TRIES: usize = 200;

/// Calls until no other transaction was first: what a client does with a `SerializationFailure`.
async fn insist(user: &User, method: &str, args: Json) -> Json {
    for _ in 0..TRIES {
        let answer: Answer = user.call_kw(MODEL, method, args.clone(), json!({})).await;
        assert!(answer.status.is_success(), "{answer:?}");
        if answer.json().get("error").is_none() {
            return answer.result();
        }
        assert_eq!(answer.error(), (200, "psycopg2.errors.SerializationFailure".to_owned()));
    }
    panic!("{TRIES} tries were not enough");
}

#[tokio::test]
async fn whoever_writes_the_same_record_at_once_gets_through() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let (here, there) = (app.admin().await, second.admin().await);
    let id = here.create(MODEL, json!({"name": "Shared"})).await;

    let writes = (0..CALLERS).map(|number| {
        let user = if number % 2 == 0 { &here } else { &there };
        let line = json!([0, 0, {"uri": format!("https://{number}.example/")}]);
        insist(user, "write", json!([[id], {"access_token_expiry": 1000 + number, "uri_ids": [line]}]))
    });
    let outcomes = join_all(writes).await;

    assert!(outcomes.iter().all(|result| *result == true));
    let found = here.result(MODEL, "read", json!([[id], ["uri_ids", "access_token_expiry"]])).await;
    assert_eq!(found[0]["uri_ids"].as_array().unwrap().len(), CALLERS, "a line was lost, or made twice");
    assert!((1000..1000 + CALLERS).any(|number| found[0]["access_token_expiry"] == number));
}

#[tokio::test]
async fn a_call_that_comes_second_is_run_again_and_its_client_does_not_notice() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create(MODEL, json!({"name": "Shared"})).await;
    let (first, connection) = app.database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let change = format!("BEGIN; UPDATE oregional_application SET own_id = 'first' WHERE id = {id}");
    first.batch_execute(&change).await.unwrap();
    let second = admin.clone();
    let values = json!({"client_id": "second", "uri_ids": [[0, 0, {"uri": "https://second.example/"}]]});
    let call =
        tokio::spawn(async move { second.call_kw(MODEL, "write", json!([[id], values]), json!({})).await });
    let waiting =
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    eventually("the call waits for the first change", async || !app.database.query(waiting).is_empty()).await;

    first.batch_execute("COMMIT").await.unwrap();

    assert_eq!(call.await.unwrap().result(), true);
    let found = admin.result(MODEL, "read", json!([[id], ["own_id", "client_id", "uri_ids"]])).await;
    assert_eq!((&found[0]["own_id"], &found[0]["client_id"]), (&json!("first"), &json!("second")));
    assert_eq!(found[0]["uri_ids"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_unique_value_is_given_to_one_of_many_callers() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let (here, there) = (app.admin().await, second.admin().await);

    let creations = (0..CALLERS).map(|number| {
        let user = if number % 2 == 0 { &here } else { &there };
        user.call_kw(MODEL, "create", json!([{"name": "One", "client_id": "only"}]), json!({}))
    });
    let answers = join_all(creations).await;

    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.json().get("error").is_none());
    assert_eq!(made.len(), 1);
    assert!(
        refused.iter().all(|answer| answer.error() == (200, "odoo.exceptions.ValidationError".to_owned()))
    );
    assert_eq!(here.result(MODEL, "search_count", json!([[["client_id", "=", "only"]]])).await, 1);
}

#[tokio::test]
async fn records_that_are_deleted_while_others_write_them_harm_nobody() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let mut ids = Vec::new();
    for number in 0..CALLERS {
        ids.push(admin.create(MODEL, json!({"name": format!("App {number}")})).await);
    }

    let deletions = ids.iter().map(|id| admin.call_kw(MODEL, "unlink", json!([[id]]), json!({})));
    let writes = ids.iter().map(|id| admin.call_kw(MODEL, "write", json!([[id], {"name": "x"}]), json!({})));
    let reads = ids.iter().map(|id| admin.call_kw(MODEL, "read", json!([[id]]), json!({})));
    let (deleted, written, read) = tokio::join!(join_all(deletions), join_all(writes), join_all(reads));

    for answer in deleted.iter().chain(&written).chain(&read) {
        assert!(answer.fault().is_none(), "{answer:?}");
    }
    for answer in written.iter().filter(|answer| answer.json().get("error").is_some()) {
        let name = answer.error().1;
        assert!(
            name == "odoo.exceptions.MissingError" || name == "psycopg2.errors.SerializationFailure",
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_call_that_fails_leaves_nothing() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let scheme = admin.create("oregional.model.scheme", json!({"name": "Used"})).await;
    let free = admin.create("oregional.model.scheme", json!({"name": "Free"})).await;
    let values = json!({"name": "Kept", "client_id": "kept", "model_scheme_id": scheme,
                        "uri_ids": [[0, 0, {"uri": "https://kept.example/"}]]});
    let id = admin.create(MODEL, values).await;
    let before = app.database.dump();
    let good = json!([0, 0, {"uri": "https://good.example/"}]);

    for (model, method, args) in [
        (MODEL, "create", json!([[{"name": "Good"}, {"name": "Twice", "client_id": "kept"}]])),
        (MODEL, "create", json!([[{"name": "Good"}, {"name": false}]])),
        (MODEL, "create", json!([[{"name": "Good"}, {"name": "Bad", "access_token_expiry": 0}]])),
        (MODEL, "create", json!([{"name": "Good", "uri_ids": [good, [0, 0, {"uri": "bad"}]]}])),
        (MODEL, "create", json!([{"name": "Good", "model_scheme_id": 999_999_999}])),
        (MODEL, "write", json!([[id], {"name": "Changed", "uri_ids": [good, [0, 0, {"uri": "bad"}]]}])),
        (
            MODEL,
            "write",
            json!([[id], {"name": "Changed", "uri_ids": [good, [0, 0, {"uri": "https://kept.example/"}]]}]),
        ),
        (MODEL, "write", json!([[id], {"name": "Changed", "logo": "no picture"}])),
        (MODEL, "write", json!([[id], {"name": "Changed", "nope": 1}])),
        (MODEL, "write", json!([[id, 999_999_999], {"name": "Changed"}])),
        ("oregional.model.scheme", "unlink", json!([[free, scheme]])),
        ("res.users", "create", json!([{"name": "Good", "login": "admin", "password": "x"}])),
    ] {
        let answer = admin.call_kw(model, method, args.clone(), json!({})).await;
        assert_eq!(answer.error().0, 200, "{method} {args}");
        assert!(answer.fault().is_none(), "{method} {args}: {answer:?}");
        let after = app.database.dump();
        assert!(
            rows(&before) == rows(&after),
            "{method} {args} has left something: {:?}",
            difference(&before, &after)
        );
    }
}

/// The rows of a dump; the counters that a failed call uses up are none.
fn rows(dump: &str) -> Vec<&str> {
    dump.lines().filter(|line| line.starts_with("INSERT INTO")).collect()
}

fn difference<'a>(before: &'a str, after: &'a str) -> Vec<&'a str> {
    rows(after).into_iter().filter(|row| !before.contains(row)).collect()
}

#[tokio::test]
async fn all_threads_together_leave_room_in_the_database() {
    let app = TestApp::with(|settings| {
        settings.workers = Some(16);
        settings.connections = None;
    });
    let admin = app.admin().await;
    let (holder, connection) = app.database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN; LOCK TABLE oregional_application IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let there = |which: &str| {
        let those = format!("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND {which}");
        app.database.query(&those).len()
    };

    // As many as wait for a turn before the holder's own patience ends.
    let calls = join_all((0..16 * 7).map(|_| admin.call_kw(MODEL, "search_count", json!([[]]), json!({}))));
    let release = async {
        let all = async || there("wait_event_type = 'Lock'") >= 80;
        eventually("sixteen threads wait with five connections each", all).await;
        holder.batch_execute("ROLLBACK").await.unwrap();
    };
    let (answers, ()) = futures_util::future::join(calls, release).await;

    assert!(answers.iter().all(|answer| answer.result() == 0), "the others waited for their turn");
    // Threads keep their connections; start and housekeeping have a few besides.
    let kept = there("application_name = 'oregional'");
    assert!((80..90).contains(&kept), "{kept} connections");
}

#[tokio::test]
async fn a_change_that_all_calls_lean_on_is_loaded_over_the_one_connection_that_there_is() {
    let app = TestApp::with(|settings| settings.connections = Some(1));
    let admin = app.admin().await;
    let french = admin.reference("base.lang_fr").await;
    let began = Instant::now();

    admin.result("res.lang", "write", json!([[french], {"active": true}])).await;

    assert!(began.elapsed() < PATIENCE, "it waited for another connection: {:?}", began.elapsed());
    let told = admin.result("res.partner", "fields_get", json!([["lang"], ["selection"]])).await;
    assert!(told["lang"]["selection"].to_string().contains("fr_FR"), "{told}");
}

#[tokio::test]
async fn changes_that_all_calls_lean_on_do_not_wait_for_each_others_connections() {
    let app = TestApp::with(|settings| settings.connections = Some(2));
    let admin = app.admin().await;
    let began = Instant::now();

    let made = (0..8).map(|number| admin.create("res.groups", json!({"name": format!("Group {number}")})));
    join_all(made).await;

    assert!(began.elapsed() < PATIENCE, "they waited for each other: {:?}", began.elapsed());
}
