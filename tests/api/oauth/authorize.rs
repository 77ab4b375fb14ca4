//! The authorization request: who is sent where, who is asked what, and who is sent nowhere.

use reqwest::StatusCode;
use reqwest::header::LOCATION;
use serde_json::json;
use url::Url;

use super::support::{ABSENT, App, CALLBACK, browse, decide, hidden, location, send_form, told};
use crate::support::app::TestApp;
use crate::support::client::Answer;

/// An own page, and no way to anywhere.
fn is_refused_here(answer: &Answer) -> bool {
    answer.status == StatusCode::BAD_REQUEST
        && answer.headers.get(LOCATION).is_none()
        && answer.headers["content-type"].to_str().unwrap().starts_with("text/html")
}

/// Forty ways to be nearly the registered URI. None of them is it.
#[tokio::test]
async fn forty_redirect_uris_that_are_nearly_right_are_refused_without_a_location() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let registered = "https://wiki.example.com:8443/plugins/cb.action?space=DS&x=1";
    let wiki = App::register(&admin, json!({"uri_ids": [[0, 0, {"uri": registered}]]})).await;
    let long = format!("{registered}{}", "a".repeat(10_000));
    let rows = [
        "http://wiki.example.com:8443/plugins/cb.action?space=DS&x=1",
        "HTTPS://wiki.example.com:8443/plugins/cb.action?space=DS&x=1",
        "https://WIKI.example.com:8443/plugins/cb.action?space=DS&x=1",
        "https://wiki.example.com/plugins/cb.action?space=DS&x=1",
        "https://wiki.example.com:443/plugins/cb.action?space=DS&x=1",
        "https://wiki.example.com:8444/plugins/cb.action?space=DS&x=1",
        "https://wiki.example.com:8443/plugins/cb.action",
        "https://wiki.example.com:8443/plugins/cb.action?",
        "https://wiki.example.com:8443/plugins/cb.action?space=DS",
        "https://wiki.example.com:8443/plugins/cb.action?x=1&space=DS",
        "https://wiki.example.com:8443/plugins/cb.action?space=DS&x=1&y=2",
        "https://wiki.example.com:8443/plugins/cb.action?space=DS&x=1&",
        "https://wiki.example.com:8443/plugins/cb.action?space=DS;x=1",
        "https://wiki.example.com:8443/plugins/cb.action?space=ds&x=1",
        "https://wiki.example.com:8443/plugins/cb.action?space=%44S&x=1",
        "https://wiki.example.com:8443/plugins/cb.action/?space=DS&x=1",
        "https://wiki.example.com:8443/plugins//cb.action?space=DS&x=1",
        "https://wiki.example.com:8443/plugins/./cb.action?space=DS&x=1",
        "https://wiki.example.com:8443/x/../plugins/cb.action?space=DS&x=1",
        "https://wiki.example.com:8443/plugins/cb.action/..;/x?space=DS&x=1",
        "https://wiki.example.com:8443/plugins/cb.action/%2e%2e/x?space=DS&x=1",
        "https://wiki.example.com:8443/plugins/cb.action;jsessionid=1?space=DS&x=1",
        "https://wiki.example.com:8443/plugins/CB.action?space=DS&x=1",
        "https://wiki.example.com:8443/plugins/cb%2Eaction?space=DS&x=1",
        "https://wiki.example.com:8443/plugins/cb.action?space=DS&x=1#",
        "https://wiki.example.com:8443/plugins/cb.action?space=DS&x=1#x",
        "https://wiki.example.com:8443@evil.example/plugins/cb.action?space=DS&x=1",
        "https://user@wiki.example.com:8443/plugins/cb.action?space=DS&x=1",
        "https://a@b@wiki.example.com:8443/plugins/cb.action?space=DS&x=1",
        "https://wiki.example.com.evil.example:8443/plugins/cb.action?space=DS&x=1",
        "https://evil.example/https://wiki.example.com:8443/plugins/cb.action?space=DS&x=1",
        "https://evil.example/?https://wiki.example.com:8443/plugins/cb.action?space=DS&x=1",
        "//wiki.example.com:8443/plugins/cb.action?space=DS&x=1",
        "/plugins/cb.action?space=DS&x=1",
        "javascript:alert(1)",
        "data:text/html,x",
        " https://wiki.example.com:8443/plugins/cb.action?space=DS&x=1",
        "https://wiki.example.com:8443/plugins/cb.action?space=DS&x=1\n",
        "https://wiki.example.com:8443/plugins/cb.action?space=DS&x=1\0",
        long.as_str(),
    ];
    assert_eq!(rows.len(), 40);
    for uri in rows {
        let answer = wiki.ask(&admin, &[("redirect_uri", uri)]).await;
        assert!(is_refused_here(&answer), "{uri}: {answer:?}");
    }
    let good = wiki.ask(&admin, &[("redirect_uri", registered)]).await;
    assert_eq!(good.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_is_sent_anywhere_for_a_client_or_a_uri_that_is_not_known_whatever_else_is_wrong() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let archived = App::register(&admin, json!({"name": "Old"})).await;
    admin.call_kw("oregional.application", "action_archive", json!([[archived.id]]), json!({})).await;

    for parameters in [
        vec![("client_id", "unknown")],
        vec![("client_id", ABSENT)],
        vec![("client_id", archived.client_id.as_str())],
        vec![("client_id", "a\0b")],
        vec![("redirect_uri", "https://evil.example/"), ("response_type", "token"), ("scope", "everything")],
        vec![("client_id", "unknown"), ("response_type", ABSENT)],
    ] {
        assert!(is_refused_here(&wiki.ask(&admin, &parameters).await), "{parameters:?}");
        let stranger = app.anonymous().get(&path_of(&wiki.authorize_url(&parameters))).await;
        assert!(is_refused_here(&stranger), "without a session too: {parameters:?}");
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", wiki.authorize_url(&[]));
    assert!(is_refused_here(&browse(&admin, &twice).await));
    for name in ["client_id", "state", "scope"] {
        let twice = format!("{}&{name}=1&{name}=2", wiki.authorize_url(&[]));
        assert!(is_refused_here(&browse(&admin, &twice).await), "{name}");
    }
}

fn path_of(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

#[tokio::test]
async fn whoever_is_not_signed_in_signs_in_first_and_loses_no_parameter() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let parameters = [("state", "a b+c/=&%ü?#"), ("scope", "write"), ("response_type", "token")];

    let answer = app.anonymous().get(&path_of(&wiki.authorize_url(&parameters))).await;

    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let target = Url::parse(&format!("http://here{}", location(&answer))).unwrap();
    assert_eq!(target.path(), "/web/login", "before any redirect to the client, errors included");
    let back = target.query_pairs().find(|(name, _)| name == "redirect").unwrap().1.into_owned();
    let told = told(&browse(&admin, &format!("{}{back}", app.url())).await);
    assert_eq!(
        (told["error"].as_str(), told["state"].as_str()),
        ("unsupported_response_type", "a b+c/=&%ü?#")
    );
}

#[tokio::test]
async fn errors_go_back_with_the_state_as_it_came_and_the_issuer() {
    let app = TestApp::with(|settings| settings.public_url = Some("https://odoo.example.com/".to_owned()));
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let printable: String = (' '..='~').collect::<String>() + "äöü€\u{1f600}";
    let long = "s".repeat(2048);
    for state in [printable.as_str(), "+/=%&", long.as_str(), "%2B%20"] {
        for (parameters, code) in [
            (vec![("response_type", ABSENT)], "invalid_request"),
            (vec![("response_type", "token")], "unsupported_response_type"),
            (vec![("response_type", "code token")], "unsupported_response_type"),
            (vec![("scope", "admin")], "invalid_scope"),
            (vec![("code_challenge", "short"), ("code_challenge_method", "S256")], "invalid_request"),
            (vec![("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")], "invalid_request"),
            (
                vec![
                    ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
                    ("code_challenge_method", "plain"),
                ],
                "invalid_request",
            ),
        ] {
            let all = [parameters.clone(), vec![("state", state)]].concat();
            let told = told(&wiki.ask(&admin, &all).await);
            assert_eq!((told["error"].as_str(), told["state"].as_str()), (code, state), "{parameters:?}");
            assert_eq!((told["iss"].as_str(), told["space"].as_str()), ("https://odoo.example.com", "DS"));
        }
    }
    let without = told(&wiki.ask(&admin, &[("response_type", "token")]).await);
    assert!(!without.contains_key("state"), "absent stays absent");
}

#[tokio::test]
async fn consent_is_asked_once_and_again_when_more_is_wanted() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({"name": "Wiki <b>&\"'"})).await;

    let page = wiki.ask(&admin, &[("state", "x")]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("Wiki &lt;b&gt;&amp;&quot;'") && page.body.contains("wiki.example.com"),
        "{page:?}"
    );
    assert!(!page.body.contains("<script") && !page.body.contains("change and delete"), "{page:?}");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("frame-ancestors 'none'")
            && policy.contains("form-action 'self' https://wiki.example.com;"),
        "{policy}"
    );
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert_eq!(page.headers["x-frame-options"], "DENY");
    assert!(!page.headers.contains_key("access-control-allow-origin"));

    let allowed = decide(&admin, &page, "allow").await;
    let first = told(&allowed);
    assert_eq!((first["state"].as_str(), first.contains_key("code")), ("x", true));
    assert!(location(&allowed).starts_with(&format!("{CALLBACK}&code=")), "{allowed:?}");

    let again = told(&wiki.ask(&admin, &[]).await);
    assert!(again.contains_key("code") && again["code"] != first["code"]);
    let more = wiki.ask(&admin, &[("scope", "read write")]).await;
    assert_eq!(more.status, StatusCode::OK, "more is asked again");
    assert!(more.body.contains("change and delete"));
    assert!(told(&decide(&admin, &more, "allow").await).contains_key("code"));
    assert!(told(&wiki.ask(&admin, &[("scope", "write")]).await).contains_key("code"));
}

