//! Nothing that was issued is found again, neither in a backup of the database nor in the log at TRACE.
//!
//! Every test proves that of its own database and time (`support/secrets.rs`). Here it is proved that they
//! would notice, and the program itself goes through a long day with a real backup at its end.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use url::Url;

use super::support::{App, CALLBACK, Tokens, browse, decide, hidden, location, told};
use crate::support::app::{KEY, PASSWORD, TestApp};
use crate::support::client::{Anonymous, Answer, User, password_of};
use crate::support::database::{Database, Scratch, log};
use crate::support::secrets;

/// How long the program may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running program. Somebody has to listen to what it still says.
struct Program {
    child: Child,
    url: String,
    _output: Lines<BufReader<ChildStdout>>,
}

/// The program over a database, telling its log all it has to say.
async fn start(database: &Database, scratch: &Scratch) -> Program {
    let listen = ["serve", "--listen", "127.0.0.1:0", "--workers", "1", "--database-url", &database.url()];
    let mut child = Command::new(env!("CARGO_BIN_EXE_oregional"))
        .args(listen)
        .env("OREGIONAL_DATA_DIR", scratch.path.join("data"))
        .env("OREGIONAL_SECRET_KEY", KEY)
        .env("OREGIONAL_HASH_ROUNDS", "1000")
        .env("RUST_LOG", "trace")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log().writer())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reading = async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("the server has ended"));
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                return url.to_owned();
            }
        }
    };
    let url = tokio::time::timeout(PATIENCE, reading).await.unwrap();
    Program { child, url, _output: lines }
}

/// Signs in and out, exchanges, refreshes, fails and revokes by both faces; gives all that is secret of it.
async fn a_day(url: &str) -> Vec<String> {
    let admin = User::sign_in(url, "admin", PASSWORD).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let wiki = App::register(&admin, json!({"client_secret": "a secret that somebody chose"})).await;
    let mut secrets =
        vec![password_of("ann"), ann.session.clone(), admin.session.clone(), wiki.client_secret.clone()];
    let page = wiki.ask(&ann, &[("scope", "read write")]).await;
    secrets.extend([hidden(&page, "request"), hidden(&page, "token")]);
    let code = told(&decide(&ann, &page, "allow").await)["code"].clone();
    let first = Tokens::of(&wiki.exchange(&code).await);
    let second = Tokens::of(&wiki.refresh(&first.refresh).await);
    wiki.refresh(&first.refresh).await;
    wiki.exchange(&code).await;
    secrets.extend([
        code,
        first.access.clone(),
        first.refresh,
        second.access.clone(),
        second.refresh.clone(),
    ]);
    let userinfo = Anonymous::new(url).http.get(format!("{url}/oauth2/userinfo")).bearer_auth(&second.access);
    assert_eq!(userinfo.send().await.unwrap().status(), StatusCode::OK);
    assert!(wiki.is_active(&second.access).await);

    // The plugin puts its secrets into addresses.
    let plugin = wiki.authorize_url(&[]).replace("/oauth2/authorize", "/orestapi/oauth2/authorization");
    let back = browse(&ann, &plugin).await;
    assert_eq!(back.status, StatusCode::FOUND);
    let target = Url::parse(&location(&back)).unwrap();
    let code = target.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", &wiki.client_id),
        ("client_secret", &wiki.client_secret),
    ];
    let exchange = Url::parse_with_params(&format!("{url}/orestapi/oauth2/access_token"), form).unwrap();
    let third = Tokens::of(&Answer::to(Anonymous::new(url).http.post(exchange)).await);
    secrets.extend([code.clone(), third.access, third.refresh]);
    wiki.post("/oauth2/revoke", &[("token", &second.refresh)]).await;

    let wrong = Anonymous::new(url);
    wrong.authenticate("ann", "a wrong password of somebody").await;
    secrets.push("a wrong password of somebody".to_owned());
    let params =
        json!({"service": "common", "method": "login", "args": ["oregional", "ann", password_of("ann")]});
    assert!(wrong.rpc("/jsonrpc", params).await.result().is_i64());
    secrets.extend(another_day(&admin, &ann, &wiki).await);
    secrets
}

