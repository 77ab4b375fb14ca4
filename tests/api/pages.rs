//! The pages of records, as a browser without a script asks for them. What a person does there stands in
//! `tests/browser`.

use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY};
use serde_json::json;

use crate::oauth::support::{App, Tokens};
use crate::support::app::TestApp;
use crate::support::client::{Answer, User, password_of};

const APPLICATION: &str = "oregional.application";

/// What an application is made with here.
fn wiki(name: &str) -> serde_json::Value {
    json!({"name": name, "uri_ids": [[0, 0, {"uri": "https://wiki.example.com/callback"}]]})
}

/// What stands in a form: the value of an input, with the marks of HTML taken back.
fn value(page: &str, name: &str) -> Option<String> {
    let tag = page.split('<').find(|tag| tag.contains(&format!("name=\"{name}\"")))?;
    let value = tag.split("value=\"").nth(1)?.split('"').next()?;
    Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

async fn post(user: &User, path: &str, fields: &[(&str, &str)]) -> Answer {
    Answer::to(user.browser.http.post(format!("{}{path}", user.browser.url)).form(fields)).await
}

/// The fields that every form of a record has.
fn hidden(page: &Answer) -> [(String, String); 2] {
    ["csrf_token", "base"].map(|name| (name.to_owned(), value(&page.body, name).unwrap()))
}

async fn save(user: &User, path: &str, page: &Answer, typed: &[(&str, &str)]) -> Answer {
    let hidden = hidden(page);
    let mut fields: Vec<(&str, &str)> =
        hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend_from_slice(typed);
    post(user, path, &fields).await
}

#[tokio::test]
async fn a_page_of_eighty_records_is_light_and_strict() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let many: serde_json::Value = (0..100).map(|number| wiki(&format!("Wiki {number}"))).collect();
    admin.result(APPLICATION, "create", json!([many])).await;

    let page = admin.browser.get("/odoo/oregional.application").await;
    assert_eq!(page.body.matches("name=\"ids\"").count(), 80);
    let policy = page.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.body.contains(" style=") && !page.body.contains(" onclick="));

    let url = format!("{}/odoo/oregional.application", app.url());
    let sent = admin.browser.http.get(url).header(ACCEPT_ENCODING, "gzip").send().await.unwrap();
    assert_eq!(sent.headers()[CONTENT_ENCODING], "gzip");
    let weight = sent.bytes().await.unwrap().len();
    assert!(weight < 100_000, "{weight} bytes");
}

#[tokio::test]
async fn secrets_are_in_no_page_until_somebody_asks_for_them() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create(APPLICATION, wiki("Wiki")).await;
    let told = admin.result(APPLICATION, "read", json!([[id], ["client_secret", "own_secret"]])).await;
    let secret = told[0]["client_secret"].as_str().unwrap();
    let path = format!("/odoo/{APPLICATION}/{id}");

    for (address, count) in
        [(path.clone(), 0), (format!("/odoo/{APPLICATION}"), 0), (format!("{path}?reveal=client_secret"), 1)]
    {
        let page = admin.browser.get(&address).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.body.matches(secret).count(), count, "{address}");
        assert!(!page.body.contains(told[0]["own_secret"].as_str().unwrap()), "{address}");
        assert_eq!(page.headers["cache-control"], "no-store");
    }
    let clerk = admin.make_user("clerk", &["base.group_user"]).await;
    let page = clerk.browser.get(&format!("{path}?reveal=client_secret,own_secret")).await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains(secret) && !page.body.contains("client_secret\""));

    let page = admin.browser.get(&path).await;
    let kept =
        save(&admin, &format!("{path}?reveal=client_secret"), &page, &[("do", "save"), ("f.name", "Wiki")])
            .await;
    assert_eq!(kept.status, 303, "who saves is shown nothing, and nothing is noted");
    let noted = app.database.query(
        "SELECT concat_ws(' ', user_name, outcome, application_name, model, res_id, res_name, details, address) FROM audit_log WHERE event = 'reveal'",
    );
    let told = format!("admin done Wiki {APPLICATION} {id} Wiki client_secret 127.0.0.1");
    assert_eq!(noted, [[Some(told)]], "who looked at which secret");
}

