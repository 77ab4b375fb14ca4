//! Housekeeping: what has expired goes, in its time, and what still counts stays.

use std::str::FromStr as _;
use std::sync::Arc;

use chrono::{NaiveDateTime, TimeDelta, Utc};
use oregional::auth::purge;
use oregional::db::{Pool, Target};
use serde_json::json;
use tokio_postgres::NoTls;

use super::support::{App, TestClock, Tokens, error};
use crate::support::app::TestApp;

/// The records of codes that administrators see.
const RECORDS: &str = "oregional_authorization_code";

/// What a round of housekeeping leaves at some moment.
pub(super) async fn round(app: &TestApp, now: NaiveDateTime) {
    let pool = Pool::new(&Target::from_str(&app.database.url()).unwrap(), 1).unwrap();
    purge::run(&pool.get().await.unwrap(), now, |_kind, _rows| {}).await.unwrap();
}

fn count(app: &TestApp, table: &str) -> usize {
    app.database.query(&format!("SELECT 1 FROM {table}")).len()
}

#[tokio::test]
async fn what_has_expired_goes_and_what_still_counts_stays() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let kept = json!({"authorization_code_retain": 30, "refresh_token_expiry": 864_000});
    let wiki = App::register(&admin, kept).await;
    let first = wiki.sign_in(&admin).await;
    wiki.refresh(&first.refresh).await;
    wiki.code(&admin, &[]).await;
    wiki.ask(&admin, &[("scope", "read write")]).await;
    wiki.refresh("unknown").await;
    let now = Utc::now().naive_utc();
    let tables =
        ["oauth_token", "oauth_family", "oauth_code", "oauth_consent", "oauth_request", "rate_limit"];
    let all = || tables.map(|table| count(&app, table));

    round(&app, now).await;
    assert_eq!(all(), [4, 1, 2, 1, 1, 1], "nothing has expired yet");
    assert_eq!(count(&app, "oregional_authorization_code"), 2);

    round(&app, now + TimeDelta::days(3)).await;
    // The refresh tokens live ten days; both codes stay as long as their records.
    assert_eq!(all(), [2, 1, 2, 1, 0, 0]);
    assert_eq!(count(&app, "oregional_authorization_code"), 2, "kept for thirty days");
    let kept =
        "SELECT 1 FROM oauth_code WHERE address = '127.0.0.1' AND issued_at < expires_at AND client_id <> ''";
    assert_eq!(app.database.query(kept).len(), 2, "with what each was");

    round(&app, now + TimeDelta::days(32)).await;
    assert_eq!(all(), [0, 0, 0, 1, 0, 0], "what the user allowed stays allowed");
    assert_eq!(count(&app, "oregional_authorization_code"), 0);
    assert!(count(&app, "audit_log") > 0);
    assert_eq!(count(&app, "web_session"), 0);

    let admin = app.admin().await;
    let grants = admin.result("oregional.authorization", "search", json!([[]])).await;
    admin.result("oregional.authorization", "unlink", json!([grants])).await;
    assert_eq!(count(&app, "oauth_consent"), 0, "it goes with the grant");
    round(&app, now + TimeDelta::days(400)).await;
    assert_eq!(count(&app, "audit_log"), 0);
}

#[tokio::test]
async fn tokens_that_nobody_uses_go_where_a_parameter_says_so() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let spared = App::register(&admin, json!({"name": "Spared"})).await;
    let patient = App::register(&admin, json!({"name": "Patient"})).await;
    for client in [&wiki, &spared, &patient] {
        client.sign_in(&admin).await;
    }
    let lasting = || count(&app, "oauth_token WHERE expires_at IS NULL");
    let now = Utc::now().naive_utc();

    round(&app, now + TimeDelta::days(60)).await;
    assert_eq!(lasting(), 3, "they never expire");
    let admin = app.admin().await;
    for (key, value) in [
        ("oregional.idle_expiry".to_owned(), "86400"),
        (format!("oregional.idle_expiry.{}", spared.client_id), "0"),
        (format!("oregional.idle_expiry.{}", patient.client_id), "8640000"),
    ] {
        admin.result("ir.config_parameter", "set_param", json!([key, value])).await;
    }
    // What a parameter that is new or odd refuses may be good again tomorrow.
    let set = |column: &str, value: &str| {
        let change =
            format!("UPDATE ir_config_parameter SET {column} = {value} WHERE key = 'oregional.idle_expiry'");
        app.database.query(&change);
    };
    set("write_date", "now() + interval '60 days'");
    round(&app, now + TimeDelta::days(60)).await;
    set("write_date", "now()");
    set("value", "'a day'");
    round(&app, now + TimeDelta::days(60)).await;
    set("value", "'86400'");
    assert_eq!(lasting(), 3);
    round(&app, now + TimeDelta::hours(47)).await;
    assert_eq!(lasting(), 3, "not a day past their time");
    round(&app, now + TimeDelta::hours(49)).await;
    assert_eq!(lasting(), 2);
    round(&app, now + TimeDelta::days(102)).await;
    assert_eq!(lasting(), 1, "one application is spared");
    assert_eq!(count(&app, "oauth_family"), 1, "a family goes with its last token");
}

