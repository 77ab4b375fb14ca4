//! The connection to the database breaks while a change is being kept: nobody says that nothing was changed, or
//! that something was.

use futures_util::future::join_all;
use oregional::db::cluster::{Cluster, ClusterOptions};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value as Json, json};
use tokio_postgres::{Client, NoTls};

use crate::support::app::{PASSWORD, Running, settings};
use crate::support::client::{Answer, User};
use crate::support::database::Scratch;
use crate::support::eventually;

const MODEL: &str = "oregional.application";

/// A change that is held up on its last way: before it is kept, or after.
const HOLD: &str = "
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF to_jsonb(NEW)::text LIKE '%before%' THEN PERFORM pg_advisory_xact_lock(7); END IF;
        IF to_jsonb(NEW)::text LIKE '%after%' THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER hold AFTER INSERT OR UPDATE ON oregional_application
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold();";

/// Whoever waits for the lock, or for a standby that never comes.
const HELD_UP: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event IN ('advisory', 'SyncRep')";

/// Starts a call, and ends the database's side of it once it is held up.
async fn cut_off(holder: &Client, admin: &User, method: &'static str, args: Json) -> Answer {
    let call = admin.call_kw(MODEL, method, args, json!({}));
    let cut =
        eventually("the change is held up", async || !holder.query(HELD_UP, &[]).await.unwrap().is_empty());
    let answer = tokio::join!(call, cut).0;
    // Other connections may have been cut off with it, which costs them a call.
    eventually("calls work again", async || {
        let count = admin.call_kw(MODEL, "search_count", json!([[]]), json!({})).await;
        count.status == StatusCode::OK
    })
    .await;
    answer
}

fn is_in_doubt(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(!answer.headers.contains_key(RETRY_AFTER), "nobody is to repeat it: {answer:?}");
    assert_eq!(answer.error(), (200, "psycopg2.OperationalError".to_owned()));
    assert!(answer.message().contains("not known whether it was kept"), "{answer:?}");
}

#[tokio::test]
async fn a_change_whose_keeping_is_cut_off_is_told_as_neither_kept_nor_lost() {
    let scratch = Scratch::for_test();
    // Keeping is done here, and on a standby that there is not for who asks for it.
    let settings_of = [
        ("fsync", "off"),
        ("shared_buffers", "16MB"),
        ("synchronous_commit", "local"),
        ("synchronous_standby_names", "nobody"),
    ];
    let cluster = Cluster::start(ClusterOptions {
        data_dir: scratch.path.join("cluster"),
        data_dir_is_default: false,
        settings: settings_of.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    })
    .await
    .unwrap();
    cluster.ensure_database("work").await.unwrap();
    let running = Running::start(settings(&cluster.url("work"))).unwrap();
    let admin = User::sign_in(&format!("http://{}", running.address), "admin", PASSWORD).await;
    let (holder, connection) = cluster.config("work").connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute(HOLD).await.unwrap();
    holder.batch_execute("SELECT pg_advisory_lock(7)").await.unwrap();

    let id = admin.create(MODEL, json!({"name": "There"})).await;

    for (names, is_kept) in [(["before 1", "before 2"], false), (["after 1", "after 2"], true)] {
        // One statement that is kept by itself, and a transaction of several.
        let one = json!([{"name": names[0]}]);
        is_in_doubt(&cut_off(&holder, &admin, "create", one).await);
        let two = json!([[{"name": names[1]}, {"name": format!("{} too", names[1])}]]);
        is_in_doubt(&cut_off(&holder, &admin, "create", two).await);
        let change = json!([[id], {"description": names[0]}]);
        is_in_doubt(&cut_off(&holder, &admin, "write", change).await);

        for name in names {
            let found = admin.result(MODEL, "search_count", json!([[["name", "=", name]]])).await;
            assert_eq!(found, u8::from(is_kept), "{name}");
        }
        let found = admin.result(MODEL, "read", json!([[id], ["description"]])).await;
        assert_eq!(found[0]["description"] == names[0], is_kept, "{found}");
    }
    let names: Vec<String> = (0..8).map(|number| format!("after, {number} of many")).collect();
    let together =
        names.iter().map(|name| admin.call_kw(MODEL, "create", json!([{"name": name}]), json!({})));
    let cut = async {
        loop {
            holder.query(HELD_UP, &[]).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answers = join_all(together) => answers.iter().for_each(is_in_doubt),
        () = cut => unreachable!("it does not end by itself"),
    }
    for name in names {
        let found = admin.result(MODEL, "search_count", json!([[["name", "=", name]]])).await;
        assert_eq!(found, 1, "none is made again");
    }
    holder.batch_execute("DROP TRIGGER hold ON oregional_application").await.unwrap();
    admin.create(MODEL, json!({"name": "quite usual"})).await;
    drop(running);
    cluster.stop().await.unwrap();
}
