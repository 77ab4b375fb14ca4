//! Signing in and out by the pages.

use reqwest::header::{COOKIE, LOCATION};

use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::{Anonymous, Answer, client, is_alive};

fn browser(app: &TestApp) -> Anonymous {
    Anonymous { http: client().cookie_store(true).build().unwrap(), url: app.url() }
}

fn token(page: &str) -> String {
    page.split("name=\"csrf_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

async fn send(browser: &Anonymous, form: &[(&str, &str)]) -> Answer {
    Answer::to(browser.http.post(format!("{}/web/login", browser.url)).form(form)).await
}

fn location(answer: &Answer) -> &str {
    answer.headers[LOCATION].to_str().unwrap()
}

#[tokio::test]
async fn a_browser_is_led_to_the_form_and_back() {
    let app = TestApp::start();
    let browser = browser(&app);
    assert_eq!(location(&browser.get("/").await), "/odoo");
    let sent = browser.get("/odoo/action-7?debug=1").await;
    assert_eq!(location(&sent), "/web/login?redirect=%2Fodoo%2Faction-7%3Fdebug%3D1");
    let page = browser.get(location(&sent)).await;
    assert_eq!(page.status, 200);

    let form = [
        ("csrf_token", &*token(&page.body)),
        ("login", "admin"),
        ("password", PASSWORD),
        ("redirect", "/odoo/action-7?debug=1"),
    ];
    let done = send(&browser, &form).await;

    assert_eq!((done.status.as_u16(), location(&done)), (303, "/odoo/action-7?debug=1"));
    assert!(is_alive(&app.url(), &done.session()).await);
    assert_eq!(browser.get("/odoo").await.status, 200);
    assert_eq!(location(&browser.get("/web/login").await), "/odoo");

    let out = browser.get("/web/session/logout").await;
    assert_eq!((out.status.as_u16(), location(&out)), (303, "/odoo"));
    assert!(!is_alive(&app.url(), &done.session()).await);
    assert_eq!(location(&browser.get("/odoo").await), "/web/login?redirect=%2Fodoo%3F");
}

#[tokio::test]
async fn a_wrong_password_is_told_and_opens_nothing() {
    let app = TestApp::start();
    let browser = browser(&app);
    let page = browser.get("/web/login").await;
    let before = page.session();

    let form = [("csrf_token", &*token(&page.body)), ("login", "<b>admin\""), ("password", "wrong")];
    let refused = send(&browser, &form).await;

    assert_eq!(refused.status, 200);
    assert!(refused.body.contains("Wrong login or password."));
    assert!(refused.body.contains("&lt;b&gt;admin&quot;") && !refused.body.contains("<b>"));
    assert!(!refused.body.contains("wrong"));
    assert!(!is_alive(&app.url(), &before).await);
}

#[tokio::test]
async fn a_form_of_another_page_or_session_is_refused() {
    let app = TestApp::start();
    let (mine, yours) = (browser(&app), browser(&app));
    let foreign = token(&yours.get("/web/login").await.body);
    mine.get("/web/login").await;
    for csrf_token in ["", "x", "x.99999999999", &foreign] {
        let form = [("csrf_token", csrf_token), ("login", "admin"), ("password", PASSWORD)];
        let refused = send(&mine, &form).await;
        assert_eq!(refused.status, 400, "{csrf_token}");
        assert!(refused.cookies().is_empty());
    }
    let bare = send(&mine, &[("login", "admin"), ("password", PASSWORD)]).await;
    assert_eq!(bare.status, 400);
    let json = mine.post("/web/login", "application/json", "{}").await;
    assert_eq!(json.status, 400);
}

#[tokio::test]
async fn signing_in_gives_another_session_than_the_form_had() {
    let app = TestApp::start();
    let browser = browser(&app);
    let page = browser.get("/web/login").await;
    let form = [("csrf_token", &*token(&page.body)), ("login", "admin"), ("password", PASSWORD)];

    let done = send(&browser, &form).await;

    assert_ne!(done.session(), page.session());
    assert!(!is_alive(&app.url(), &page.session()).await);
}

#[tokio::test]
async fn a_redirect_leads_nowhere_else() {
    let app = TestApp::start();
    for elsewhere in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/x\r\nX-Evil: 1",
    ] {
        let browser = browser(&app);
        let page = browser.get("/web/login").await;
        let form = [
            ("csrf_token", &*token(&page.body)),
            ("login", "admin"),
            ("password", PASSWORD),
            ("redirect", elsewhere),
        ];
        let done = send(&browser, &form).await;
        assert_eq!((done.status.as_u16(), location(&done)), (303, "/odoo"), "{elsewhere}");
        let out = Answer::to(
            browser.http.get(format!("{}/web/session/logout", app.url())).query(&[("redirect", elsewhere)]),
        )
        .await;
        assert_eq!(location(&out), "/odoo", "{elsewhere}");
    }
}

#[tokio::test]
async fn pages_run_no_foreign_script_and_are_framed_by_nobody() {
    let app = TestApp::start();
    for path in ["/web/login", "/nothing", "/odoo"] {
        let page = app.anonymous().get(path).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src '") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{path}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        let scripts = page.body.matches("<script").count();
        assert_eq!(page.body.matches("<script src=\"/web/assets/").count(), scripts, "{path}");
    }
    let login = app.anonymous().get("/web/login").await;
    assert_eq!(login.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn texts_and_logo_are_for_anybody() {
    let app = TestApp::start();
    let texts = app.anonymous().get("/web/webclient/translations/1?lang=xx_XX").await.json();
    assert_eq!(texts["lang"], "en_US");
    assert_eq!(texts["lang_parameters"]["code"], "en_US");
    let logo = app.anonymous().get("/web/binary/company_logo?company=nonsense").await;
    assert_eq!((logo.status.as_u16(), logo.headers["content-type"].to_str().unwrap()), (200, "image/png"));
    let strange = Answer::to(
        app.anonymous().http.get(format!("{}/web/login", app.url())).header(COOKIE, "session_id=short"),
    )
    .await;
    assert_eq!(strange.status, 200);
    assert_eq!(strange.cookies().len(), 1);
}