#[tokio::test]
async fn a_lost_answer_and_a_stolen_token_are_known_after_the_access_tokens_are_gone() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let (lost, stolen) = (wiki.sign_in(&admin).await, wiki.sign_in(&admin).await);
    let answer = Tokens::of(&wiki.refresh(&lost.refresh).await);
    let used = Tokens::of(&wiki.refresh(&stolen.refresh).await);
    let door = app.anonymous().http.get(format!("{}/oauth2/userinfo", app.url())).bearer_auth(&used.access);
    assert!(door.send().await.unwrap().status().is_success());
    clock.advance(3 * 86_400);
    round(&app, clock.world().now()).await;
    assert_eq!(count(&app, "oauth_token WHERE kind = 'a'"), 0);

    assert_eq!(Tokens::of(&wiki.refresh(&lost.refresh).await), answer, "the same answer again");
    Tokens::of(&wiki.refresh(&answer.refresh).await);
    assert_eq!(error(&wiki.refresh(&stolen.refresh).await).1, "invalid_grant");
    assert_eq!(error(&wiki.refresh(&used.refresh).await).1, "invalid_grant", "the whole family has ended");
}

/// The moment at which a visible record was used, or expires without a use.
fn end_of_record(app: &TestApp) -> NaiveDateTime {
    let ends = "SELECT coalesce(used_at, expiry)::text FROM oregional_authorization_code";
    let rows = app.database.query(ends);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0][0].as_deref().unwrap().replace(' ', "T").parse().unwrap()
}

#[tokio::test]
async fn a_code_is_kept_for_so_many_days_to_the_second() {
    let second = TimeDelta::seconds(1);
    for is_used in [false, true] {
        for days in [1, 30, 3650] {
            let app = TestApp::start();
            let admin = app.admin().await;
            let wiki = App::register(&admin, json!({"authorization_code_retain": days})).await;
            let code = wiki.code(&admin, &[]).await;
            if is_used {
                Tokens::of(&wiki.exchange(&code).await);
            }
            let end = end_of_record(&app) + TimeDelta::days(days);

            round(&app, end - second).await;
            assert_eq!(count(&app, RECORDS), 1, "{days} days, used: {is_used}");
            round(&app, end + second).await;
            assert_eq!(count(&app, RECORDS), 0, "{days} days, used: {is_used}");
        }
    }
}

#[tokio::test]
async fn where_nothing_is_kept_a_code_goes_with_its_use_or_its_expiry() {
    let second = TimeDelta::seconds(1);
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({"authorization_code_retain": 0})).await;
    let code = wiki.code(&admin, &[]).await;
    assert_eq!(count(&app, RECORDS), 1);
    Tokens::of(&wiki.exchange(&code).await);
    assert_eq!(count(&app, RECORDS), 0, "at its use, before any round");

    wiki.code(&admin, &[]).await;
    let expiry = end_of_record(&app);
    round(&app, expiry - second).await;
    assert_eq!(count(&app, RECORDS), 1, "it can still be exchanged");
    round(&app, expiry + second).await;
    assert_eq!(count(&app, RECORDS), 0);
}

#[tokio::test]
async fn nothing_goes_while_another_server_is_at_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    wiki.code(&admin, &[]).await;
    wiki.ask(&admin, &[("scope", "read write")]).await;
    wiki.refresh("unknown").await;
    let (client, connection) = app.database.config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let tables = [RECORDS, "oauth_code", "oauth_request", "rate_limit", "web_session", "audit_log"];
    let all = || tables.map(|table| count(&app, table));
    let (before, later) = (all(), Utc::now().naive_utc() + TimeDelta::days(400));
    assert!(before.iter().all(|rows| *rows > 0), "{before:?}");

    client.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(6830471103)").await.unwrap();
    round(&app, later).await;
    assert_eq!(all(), before, "the lock is another's");
    client.batch_execute("COMMIT").await.unwrap();
    round(&app, later).await;
    assert_eq!(all(), [0; 6], "the lock is free");
    let free = client.query_one("SELECT pg_try_advisory_xact_lock(6830471103)", &[]).await.unwrap();
    assert!(free.get::<_, bool>(0), "a round leaves no lock behind");
}