#[tokio::test]
async fn a_denial_is_an_answer_and_is_not_remembered() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let page = wiki.ask(&admin, &[("state", "s")]).await;

    let told = told(&decide(&admin, &page, "deny").await);

    assert_eq!((told["error"].as_str(), told["state"].as_str()), ("access_denied", "s"));
    assert_eq!(wiki.ask(&admin, &[]).await.status, StatusCode::OK, "asked again");
    let log = admin
        .result("audit.log", "search_read", json!([[["outcome", "=", "denied"]], ["event", "user_name"]]))
        .await;
    assert_eq!((&log[0]["event"], &log[0]["user_name"]), (&json!("authorize"), &json!("admin")));
}

#[tokio::test]
async fn the_consent_form_is_good_once_in_its_own_session_with_its_own_token() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let other = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let (page, beside) = (wiki.ask(&admin, &[]).await, wiki.ask(&admin, &[]).await);
    let (request, token) = (hidden(&page, "request"), hidden(&page, "token"));
    let form = |request: &str, token: &str| {
        [("request", request.to_owned()), ("token", token.to_owned()), ("decision", "allow".to_owned())]
    };

    for (why, user, form) in [
        ("another session", &other, form(&request, &token)),
        ("a foreign token", &admin, form(&request, &"x".repeat(40))),
        ("another of its length", &admin, form(&request, &"x".repeat(token.len()))),
        ("the token of the page beside it", &admin, form(&request, &hidden(&beside, "token"))),
        ("no token", &admin, form(&request, "")),
        ("no request", &admin, form("", &token)),
    ] {
        let answer = send_form(user, "/oauth2/consent", &form).await;
        assert_eq!((answer.status, answer.headers.get(LOCATION)), (StatusCode::FORBIDDEN, None), "{why}");
    }
    assert!(told(&send_form(&admin, "/oauth2/consent", &form(&request, &token)).await).contains_key("code"));
    let again = send_form(&admin, "/oauth2/consent", &form(&request, &token)).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN, "once");
    assert!(told(&decide(&admin, &beside, "allow").await).contains_key("code"), "the page beside it is good");
}

