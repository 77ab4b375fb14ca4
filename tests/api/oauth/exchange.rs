//! The exchange of a code: what has to fit, once, in time.

use std::sync::Arc;

use reqwest::StatusCode;
use reqwest::header::WWW_AUTHENTICATE;
use serde_json::json;

use super::support::{App, CALLBACK, TestClock, Tokens, error};
use crate::support::app::TestApp;
use crate::support::client::{Anonymous, Answer};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[tokio::test]
async fn a_code_is_exchanged_for_a_pair_that_is_told_as_the_rfc_says() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({"access_token_expiry": 1234})).await;

    let code = wiki.code(&admin, &[("scope", "read write")]).await;
    let answer = wiki.exchange(&code).await;

    let json = answer.json();
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["pragma"], "no-cache");
    assert_eq!(
        (&json["token_type"], &json["expires_in"], &json["scope"]),
        (&json!("Bearer"), &json!(1234), &json!("read write"))
    );
    let tokens = Tokens::of(&answer);
    assert!(tokens.access.len() >= 32 && tokens.refresh.len() >= 32 && tokens.access != tokens.refresh);
    assert!(wiki.is_active(&tokens.access).await && wiki.is_active(&tokens.refresh).await);
}

/// All 32 combinations of: the client, the age, the first use, the URI, the verifier. Only where all of them
/// are right there is a pair.
#[tokio::test]
async fn of_the_thirty_two_ways_to_exchange_a_code_only_the_right_one_works() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let other = App::register(&admin, json!({"name": "Other", "uri_ids": [[0, 0, {"uri": CALLBACK}]]})).await;
    let mut succeeded = Vec::new();
    for case in 0..32_u32 {
        let is = |bit: u32| case & (1 << bit) != 0;
        // Failures are counted; each case begins with a clean slate.
        clock.advance(61);
        let code =
            wiki.code(&admin, &[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]).await;
        let form = |uri, verifier| {
            vec![
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", uri),
                ("code_verifier", verifier),
            ]
        };
        if !is(2) {
            let first = wiki.post("/oauth2/token", &form(CALLBACK, VERIFIER)).await;
            assert_eq!(first.status, StatusCode::OK);
        }
        if !is(1) {
            clock.advance(601);
        }
        let uri = if is(3) { CALLBACK } else { "https://wiki.example.com/plugins/callback.action" };
        let verifier = if is(4) { VERIFIER } else { "eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" };
        let client = if is(0) { &wiki } else { &other };
        let answer = client.post("/oauth2/token", &form(uri, verifier)).await;
        if answer.status == StatusCode::OK {
            succeeded.push(case);
        } else {
            assert_eq!(error(&answer), (400, "invalid_grant".to_owned()), "case {case:05b}");
        }
    }
    assert_eq!(succeeded, [31]);
}

#[tokio::test]
async fn a_code_lives_to_the_configured_second() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({"authorization_code_retain": 30})).await;

    let code = wiki.code(&admin, &[]).await;
    clock.advance(598);
    assert_eq!(wiki.exchange(&code).await.status, StatusCode::OK);

    let late = wiki.code(&admin, &[]).await;
    clock.advance(601);
    assert_eq!(error(&wiki.exchange(&late).await), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn a_second_use_soon_harms_nothing_and_a_later_one_ends_the_family_alone() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let elsewhere = wiki.sign_in(&admin).await;
    let code = wiki.code(&admin, &[]).await;
    let tokens = Tokens::of(&wiki.exchange(&code).await);

    assert_eq!(error(&wiki.exchange(&code).await), (400, "invalid_grant".to_owned()));
    assert!(wiki.is_active(&tokens.access).await, "a repetition within seconds ends nothing");

    clock.advance(11);
    assert_eq!(error(&wiki.exchange(&code).await), (400, "invalid_grant".to_owned()));
    assert!(!wiki.is_active(&tokens.access).await && !wiki.is_active(&tokens.refresh).await);
    assert!(wiki.is_active(&elsewhere.access).await, "another family of the same grant lives on");
}

