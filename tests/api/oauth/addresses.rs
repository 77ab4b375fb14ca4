//! Addresses that look like another one: hosts that a request claims, and loopback addresses that are none.

use reqwest::header::{HOST, LOCATION};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;

use super::support::{App, CALLBACK, browse, error, hidden, location, told};
use crate::support::app::TestApp;
use crate::support::client::{Answer, User};
use crate::support::raw;

const METADATA: &str = "/.well-known/oauth-authorization-server";
const EVIL: &str = "evil.test";

/// Ways to claim that a request was made to another host.
fn claims() -> Vec<Vec<(&'static str, &'static str)>> {
    vec![
        vec![(HOST.as_str(), EVIL)],
        vec![(HOST.as_str(), "evil.test:8443"), ("x-forwarded-proto", "https")],
        vec![("x-forwarded-host", EVIL), ("x-forwarded-proto", "https"), ("x-forwarded-port", "443")],
        vec![(HOST.as_str(), EVIL), ("x-forwarded-host", EVIL), ("x-forwarded-for", "10.0.0.1")],
        vec![("forwarded", "for=10.0.0.1;host=evil.test;proto=https")],
        vec![("x-host", EVIL), ("x-original-host", EVIL), ("x-forwarded-server", EVIL)],
        vec![("x-original-url", "https://evil.test/"), ("x-rewrite-url", "https://evil.test/")],
        vec![("x-forwarded-prefix", "//evil.test"), ("x-script-name", "//evil.test")],
        vec![("origin", "https://evil.test"), ("referer", "https://evil.test/")],
    ]
}

