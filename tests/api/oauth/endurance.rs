//! What lasts: tables that do not grow, purging by index, a revocation that costs the same at any age.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use oregional::clock::Clock as _;
use serde_json::{Value as Json, json};

use super::purge::round;
use super::support::{App, TestClock, Tokens};
use crate::support::app::TestApp;
use crate::support::client::User;

/// The tables that sign-ins fill.
const TABLES: [&str; 10] = [
    "oauth_token",
    "oauth_family",
    "oauth_code",
    "oauth_request",
    "oauth_consent",
    "rate_limit",
    "web_session",
    "audit_log",
    "oregional_authorization",
    "oregional_authorization_code",
];

fn sizes(app: &TestApp) -> BTreeMap<&'static str, usize> {
    let count = |table: &str| -> usize {
        let rows = app.database.query(&format!("SELECT count(*)::text FROM {table}"));
        rows[0][0].as_deref().unwrap().parse().unwrap()
    };
    TABLES.into_iter().map(|table| (table, count(table))).collect()
}

/// A while of everything: sign-ins, refreshes, a revocation, requests that are left, and failures.
async fn work(wiki: &App, user: &User) {
    let mut tokens = wiki.sign_in(user).await;
    for _ in 0..2 {
        tokens = Tokens::of(&wiki.refresh(&tokens.refresh).await);
    }
    let ended = wiki.sign_in(user).await;
    wiki.post("/oauth2/revoke", &[("token", &ended.refresh)]).await;
    wiki.code(user, &[]).await;
    wiki.ask(user, &[("scope", "read write")]).await;
    wiki.refresh("unknown").await;
    wiki.exchange("unknown").await;
    user.browser.authenticate("nobody", "guess").await;
    User::sign_in(&user.browser.url, "admin", crate::support::app::PASSWORD).await;
}

#[tokio::test]
async fn days_of_work_leave_the_tables_as_large_as_a_day_does() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let settings =
        json!({"authorization_code_expiry": 60, "access_token_expiry": 300, "refresh_token_expiry": 1800});
    let wiki = App::register(&admin, settings).await;
    admin.result("ir.config_parameter", "set_param", json!(["oregional.audit_days", "1"])).await;
    let mut seen = Vec::new();
    for hour in 1..=24 * 20 {
        clock.advance(3600);
        if hour % 8 == 0 {
            let user = app.admin().await;
            work(&wiki, &user).await;
            round(&app, clock.now()).await;
        }
        if hour % 48 == 0 {
            seen.push(sizes(&app));
        }
    }
    // The first days fill what is kept for some days; sessions live for seven.
    let (early, late) = (&seen[4], &seen[9]);
    for table in TABLES {
        assert!(
            late[table] <= early[table],
            "{table} grows from {} to {}: {seen:?}",
            early[table],
            late[table]
        );
    }
    assert!(late["oauth_token"] > 0 && late["audit_log"] > 0, "{late:?}");
}

/// An hour of work by the minute: what is kept is what the hour made, and no more.
#[tokio::test]
async fn an_hour_of_work_keeps_no_more_than_what_is_told_to_be_kept() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki =
        App::register(&admin, json!({"authorization_code_expiry": 60, "access_token_expiry": 60})).await;
    let mut most = BTreeMap::new();
    for minute in 1..=60 {
        work(&wiki, &admin).await;
        clock.advance(60);
        round(&app, clock.now()).await;
        if minute == 30 {
            most = sizes(&app);
        }
    }
    let end = sizes(&app);
    for table in [
        "oauth_consent",
        "oregional_authorization",
        "oregional_authorization_code",
        "rate_limit",
        "oauth_request",
    ] {
        assert!(
            end[table] <= most[table] + 1,
            "{table}: {} after half an hour, {} after one",
            most[table],
            end[table]
        );
    }
    for table in ["oauth_token", "oauth_family", "oauth_code", "web_session", "audit_log"] {
        // These are kept for a day or longer: what was made in the second half is all that was added.
        assert!(
            end[table] <= 2 * most[table] + 2,
            "{table}: {} after half an hour, {} after one",
            most[table],
            end[table]
        );
    }
}

