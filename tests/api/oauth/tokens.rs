//! What a token opens, and what ends that at once.

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde_json::{Value as Json, json};

use super::support::{App, CALLBACK, Tokens};
use crate::support::app::TestApp;
use crate::support::client::{Anonymous, Answer, User, envelope, password_of};

/// Calls a method with a bearer token.
pub(crate) async fn call(
    url: &str,
    token: &str,
    model: &str,
    method: &str,
    args: Json,
    kwargs: Json,
) -> Answer {
    let params = json!({"model": model, "method": method, "args": args, "kwargs": kwargs});
    let request = Anonymous::new(url).http.post(format!("{url}/web/dataset/call_kw")).bearer_auth(token);
    Answer::to(request.json(&envelope(&params))).await
}

/// The error of what the scheme keeps back.
pub(crate) fn access_error() -> (i64, String) {
    (200, "odoo.exceptions.AccessError".to_owned())
}

/// A scheme that limits nothing.
async fn open_scheme(admin: &User) -> i64 {
    admin.create("oregional.model.scheme", json!({"name": "All", "model_limit": "none"})).await
}

#[tokio::test]
async fn a_token_opens_what_its_user_may_within_the_scheme_and_the_scope() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let scheme = open_scheme(&admin).await;
    let wiki = App::register(&admin, json!({"model_scheme_id": scheme})).await;
    let reader = wiki.sign_in(&admin).await;
    let code = wiki.code(&admin, &[("scope", "read write")]).await;
    let writer = Tokens::of(&wiki.exchange(&code).await);
    let url = app.url();
    let search = async |token: &str, model: &str| {
        call(&url, token, model, "search_read", json!([[], ["id"]]), json!({"limit": 1})).await
    };

    assert_eq!(search(&reader.access, "res.partner").await.result()[0]["id"], 3);
    assert_eq!(search(&reader.access, "res.company").await.status, StatusCode::OK);
    let json2 = async |token: &str| {
        let request =
            app.anonymous().http.post(format!("{url}/json/2/res.partner/search_count")).bearer_auth(token);
        Answer::to(request.json(&json!({"domain": [["id", "=", 3]]}))).await
    };
    assert_eq!(json2(&reader.access).await.json(), 1);
    assert_eq!(json2(&reader.refresh).await.status, StatusCode::UNAUTHORIZED);
    for never in ["res.users", "res.groups", "res.users.apikeys", "audit.log", "ir.config_parameter"] {
        assert_eq!(search(&writer.access, never).await.error(), access_error(), "{never}");
    }
    let secret = call(
        &url,
        &writer.access,
        "oregional.application",
        "read",
        json!([[wiki.id], ["client_secret"]]),
        json!({}),
    );
    assert_eq!(secret.await.error(), access_error());
    let by_secret = json!([[["client_secret", "=", wiki.client_secret]], ["id"]]);
    let by_secret =
        call(&url, &writer.access, "oregional.application", "search_read", by_secret, json!({})).await;
    assert_eq!(by_secret.error(), access_error());
    let create = async |token: &str, model: &str, values: Json| {
        call(&url, token, model, "create", json!([values]), json!({})).await
    };
    assert_eq!(create(&reader.access, "res.partner", json!({"name": "No"})).await.error(), access_error());
    let made = create(&writer.access, "res.partner", json!({"name": "Yes"})).await.result();
    assert_eq!(
        admin.result("res.partner", "search", json!([[["name", "in", ["Yes", "No"]]]])).await,
        json!([made])
    );
    for (model, values) in [
        ("ir.config_parameter", json!({"key": "x", "value": "y"})),
        ("ir.model.access", json!({"name": "x"})),
        ("oregional.application.uri", json!({"application_id": wiki.id, "uri": "https://evil.example"})),
        ("res.users", json!({"name": "x", "login": "x"})),
    ] {
        assert_eq!(create(&writer.access, model, values).await.error(), access_error(), "{model}");
    }
    let change = json!([json!(null), json!(null)]);
    let password = call(&url, &writer.access, "res.users", "change_password", change, json!({})).await;
    assert_eq!(password.error(), access_error());
}