#[tokio::test]
async fn a_uri_that_is_authorized_individually_asks_for_itself() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let special = "https://wiki.example.com/special";
    let uris = json!([
        [0, 0, {"uri": CALLBACK}],
        [0, 0, {"uri": special, "authorize_individually": true}],
        [0, 0, {"uri": "https://wiki.example.com/second"}],
    ]);
    let wiki = App::register(&admin, json!({"uri_ids": uris})).await;

    wiki.code(&admin, &[]).await;
    let second = wiki.ask(&admin, &[("redirect_uri", "https://wiki.example.com/second")]).await;
    assert!(told(&second).contains_key("code"), "unflagged URIs share one consent");
    let page = wiki.ask(&admin, &[("redirect_uri", special)]).await;
    assert_eq!(page.status, StatusCode::OK, "the flagged one does not");
    decide(&admin, &page, "allow").await;
    assert!(told(&wiki.ask(&admin, &[("redirect_uri", special)]).await).contains_key("code"));

    let domain = json!([[["application_id", "=", wiki.id]], ["uri_ids", "user_id"]]);
    let record = admin.result("oregional.authorization", "search_read", domain).await;
    let read = admin
        .result(
            "oregional.application.uri",
            "search",
            json!([[["uri", "=", special], ["application_id", "=", wiki.id]]]),
        )
        .await;
    assert_eq!(record.as_array().unwrap().len(), 1, "one grant for user and application");
    assert_eq!(record[0]["uri_ids"], read);

    // Archived and back again: what was allowed for it alone is gone.
    for active in [false, true] {
        admin.result("oregional.application.uri", "write", json!([read, {"active": active}])).await;
        let answer = wiki.ask(&admin, &[("redirect_uri", special)]).await;
        let expected = if active { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        assert_eq!(answer.status, expected);
    }
    // Flagged later, the first one has to be asked for as well.
    let first = admin
        .result(
            "oregional.application.uri",
            "search",
            json!([[["uri", "=", CALLBACK], ["application_id", "=", wiki.id]]]),
        )
        .await;
    admin
        .result("oregional.application.uri", "write", json!([first, {"authorize_individually": true}]))
        .await;
    assert_eq!(wiki.ask(&admin, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_record_made_by_hand_is_no_consent_and_http_can_be_forbidden() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let uris = json!([[0, 0, {"uri": "http://intranet/cb"}]]);
    let wiki = App::register(&admin, json!({"uri_ids": uris})).await;
    admin.create("oregional.authorization", json!({"application_id": wiki.id, "user_id": admin.uid})).await;

    // The only URI need not be named.
    assert_eq!(wiki.ask(&admin, &[("redirect_uri", ABSENT)]).await.status, StatusCode::OK);
    admin.result("ir.config_parameter", "set_param", json!(["oregional.allow_http", "False"])).await;
    assert!(is_refused_here(&wiki.ask(&admin, &[("redirect_uri", "http://intranet/cb")]).await));
}