#[tokio::test]
async fn what_is_wrong_is_told_beside_the_field_and_nothing_that_was_typed_is_lost() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let path = format!("/odoo/{APPLICATION}/new");
    let page = admin.browser.get(&path).await;
    let typed = [
        ("do", "save"),
        ("f.name", ""),
        ("f.client_id", "chosen"),
        ("f.access_token_expiry", "soon"),
        ("f.description", "Two\r\nlines & <b>more</b>"),
        ("l.uri_ids", "n1"),
        ("f.uri_ids.n1.uri", "https://typed.example.com/"),
    ];
    let again = save(&admin, &path, &page, &typed).await;

    assert_eq!(again.status, 422);
    assert!(
        again.body.contains("id=\"f-name-wrong\"")
            && again.body.contains("id=\"f-access_token_expiry-wrong\"")
    );
    assert_eq!(value(&again.body, "f.access_token_expiry").as_deref(), Some("soon"));
    assert_eq!(value(&again.body, "f.uri_ids.n1.uri").as_deref(), Some("https://typed.example.com/"));
    assert!(again.body.contains("Two\nlines &amp; &lt;b&gt;more&lt;/b&gt;</textarea>"));
    assert_eq!(admin.result(APPLICATION, "search_count", json!([[]])).await, 0);

    // What only the records know is told beside the field that it speaks of.
    admin.create(APPLICATION, json!({"name": "Other", "client_id": "chosen"})).await;
    let typed = [("do", "save"), ("f.name", "Mine"), ("f.client_id", "chosen"), ("f.model_scheme_id", "1")];
    let again = save(&admin, &path, &page, &typed).await;
    assert_eq!(again.status, 422, "{}", again.body);
    assert!(again.body.contains("role=\"alert\""));
    assert_eq!(value(&again.body, "f.name").as_deref(), Some("Mine"));
}

#[tokio::test]
async fn a_second_save_says_who_changed_what_and_loses_nothing() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let other = admin.make_user("other", &["base.group_user", "oregional.group_app_admin"]).await;
    let id = admin.create(APPLICATION, wiki("Wiki")).await;
    let path = format!("/odoo/{APPLICATION}/{id}");
    let (mine, theirs) = (admin.browser.get(&path).await, other.browser.get(&path).await);

    let typed =
        [("do", "save"), ("f.name", "Wiki"), ("f.access_token_expiry", "1800"), ("f.description", "theirs")];
    assert_eq!(save(&other, &path, &theirs, &typed).await.status, 303);
    let typed =
        [("do", "save"), ("f.name", "My wiki"), ("f.access_token_expiry", "3600"), ("f.description", "")];
    let told = save(&admin, &path, &mine, &typed).await;

    assert_eq!(told.status, 409);
    assert!(told.body.contains("other changed this record") && told.body.contains("1800"), "{}", told.body);
    assert_eq!(value(&told.body, "f.name").as_deref(), Some("My wiki"));
    assert_eq!(value(&told.body, "f.access_token_expiry").as_deref(), Some("1800"));
    assert!(told.body.contains("theirs</textarea>"));
    let typed = [
        ("do", "save"),
        ("f.name", "My wiki"),
        ("f.access_token_expiry", "1800"),
        ("f.description", "theirs"),
    ];
    assert_eq!(save(&admin, &path, &told, &typed).await.status, 303);
    let kept = admin
        .result(APPLICATION, "read", json!([[id], ["name", "access_token_expiry", "description"]]))
        .await;
    assert_eq!(
        kept,
        json!([{"id": id, "name": "My wiki", "access_token_expiry": 1800, "description": "theirs"}])
    );
}