#[tokio::test]
async fn a_scheme_limits_models_paths_and_lines_on_all_servers() {
    let app = TestApp::start();
    let beside = TestApp::beside(&app);
    let admin = app.admin().await;
    // The default scheme offers partners alone.
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    let url = beside.url();
    let get = async |model: &str, fields: Json, domain: Json| {
        call(&url, &tokens.access, model, "search_read", json!([domain, fields]), json!({"limit": 1})).await
    };

    assert_eq!(get("res.partner", json!(["name", "company_id"]), json!([])).await.status, StatusCode::OK);
    assert_eq!(get("res.company", json!(["name"]), json!([])).await.error(), access_error());
    let dotted = get("res.partner", json!(["name"]), json!([["company_id.name", "=", "DE"]])).await;
    assert_eq!(dotted.error(), access_error(), "no path leads out of the scheme");
    let lines = get("res.partner", json!(["user_ids"]), json!([])).await;
    assert_eq!(lines.error(), access_error(), "and no lines");
}

#[tokio::test]
async fn fields_are_limited_too_and_a_change_of_the_scheme_holds_at_the_next_call() {
    let app = TestApp::start();
    let beside = TestApp::beside(&app);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    let url = beside.url();
    let get = async |model: &str, fields: Json, domain: Json| {
        call(&url, &tokens.access, model, "search_read", json!([domain, fields]), json!({"limit": 1})).await
    };
    let model = async |name: &str| {
        admin.result("ir.model", "search", json!([[["model", "=", name]]])).await[0].clone()
    };
    let field = async |name: &str| {
        admin
            .result(
                "ir.model.fields",
                "search",
                json!([[["model", "=", "res.partner"], ["name", "=", name]]]),
            )
            .await[0]
            .clone()
    };
    let (partner, company) = (model("res.partner").await, model("res.company").await);
    let configured = admin
        .create(
            "oregional.model.configuration",
            json!({"name": "Few", "model_id": partner, "field_limit": "whitelist", "field_ids": [[6, 0, [field("name").await, field("email").await]]]}),
        )
        .await;
    let scheme = admin
        .create(
            "oregional.model.scheme",
            json!({"name": "Few", "model_limit": "blacklist", "model_blacklist_ids": [[6, 0, [company]]], "model_configuration_ids": [[6, 0, [configured]]]}),
        )
        .await;
    admin.result("oregional.application", "write", json!([[wiki.id], {"model_scheme_id": scheme}])).await;

    assert_eq!(get("res.company", json!(["name"]), json!([])).await.error(), access_error());
    assert_eq!(
        get("res.lang", json!(["name"]), json!([])).await.status,
        StatusCode::OK,
        "not on the black list"
    );
    assert_eq!(get("res.partner", json!(["email"]), json!([])).await.status, StatusCode::OK);
    assert_eq!(get("res.partner", json!(["phone"]), json!([])).await.error(), access_error());
    assert_eq!(
        get("res.partner", json!(["name"]), json!([["phone", "=", "1"]])).await.error(),
        access_error()
    );
    let all = get("res.partner", json!([]), json!([])).await.result()[0].clone();
    let mut keys: Vec<&str> = all.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["display_name", "email", "id", "name"]);

    let change = json!([[configured], {"field_limit": "blacklist"}]);
    admin.result("oregional.model.configuration", "write", change).await;
    assert_eq!(get("res.partner", json!(["phone"]), json!([])).await.status, StatusCode::OK);
    assert_eq!(get("res.partner", json!(["email"]), json!([])).await.error(), access_error());
}

#[tokio::test]
async fn record_rules_and_groups_of_the_user_hold_for_the_application() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let scheme = open_scheme(&admin).await;
    let wiki = App::register(&admin, json!({"model_scheme_id": scheme})).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let tokens = wiki.sign_in(&ann).await;
    wiki.sign_in(&admin).await;

    let grants =
        call(&app.url(), &tokens.access, "oregional.authorization", "search_count", json!([[]]), json!({}))
            .await;
    assert_eq!(grants.result(), 1, "the own one, of two");
    let parameters =
        call(&app.url(), &tokens.access, "ir.config_parameter", "search_count", json!([[]]), json!({})).await;
    assert_eq!(parameters.error(), access_error());
}