#[tokio::test]
async fn a_foreign_client_with_its_own_secret_gets_nothing_and_breaks_nothing() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world(clock.world());
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let other = App::register(&admin, json!({"name": "Other"})).await;
    let code = wiki.code(&admin, &[]).await;
    let tokens = Tokens::of(&wiki.exchange(&code).await);

    clock.advance(60);
    assert_eq!(error(&other.exchange(&code).await), (400, "invalid_grant".to_owned()));
    assert_eq!(error(&other.refresh(&tokens.refresh).await), (400, "invalid_grant".to_owned()));
    let revoked = other.post("/oauth2/revoke", &[("token", &tokens.refresh)]).await;

    assert_eq!((revoked.status, revoked.json()), (StatusCode::OK, json!({})));
    assert!(!other.is_active(&tokens.access).await, "it does not even learn that there is such a token");
    assert!(wiki.is_active(&tokens.access).await && wiki.is_active(&tokens.refresh).await);
}

#[tokio::test]
async fn pkce_binds_both_ways() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let form = |code: &str, verifier: Option<&str>| {
        let mut form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", CALLBACK.to_owned()),
        ];
        form.extend(verifier.map(|verifier| ("code_verifier", verifier.to_owned())));
        form
    };
    let send = async |form: Vec<(&str, String)>| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        wiki.post("/oauth2/token", &form).await
    };
    let with = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];

    let code = wiki.code(&admin, &with).await;
    assert_eq!(error(&send(form(&code, None)).await), (400, "invalid_grant".to_owned()), "no verifier");
    let code = wiki.code(&admin, &[]).await;
    assert_eq!(
        error(&send(form(&code, Some(VERIFIER))).await),
        (400, "invalid_grant".to_owned()),
        "no challenge"
    );
    let code = wiki.code(&admin, &with).await;
    assert_eq!(error(&send(form(&code, Some("short"))).await), (400, "invalid_grant".to_owned()));
    assert_eq!(send(form(&code, Some(VERIFIER))).await.status, StatusCode::OK, "a wrong try spends no code");
}

