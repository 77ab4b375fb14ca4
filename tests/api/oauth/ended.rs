//! What ends codes, tokens and sessions: the end of an application, of a URI, of a password, of a grant.

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, LOCATION};
use serde_json::{Value as Json, json};

use super::support::{App, CALLBACK, Tokens, browse, decide, error};
use crate::binary::{PASSWORD, Server, run};
use crate::support::app::TestApp;
use crate::support::client::{Answer, User, envelope, is_alive, password_of};
use crate::support::database::Scratch;

const APPLICATION: &str = "oregional.application";
const URI: &str = "oregional.application.uri";
const GRANT: &str = "oregional.authorization";
const SECOND: &str = "https://wiki.example.com/second";

/// The two answers to who is no client, and to a client whose code or token is not good.
fn no_client() -> (u16, String) {
    (401, "invalid_client".to_owned())
}

fn no_grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

/// Whether an access token opens each of its doors at a server; all of them answer alike.
async fn opens(app: &TestApp, token: &str) -> bool {
    let url = app.url();
    let http = app.anonymous().http;
    let params = json!({"model": "res.partner", "method": "search_count", "args": [[]], "kwargs": {}});
    let requests = [
        http.get(format!("{url}/oauth2/userinfo")),
        http.post(format!("{url}/web/dataset/call_kw")).json(&envelope(&params)),
        http.post(format!("{url}/json/2/res.partner/search_count")).json(&json!({"domain": []})),
        http.get(format!("{url}/orestapi/application/model")),
    ];
    let mut statuses = Vec::new();
    for request in requests {
        statuses.push(Answer::to(request.header(AUTHORIZATION, format!("Bearer {token}"))).await.status);
    }
    assert!(statuses.iter().all(|status| *status == statuses[0]), "the doors differ: {statuses:?}");
    assert!([StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&statuses[0]), "{statuses:?}");
    statuses[0] == StatusCode::OK
}

async fn exchange_at(wiki: &App, code: &str, uri: &str) -> Answer {
    let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", uri)];
    wiki.post("/oauth2/token", &form).await
}

/// The client id and the secret that an application has by now.
async fn renewed(admin: &User, wiki: &App) -> App {
    let read = admin.result(APPLICATION, "read", json!([[wiki.id], ["client_id", "client_secret"]])).await;
    let text = |name: &str| read[0][name].as_str().unwrap().to_owned();
    App { client_id: text("client_id"), client_secret: text("client_secret"), ..wiki.clone() }
}

async fn grants_of(admin: &User, wiki: &App) -> Json {
    admin.result(GRANT, "search", json!([[["application_id", "=", wiki.id]]])).await
}

#[tokio::test]
async fn codes_and_tokens_of_a_deleted_application_open_nothing_not_even_for_one_of_the_same_name() {
    let app = TestApp::start();
    let beside = TestApp::beside(&app);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let other = App::register(&admin, json!({"name": "Other"})).await;
    let (tokens, kept) = (wiki.sign_in(&admin).await, other.sign_in(&admin).await);
    let (code, kept_code) = (wiki.code(&admin, &[]).await, other.code(&admin, &[]).await);
    assert!(opens(&app, &tokens.access).await && opens(&beside, &tokens.access).await);

    admin.result(APPLICATION, "unlink", json!([[wiki.id]])).await;

    for server in [&app, &beside] {
        let wiki = wiki.at(&server.url());
        assert!(!opens(server, &tokens.access).await);
        assert_eq!(error(&wiki.refresh(&tokens.refresh).await), no_client());
        assert_eq!(error(&wiki.exchange(&code).await), no_client());
    }
    // Registered anew, it is another application.
    let same = json!({"client_id": wiki.client_id, "client_secret": wiki.client_secret});
    let again = App::register(&admin, same).await;
    assert_eq!(error(&again.refresh(&tokens.refresh).await), no_grant());
    assert_eq!(error(&again.exchange(&code).await), no_grant());
    assert!(!again.is_active(&tokens.access).await && !opens(&beside, &tokens.access).await);
    assert_eq!(again.ask(&admin, &[]).await.status, StatusCode::OK, "nobody has allowed it anything");
    assert!(opens(&app, &kept.access).await, "another application goes on");
    Tokens::of(&other.refresh(&kept.refresh).await);
    Tokens::of(&other.exchange(&kept_code).await);
}