#[tokio::test]
async fn the_rule_of_companies_holds_for_the_application() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({"model_scheme_id": open_scheme(&admin).await})).await;
    let other = admin.create("res.company", json!({"name": "Other"})).await;
    write(&admin, "res.users", admin.uid, json!({"company_ids": [[4, other]]})).await;
    let both = json!({"context": {"allowed_company_ids": [1, other]}});
    let values = json!([{"name": "Ours", "company_id": 1}, {"name": "Theirs", "company_id": other}]);
    let made = admin.call_kw("res.partner", "create", json!([values]), both).await.result();
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let tokens = wiki.sign_in(&ann).await;
    let by_token = async |method: &str, args: Json| {
        call(&app.url(), &tokens.access, "res.partner", method, args, json!({})).await
    };

    let found = by_token("search", json!([[["id", "in", made]]])).await.result();
    assert_eq!(found, json!([made[0]]));
    assert_eq!(by_token("read", json!([[made[0]], ["name"]])).await.result()[0]["name"], "Ours");
    assert_eq!(by_token("read", json!([[made[1]], ["name"]])).await.error(), access_error());
}

/// One cause, and what it leaves of an access token, a refresh token and the consent.
async fn after(cause: impl AsyncFn(&User, &App, &User)) -> (bool, bool, bool) {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    let tokens = wiki.sign_in(&ann).await;
    let opens = async || {
        call(&app.url(), &tokens.access, "res.partner", "search_count", json!([[]]), json!({})).await.status
            == StatusCode::OK
    };
    assert!(opens().await);
    cause(&admin, &wiki, &ann).await;
    let opens = opens().await;
    let refreshes = wiki.refresh(&tokens.refresh).await.status == StatusCode::OK;
    let again = User::sign_in(&app.url(), "ann", &password_of("ann")).await;
    let asks = wiki.ask(&again, &[]).await.status == StatusCode::OK;
    (opens, refreshes, !asks)
}

async fn write(admin: &User, model: &str, id: i64, values: Json) {
    admin.result(model, "write", json!([[id], values])).await;
}

async fn grant_of(admin: &User, wiki: &App) -> Json {
    admin.result("oregional.authorization", "search", json!([[["application_id", "=", wiki.id]]])).await
}

#[tokio::test]
async fn what_happens_to_user_application_and_grant_happens_to_tokens_at_once() {
    let password = after(async |admin, _wiki, ann| {
        write(admin, "res.users", ann.uid, json!({"password": password_of("ann")})).await;
    });
    assert_eq!(password.await, (false, false, true), "password changed");
    let revoked = after(async |admin, wiki, _ann| {
        let grant = grant_of(admin, wiki).await;
        admin.result("oregional.authorization", "action_revoke_tokens", json!([grant])).await;
    });
    assert_eq!(revoked.await, (false, false, true), "tokens revoked by the administrator");
    let own = after(async |admin, wiki, ann| {
        let grant = grant_of(admin, wiki).await;
        ann.result("oregional.authorization", "action_revoke_tokens", json!([grant])).await;
    });
    assert_eq!(own.await, (false, false, true), "tokens revoked by the user");
    let deleted = after(async |admin, wiki, _ann| {
        let grant = grant_of(admin, wiki).await;
        admin.result("oregional.authorization", "unlink", json!([grant])).await;
    });
    assert_eq!(deleted.await, (false, false, false), "authorization deleted");
    let secret = after(async |admin, wiki, _ann| {
        admin.result("oregional.application", "action_generate_client_secret", json!([[wiki.id]])).await;
    });
    assert_eq!(secret.await, (true, false, true), "secret regenerated");
    let uri = after(async |admin, wiki, _ann| {
        let uris = admin
            .result("oregional.application.uri", "search", json!([[["application_id", "=", wiki.id]]]))
            .await;
        write(admin, "oregional.application.uri", uris[0].as_i64().unwrap(), json!({"active": false})).await;
    });
    // The page that refuses the URI asks for nothing.
    assert_eq!(uri.await, (true, true, true), "URI archived: what was issued works on");
}

