//! Whatever a request does that the audit log notes, the entry tells from which address and by which program.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use reqwest::header::{COOKIE, USER_AGENT};
use serde_json::{Value as Json, json};

use crate::oauth::support::{App, Tokens, decide, error};
use crate::support::app::TestApp;
use crate::support::client::{AGENT, Answer, User, envelope};

/// The newest entries of all, of each what stands in `fields`.
async fn entries(admin: &User, since: i64, fields: &[&str]) -> Vec<Json> {
    let kwargs = json!({"domain": [["id", ">", since]], "fields": fields, "order": "id"});
    let found = admin.call_kw("audit.log", "search_read", json!([]), kwargs).await.result();
    found.as_array().unwrap().clone()
}

async fn last(admin: &User) -> i64 {
    entries(admin, 0, &[]).await.last().map_or(0, |entry| entry["id"].as_i64().unwrap())
}

/// Changes of each kind: made, written one and many, archived, gone with what hangs on it, links, passwords.
async fn change(admin: &User) {
    let model = "oregional.application";
    let values = json!({"name": "A", "uri_ids": [[0, 0, {"uri": "https://a.example.com/cb"}]]});
    let one = admin.create(model, values).await;
    let other = admin.create(model, json!({"name": "B"})).await;
    admin.result(model, "write", json!([[one], {"name": "A 2"}])).await;
    admin.result(model, "write", json!([[one, other], {"description": "both"}])).await;
    admin.call_kw(model, "action_archive", json!([[other]]), json!({})).await;
    admin.result(model, "unlink", json!([[one, other]])).await;
    let user = admin.make_user("olga", &["base.group_user"]).await;
    let system = admin.reference("base.group_system").await;
    admin.result("res.users", "write", json!([[user.uid], {"groups_id": [[4, system]]}])).await;
}

/// All that happens between a client, its user and the server.
async fn authorize(admin: &User) {
    let wiki = App::register(admin, json!({})).await;
    let page = wiki.ask(admin, &[]).await;
    decide(admin, &page, "deny").await;
    let first = wiki.sign_in(admin).await;
    let second = Tokens::of(&wiki.refresh(&first.refresh).await);
    Tokens::of(&wiki.refresh(&second.refresh).await);
    assert_eq!(error(&wiki.refresh(&first.refresh).await).1, "invalid_grant", "used again");
    let tokens = wiki.sign_in(admin).await;
    assert_eq!(wiki.post("/oauth2/revoke", &[("token", &tokens.refresh)]).await.status, StatusCode::OK);
    let grant = json!([[["application_id", "=", wiki.id]]]);
    let grants = admin.result("oregional.authorization", "search", grant).await;
    admin.result("oregional.authorization", "action_revoke_tokens", json!([grants])).await;
    let stranger = App { client_secret: "guess".to_owned(), ..wiki };
    assert_eq!(error(&stranger.refresh(&tokens.refresh).await).1, "invalid_client");
    let refused = admin.browser.authenticate("admin", "guess").await;
    assert_eq!(refused.error().1, "odoo.exceptions.AccessDenied");
}

#[tokio::test]
async fn each_entry_tells_the_address_and_the_program() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let before = last(&admin).await;

    change(&admin).await;
    authorize(&admin).await;

    let fields = ["event", "outcome", "model", "address", "user_agent"];
    let entries = entries(&admin, before, &fields).await;
    let text = |entry: &Json, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let nameless: Vec<&Json> = entries
        .iter()
        .filter(|entry| {
            (text(entry, "address"), text(entry, "user_agent")) != ("127.0.0.1".into(), AGENT.into())
        })
        .collect();
    assert!(nameless.is_empty(), "{nameless:#?}");
    let told: BTreeSet<String> =
        entries.iter().map(|entry| format!("{} {}", text(entry, "event"), text(entry, "outcome"))).collect();
    let wanted = [
        "archive done",
        "authorize allowed",
        "authorize denied",
        "client_authentication refused",
        "create done",
        "issue_code done",
        "issue_token done",
        "password done",
        "refresh done",
        "reuse revoked",
        "revoke done",
        "sign_in refused",
        "unlink done",
        "write done",
    ];
    assert_eq!(told, wanted.map(str::to_owned).into());
}

#[tokio::test]
async fn behind_a_trusted_proxy_it_is_the_client_that_is_told() {
    let app = TestApp::with(|settings| settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]);
    let admin = app.admin().await;
    let before = last(&admin).await;
    let params =
        json!({"model": "oregional.application", "method": "create", "args": [{"name": "A"}], "kwargs": {}});

    let request = app
        .anonymous()
        .http
        .post(format!("{}/web/dataset/call_kw", app.url()))
        .header(COOKIE, format!("session_id={}", admin.session))
        .header("x-forwarded-for", "198.51.100.4, 203.0.113.9")
        .header(USER_AGENT, "x".repeat(4000))
        .json(&envelope(&params));
    Answer::to(request).await.result();

    let entries = entries(&admin, before, &["address", "user_agent"]).await;
    assert_eq!(entries[0]["address"], "203.0.113.9");
    assert_eq!(entries[0]["user_agent"], "x".repeat(200), "no more of it is kept");
}

#[tokio::test]
async fn only_what_trusted_proxies_have_added_is_believed() {
    let app = TestApp::with(|settings| {
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/24".parse().unwrap()];
    });
    let admin = app.admin().await;
    for (lines, wanted) in [
        (&["203.0.113.9"][..], "203.0.113.9"),
        (&["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        (&["6.6.6.6, 203.0.113.9", "10.0.0.1"], "203.0.113.9"),
        (&["6.6.6.6, 203.0.113.9:5678"], "203.0.113.9"),
        (&["6.6.6.6, [2001:db8::7]:5678"], "2001:db8::7"),
        (&["6.6.6.6, 2001:db8::7"], "2001:db8::7"),
        (&["6.6.6.6, unknown"], "127.0.0.1"),
        (&["6.6.6.6, , 10.0.0.1"], "10.0.0.1"),
        (&[], "127.0.0.1"),
    ] {
        let before = last(&admin).await;
        let params = json!({"db": "oregional", "login": "admin", "password": "guess"});
        let mut request = app.anonymous().http.post(format!("{}/web/session/authenticate", app.url()));
        for line in lines {
            request = request.header("x-forwarded-for", *line);
        }
        Answer::to(request.json(&envelope(&params))).await.error();
        let entries = entries(&admin, before, &["address"]).await;
        assert_eq!(entries[0]["address"], wanted, "{lines:?}");
    }
}
