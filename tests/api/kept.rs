//! What a client has already is not sent again, in whichever of the ways of RFC 9110 it says so.

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::client::{Answer, User};

async fn ask(user: &User, path: &str, key: &str, known: &[&str]) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
    for tags in known {
        headers.append(IF_NONE_MATCH, HeaderValue::from_str(tags).unwrap());
    }
    Answer::to(user.browser.http.get(format!("{}{path}", user.browser.url)).headers(headers)).await
}

#[tokio::test]
async fn a_tag_is_known_in_each_of_its_forms() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let key = admin.api_key().await;
    let info = admin.browser.rpc("/web/session/get_session_info", json!({})).await.result();
    let menus = format!("/web/webclient/load_menus/{}", info["cache_hashes"]["load_menus"].as_str().unwrap());
    for path in [
        "/doc-bearer/index.json",
        "/doc-bearer/res.partner.json",
        &menus,
        "/web/binary/company_logo",
        "/web/image/res.users/2/avatar_128",
    ] {
        let first = ask(&admin, path, &key, &[]).await;
        assert_eq!(first.status, StatusCode::OK, "{path}");
        let tag = first.headers[ETAG].to_str().unwrap();
        let strong = tag.trim_start_matches("W/");
        let weak = format!("W/{strong}");
        for known in [
            &[strong] as &[&str],
            &[&weak],
            &["*"],
            &[&format!("\"other\", {weak}")],
            &[&format!("W/\"a,b\" ,{strong},\"other\"")],
            &["\"other\"", strong],
        ] {
            let again = ask(&admin, path, &key, known).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path} {known:?}");
            assert_eq!(again.headers[ETAG], tag, "{path}");
        }
        for other in ["\"other\"", strong.trim_matches('"'), &format!("w/{strong}"), &format!("W/{weak}"), ""]
        {
            let again = ask(&admin, path, &key, &[other]).await;
            assert_eq!((again.status, again.body == first.body), (StatusCode::OK, true), "{path} {other}");
        }
    }
}