#[tokio::test]
async fn what_is_archived_is_refused_and_comes_back() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let ann = admin.make_user("ann", &["base.group_user"]).await;
    for (model, id) in [("oregional.application", wiki.id), ("res.users", ann.uid)] {
        let ann = User::sign_in(&app.url(), "ann", &password_of("ann")).await;
        let tokens = wiki.sign_in(&ann).await;
        let code = wiki.code(&ann, &[]).await;
        write(&admin, model, id, json!({"active": false})).await;
        let call = async || {
            call(&app.url(), &tokens.access, "res.partner", "search_count", json!([[]]), json!({})).await
        };
        assert_eq!(call().await.status, StatusCode::UNAUTHORIZED, "{model}");
        assert!(!wiki.refresh(&tokens.refresh).await.status.is_success(), "{model}");
        assert!(!wiki.exchange(&code).await.status.is_success(), "{model}");
        write(&admin, model, id, json!({"active": true})).await;
        assert_eq!(call().await.status, StatusCode::OK, "{model}");
        assert_eq!(wiki.refresh(&tokens.refresh).await.status, StatusCode::OK, "{model}");
        assert_eq!(wiki.exchange(&code).await.status, StatusCode::OK, "{model}");
    }
    admin.result("oregional.application", "unlink", json!([[wiki.id]])).await;
    let page = wiki.ask(&admin, &[("redirect_uri", CALLBACK)]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "deleted: gone");
}

#[tokio::test]
async fn bearer_headers_of_every_form_are_answered_and_never_with_a_5xx() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    let userinfo = async |header: Option<String>| {
        let mut request = app.anonymous().http.get(format!("{}/oauth2/userinfo", app.url()));
        if let Some(header) = header {
            request = request.header(AUTHORIZATION, header);
        }
        Answer::to(request).await
    };
    let token = &tokens.access;
    for good in [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER {token}")] {
        let answer = userinfo(Some(good)).await;
        assert_eq!((answer.status, &answer.json()["preferred_username"]), (StatusCode::OK, &json!("admin")));
    }
    let none = userinfo(None).await;
    assert_eq!(
        (none.status, none.headers[WWW_AUTHENTICATE].to_str().unwrap()),
        (StatusCode::UNAUTHORIZED, "Bearer realm=\"oregional\"")
    );
    for (header, status) in [
        (format!("Bearer  {token}"), 400),
        (format!("Bearer\t{token}"), 401),
        (format!("Bearer {token} x"), 400),
        (format!("Bearer {token},Bearer {token}"), 400),
        ("Bearer".to_owned(), 400),
        ("Bearer ".to_owned(), 400),
        ("Bearer ä".to_owned(), 400),
        (format!("Bearer {}", "a".repeat(5000)), 401),
        (format!("Bearer x{token}"), 401),
        (format!("Bearers {token}"), 401),
        (format!("Basic {token}"), 401),
        (format!("OAuth {token}"), 401),
        (format!("Bearer {}", tokens.refresh), 401),
    ] {
        let answer = userinfo(Some(header.clone())).await;
        assert_eq!(answer.status.as_u16(), status, "{header}");
        assert!(answer.headers.contains_key(WWW_AUTHENTICATE), "{header}");
    }
    let in_query = app.anonymous().get(&format!("/oauth2/userinfo?access_token={token}")).await;
    assert_eq!(in_query.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn introspection_tells_a_client_of_its_own_tokens_alone() {
    let app = TestApp::with(|settings| settings.public_url = Some("https://odoo.example.com".to_owned()));
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;

    let answer = wiki
        .post("/oauth2/introspect", &[("token", &tokens.access), ("token_type_hint", "refresh_token")])
        .await;
    let told = answer.json();
    assert_eq!(
        json!([
            told["active"],
            told["scope"],
            told["client_id"],
            told["username"],
            told["sub"],
            told["iss"],
            told["token_type"]
        ]),
        json!([true, "read", wiki.client_id, "admin", "2", "https://odoo.example.com", "Bearer"])
    );
    assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 3600);
    for unknown in ["", "x", &"x".repeat(40)] {
        let answer = wiki.post("/oauth2/introspect", &[("token", unknown)]).await;
        if unknown.is_empty() {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        } else {
            assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({"active": false})));
        }
    }
    let mut stranger = wiki.clone();
    stranger.client_secret = "wrong".to_owned();
    assert_eq!(
        stranger.post("/oauth2/introspect", &[("token", &tokens.access)]).await.status,
        StatusCode::UNAUTHORIZED
    );

    let metadata = app.anonymous().get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["issuer"], "https://odoo.example.com");
    assert_eq!(metadata["token_endpoint"], "https://odoo.example.com/oauth2/token");
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert!(metadata.get("registration_endpoint").is_none(), "only what is served");
}