#[tokio::test]
async fn a_form_is_taken_from_its_own_session_alone() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let again = app.admin().await;
    let id = admin.create(APPLICATION, wiki("Wiki")).await;
    let (list, record) = (format!("/odoo/{APPLICATION}"), format!("/odoo/{APPLICATION}/{id}"));
    let foreign = value(&again.browser.get(&record).await.body, "csrf_token").unwrap();
    let own = value(&admin.browser.get(&record).await.body, "csrf_token").unwrap();
    let old = format!("{}.1000000000", own.split('.').next().unwrap());
    let id = id.to_string();

    for token in ["", "x", &foreign, &old] {
        for (path, word) in
            [(&list, "archive"), (&record, "archive"), (&"/odoo/preferences".to_owned(), "everywhere")]
        {
            let fields = [("csrf_token", token), ("do", word), ("ids", &id), ("confirmed", "1")];
            assert_eq!(post(&admin, path, &fields).await.status, 403, "{path} {token}");
        }
    }
    assert_eq!(admin.result(APPLICATION, "search_count", json!([[]])).await, 1);
    let fields = [("csrf_token", own.as_str()), ("do", "archive"), ("ids", &id)];
    assert_eq!(post(&admin, &list, &fields).await.status, 303);
    assert_eq!(admin.result(APPLICATION, "search_count", json!([[]])).await, 0);
}

#[tokio::test]
async fn pages_open_no_more_than_the_rights_of_their_visitor() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create(APPLICATION, wiki("Wiki")).await;
    let clerk = admin.make_user("clerk", &["base.group_user"]).await;
    let path = format!("/odoo/{APPLICATION}/{id}");
    let page = clerk.browser.get(&path).await;
    assert!(
        page.status == 200
            && !page.body.contains("value=\"save\"")
            && !page.body.contains("value=\"delete\"")
    );

    for word in ["save", "archive", "delete", "duplicate", "button:action_generate_client_id"] {
        let typed = [("do", word), ("confirmed", "1"), ("f.name", "Taken over")];
        let answer = save(&clerk, &path, &page, &typed).await;
        let is_kept = word == "save" && answer.status == 303;
        assert!(answer.status.is_client_error() || is_kept, "{word}: {}", answer.status);
    }
    let kept = admin.result(APPLICATION, "search_read", json!([[], ["name"]])).await;
    assert_eq!(kept, json!([{"id": id, "name": "Wiki"}]));
    for (path, status) in [
        ("/odoo/operations", 403),
        ("/odoo/ir.rule", 403),
        ("/odoo/no.such", 404),
        ("/odoo/oregional.application/99999", 404),
    ] {
        assert_eq!(clerk.browser.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn figures_are_for_whoever_has_their_token() {
    let closed = TestApp::start();
    assert_eq!(closed.anonymous().get("/metrics").await.status, 404);
    let app = TestApp::with(|settings| settings.metrics_token = Some("figures".into()));
    let admin = app.admin().await;
    admin.call_kw("no.such", "read", json!([]), json!({})).await;
    assert_eq!(app.anonymous().get("/metrics").await.status, 401);
    let wiki = App::register(&admin, json!({})).await;
    let first = wiki.sign_in(&admin).await;
    let second = Tokens::of(&wiki.refresh(&first.refresh).await);
    let url = format!("{}/metrics", app.url());
    let told = Answer::to(admin.browser.http.get(&url).bearer_auth("figures")).await;
    assert!(told.body.contains("oregional_state{kind=\"access_tokens\"} 2\n"), "{}", told.body);
    wiki.refresh(&second.refresh).await;
    // A token that comes again after its successor ends all of them.
    for grant_type in ["refresh_token", "a secret that nobody repeats"] {
        wiki.post("/oauth2/token", &[("grant_type", grant_type), ("refresh_token", &first.refresh)]).await;
    }

    let told = Answer::to(admin.browser.http.get(url).bearer_auth("figures")).await;

    assert_eq!(told.status, 200);
    for line in [
        "oregional_http_requests_total{route=\"/web/session\",result=\"ok\"} 1",
        "oregional_http_requests_total{route=\"/web/dataset/call_kw\",result=\"refused\"} 1",
        "oregional_oauth_grants_total{grant=\"authorization_code\",result=\"ok\"} 1",
        "oregional_oauth_grants_total{grant=\"refresh_token\",result=\"ok\"} 2",
        "oregional_oauth_grants_total{grant=\"refresh_token\",result=\"invalid_grant\"} 1",
        "oregional_oauth_grants_total{grant=\"other\",result=\"unsupported_grant_type\"} 1",
        "oregional_state{kind=\"refresh_token_reuses\"} 1",
        "oregional_state{kind=\"sessions\"} 1",
        "oregional_state{kind=\"access_tokens\"} 0",
        "# TYPE oregional_http_request_seconds histogram",
        "oregional_state{kind=\"database_up\"} 1",
    ] {
        assert!(told.body.lines().any(|known| known == line), "{line}\n{}", told.body);
    }
    assert!(!told.body.contains("nobody repeats"), "what clients send is no label");
    assert!(told.body.ends_with("# EOF\n"));
    assert_eq!(admin.browser.get("/odoo/operations").await.status, 200);
}

#[tokio::test]
async fn a_place_of_a_list_beyond_all_numbers_is_none() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let id = admin.create(APPLICATION, wiki("Wiki")).await;

    for (at, has_place) in [("0", true), ("9223372036854775807", false), ("9223372036854775806", false)] {
        let page = admin.browser.get(&format!("/odoo/{APPLICATION}/{id}?at={at}")).await;
        assert_eq!(page.status, reqwest::StatusCode::OK, "{at}");
        assert_eq!(page.body.contains("nav class=\"pager\""), has_place, "{at}: {}", page.body);
    }
}

#[tokio::test]
async fn a_password_is_what_was_typed_with_its_spaces() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let (mut user, mut old) = (admin.make_user("spaced", &["base.group_user"]).await, password_of("spaced"));
    for (way, new) in [("page", " a first password "), ("call", "  a second one"), ("write", "a third one  ")]
    {
        crate::support::secrets::remember(new);
        match way {
            "page" => {
                let page = user.browser.get("/odoo/preferences").await;
                let token = value(&page.body, "csrf_token").unwrap();
                let fields = [
                    ("csrf_token", token.as_str()),
                    ("do", "password"),
                    ("old", &old),
                    ("new", new),
                    ("again", new),
                ];
                let answer = post(&user, "/odoo/preferences", &fields).await;
                assert!(answer.status.is_redirection() || answer.status.is_success(), "{answer:?}");
            }
            "call" => {
                assert_eq!(user.result("res.users", "change_password", json!([old, new])).await, true);
            }
            _ => {
                admin.result("res.users", "write", json!([[user.uid], {"password": new}])).await;
            }
        }
        let trimmed = app.anonymous().authenticate("spaced", new.trim()).await;
        assert_eq!(trimmed.error().1, "odoo.exceptions.AccessDenied", "{way}");
        user = app.user("spaced", new).await;
        new.clone_into(&mut old);
    }
}