/// A request of its own: without the usual header.
async fn bare(app: &TestApp, headers: &[(&str, &str)], body: &str) -> Answer {
    let client = Anonymous::new(&app.url());
    let mut request = client.http.post(format!("{}/oauth2/token", app.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::to(request.body(body.to_owned())).await
}

#[tokio::test]
async fn a_client_authenticates_by_one_way_and_with_any_secret() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let secret = "p:ä%+ s/&=?";
    let wiki = App::register(&admin, json!({"client_secret": secret})).await;
    let form = ("content-type", "application/x-www-form-urlencoded; charset=UTF-8");
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = |id: &str, secret: &str| {
        use base64::Engine as _;
        let pair = format!("{}:{}", encoded(id), encoded(secret));
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    };
    let grant = "grant_type=authorization_code&code=x";
    let own = basic(&wiki.client_id, secret);
    let in_body = format!("{grant}&client_id={}&client_secret={}", wiki.client_id, encoded(secret));

    let by_header = bare(&app, &[form, ("authorization", &own)], grant).await;
    assert_eq!(error(&by_header), (400, "invalid_grant".to_owned()), "the client is known, the code is not");
    let in_the_body = bare(&app, &[form], &in_body).await;
    assert_eq!(error(&in_the_body), (400, "invalid_grant".to_owned()));
    for (why, headers, body) in [
        ("two ways", vec![form, ("authorization", own.as_str())], in_body.clone()),
        ("two identities", vec![form, ("authorization", own.as_str())], format!("{grant}&client_id=other")),
    ] {
        assert_eq!(error(&bare(&app, &headers, &body).await), (400, "invalid_request".to_owned()), "{why}");
    }
    let wrong = basic(&wiki.client_id, "wrong");
    for (why, headers) in [
        ("nobody", vec![form]),
        ("a wrong secret", vec![form, ("authorization", wrong.as_str())]),
        ("no base64", vec![form, ("authorization", "Basic ???")]),
        ("another scheme", vec![form, ("authorization", "Bearer abc")]),
    ] {
        let answer = bare(&app, &headers, grant).await;
        assert_eq!(error(&answer), (401, "invalid_client".to_owned()), "{why}");
        assert!(answer.headers[WWW_AUTHENTICATE].to_str().unwrap().starts_with("Basic "), "{why}");
    }
}

#[tokio::test]
async fn the_endpoint_takes_forms_by_post_and_no_secret_in_its_address() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let form = ("content-type", "application/x-www-form-urlencoded");

    for endpoint in ["token", "revoke", "introspect"] {
        let by_get = app.anonymous().get(&format!("/oauth2/{endpoint}?grant_type=refresh_token")).await;
        assert_eq!(error(&by_get), (405, "invalid_request".to_owned()), "{endpoint}");
        assert_eq!(by_get.headers["allow"], "POST", "{endpoint}");
    }
    let json =
        bare(&app, &[("content-type", "application/json")], r#"{"grant_type": "refresh_token"}"#).await;
    assert_eq!(error(&json), (400, "invalid_request".to_owned()));
    let twice = bare(&app, &[form], "grant_type=refresh_token&grant_type=refresh_token").await;
    assert_eq!(error(&twice), (400, "invalid_request".to_owned()));
    let in_address = app
        .anonymous()
        .post(
            &format!("/oauth2/token?client_secret={}", wiki.client_secret),
            form.1,
            format!("grant_type=refresh_token&refresh_token=x&client_id={}", wiki.client_id),
        )
        .await;
    assert_eq!(error(&in_address), (400, "invalid_request".to_owned()));
    for grant_type in
        ["password", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "implicit"]
    {
        let answer = wiki.post("/oauth2/token", &[("grant_type", grant_type)]).await;
        assert_eq!(error(&answer), (400, "unsupported_grant_type".to_owned()), "{grant_type}");
    }
}

#[tokio::test]
async fn a_guesser_is_slowed_down_and_locks_nobody_else_out() {
    let clock = Arc::new(TestClock::default());
    let app = TestApp::in_world_with(clock.world(), |settings| {
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        settings.max_failures = 20;
    });
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let guess = async |secret: &str, address: &str| {
        let body = format!(
            "grant_type=refresh_token&refresh_token=x&client_id={}&client_secret={secret}",
            wiki.client_id
        );
        let form = ("content-type", "application/x-www-form-urlencoded");
        bare(&app, &[form, ("x-forwarded-for", address)], &body).await
    };
    for _ in 0..20 {
        assert_eq!(error(&guess("wrong", "10.0.0.1").await), (401, "invalid_client".to_owned()));
    }
    let limited = guess(&wiki.client_secret, "10.0.0.1").await;
    assert_eq!(
        error(&limited),
        (429, "temporarily_unavailable".to_owned()),
        "the right secret comes too late"
    );
    let seconds: i64 = limited.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    assert_eq!(
        error(&guess(&wiki.client_secret, "10.0.0.2").await),
        (400, "invalid_grant".to_owned()),
        "from another address the client is as good as ever"
    );
    clock.advance(61);
    assert_eq!(error(&guess(&wiki.client_secret, "10.0.0.1").await), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn an_unknown_client_a_wrong_secret_and_an_archived_application_are_answered_alike() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let archived = App::register(&admin, json!({"name": "Archived"})).await;
    admin.result("oregional.application", "write", json!([[archived.id], {"active": false}])).await;
    let tokens = wiki.sign_in(&admin).await;
    let unknown = App { client_id: "unknown".to_owned(), ..wiki.clone() };
    let wrong = App { client_secret: "guess".to_owned(), ..wiki.clone() };
    let nearly = App { client_secret: format!("{}x", wiki.client_secret), ..wiki.clone() };
    let told = |answer: &Answer| {
        let mut headers: Vec<String> = answer
            .headers
            .iter()
            .filter(|(name, _)| name.as_str() != "date")
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        (answer.status, headers, answer.body.clone())
    };
    for (path, name) in
        [("/oauth2/token", "refresh_token"), ("/oauth2/introspect", "token"), ("/oauth2/revoke", "token")]
    {
        let mut answers = Vec::new();
        for client in [&unknown, &wrong, &nearly, &archived] {
            let form = [("grant_type", "refresh_token"), (name, tokens.refresh.as_str())];
            answers.push(told(&client.post(path, &form).await));
        }
        assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED, "{path}: {answers:?}");
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{path}: {answers:#?}");
    }
    // Each was counted and noted: none took a shorter way out.
    let noted = "SELECT 1 FROM audit_log WHERE event = 'client_authentication' AND outcome = 'refused'";
    assert_eq!(app.database.query(noted).len(), 12);
    let counted = app.database.query("SELECT sum(failures)::text FROM rate_limit");
    assert_eq!(counted, [[Some("12".to_owned())]]);
}
