//! Changes that come at once are kept together, and each of them is as if it had come alone: in its own user's
//! name, with its own answer, whole or not at all.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use tokio_postgres::NoTls;

use crate::support::app::TestApp;
use crate::support::client::{Answer, User, expired};
use crate::support::eventually;

const MODEL: &str = "oregional.application";

/// Long enough for anything that does not wait for a lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server with one thread, in which all callers meet.
fn one_thread() -> TestApp {
    TestApp::with(|settings| settings.workers = Some(1))
}

async fn make(admin: &User, count: usize) -> Vec<i64> {
    let values: Vec<Json> = (0..count).map(|number| json!({"name": format!("App {number}")})).collect();
    serde_json::from_value(admin.result(MODEL, "create", json!([values])).await).unwrap()
}

async fn write(user: &User, id: i64, values: Json) -> Answer {
    user.call_kw(MODEL, "write", json!([[id], values]), json!({})).await
}

#[tokio::test]
async fn changes_of_several_users_share_a_transaction_and_each_is_noted_in_its_own_name() {
    let app = one_thread();
    let admin = app.admin().await;
    let other = admin.make_user("keeper", &["oregional.group_app_admin"]).await;
    let ids = make(&admin, 20).await;
    let mut round = 0;
    eventually("two users' changes are kept by one transaction", async || {
        round += 1;
        let writes = ids.iter().enumerate().map(|(place, id)| {
            let user = if place % 2 == 0 { &admin } else { &other };
            write(user, *id, json!({"client_id": format!("{round}-{place}")}))
        });
        for answer in join_all(writes).await {
            assert_eq!(answer.result(), true);
        }
        let shared = "SELECT 1 FROM oregional_application WHERE client_id IS NOT NULL
                      GROUP BY xmin::text HAVING count(DISTINCT write_uid) > 1";
        !app.database.query(shared).is_empty()
    })
    .await;

    for (place, id) in ids.iter().enumerate() {
        let user = if place % 2 == 0 { admin.uid } else { other.uid };
        let found = admin.result(MODEL, "read", json!([[id], ["client_id", "write_uid"]])).await;
        assert_eq!(found[0]["client_id"], format!("{round}-{place}"));
        assert_eq!(found[0]["write_uid"][0], user);
        let noted = admin
            .result(
                "audit.log",
                "search_read",
                json!([
                    [["model", "=", MODEL], ["res_id", "=", id], ["event", "=", "write"]],
                    ["user_id", "details"],
                    0,
                    0,
                    "id"
                ]),
            )
            .await;
        let noted = noted.as_array().unwrap();
        assert_eq!(noted.len(), round, "one entry for each change");
        assert!(noted.iter().all(|entry| entry["user_id"] == user), "{noted:?}");
        assert!(noted[round - 1]["details"].as_str().unwrap().contains(&format!("{round}-{place}")));
    }
}