fn claiming(request: RequestBuilder, claim: &[(&'static str, &'static str)]) -> RequestBuilder {
    claim.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

/// The whole answer, which nowhere speaks of another host.
fn is_clean(what: &str, claim: &[(&str, &str)], answer: &Answer) {
    let all = format!("{:?} {}", answer.headers, answer.body);
    assert!(!all.contains("evil"), "{what} after {claim:?}: {all}");
}

#[tokio::test]
async fn no_answer_follows_the_host_that_a_request_claims() {
    for (public_url, proxies) in [
        (None, vec![]),
        (Some("https://odoo.example.com"), vec![]),
        (Some("https://odoo.example.com"), vec!["127.0.0.0/8".parse().unwrap()]),
    ] {
        let app = TestApp::with(|settings| {
            settings.public_url = public_url.map(str::to_owned);
            settings.trusted_proxies = proxies;
        });
        let admin = app.admin().await;
        let wiki = App::register(&admin, json!({})).await;
        let tokens = wiki.sign_in(&admin).await;
        let issuer = app.anonymous().get(METADATA).await.json()["issuer"].as_str().unwrap().to_owned();
        assert!(public_url.is_none_or(|url| url == issuer), "{issuer}");
        for claim in claims() {
            let asked = async |what: &str, request: RequestBuilder| {
                let answer = Answer::to(claiming(request, &claim)).await;
                is_clean(what, &claim, &answer);
                answer
            };
            let (http, session) = (app.anonymous().http, format!("session_id={}", admin.session));
            let with_session = |parameters: &[(&str, &str)]| {
                http.get(wiki.authorize_url(parameters)).header("cookie", &session)
            };

            let metadata = asked("metadata", http.get(format!("{}{METADATA}", app.url()))).await.json();
            assert_eq!(metadata["issuer"], issuer.as_str(), "{claim:?}");
            assert_eq!(metadata["token_endpoint"], format!("{issuer}/oauth2/token"), "{claim:?}");

            let stranger = asked("sign-in", http.get(wiki.authorize_url(&[("state", "s")]))).await;
            assert!(location(&stranger).starts_with("/web/login?redirect="), "{claim:?}");
            for path in ["/", "/web", "/web/login", "/web/login?redirect=/odoo", "/odoo"] {
                asked(path, http.get(format!("{}{path}", app.url()))).await;
            }

            let back = told(&asked("code", with_session(&[])).await);
            assert_eq!(back["iss"], issuer, "{claim:?}");
            let error = told(&asked("error", with_session(&[("response_type", "token")])).await);
            assert_eq!((error["iss"].as_str(), error.contains_key("code")), (issuer.as_str(), false));

            let page = asked("consent", with_session(&[("scope", "read write")])).await;
            assert_eq!(page.status, StatusCode::OK, "{claim:?}");
            for link in page.body.split(['"', '\'', ' ']).filter(|part| part.contains("://")) {
                assert!(link.starts_with("https://wiki.example.com"), "{claim:?}: a link to {link}");
            }
            let form = [("request", hidden(&page, "request")), ("token", hidden(&page, "token"))];
            let consent = http.post(format!("{}/oauth2/consent", app.url())).header("cookie", &session);
            let denied = told(&asked("consent form", consent.form(&form)).await);
            assert_eq!(
                (denied["error"].as_str(), denied["iss"].as_str()),
                ("access_denied", issuer.as_str())
            );

            let refused = asked("refusal", with_session(&[("client_id", "unknown")])).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{claim:?}");
            let introspect = http.post(format!("{}/oauth2/introspect", app.url()));
            let introspect = introspect.basic_auth(&wiki.client_id, Some(&wiki.client_secret));
            let active = asked("introspection", introspect.form(&[("token", &tokens.access)])).await;
            assert_eq!(active.json()["iss"], issuer.as_str(), "{claim:?}");
        }
        let head = format!("GET http://evil.test{METADATA} HTTP/1.1\r\nHost: evil.test\r\n\r\n");
        let answer = raw::send(app.address(), &head, b"").await.unwrap();
        assert!(!answer.body.contains("evil") && !answer.head.contains("evil"), "{}", answer.body);
    }
}

/// Refused on a page of our own, on both faces.
async fn goes_nowhere(user: &User, wiki: &App, uri: &str) {
    let standard = wiki.authorize_url(&[("redirect_uri", uri)]);
    let connector = standard.replace("/oauth2/authorize", "/orestapi/oauth2/authorization");
    for (url, status) in [(standard, StatusCode::BAD_REQUEST), (connector, StatusCode::UNAUTHORIZED)] {
        let answer = browse(user, &url).await;
        assert_eq!((answer.status, answer.headers.get(LOCATION)), (status, None), "{uri:?} at {url}");
    }
}

/// What nearly is `http://127.0.0.1/cb`, `http://localhost:3000/cb` or `http://[::1]/cb`.
const NEARLY_LOOPBACK: [&str; 46] = [
    "http://127.0.0.1.evil.test/cb",
    "http://localhost.evil.test/cb",
    "http://localhost.evil.test:3000/cb",
    "http://localhost:3000.evil.test/cb",
    "http://127.0.0.1:80/cb",
    "http://127.0.0.1:8080/cb",
    "http://127.0.0.1:/cb",
    "http://127.0.0.1:0/cb",
    "http://localhost/cb",
    "http://localhost:3001/cb",
    "http://localhost:03000/cb",
    "http://[::1]:8080/cb",
    "http://127.0.0.1",
    "http://127.0.0.1/",
    "http://127.0.0.1/cb/",
    "http://127.0.0.1/cb2",
    "http://127.0.0.1/CB",
    "http://127.0.0.1//cb",
    "http://127.0.0.1/x/../cb",
    "http://127.0.0.1/cb?",
    "http://127.0.0.1/cb?x=1",
    "http://127.0.0.1/cb#",
    "https://127.0.0.1/cb",
    "HTTP://127.0.0.1/cb",
    "http://127.0.0.2/cb",
    "http://127.0.0.1./cb",
    "http://127.1/cb",
    "http://127.0.0.01/cb",
    "http://0177.0.0.1/cb",
    "http://0x7f000001/cb",
    "http://2130706433/cb",
    "http://0.0.0.0/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "http://[0:0:0:0:0:0:0:1]/cb",
    "http://LOCALHOST:3000/cb",
    "http://127.0.0.1@evil.test/cb",
    "http://127.0.0.1:80@evil.test/cb",
    "http://user@127.0.0.1/cb",
    "http://127.0.0.1\\@evil.test/cb",
    "http://127.0.0.1%2eevil.test/cb",
    "http://evil.test/127.0.0.1/cb",
    "http://evil.test/?http://127.0.0.1/cb",
    "http://127。0。0。1/cb",
    "http:127.0.0.1/cb",
    "http:/127.0.0.1/cb",
    "//127.0.0.1/cb",
];

#[tokio::test]
async fn what_only_looks_like_a_registered_loopback_address_is_refused_without_a_location() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let registered = ["http://127.0.0.1/cb", "http://localhost:3000/cb", "http://[::1]/cb"];
    let uris: Vec<_> = registered.iter().map(|uri| json!([0, 0, {"uri": uri}])).collect();
    let wiki = App::register(&admin, json!({"uri_ids": uris})).await;
    // Allowed already: no page stands between a mistake and the redirect.
    let code = wiki.code(&admin, &[("redirect_uri", registered[0])]).await;
    for uri in registered {
        assert!(told(&wiki.ask(&admin, &[("redirect_uri", uri)]).await).contains_key("code"), "{uri}");
    }
    for uri in NEARLY_LOOPBACK {
        goes_nowhere(&admin, &wiki, uri).await;
        let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", uri)];
        let refused = wiki.post("/oauth2/token", &form).await;
        assert_eq!(error(&refused), (400, "invalid_grant".to_owned()), "{uri}: at the exchange");
    }
    // What the plugin encodes twice is decoded twice, and leads to the registered string alone.
    let twice = wiki.authorize_url(&[("redirect_uri", "http://127.0.0.1/%63b")]);
    assert_eq!(browse(&admin, &twice).await.status, StatusCode::BAD_REQUEST);
    let twice = twice.replace("/oauth2/authorize", "/orestapi/oauth2/authorization");
    let back = location(&browse(&admin, &twice).await);
    assert!(back.starts_with("http://127.0.0.1/cb?code="), "{back}");
}

