//! PostgreSQL goes away and comes back while the server runs.

use oregional::db::cluster::{Cluster, ClusterOptions};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::json;
use tokio_postgres::NoTls;

use crate::oauth::support::{App, CALLBACK, Tokens};
use crate::support::app::{DB, PASSWORD, Running, TestApp, settings};
use crate::support::client::{Anonymous, Answer, User};
use crate::support::database::Scratch;
use crate::support::eventually;
use crate::support::services::{Outcome, Script};

const MODEL: &str = "oregional.application";

/// A PostgreSQL that one test may stop and start.
fn options(scratch: &Scratch) -> ClusterOptions {
    let settings = [("fsync", "off"), ("shared_buffers", "16MB")];
    ClusterOptions {
        data_dir: scratch.path.join("cluster"),
        data_dir_is_default: false,
        settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    }
}

/// An answer that tells to come again.
fn is_outage(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    let seconds: u32 = answer.headers[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(answer.error(), (200, "psycopg2.OperationalError".to_owned()));
    assert_eq!(answer.json()["id"], 7);
    let shown = answer.body.to_lowercase();
    for hidden in ["socket", "/tmp", "os error", "connection refused"] {
        assert!(!shown.contains(hidden), "{hidden} is shown: {shown}");
    }
}

/// Scripts that send a password are answered in their own way.
async fn scripts_are_told_so(anonymous: &Anonymous, user: i64, key: &str) {
    let request = anonymous.http.post(format!("{}/json/2/{MODEL}/search", anonymous.url)).bearer_auth(key);
    let answer = Answer::to(request.json(&json!({"domain": []}))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert!(answer.headers.contains_key(RETRY_AFTER));
    assert_eq!(answer.json()["name"], "psycopg2.OperationalError");
    let login = json!({"service": "common", "method": "login", "args": [DB, "admin", PASSWORD]});
    is_outage(&anonymous.rpc("/jsonrpc", login).await);
    let script = Script::new(&anonymous.url, user, PASSWORD);
    match script.call("/xmlrpc/2/object", MODEL, "search", json!([[]]), json!({})).await {
        Outcome::Fault(fault) => {
            assert_eq!(fault.code, 1);
            assert!(fault.text.starts_with("psycopg2.OperationalError: "), "{fault:?}");
        }
        other => panic!("no fault: {other:?}"),
    }
}

/// The plugin hears on each route that it may come again, and never that something is refused for good.
async fn the_plugin_is_told_so(user: &User, wiki: &App, tokens: &Tokens) {
    let (http, id) = (Anonymous::new("").http, wiki.client_id.as_str());
    let at = |path: &str| http.post(format!("{}/orestapi/{path}", wiki.url));
    let (session, secret) = (format!("session_id={}", user.session), wiki.client_secret.as_str());
    let client = [("client_id", id), ("client_secret", secret), ("redirect_uri", CALLBACK)];
    let code = [("grant_type", "authorization_code"), ("code", tokens.access.as_str())];
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)];
    let partner = [("model", "res.partner"), ("ids", "[3]"), ("names", "[]")];
    let mut requests = vec![
        at("application/status").basic_auth(id, Some(secret)),
        at("oauth2/authorization").query(&client[..1]).query(&client[2..]).header("cookie", &session),
        at("oauth2/access_token").query(&client).query(&code),
        at("oauth2/access_token").basic_auth(id, Some(secret)).form(&refresh),
        at("application/user").form(&client).header("cookie", &session),
        at("application/confluence/link").header("cookie", &session),
    ];
    for path in ["application/model", "record/name_search", "record/read", "model/field"] {
        requests.push(at(path).bearer_auth(&tokens.access).form(&partner));
    }
    for request in requests {
        let url = request.try_clone().unwrap().build().unwrap().url().path().to_owned();
        let answer = Answer::to(request).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{url}: {answer:?}");
        let seconds: u32 = answer.headers[RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{url}: {seconds}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{url}");
        for name in ["orestapi_code", "orestapi_message"] {
            assert!(answer.json()[name].as_str().is_some_and(|text| !text.is_empty()), "{url}: {answer:?}");
        }
        for hidden in ["socket", "/tmp", "os error", "connection refused", secret] {
            assert!(!answer.body.to_lowercase().contains(hidden), "{url} shows {hidden}: {answer:?}");
        }
    }
    let version = Answer::to(at("version")).await;
    assert_eq!((version.status, &version.json()["orestapi_version"]), (StatusCode::OK, &json!("1.6.4")));
}

/// Browsers are told when to come again, and nobody loses the cookie of a session that is still open.
async fn browsers_are_told_so(user: &User) {
    for path in [
        "/web",
        "/odoo",
        "/odoo/res.partner",
        "/odoo/res.partner/3",
        "/odoo/preferences",
        "/web/image/res.partner/3/avatar_128",
        "/web/content/1",
        "/web/binary/company_logo",
        "/web/webclient/load_menus",
        "/web/webclient/translations",
        "/web/session/logout",
        "/web/health?db=1",
    ] {
        let answer = user.browser.get(path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {answer:?}");
        let seconds: u32 = answer.headers[RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{path}: {seconds}");
        assert!(answer.cookies().is_empty(), "{path}: {answer:?}");
    }
    for path in ["check", "account", "destroy"] {
        let kept = user.browser.rpc(&format!("/web/session/{path}"), json!({})).await;
        is_outage(&kept);
        assert!(kept.cookies().is_empty(), "{kept:?}");
    }
}

/// A revocation that did not happen is never told as one that did.
async fn applications_are_told_so(wiki: &App, tokens: &Tokens) {
    for (path, form) in [
        ("/oauth2/revoke", [("token", tokens.refresh.as_str()), ("token_type_hint", "refresh_token")]),
        ("/oauth2/introspect", [("token", &tokens.access), ("token_type_hint", "")]),
        ("/oauth2/token", [("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)]),
    ] {
        let answer = wiki.post(path, &form).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {answer:?}");
        assert!(answer.headers.contains_key("retry-after"), "{path}");
    }
}

#[tokio::test]
async fn calls_are_answered_with_503_while_the_database_is_away_and_work_when_it_is_back() {
    let scratch = Scratch::for_test();
    let cluster = Cluster::start(options(&scratch)).await.unwrap();
    cluster.ensure_database("work").await.unwrap();
    let url = cluster.url("work");
    let (first, second) = (Running::start(settings(&url)).unwrap(), Running::start(settings(&url)).unwrap());
    let [first_url, second_url] = [&first, &second].map(|running| format!("http://{}", running.address));
    let admin = User::sign_in(&first_url, "admin", PASSWORD).await;
    let elsewhere = User::sign_in(&second_url, "admin", PASSWORD).await;
    let id = admin.create(MODEL, json!({"name": "There"})).await;
    let anonymous = Anonymous::new(&first_url);
    let key = admin.api_key().await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    let healthy = json!({"status": "pass"});
    assert_eq!(anonymous.get("/web/health").await.json(), healthy);
    assert_eq!(anonymous.get("/web/health?db=1").await.status, StatusCode::OK);

    cluster.stop().await.unwrap();

    is_outage(&admin.call_kw(MODEL, "read", json!([[id], ["name"]]), json!({})).await);
    is_outage(&admin.call_kw(MODEL, "write", json!([[id], {"name": "Lost"}]), json!({})).await);
    is_outage(&admin.call_kw(MODEL, "create", json!([{"name": "Lost"}]), json!({})).await);
    scripts_are_told_so(&anonymous, admin.uid, &key).await;
    applications_are_told_so(&wiki, &tokens).await;
    the_plugin_is_told_so(&admin, &wiki, &tokens).await;
    browsers_are_told_so(&admin).await;
    is_outage(&admin.browser.rpc("/web/session/get_session_info", json!({})).await);
    let refused = anonymous.authenticate("admin", PASSWORD).await;
    is_outage(&refused);
    assert!(refused.cookies().is_empty());
    assert_eq!(
        anonymous.rpc("/web/webclient/version_info", json!({})).await.result()["server_serie"],
        "18.0"
    );
    let health = anonymous.get("/web/health").await;
    assert_eq!((health.status, health.json()), (StatusCode::OK, healthy));
    for question in ["/web/health?db=1", "/web/health?db_server_status=1"] {
        let health = anonymous.get(question).await;
        assert_eq!(
            (health.status, &health.json()["status"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("fail"))
        );
    }

    let cluster = Cluster::start(options(&scratch)).await.unwrap();

    // The very first call: nobody should have to ask twice.
    let found = admin.result(MODEL, "search_read", json!([[["id", "=", id]], ["name"]])).await;
    assert_eq!(found, json!([{"id": id, "name": "There"}]), "the session, too, is still good");
    assert!(wiki.is_active(&tokens.refresh).await, "what was not revoked is not revoked");
    assert_eq!(anonymous.get("/web/health?db=1").await.status, StatusCode::OK);
    assert_eq!(admin.result(MODEL, "write", json!([[id], {"name": "Back"}])).await, true);
    // The connection that hears of changes is back as well.
    let group = admin.reference("base.group_system").await;
    eventually("the other server hears of rights again", async || {
        admin.result("res.users", "write", json!([[admin.uid], {"groups_id": [[4, group]]}])).await;
        let model = admin.result("ir.model", "search", json!([[["model", "=", MODEL]]])).await[0].clone();
        let rule = json!({"name": "none", "model_id": model, "domain_force": "[('id', '=', 0)]"});
        let rule = admin.create("ir.rule", rule).await;
        let is_heard = elsewhere.result(MODEL, "search_count", json!([[]])).await == 0;
        admin.result("ir.rule", "unlink", json!([[rule]])).await;
        is_heard
    })
    .await;
    drop((first, second));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_revocation_under_way_when_the_database_stops_is_told_as_none_and_is_none() {
    let scratch = Scratch::for_test();
    let cluster = Cluster::start(options(&scratch)).await.unwrap();
    cluster.ensure_database("work").await.unwrap();
    // The oldest session: PostgreSQL ends it last, so that what waits for it ends before it can go on.
    let (holder, connection) = cluster.config("work").connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let running = Running::start(settings(&cluster.url("work"))).unwrap();
    let admin = User::sign_in(&format!("http://{}", running.address), "admin", PASSWORD).await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    holder.batch_execute("BEGIN; SELECT 1 FROM oauth_family FOR UPDATE").await.unwrap();
    let revoking = tokio::spawn({
        let (wiki, token) = (wiki.clone(), tokens.refresh.clone());
        async move { wiki.post("/oauth2/revoke", &[("token", &token)]).await }
    });
    eventually("the revocation waits", async || {
        !holder.query("SELECT 1 FROM pg_locks WHERE NOT granted", &[]).await.unwrap().is_empty()
    })
    .await;

    cluster.stop().await.unwrap();

    let answer = revoking.await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    let seconds: u32 = answer.headers[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(wiki.post("/oauth2/revoke", &[("token", &tokens.refresh)]).await.status, answer.status);

    let cluster = Cluster::start(options(&scratch)).await.unwrap();

    assert!(
        wiki.is_active(&tokens.access).await && wiki.is_active(&tokens.refresh).await,
        "nothing was kept"
    );
    assert_eq!(wiki.post("/oauth2/revoke", &[("token", &tokens.refresh)]).await.status, StatusCode::OK);
    assert!(!wiki.is_active(&tokens.access).await && !wiki.is_active(&tokens.refresh).await);
    drop(running);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn connections_that_are_cut_off_cost_a_call_at_the_most() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create(MODEL, json!({"name": "There"})).await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

    for round in 0..10 {
        app.database.query(cut);
        let (read, write) = tokio::join!(
            admin.call_kw(MODEL, "read", json!([[id], ["name"]]), json!({})),
            admin.call_kw(MODEL, "write", json!([[id], {"description": round.to_string()}]), json!({})),
        );
        if read.status == StatusCode::OK {
            read.result();
        } else {
            is_outage(&read);
        }
        eventually("calls work again", async || {
            let answer = admin.call_kw(MODEL, "read", json!([[id], ["name"]]), json!({})).await;
            answer.status == StatusCode::OK
        })
        .await;
        let found = admin.result(MODEL, "read", json!([[id], ["description"]])).await;
        let is_kept = found[0]["description"] == json!(round.to_string());
        if write.status == StatusCode::OK {
            assert!(write.result() == true && is_kept, "{write:?}");
        } else if write.headers.contains_key(RETRY_AFTER) {
            is_outage(&write);
            assert!(!is_kept, "it was told that nothing was changed: {write:?}");
        } else {
            assert!(write.message().contains("not known whether it was kept"), "{write:?}");
        }
    }
}

#[tokio::test]
async fn a_server_without_its_database_does_not_start_and_says_why() {
    let scratch = Scratch::for_test();
    let url = format!("postgresql:///work?host={}&user=oregional", scratch.path.display());

    let Err(error) = Running::start(settings(&url)) else { panic!("it has started") };

    let text = error.to_string();
    assert!(text.to_lowercase().contains("database"), "{text}");
}