#[tokio::test]
async fn a_time_that_the_clock_leaves_out_is_the_one_after_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    admin.result("res.users", "write", json!([[admin.uid], {"tz": "Europe/Berlin"}])).await;
    let model = admin.result("ir.model", "search", json!([[["model", "=", "res.partner"]]])).await[0].clone();
    let job = json!({"name": "Job", "model_id": model});
    let id = admin.create("ir.cron", job).await;
    let path = format!("/odoo/ir.cron/{id}");
    for (typed, kept, shown) in [
        ("2026-03-29T01:59", "2026-03-29 00:59:00", "2026-03-29T01:59:00"),
        ("2026-03-29T02:30", "2026-03-29 01:30:00", "2026-03-29T03:30:00"),
        ("2026-03-29T03:00", "2026-03-29 01:00:00", "2026-03-29T03:00:00"),
        ("2026-10-25T02:30", "2026-10-25 00:30:00", "2026-10-25T02:30:00"),
    ] {
        let page = admin.browser.get(&path).await;
        let saved = save(&admin, &path, &page, &[("do", "save"), ("f.nextcall", typed)]).await;
        assert_eq!(saved.status, 303, "{typed}: {}", saved.body);
        let read = admin.result("ir.cron", "read", json!([[id], ["nextcall"]])).await;
        assert_eq!(read[0]["nextcall"], kept, "{typed}");
        assert_eq!(value(&admin.browser.get(&path).await.body, "f.nextcall").as_deref(), Some(shown));
    }
}