/// `oregional.allow_http` has no exception, and so none that a name can pretend to be.
#[tokio::test]
async fn where_http_is_forbidden_no_host_that_begins_like_a_loopback_address_passes() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let hosts = ["127.0.0.1.evil.test", "localhost.evil.test", "127.0.0.1-evil.test", "localhost@evil.test"];
    let (usable, refused) = (&hosts[..3], hosts[3]);
    let mut uris = vec![json!([0, 0, {"uri": CALLBACK}])];
    uris.extend(usable.iter().map(|host| json!([0, 0, {"uri": format!("http://{host}/cb")}])));
    let wiki = App::register(&admin, json!({"uri_ids": uris})).await;
    let user_information = json!([{"application_id": wiki.id, "uri": format!("http://{refused}/cb")}]);
    let answer = admin.call_kw("oregional.application.uri", "create", user_information, json!({})).await;
    assert_eq!(answer.error().1, "odoo.exceptions.ValidationError");
    wiki.code(&admin, &[]).await;
    for host in usable {
        let uri = format!("http://{host}/cb");
        assert!(told(&wiki.ask(&admin, &[("redirect_uri", &uri)]).await).contains_key("code"), "{host}");
    }
    admin.result("ir.config_parameter", "set_param", json!(["oregional.allow_http", "False"])).await;
    for host in usable {
        goes_nowhere(&admin, &wiki, &format!("http://{host}/cb")).await;
    }
    assert!(told(&wiki.ask(&admin, &[]).await).contains_key("code"), "https goes on");
}

#[tokio::test]
async fn what_is_no_address_with_a_host_is_no_callback() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    for uri in [
        json!("https:///x"),
        json!(5),
        json!(true),
        json!("https://*.example/cb"),
        json!("https://a;b.example/cb"),
        json!("https://a,b.example/cb"),
        json!("https://a'b.example/cb"),
    ] {
        let made = json!({"application_id": wiki.id, "uri": uri});
        let answer = admin.call_kw("oregional.application.uri", "create", json!([made]), json!({})).await;
        assert_eq!(answer.error().1, "odoo.exceptions.ValidationError", "{uri}: {answer:?}");
    }
}
