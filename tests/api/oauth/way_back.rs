//! What a user is shown on the way to a code, and what is carried along while that user signs in.

use reqwest::StatusCode;
use serde_json::json;

use super::support::{App, hidden, location};
use crate::support::app::TestApp;
use crate::support::raw;

#[tokio::test]
async fn parameters_that_a_browser_leaves_as_they_are_come_along_through_the_sign_in() {
    let app = TestApp::start();
    let wiki = App::register(&app.admin().await, json!({})).await;
    for (state, carried) in [("a\\b", "state=a%5Cb"), ("a%5Cb", "state=a%5Cb"), ("a%20b", "state=a%20b")] {
        let request = format!("{}&state={state}", wiki.authorize_url(&[]));
        // The client of the tests would escape it.
        let path = request.strip_prefix(&app.url()).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", app.address());
        let answer = raw::send(app.address(), &head, b"").await.unwrap();
        let headers = answer.head.lines().filter_map(|line| line.split_once(": "));
        let back = headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
        let (_, back) = back.unwrap_or_else(|| panic!("no location: {}", answer.head));
        let page = app.anonymous().get(back).await;
        let redirect = hidden(&page, "redirect").replace("&amp;", "&");
        assert!(redirect.starts_with("/oauth2/authorize?") && redirect.ends_with(carried), "{redirect}");
    }
}

#[tokio::test]
async fn no_page_on_the_way_tells_others_its_address() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let to_sign_in = app.anonymous().get("/oauth2/authorize").await;
    let without_session =
        app.anonymous().get(wiki.authorize_url(&[]).strip_prefix(&app.url()).unwrap()).await;
    let sign_in = app.anonymous().get(&location(&without_session)).await;
    let consent = wiki.ask(&admin, &[]).await;
    for (what, answer, status) in [
        ("a refusal", &to_sign_in, StatusCode::BAD_REQUEST),
        ("the way to the sign-in", &without_session, StatusCode::SEE_OTHER),
        ("the sign-in", &sign_in, StatusCode::OK),
        ("the consent", &consent, StatusCode::OK),
    ] {
        assert_eq!(answer.status, status, "{what}");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer", "{what}");
    }
}

#[tokio::test]
async fn who_may_change_records_may_look_at_them_and_the_page_says_so() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    for (scope, looks, changes) in [("read", true, false), ("write", true, true), ("read write", true, true)]
    {
        let page = wiki.ask(&admin, &[("scope", scope)]).await;
        let says =
            (page.body.contains("look at the records"), page.body.contains("create, change and delete"));
        assert_eq!(says, (looks, changes), "{scope}");
    }
}