#[tokio::test]
async fn many_rows_go_in_batches() {
    let app = TestApp::start();
    let database = &app.database;
    database.query("CREATE TABLE counted (gone bigint)");
    database.query("CREATE FUNCTION count_gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO counted SELECT count(*) FROM gone; RETURN NULL; END'");
    database.query("CREATE TRIGGER counting AFTER DELETE ON rate_limit REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_gone()");
    database.query("INSERT INTO rate_limit SELECT sha256(n::text::bytea), 1, now() - interval '1 day' FROM generate_series(1, 4500) AS n");

    round(&app, Utc::now().naive_utc()).await;

    let counted = database.query("SELECT gone FROM counted WHERE gone > 0");
    let counted: Vec<String> = counted.into_iter().flatten().flatten().collect();
    assert_eq!(counted, ["2000", "2000", "500"]);
    assert_eq!(count(&app, "rate_limit"), 0);
}

#[tokio::test]
async fn an_odd_number_of_days_deletes_no_audit_entries_and_holds_nothing_up() {
    let app = TestApp::start();
    app.admin().await;
    let kept = count(&app, "audit_log");
    assert!(kept > 0);
    let later = Utc::now().naive_utc() + TimeDelta::days(400);
    let set = |value: &str| {
        let change =
            format!("UPDATE ir_config_parameter SET value = '{value}' WHERE key = 'oregional.audit_days'");
        app.database.query(&change);
    };
    app.database.query("INSERT INTO ir_config_parameter (key, value) VALUES ('oregional.audit_days', '0')");
    // Past the server any value comes in, also one before the calendar of the database or of the program.
    for odd in ["a year", "-1", "1.5", "", "36501", "96000000", "999999999", "9223372036854775807"] {
        set(odd);
        round(&app, later).await;
        assert!(count(&app, "audit_log") >= kept, "{odd}");
    }
    for many in ["0", "36500"] {
        set(many);
        round(&app, later).await;
        assert!(count(&app, "audit_log") >= kept, "{many}");
    }
    set(" 30 ");
    round(&app, later).await;
    assert_eq!(count(&app, "audit_log"), 0);
}

#[tokio::test]
async fn who_keeps_codes_for_longer_than_there_is_time_holds_nothing_up() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({"authorization_code_retain": i32::MAX})).await;
    Tokens::of(&wiki.exchange(&wiki.code(&admin, &[]).await).await);
    wiki.refresh("unknown").await;
    let end = end_of_record(&app);

    round(&app, end + TimeDelta::days(36_499)).await;
    assert_eq!(count(&app, RECORDS), 1, "a hundred years");
    assert_eq!(count(&app, "rate_limit"), 0, "what comes after it goes as ever");
    assert_eq!(count(&app, "audit_log"), 0);
    round(&app, end + TimeDelta::days(36_501)).await;
    assert_eq!(count(&app, RECORDS), 0, "longer nothing is kept");
}

#[tokio::test]
async fn a_kind_of_row_that_cannot_go_holds_up_no_other() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    Tokens::of(&wiki.exchange(&wiki.code(&admin, &[]).await).await);
    wiki.ask(&admin, &[("scope", "read write")]).await;
    wiki.refresh("unknown").await;
    let database = &app.database;
    database.query("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not this one''; END'");
    for table in ["web_session", "oauth_token"] {
        database.query(&format!(
            "CREATE TRIGGER refusing BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        ));
    }
    let tables = ["web_session", "oauth_token", "rate_limit", "oauth_request", "audit_log"];
    let before = tables.map(|table| count(&app, table));
    assert!(before.iter().all(|rows| *rows > 0), "{before:?}");

    round(&app, Utc::now().naive_utc() + TimeDelta::days(400)).await;

    let [sessions, tokens, ..] = before;
    assert_eq!(tables.map(|table| count(&app, table)), [sessions, tokens, 0, 0, 0]);
}