#[tokio::test]
async fn who_signs_out_everywhere_ends_every_session_code_and_token_of_that_user_alone() {
    let app = TestApp::start();
    let beside = TestApp::beside(&app);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let plugin = App::register(&admin, json!({"name": "Plugin"})).await;
    admin.make_user("ann", &["base.group_user"]).await;
    let ben = admin.make_user("ben", &["base.group_user"]).await;
    let (his, his_code) = (wiki.sign_in(&ben).await, wiki.code(&ben, &[]).await);

    for by_administrator in [false, true] {
        let ann = app.user("ann", &password_of("ann")).await;
        let elsewhere = beside.user("ann", &password_of("ann")).await;
        let pairs = [(&wiki, wiki.sign_in(&ann).await), (&plugin, plugin.sign_in(&elsewhere).await)];
        let code = wiki.code(&ann, &[]).await;
        let refused =
            ben.call_kw("res.users", "action_revoke_all_devices", json!([[ann.uid]]), json!({})).await;
        assert_eq!(refused.error().1, "odoo.exceptions.AccessError");
        assert!(is_alive(&beside.url(), &ann.session).await && opens(&beside, &pairs[0].1.access).await);

        let who = if by_administrator { &admin } else { &ann };
        who.result("res.users", "action_revoke_all_devices", json!([[ann.uid]])).await;

        for server in [&app, &beside] {
            for session in [&ann.session, &elsewhere.session] {
                assert!(!is_alive(&server.url(), session).await, "{by_administrator}");
            }
            for (client, tokens) in &pairs {
                let client = client.at(&server.url());
                assert!(!opens(server, &tokens.access).await, "{by_administrator}");
                assert_eq!(error(&client.refresh(&tokens.refresh).await), no_grant(), "{by_administrator}");
            }
            assert_eq!(error(&wiki.at(&server.url()).exchange(&code).await), no_grant());
        }
        let ann = app.user("ann", &password_of("ann")).await;
        assert_ne!(wiki.ask(&ann, &[]).await.status, StatusCode::OK, "what was allowed stays allowed");
        assert!(opens(&app, &wiki.sign_in(&ann).await.access).await, "a new sign-in works");
    }
    assert!(is_alive(&beside.url(), &ben.session).await && opens(&beside, &his.access).await);
    Tokens::of(&wiki.refresh(&his.refresh).await);
    Tokens::of(&wiki.exchange(&his_code).await);
}

#[tokio::test]
async fn a_client_id_or_a_secret_made_anew_ends_the_codes_and_the_old_one_refreshes_nothing() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for method in ["action_generate_client_id", "action_generate_client_secret"] {
        let wiki = App::register(&admin, json!({"name": method})).await;
        let (tokens, code) = (wiki.sign_in(&admin).await, wiki.code(&admin, &[]).await);

        admin.result(APPLICATION, method, json!([[wiki.id]])).await;

        assert_eq!(error(&wiki.refresh(&tokens.refresh).await), no_client(), "{method}");
        assert_eq!(error(&wiki.exchange(&code).await), no_client(), "{method}");
        assert!(opens(&app, &tokens.access).await, "{method}: to its expiry");
        let renewed = renewed(&admin, &wiki).await;
        assert_eq!(error(&renewed.exchange(&code).await), no_grant(), "{method}: a code of before");
        let next = Tokens::of(&renewed.refresh(&tokens.refresh).await);
        assert!(opens(&app, &next.access).await, "{method}");
        assert_ne!(renewed.ask(&admin, &[]).await.status, StatusCode::OK, "{method}: the consent stays");
    }
}

#[tokio::test]
async fn codes_for_a_uri_end_with_it_and_tokens_do_not() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let changes = [
        ("deleted", "unlink", None),
        ("archived", "write", Some(json!({"active": false}))),
        ("changed", "write", Some(json!({"uri": "https://wiki.example.com/elsewhere"}))),
    ];
    for (what, method, values) in changes {
        let uris = json!([[0, 0, {"uri": CALLBACK}], [0, 0, {"uri": SECOND}]]);
        let wiki = App::register(&admin, json!({"name": what, "uri_ids": uris})).await;
        let tokens = wiki.sign_in(&admin).await;
        let code = wiki.code(&admin, &[]).await;
        let other_code = wiki.code(&admin, &[("redirect_uri", SECOND)]).await;
        let own = json!([[["application_id", "=", wiki.id], ["uri", "=", CALLBACK]]]);
        let own = admin.result(URI, "search", own).await;

        let args = values.map_or_else(|| json!([own]), |values| json!([own, values]));
        admin.result(URI, method, args).await;

        assert_eq!(error(&exchange_at(&wiki, &code, CALLBACK).await), no_grant(), "{what}");
        for uri in [SECOND, "https://wiki.example.com/elsewhere"] {
            assert_eq!(error(&exchange_at(&wiki, &code, uri).await), no_grant(), "{what}: {uri}");
        }
        assert!(opens(&app, &tokens.access).await, "{what}");
        Tokens::of(&wiki.refresh(&tokens.refresh).await);
        Tokens::of(&exchange_at(&wiki, &other_code, SECOND).await);
    }
}

