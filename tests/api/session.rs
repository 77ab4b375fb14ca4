//! Sessions: the cookie, what opens one, and what it opens.

use reqwest::header::COOKIE;
use serde_json::{Value as Json, json};

use crate::support::app::{DB, PASSWORD, TestApp};
use crate::support::client::{Answer, envelope, expired, is_alive};

const AUTHENTICATE: &str = "/web/session/authenticate";
const INFO: &str = "/web/session/get_session_info";
const CHECK: &str = "/web/session/check";
const DESTROY: &str = "/web/session/destroy";

/// Checks the attributes of a session's cookie.
fn is_session_cookie(cookie: &str, is_secure: bool) {
    let mut parts = cookie.split("; ");
    let value = parts.next().unwrap().strip_prefix("session_id=").unwrap();
    assert_eq!(value.len(), 84, "{cookie}");
    assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)), "{cookie}");
    let attributes: Vec<&str> = parts.collect();
    let expires = attributes.iter().find_map(|attribute| attribute.strip_prefix("Expires=")).unwrap();
    assert!(expires.ends_with(" GMT"), "{cookie}");
    for wanted in ["Max-Age=604800", "HttpOnly", "Path=/", "SameSite=Lax"] {
        assert!(attributes.contains(&wanted), "{wanted} is not in {cookie}");
    }
    assert_eq!(attributes.contains(&"Secure"), is_secure, "{cookie}");
    assert_eq!(attributes.len(), if is_secure { 6 } else { 5 }, "{cookie}");
}

#[tokio::test]
async fn signing_in_sets_the_cookie_that_clients_look_for() {
    let app = TestApp::start();

    let answer = app.anonymous().authenticate("admin", PASSWORD).await;

    assert_eq!(answer.result()["uid"], 2);
    assert_eq!(answer.cookies().len(), 1);
    is_session_cookie(&answer.cookies()[0], false);
    assert!(!answer.body.contains(&answer.session()), "the cookie's value is in the body");
}

#[tokio::test]
async fn behind_https_every_session_cookie_is_secure() {
    let app = TestApp::with(|settings| settings.public_url = Some("https://apps.example.com".to_owned()));
    let anonymous = app.anonymous();

    let answer = anonymous.authenticate("admin", PASSWORD).await;
    is_session_cookie(&answer.cookies()[0], true);
    is_session_cookie(&anonymous.rpc("/web/webclient/version_info", json!({})).await.cookies()[0], true);
    let destroyed = anonymous.rpc_with(&answer.session(), DESTROY, json!({})).await;
    is_session_cookie(&destroyed.cookies()[1], true);
}

