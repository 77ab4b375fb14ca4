//! Addresses that Odoo answers besides records: where they lead, who may ask, and how.

use reqwest::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::app::{DB, TestApp};
use crate::support::client::{Answer, client};

fn location(answer: &Answer) -> &str {
    answer.headers[LOCATION].to_str().unwrap()
}

#[tokio::test]
async fn the_address_of_the_web_client_leads_strangers_to_the_form_and_users_on() {
    let app = TestApp::start();
    let (anonymous, admin) = (app.anonymous(), app.admin().await);

    for (path, place) in [
        ("/web", "/web/login"),
        ("/web/", "/web/login"),
        ("/web?redirect=%2Fodoo%2Fres.partner", "/web/login?redirect=%2Fodoo%2Fres.partner"),
    ] {
        let sent = anonymous.get(path).await;
        assert_eq!((sent.status, location(&sent)), (StatusCode::SEE_OTHER, place), "{path}");
        assert_eq!(anonymous.get(place).await.status, StatusCode::OK);
    }
    let stale = anonymous.http.get(format!("{}/web", app.url())).header("cookie", "session_id=none");
    assert_eq!(location(&Answer::to(stale).await), "/web/login");
    for path in ["/web", "/web?debug=1"] {
        let sent = admin.browser.get(path).await;
        assert_eq!((sent.status, location(&sent)), (StatusCode::SEE_OTHER, "/odoo"), "{path}");
    }
}

#[tokio::test]
async fn the_account_of_a_user_is_looked_after_here() {
    let app = TestApp::start();
    let admin = app.admin().await;

    let place = admin.browser.rpc("/web/session/account", json!({})).await.result();

    assert_eq!(place, "/odoo/preferences");
    assert_eq!(admin.browser.get(place.as_str().unwrap()).await.status, StatusCode::OK);
    let refused = app.anonymous().rpc("/web/session/account", json!({})).await;
    assert_eq!(refused.error(), (100, "odoo.http.SessionExpiredException".to_owned()));
    assert_eq!(admin.browser.get("/web/session/account").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn there_is_no_master_password_for_the_forms_that_make_and_drop_databases() {
    let app = TestApp::start();
    let anonymous = app.anonymous();

    for deed in ["create", "drop", "duplicate", "backup", "restore", "change_password"] {
        let url = format!("{}/web/database/{deed}", app.url());
        for word in ["", "admin"] {
            let form = [("master_pwd", word), ("name", DB), ("backup_format", "zip")];
            let refused = Answer::to(anonymous.http.post(&url).form(&form)).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{deed}");
            assert!(refused.headers[CONTENT_TYPE].to_str().unwrap().starts_with("text/html"), "{deed}");
            assert!(refused.body.contains("no master password"), "{deed}");
        }
        let looked = Answer::to(anonymous.http.get(&url)).await;
        assert_eq!(
            (looked.status, &looked.headers[ALLOW]),
            (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
        );
    }
    let listed = anonymous.rpc("/web/database/list", json!({})).await.result();
    assert_eq!(listed, json!([DB]), "it is still there");
    assert_eq!(anonymous.get("/web/database/enchant").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_head_is_answered_as_a_get_without_the_body() {
    let app = TestApp::start();
    let key = app.admin().await.api_key().await;
    let http = client().build().unwrap();
    let ask = async |method: Method, path: &str| {
        Answer::to(http.request(method, format!("{}{path}", app.url())).bearer_auth(&key)).await
    };

    for path in [
        "/web/health",
        "/web/health?db=1",
        "/web/version",
        "/json/version",
        "/doc-bearer/index.json",
        "/doc-bearer/res.partner.json",
        "/doc-bearer/no.model.json",
    ] {
        let (get, head) = (ask(Method::GET, path).await, ask(Method::HEAD, path).await);
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert!(!get.body.is_empty(), "{path}");
        for name in [CONTENT_TYPE, CONTENT_LENGTH] {
            assert_eq!(head.headers.get(&name), get.headers.get(&name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn of_a_parameter_that_comes_twice_the_first_one_counts() {
    let app = TestApp::start();
    let admin = app.admin().await;

    for path in [
        "/web/image/res.partner/3/avatar_128?width=16&width=x",
        "/web/image?model=res.partner&model=&id=3&id=9&field=avatar_128&field=name",
        "/web/webclient/translations?lang=en_US&lang=de_DE",
        "/web/binary/company_logo?company=1&company=x",
        "/web/health?db=1&db=0",
        "/web/login?redirect=/odoo&redirect=/web",
        "/web/image?%FF=%FE&id",
    ] {
        let answer = admin.browser.http.get(format!("{}{path}", app.url())).send().await.unwrap();
        assert!(answer.status().is_success() || answer.status().is_redirection(), "{path}: {answer:?}");
    }
    let health = admin.browser.get("/web/health?db=1&db=0").await.json();
    assert_eq!(health["db_server_status"], true);
}