/// Makes keys and secrets anew, looks at them and for them, and changes a password.
async fn another_day(admin: &User, ann: &User, wiki: &App) -> Vec<String> {
    let (model, one) = ("oregional.application", json!([[wiki.id]]));
    let key = ann.api_key().await;
    let guess = "0123456789abcdef0123456789abcdef01234567";
    for (given, status) in [(key.as_str(), StatusCode::OK), (guess, StatusCode::UNAUTHORIZED)] {
        let request = ann.browser.http.post(format!("{}/json/2/res.users/context_get", wiki.url));
        assert_eq!(Answer::to(request.bearer_auth(given).json(&json!({}))).await.status, status);
    }
    for button in ["action_generate_client_secret", "action_generate_own_secret"] {
        admin.result(model, button, one.clone()).await;
    }
    let read = admin.result(model, "read", json!([[wiki.id], ["client_secret", "own_secret"]])).await;
    let made = ["client_secret", "own_secret"].map(|name| read[0][name].as_str().unwrap().to_owned());
    let found = admin.result(model, "search", json!([[["client_secret", "=", made[0]]]])).await;
    assert_eq!(found, json!([wiki.id]));
    let written = "a secret that somebody wrote".to_owned();
    admin.result(model, "write", json!([[wiki.id], {"own_secret": written}])).await;
    let refused = admin
        .call_kw(
            model,
            "write",
            json!([[wiki.id], {"client_secret": written, "no_such_field": written}]),
            json!({}),
        )
        .await;
    refused.error();
    let changed = "another password of somebody".to_owned();
    let words = json!([password_of("ann"), changed]);
    assert_eq!(ann.result("res.users", "change_password", words).await, true);
    [key, guess.to_owned(), written, changed].into_iter().chain(made).collect()
}

#[tokio::test]
async fn neither_a_backup_nor_the_log_at_trace_has_any_of_the_issued_secrets() {
    let (database, scratch) = (Database::new(), Scratch::for_test());
    let mut program = start(&database, &scratch).await;

    let issued = a_day(&program.url).await;

    program.child.kill().await.unwrap();
    for secret in &issued {
        assert!(secret.len() >= 8);
        secrets::remember(secret);
    }
    let dump = database.dump();
    assert!(dump.contains("oauth_token") && dump.contains("audit_log"));
    let log = log().since(0);
    let words = secrets::find(&BTreeSet::from(["actix_http::h1::dispatcher".to_owned()]), &[("log", &log)]);
    assert!(!words.is_empty(), "the log is not at TRACE");
    // Whoever reads a log could try passwords on them at leisure.
    let hashes = database.query("SELECT hash FROM user_password").into_iter().flatten().flatten().collect();
    assert_eq!(secrets::find(&hashes, &[("log", &log)]), [""; 0]);
    assert_eq!(secrets::find(&database.secrets(), &[("dump", dump.as_bytes()), ("log", &log)]), [""; 0]);
}

/// Each kind of secret that the support has to know without being told.
#[tokio::test]
async fn what_servers_hand_out_is_remembered() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let page = wiki.ask(&admin, &[]).await;
    let forms = [hidden(&page, "request"), hidden(&page, "token")];
    let code = told(&decide(&admin, &page, "allow").await)["code"].clone();
    let first = Tokens::of(&wiki.exchange(&code).await);
    let second = Tokens::of(&wiki.refresh(&first.refresh).await);
    let key = admin.api_key().await;

    let remembered = app.database.secrets();

    let issued = [admin.session, wiki.client_secret, code, key, first.access, first.refresh, second.access];
    for secret in issued.into_iter().chain(forms).chain([second.refresh]) {
        assert!(remembered.contains(&secret), "{secret} is not remembered");
    }
    assert!(!remembered.contains(&wiki.client_id), "everybody may know that");
}

/// With a secret that nobody else looks for: the log is everybody's.
#[tokio::test]
async fn a_secret_that_is_left_in_a_row_or_in_the_log_is_found_in_each_of_its_forms() {
    let database = Database::new();
    let secret = "ASecretOfThirtyTwoLetters0Digits";
    let known = BTreeSet::from([secret.to_owned()]);
    let in_rows = || secrets::find(&known, &[("rows", database.rows().as_bytes())]);
    assert_eq!(in_rows(), [""; 0]);
    let header = STANDARD.encode(format!("a client:{secret}"));
    for (form, value) in [
        ("text", format!("'so {secret}'")),
        ("bytes", format!("'{secret}'::bytea")),
        ("a name within JSON", format!("'{{\"{secret}\": 1}}'::jsonb")),
        ("a header", format!("'Basic {header}'")),
    ] {
        database.query(&format!("CREATE TABLE planted AS SELECT {value} AS value"));
        assert_eq!(in_rows().len(), 1, "{form}");
        database.query("DROP TABLE planted");
    }
    assert_eq!(in_rows(), [""; 0]);
    let start = log().length();
    tracing::trace!(secret, "told by a careless server");
    let leaks = secrets::find(&known, &[("log", &log().since(start))]);
    assert!(leaks.len() == 1 && leaks[0].contains("careless"), "{leaks:?}");
}