#[tokio::test]
async fn housekeeping_finds_what_has_expired_by_an_index() {
    let app = TestApp::start();
    let admin = app.admin().await;
    App::register(&admin, json!({"authorization_code_retain": 5})).await;
    for statement in [
        "INSERT INTO res_users (login, partner_id, company_id, active) SELECT 'u' || n, 3, 1, true FROM generate_series(1, 10000) AS n",
        "INSERT INTO oregional_authorization (application_id, user_id) SELECT a.id, u.id FROM oregional_application a, res_users u WHERE u.login LIKE 'u%'",
        "INSERT INTO oauth_consent SELECT id, 0, 'read', now() FROM oregional_authorization",
        "INSERT INTO oauth_family (code_hash, grant_id, application_id, user_id, scope, created_at) SELECT sha256(id::text::bytea), id, application_id, user_id, 'read', now() - id % 1000 * interval '1 minute' FROM oregional_authorization",
        "INSERT INTO oauth_token (hash, family_id, kind, generation, issued_at, expires_at, used_at) SELECT sha256((k || id)::bytea), id, k::\"char\", 1, created_at, CASE WHEN id % 2 = 0 THEN created_at + interval '10 days' END, CASE WHEN id % 2 = 1 THEN created_at END FROM oauth_family, (VALUES ('a'), ('r')) AS kinds (k)",
        "INSERT INTO oauth_code (hash, grant_id, application_id, user_id, uri_id, redirect_uri, uri_named, scope, client_id, record_id, address, issued_at, expires_at) SELECT code_hash, grant_id, application_id, user_id, 1, 'x', true, 'read', 'x', 1, '', created_at, created_at + interval '2 days' FROM oauth_family",
        "INSERT INTO oauth_request (hash, session, form_token, application_id, uri_id, uri_named, scope, face, expires_at) SELECT code_hash, '', '', 1, 1, true, 'read', 'standard', created_at + interval '2 days' FROM oauth_family",
        "INSERT INTO web_session SELECT code_hash, user_id, created_at, created_at + interval '2 days' FROM oauth_family",
        "INSERT INTO rate_limit SELECT code_hash, 1, created_at + interval '2 days' FROM oauth_family",
        "INSERT INTO oregional_authorization_code (active, authorization_id, expiry) SELECT true, id, now() + id % 1000 * interval '1 minute' FROM oregional_authorization",
        "INSERT INTO audit_log (event, create_date) SELECT 'refresh', now() - n * interval '1 minute' FROM generate_series(1, 10000) AS n",
    ] {
        app.database.query(statement);
    }
    app.database.query("ANALYZE");
    let before = Utc::now().naive_utc() - TimeDelta::days(1);
    for (table, statement) in [
        ("audit_log", include_str!("../../../sql/queries/purge/audit.sql")),
        ("oregional_authorization_code", include_str!("../../../sql/queries/purge/code_records.sql")),
        ("oauth_code", include_str!("../../../sql/queries/purge/codes.sql")),
        ("oauth_token", include_str!("../../../sql/queries/purge/idle_tokens.sql")),
        ("rate_limit", include_str!("../../../sql/queries/purge/failures.sql")),
        ("oauth_family", include_str!("../../../sql/queries/purge/families.sql")),
        ("oauth_request", include_str!("../../../sql/queries/purge/requests.sql")),
        ("web_session", include_str!("../../../sql/queries/purge/sessions.sql")),
        ("oauth_token", include_str!("../../../sql/queries/purge/spent_tokens.sql")),
        ("oauth_token", include_str!("../../../sql/queries/purge/tokens.sql")),
    ] {
        let before = if table == "audit_log" { before - TimeDelta::hours(142) } else { before };
        let statement = statement.replace("$1", &format!("timestamp '{before}'")).replace("$2", "2000");
        let plan = app.database.query(&format!("EXPLAIN {statement}"));
        let plan: Vec<String> = plan.into_iter().flatten().flatten().collect();
        let reads_all = plan.iter().any(|line| line.contains(&format!("Seq Scan on {table}")));
        assert!(!reads_all, "{table}:\n{}", plan.join("\n"));
    }
}

async fn revoke(admin: &User, grants: Json) {
    admin.result("oregional.authorization", "action_revoke_tokens", json!([grants])).await;
}

#[tokio::test]
async fn a_revocation_is_the_same_few_statements_at_ten_thousand_generations() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    app.database.query("CREATE TABLE counted (what text)");
    app.database.query("CREATE FUNCTION count_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO counted VALUES (tg_table_name); RETURN NULL; END'");
    for table in ["oauth_token", "oauth_family", "oauth_code", "oregional_authorization"] {
        app.database.query(&format!("CREATE TRIGGER counting AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION count_it()"));
    }
    let counted = || {
        let rows = app.database.query("SELECT what FROM counted ORDER BY 1");
        app.database.query("TRUNCATE counted");
        rows.into_iter().flatten().flatten().collect::<Vec<String>>()
    };
    let grow = |generations: i32| {
        app.database.query(&format!(
            "INSERT INTO oauth_token (hash, family_id, kind, generation, issued_at, used_at) SELECT sha256((id || k || n)::bytea), id, k::\"char\", n, now(), now() FROM (SELECT max(id) AS id FROM oauth_family) AS f, generate_series(10, 9 + {generations}) AS n, (VALUES ('a'), ('r')) AS kinds (k)"
        ));
        app.database.query("TRUNCATE counted");
    };
    let mut told = Vec::new();
    for generations in [1, 10_000] {
        for way in ["grant", "user", "application", "client"] {
            let user = admin.make_user(&format!("{way}{generations}"), &["base.group_user"]).await;
            let tokens = wiki.sign_in(&user).await;
            grow(generations);
            let own = json!([[["user_id", "=", user.uid]]]);
            let grant = admin.result("oregional.authorization", "search", own).await;
            match way {
                "grant" => revoke(&admin, grant).await,
                "user" => {
                    let values = json!([[user.uid], {"password": "another one"}]);
                    admin.result("res.users", "write", values).await;
                }
                "application" => {
                    let all = json!([[["application_id", "=", wiki.id]]]);
                    revoke(&admin, admin.result("oregional.authorization", "search", all).await).await;
                }
                _ => {
                    wiki.post("/oauth2/revoke", &[("token", &tokens.refresh)]).await;
                }
            }
            let statements = counted();
            assert!(!statements.is_empty() && statements.len() <= 6, "{way}: {statements:?}");
            told.push((way, statements));
            assert!(!wiki.is_active(&tokens.access).await, "{way}");
            assert_ne!(wiki.refresh(&tokens.refresh).await.status, 200, "{way}");
        }
    }
    let (few, many) = told.split_at(4);
    assert_eq!(few, many, "as many statements as at one generation");
}