#[tokio::test]
async fn whoever_cannot_sign_in_is_given_no_cookie() {
    let app = TestApp::start();
    let anonymous = app.anonymous();
    let denied = "odoo.exceptions.AccessDenied";

    for (params, name) in [
        (json!({"db": DB, "login": "admin", "password": "wrong"}), denied),
        (json!({"db": DB, "login": "nobody", "password": PASSWORD}), denied),
        (json!({"db": DB, "login": "ADMIN", "password": PASSWORD}), denied),
        (json!({"db": DB, "login": "__system__", "password": ""}), denied),
        (json!({"db": DB, "login": "admin", "password": ""}), denied),
        (json!({"db": DB, "login": "", "password": ""}), denied),
        (json!({"db": DB, "login": "admin' OR '1'='1", "password": PASSWORD}), denied),
        (json!({"db": DB, "login": "admin", "password": "x".repeat(1_000_000)}), denied),
        (json!({"db": "other", "login": "admin", "password": PASSWORD}), "odoo.exceptions.AccessError"),
        (json!({"db": "", "login": "admin", "password": PASSWORD}), "odoo.exceptions.AccessError"),
        (json!({"db": "OREGIONAL", "login": "admin", "password": PASSWORD}), "odoo.exceptions.AccessError"),
        (json!({"login": "admin", "password": PASSWORD}), "builtins.TypeError"),
        (json!({"db": DB, "password": PASSWORD}), "builtins.TypeError"),
        (json!({"db": DB, "login": "admin"}), "builtins.TypeError"),
        (json!({}), "builtins.TypeError"),
    ] {
        let answer = anonymous.rpc(AUTHENTICATE, params.clone()).await;
        assert_eq!(answer.error(), (200, name.to_owned()), "{params:.200}");
        assert_eq!(answer.json()["id"], 7);
        assert!(answer.cookies().is_empty(), "{params:.200}: {:?}", answer.cookies());
    }
    for odd in [json!(5), json!(null), json!(["admin"]), json!({"a": 1}), json!(true), json!("oregional\0")] {
        for key in ["db", "login", "password"] {
            let mut params = json!({"db": DB, "login": "admin", "password": PASSWORD});
            params[key] = odd.clone();
            let answer = anonymous.rpc(AUTHENTICATE, params.clone()).await;
            assert!(answer.fault().is_none() && answer.json().get("error").is_some(), "{params}: {answer:?}");
            assert!(answer.cookies().is_empty(), "{params}");
        }
    }
    assert_eq!(app.database.query("SELECT count(*) FROM web_session"), [[Some("0".to_owned())]]);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_gives_an_anonymous_one() {
    let app = TestApp::start();
    let session = app.admin().await.session;
    assert!(is_alive(&app.url(), &session).await);

    let answer = app.anonymous().rpc_with(&session, DESTROY, json!({})).await;

    assert_eq!(answer.json(), json!({"jsonrpc": "2.0", "id": 7}));
    let cookies = answer.cookies();
    assert_eq!(cookies.len(), 2);
    assert_eq!(cookies[0], "cids=; Max-Age=0; Path=/");
    is_session_cookie(&cookies[1], false);
    assert!(!cookies[1].contains(&session));
    assert!(!is_alive(&app.url(), &session).await);
    let again = app.anonymous().rpc_with(&session, DESTROY, json!({})).await;
    assert_eq!(again.error(), expired());
    assert_eq!(app.database.query("SELECT 1 FROM web_session"), Vec::<Vec<Option<String>>>::new());
}

#[tokio::test]
async fn an_anonymous_cookie_is_given_to_those_only_who_come_without_one() {
    let app = TestApp::start();
    let anonymous = app.anonymous();

    for path in ["/web/webclient/version_info", "/web/database/list"] {
        for params in [json!({}), json!([])] {
            let answer = anonymous.rpc(path, params).await;
            answer.result();
            assert_eq!(answer.cookies().len(), 1, "{path}");
            is_session_cookie(&answer.cookies()[0], false);
            assert!(!is_alive(&app.url(), &answer.session()).await, "an anonymous session signs nobody in");
        }
        let session = app.admin().await.session;
        for session in [session.as_str(), "rubbish"] {
            let answer = anonymous.rpc_with(session, path, json!({})).await;
            answer.result();
            assert!(answer.cookies().is_empty(), "{path} with {session}");
        }
    }
    assert_eq!(anonymous.rpc("/web/database/list", json!({})).await.result(), json!([DB]));
}

#[tokio::test]
async fn the_session_info_has_the_keys_and_types_that_clients_read() {
    let app = TestApp::start();
    let answer = app.anonymous().authenticate("admin", PASSWORD).await;
    let session = answer.session();
    let again = app.anonymous().rpc_with(&session, INFO, json!([])).await;

    assert_eq!(again.session(), session, "the session was changed by an ordinary call");
    is_session_cookie(&again.cookies()[0], false);
    for info in [answer.result(), again.result()] {
        assert_eq!(info["uid"], 2);
        assert_eq!(info["username"], "admin");
        assert_eq!(info["db"], DB);
        assert_eq!(info["server_version"], "18.0");
        assert_eq!(info["server_version_info"], json!([18, 0, 0, "final", 0, ""]));
        assert_eq!((&info["is_system"], &info["is_admin"]), (&json!(true), &json!(true)));
        assert_eq!(info["user_context"]["uid"], 2);
        assert!(info["user_context"]["lang"].is_string());
        assert!(info["user_context"].get("tz").is_some());
        assert!(info["name"].is_string() && info["partner_display_name"].is_string());
        assert!(info["partner_id"].is_i64(), "{}", info["partner_id"]);
        let companies = &info["user_companies"];
        let current = companies["current_company"].as_i64().unwrap();
        let company = &companies["allowed_companies"][current.to_string()];
        assert_eq!(company["id"], current);
        assert!(
            company["name"].is_string() && company["sequence"].is_i64() && company["child_ids"].is_array()
        );
        assert!(company.get("parent_id").is_some());
        assert_eq!(companies["disallowed_ancestor_companies"], json!({}));
        for key in [
            "active_ids_limit",
            "bundle_params",
            "currencies",
            "home_action_id",
            "is_internal_user",
            "is_public",
            "max_file_upload_size",
            "partner_write_date",
            "profile_session",
            "profile_collectors",
            "profile_params",
            "show_effect",
            "support_url",
            "test_mode",
            "user_settings",
            "view_info",
            "web.base.url",
            "cache_hashes",
            "current_tour",
            "display_switch_company_menu",
            "tour_enabled",
        ] {
            assert!(info.get(key).is_some(), "no {key}");
        }
        assert!(info.get("session_id").is_none() && info.get("company_id").is_none());
    }
}

#[tokio::test]
async fn somebody_without_rights_is_told_so_in_the_session_info() {
    let app = TestApp::start();
    let user = app.admin().await.make_user("plain", &["base.group_user"]).await;

    let info = user.browser.rpc(INFO, json!({})).await.result();

    assert_eq!((&info["uid"], &info["username"]), (&json!(user.uid), &json!("plain")));
    assert_eq!((&info["is_system"], &info["is_admin"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn a_cookie_that_is_none_of_ours_opens_nothing() {
    let app = TestApp::start();
    let session = app.admin().await.session;
    let last = if session.ends_with('a') { "b" } else { "a" };
    let short: String = session.chars().take(83).collect();
    let changed = format!("{short}{last}");

    for cookie in [
        String::new(),
        "x".to_owned(),
        "A".repeat(84),
        "A".repeat(83),
        "A".repeat(85),
        "A".repeat(5_000),
        short,
        format!("{session}A"),
        changed,
        session.to_lowercase(),
        "' OR '1'='1".to_owned(),
        "%00".repeat(28),
        "../../etc/passwd".to_owned(),
        "\u{e9}".repeat(42),
    ] {
        for path in [CHECK, INFO, "/web/dataset/call_kw", DESTROY] {
            let params = json!({"model": "res.users", "method": "context_get", "args": [], "kwargs": {}});
            let answer = app.anonymous().rpc_with(&cookie, path, params).await;
            assert_eq!(answer.error(), expired(), "{path} with {cookie:.100}");
            assert_eq!(answer.json()["id"], Json::Null);
        }
    }
    assert!(is_alive(&app.url(), &session).await);
}

#[tokio::test]
async fn only_the_cookie_tells_who_calls() {
    let app = TestApp::start();
    let session = app.admin().await.session;
    let anonymous = app.anonymous();
    let url = format!("{}{CHECK}", app.url());

    for request in [
        anonymous.http.post(format!("{url}?session_id={session}")),
        anonymous.http.post(&url).header("X-Openerp-Session-Id", &session),
        anonymous.http.post(&url).header("Authorization", format!("Bearer {session}")),
        anonymous.http.post(&url).header(COOKIE, format!("other={session}")),
    ] {
        assert_eq!(Answer::to(request.json(&envelope(&json!({})))).await.error(), expired());
    }
    let others = format!("cids=1; session_id={session}; frontend_lang=en_US; tz=Europe/Budapest");
    let answer =
        Answer::to(anonymous.http.post(&url).header(COOKIE, others).json(&envelope(&json!({})))).await;
    assert_eq!(answer.json(), json!({"jsonrpc": "2.0", "id": 7}));
}

#[tokio::test]
async fn the_database_knows_no_cookie() {
    let app = TestApp::start();
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(app.admin().await.session);
    }

    let rows =
        app.database.query("SELECT length(id), encode(id, 'base64'), encode(id, 'escape') FROM web_session");

    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row[0].as_deref() == Some("32")), "{rows:?}");
    let dump = app.database.dump();
    assert!(dump.contains("web_session"));
    assert!(sessions.iter().all(|session| !dump.contains(session)), "a cookie is in the database");
}

#[tokio::test]
async fn a_login_that_can_be_nobodys_is_a_wrong_one() {
    let app = TestApp::start();
    let anonymous = app.anonymous();
    let wrong = anonymous.authenticate("nobody", PASSWORD).await;
    for login in ["admin\0", "\0", "a\0b"] {
        let refused = anonymous.authenticate(login, PASSWORD).await;
        assert_eq!((refused.error(), refused.message()), (wrong.error(), wrong.message()), "{login:?}");
    }
    let noted = app.database.query("SELECT 1 FROM audit_log WHERE event = 'sign_in' AND outcome = 'refused'");
    assert_eq!(noted.len(), 4, "and counts as one");
}