/// One cause, and the answer to a code of before and to one of somebody else.
async fn a_code_after(why: &str, keeps_consent: bool, cause: impl AsyncFn(&User, &App, &User)) {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let (code, second) = (wiki.code(&ann, &[]).await, wiki.code(&ann, &[]).await);
    let his = wiki.code(&admin.make_user("ben", &["base.group_user"]).await, &[]).await;
    let tokens = Tokens::of(&wiki.exchange(&second).await);

    cause(&admin, &wiki, &ann).await;

    assert_eq!(error(&wiki.exchange(&code).await), no_grant(), "{why}");
    Tokens::of(&wiki.exchange(&his).await);
    let again = app.user("ann", &password_of("ann")).await;
    let is_asked = wiki.ask(&again, &[]).await.status == StatusCode::OK;
    assert_eq!(is_asked, !keeps_consent, "{why}");
    Tokens::of(&wiki.exchange(&wiki.code(&again, &[]).await).await);
    assert_eq!(error(&wiki.exchange(&code).await), no_grant(), "{why}: and stays ended");
    assert!(!opens(&app, &tokens.access).await, "{why}: and so do the tokens of before");
    assert_eq!(error(&wiki.refresh(&tokens.refresh).await), no_grant(), "{why}");
}

#[tokio::test]
async fn a_code_ends_with_the_password_and_with_the_grant_that_it_was_made_under() {
    a_code_after("changed by the user", true, async |_admin, _wiki, ann| {
        let password = password_of("ann");
        ann.result("res.users", "change_password", json!([password, "another one"])).await;
        let ann = User::sign_in(&ann.browser.url, "ann", "another one").await;
        ann.result("res.users", "change_password", json!(["another one", password])).await;
    })
    .await;
    a_code_after("changed by the administrator", true, async |admin, _wiki, ann| {
        let values = json!({"password": password_of("ann")});
        admin.result("res.users", "write", json!([[ann.uid], values])).await;
    })
    .await;
    a_code_after("revoked by the user", true, async |admin, wiki, ann| {
        let own = json!([["id", "in", grants_of(admin, wiki).await], ["user_id", "=", ann.uid]]);
        let own = ann.result(GRANT, "search", json!([own])).await;
        ann.result(GRANT, "action_revoke_tokens", json!([own])).await;
    })
    .await;
    a_code_after("deleted", false, async |admin, wiki, ann| {
        let hers = json!([["id", "in", grants_of(admin, wiki).await], ["user_id", "=", ann.uid]]);
        let hers = admin.result(GRANT, "search", json!([hers])).await;
        admin.result(GRANT, "unlink", json!([hers])).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_of_a_user_who_is_deleted() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let (tokens, code) = (wiki.sign_in(&ann).await, wiki.code(&ann, &[]).await);

    admin.result("res.users", "unlink", json!([[ann.uid]])).await;

    assert!(!opens(&app, &tokens.access).await && !is_alive(&app.url(), &ann.session).await);
    assert_eq!(error(&wiki.refresh(&tokens.refresh).await), no_grant());
    assert_eq!(error(&wiki.exchange(&code).await), no_grant());
    assert!(!wiki.is_active(&tokens.refresh).await);
}

#[tokio::test]
async fn a_password_set_on_the_command_line_ends_tokens_and_codes_too() {
    let scratch = Scratch::for_test();
    let data_dir = scratch.path.join("data");
    let server = Server::start(&data_dir, &["--admin-password", PASSWORD]).await;
    let admin = User::sign_in(&server.url, "admin", PASSWORD).await;
    let wiki = App::register(&admin, json!({})).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let (tokens, code) = (wiki.sign_in(&ann).await, wiki.code(&ann, &[]).await);
    let kept = wiki.sign_in(&admin).await;

    let changed = run(&data_dir, &["user", "passwd", "ann", "--password-stdin"], "another secret\n").await;

    assert!(changed.status.success(), "{changed:?}");
    assert!(!wiki.is_active(&tokens.access).await && !is_alive(&server.url, &ann.session).await);
    assert_eq!(error(&wiki.refresh(&tokens.refresh).await), no_grant());
    assert_eq!(error(&wiki.exchange(&code).await), no_grant());
    assert!(wiki.is_active(&kept.access).await, "somebody else's goes on");
    assert!(server.stop("-TERM").await.success());
}

/// One cause between the consent page and its form.
async fn a_form_after(why: &str, cause: impl AsyncFn(&User, &App, &User, &Json)) {
    let app = TestApp::start();
    let admin = app.admin().await;
    for face in ["/oauth2/authorize", "/orestapi/oauth2/authorization"] {
        let wiki = App::register(&admin, json!({"name": face})).await;
        let login = face.replace('/', "");
        let ann = admin.make_user(&login, &["base.group_user"]).await;
        let own = json!([[["application_id", "=", wiki.id]]]);
        let uris = admin.result(URI, "search", own).await;
        let url = wiki.authorize_url(&[("state", "s")]).replace("/oauth2/authorize", face);
        let page = browse(&ann, &url).await;
        assert_eq!(page.status, StatusCode::OK, "{why}: {page:?}");

        cause(&admin, &wiki, &ann, &uris).await;

        let answer = decide(&ann, &page, "allow").await;
        assert!(answer.status.is_client_error(), "{why} at {face}: {answer:?}");
        assert_eq!(answer.headers.get(LOCATION), None, "{why} at {face}");
        let codes = app.database.query("SELECT 1 FROM oauth_code");
        assert!(codes.is_empty(), "{why} at {face}: a code was made");
    }
}

#[tokio::test]
async fn a_consent_form_ends_with_what_it_asks_for_and_with_the_session_that_it_was_shown_in() {
    let write = async |admin: &User, model: &str, ids: &Json, values: Json| {
        admin.result(model, "write", json!([ids, values])).await;
    };
    let archive = async |admin: &User, model: &str, ids: &Json| {
        write(admin, model, ids, json!({"active": false})).await;
    };
    a_form_after("application archived", async |admin, wiki, _ann, _uris| {
        archive(admin, APPLICATION, &json!([wiki.id])).await;
    })
    .await;
    a_form_after("application deleted", async |admin, wiki, _ann, _uris| {
        admin.result(APPLICATION, "unlink", json!([[wiki.id]])).await;
    })
    .await;
    a_form_after("URI archived", async |admin, _wiki, _ann, uris| archive(admin, URI, uris).await).await;
    a_form_after("URI deleted", async |admin, _wiki, _ann, uris| {
        admin.result(URI, "unlink", json!([uris])).await;
    })
    .await;
    a_form_after("user archived", async |admin, _wiki, ann, _uris| {
        archive(admin, "res.users", &json!([ann.uid])).await;
    })
    .await;
    a_form_after("password changed", async |admin, _wiki, ann, _uris| {
        write(admin, "res.users", &json!([ann.uid]), json!({"password": "another one"})).await;
    })
    .await;
    a_form_after("signed out everywhere", async |_admin, _wiki, ann, _uris| {
        ann.result("res.users", "action_revoke_all_devices", json!([[ann.uid]])).await;
    })
    .await;
}

#[tokio::test]
async fn what_was_allowed_for_a_single_uri_is_gone_however_it_was_archived() {
    let app = TestApp::start();
    let admin = app.admin().await;
    for way in ["write", "action_archive", "toggle", "by the application", "deleted by the application"] {
        let single = json!([[0, 0, {"uri": CALLBACK, "authorize_individually": true}]]);
        let wiki = App::register(&admin, json!({"name": way, "uri_ids": single})).await;
        wiki.sign_in(&admin).await;
        let uri = admin.result(URI, "search", json!([[["application_id", "=", wiki.id]]])).await[0]
            .as_i64()
            .unwrap();
        let lines = async |lines: Json| {
            admin.result("oregional.application", "write", json!([[wiki.id], {"uri_ids": lines}])).await;
        };

        match way {
            "write" => drop(admin.result(URI, "write", json!([[uri], {"active": false}])).await),
            "action_archive" => drop(admin.call_kw(URI, "action_archive", json!([[uri]]), json!({})).await),
            "toggle" => drop(admin.call_kw(URI, "toggle_active", json!([[uri]]), json!({})).await),
            "by the application" => lines(json!([[1, uri, {"active": false}]])).await,
            _ => lines(json!([[2, uri, 0]])).await,
        }
        assert_eq!(wiki.ask(&admin, &[]).await.status, StatusCode::BAD_REQUEST, "{way}");
        if way.starts_with("deleted") {
            lines(json!([[0, 0, {"uri": CALLBACK, "authorize_individually": true}]])).await;
        } else {
            lines(json!([[1, uri, {"active": true}]])).await;
        }

        assert_eq!(wiki.ask(&admin, &[]).await.status, StatusCode::OK, "{way}: asked again");
    }
}