#[tokio::test]
async fn changes_that_fail_take_no_other_with_them_and_are_told_apart() {
    let app = one_thread();
    let admin = app.admin().await;
    let gone = admin.make_user("gone", &["oregional.group_app_admin"]).await;
    let reader = admin.make_user("reader", &["base.group_user"]).await;
    let ids = make(&admin, 24).await;
    app.database.query(&format!("DELETE FROM web_session WHERE user_id = {}", gone.uid));
    let (missing, taken) = (ids[23] + 1000, json!({"client_id": "taken"}));
    write(&admin, ids[23], taken.clone()).await.result();

    let writes = ids[..20].iter().enumerate().map(|(place, id)| {
        let (admin, gone, reader, taken) = (&admin, &gone, &reader, taken.clone());
        async move {
            match place % 5 {
                0 => write(admin, *id, taken).await,
                1 => write(gone, *id, json!({"name": "not kept"})).await,
                2 => write(admin, missing, json!({"name": "not kept"})).await,
                3 => write(reader, *id, json!({"name": "not kept"})).await,
                _ => write(admin, *id, json!({"name": "kept", "client_id": format!("own {place}")})).await,
            }
        }
    });
    let creations = (0..10).map(|number| {
        let values = json!({"name": format!("New {number}"), "client_id": format!("new {}", number / 2)});
        admin.call_kw(MODEL, "create", json!([values]), json!({}))
    });
    let (written, created) = tokio::join!(join_all(writes), join_all(creations));

    for (place, answer) in written.iter().enumerate() {
        let odoo = |name: &str| (200, format!("odoo.exceptions.{name}"));
        match place % 5 {
            0 => assert_eq!(answer.error(), odoo("ValidationError")),
            1 => assert_eq!(answer.error(), expired()),
            2 => assert_eq!(answer.error(), odoo("MissingError")),
            3 => assert_eq!(answer.error(), odoo("AccessError")),
            _ => assert_eq!(answer.result(), true),
        }
    }
    let made = created.iter().filter(|answer| answer.json().get("error").is_none()).count();
    assert_eq!(made, 5, "each client id is given to one of two");
    let count = async |domain: Json| admin.result(MODEL, "search_count", json!([domain])).await;
    assert_eq!(count(json!([["name", "=", "kept"], ["client_id", "like", "own "]])).await, 4);
    assert_eq!(count(json!([["name", "=", "not kept"]])).await, 0);
    assert_eq!(count(json!([["client_id", "=", "taken"]])).await, 1);
    assert_eq!(count(json!([["client_id", "like", "new "]])).await, 5, "none was made twice");
    let noted =
        admin.result("audit.log", "search_read", json!([[["model", "=", MODEL]], ["res_id", "event"]])).await;
    let mut entries: HashMap<(i64, String), usize> = HashMap::new();
    for entry in noted.as_array().unwrap() {
        let key = (entry["res_id"].as_i64().unwrap(), entry["event"].as_str().unwrap().to_owned());
        *entries.entry(key).or_default() += 1;
    }
    assert!(entries.values().all(|times| *times == 1), "{entries:?}");
    assert_eq!(entries.iter().filter(|((_, event), _)| event == "write").count(), 5);
}

#[tokio::test]
async fn changes_wait_for_nobody_elses_lock() {
    let app = one_thread();
    let admin = app.admin().await;
    let ids = make(&admin, 20).await;
    let (holder, connection) = app.database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    // Behind the first one others gather, and one of those is held up as well.
    let (first, one) = (ids[0], ids[5]);
    let lock = format!("BEGIN; SELECT 1 FROM oregional_application WHERE id IN ({first}, {one}) FOR UPDATE");
    holder.batch_execute(&lock).await.unwrap();
    let free = Cell::new(0);
    let writes = join_all(ids.iter().map(async |id| {
        let answer = write(&admin, *id, json!({"name": "changed"})).await;
        free.set(free.get() + 1);
        answer
    }));
    let release = async {
        let waits =
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("two changes alone wait", async || {
            free.get() == ids.len() - 2 && app.database.query(waits).len() == 2
        })
        .await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let (answers, ()) = tokio::join!(writes, release);

    assert!(answers.iter().all(|answer| answer.result() == true));
    assert_eq!(admin.result(MODEL, "search_count", json!([[["name", "=", "changed"]]])).await, 20);
}

#[tokio::test]
async fn the_same_records_are_written_by_two_servers_in_any_order() {
    let app = TestApp::start();
    let second = TestApp::beside(&app);
    let (here, there) = (app.admin().await, second.admin().await);
    let ids = make(&here, 3).await;
    let all = (0..60).map(|number| {
        let user = if number % 2 == 0 { &here } else { &there };
        // One counts up, the other down.
        let place = if number % 2 == 0 { number % 3 } else { 2 - number % 3 };
        write(user, ids[place], json!({"own_id": number.to_string()}))
    });

    let answers = tokio::time::timeout(PATIENCE, join_all(all)).await.expect("they wait for each other");

    assert!(answers.iter().all(|answer| answer.result() == true));
    let noted =
        here.result("audit.log", "search_count", json!([[["model", "=", MODEL], ["event", "=", "write"]]]));
    assert_eq!(noted.await, 60);
}
