//! `/json/2`: named arguments, an API key in the head, the HTTP status for what went wrong.

use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, ETAG, IF_NONE_MATCH, SET_COOKIE, WWW_AUTHENTICATE,
};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Map, Value as Json, json};

use crate::oauth::support::App;
use crate::support::app::{DB, PASSWORD, TestApp};
use crate::support::client::{Answer, client, password_of};

const MODEL: &str = "oregional.application";

/// A script with an API key.
pub(super) struct Keyed {
    url: String,
    key: String,
}

impl Keyed {
    pub(super) async fn admin(app: &TestApp) -> Self {
        Self { url: app.url(), key: app.admin().await.api_key().await }
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let request = client().build().unwrap().post(format!("{}/json/2/{path}", self.url));
        request.bearer_auth(&self.key)
    }

    pub(super) async fn call(&self, method: &str, body: Json) -> Answer {
        self.call_at(&format!("{MODEL}/{method}"), body).await
    }

    pub(super) async fn call_at(&self, path: &str, body: Json) -> Answer {
        Answer::to(self.post(path).json(&body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        let request = client().build().unwrap().get(format!("{}{path}", self.url));
        Answer::to(request.bearer_auth(&self.key)).await
    }
}

/// The status and the name of a refusal, its shape checked on the way.
fn refusal(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    let keys: Vec<&str> = body.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
    assert_eq!(keys, ["name", "debug", "message", "arguments", "context"], "{body}");
    assert!(body["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    assert_eq!(body["arguments"][0], body["message"]);
    assert_eq!(answer.headers[CONTENT_TYPE], "application/json; charset=utf-8");
    let name = body["name"].as_str().unwrap().to_owned();
    if name.starts_with("werkzeug") {
        assert_eq!(body["arguments"][1], answer.status.as_u16(), "{body}");
    }
    (answer.status.as_u16(), name)
}

#[tokio::test]
async fn a_days_work_needs_no_envelope() {
    let app = TestApp::start();
    let keyed = Keyed::admin(&app).await;

    let made = keyed.call("create", json!({"vals_list": {"name": "One"}})).await;
    assert!(!made.headers.contains_key(SET_COOKIE));
    let id = made.json()[0].clone();
    let both = keyed.call("create", json!({"vals_list": [{"name": "Two"}, {"name": "Three"}]})).await;
    assert_eq!(both.json().as_array().unwrap().len(), 2);
    for ids in [json!(id), json!([id])] {
        let read = keyed.call("read", json!({"ids": ids, "fields": ["name"]})).await;
        assert_eq!(read.json(), json!([{"id": id, "name": "One"}]));
    }
    assert_eq!(keyed.call("write", json!({"ids": [id], "vals": {"name": "1"}})).await.json(), true);
    assert_eq!(keyed.call("action_archive", json!({"ids": [id]})).await.body, "null");
    let all = json!({"domain": [], "context": {"active_test": false}});
    assert_eq!(keyed.call("search_count", all).await.json(), 3);
    assert_eq!(
        keyed.call("search", json!({"domain": [["name", "=", "Two"]]})).await.json(),
        json!([both.json()[0]])
    );
    for spelling in ["args", "domain"] {
        let found = keyed.call("name_search", json!({spelling: [["name", "=", "Three"]]})).await;
        assert_eq!(found.json(), json!([[both.json()[1], "Three"]]), "{spelling}");
    }
    let copied = keyed.call("copy", json!({"ids": [id], "default": {"name": "Copy"}})).await;
    assert_eq!(copied.json().as_array().unwrap().len(), 1);
    assert_eq!(keyed.call("unlink", json!({"ids": copied.json()})).await.json(), true);

    // Bodies that are no object have no arguments; there may be none at all.
    for body in ["", "[]", "\"x\"", "null", "{}"] {
        let request = keyed.post("res.users/context_get").header(CONTENT_TYPE, "application/json").body(body);
        assert_eq!(Answer::to(request).await.json()["uid"], 2, "{body}");
    }
    assert_eq!(Answer::to(keyed.post("res.users/context_get")).await.json()["uid"], 2);
}

#[tokio::test]
async fn what_goes_wrong_is_told_by_the_status() {
    let app = TestApp::start();
    let keyed = Keyed::admin(&app).await;
    let unprocessable = (422, "werkzeug.exceptions.UnprocessableEntity");
    let not_found = (404, "werkzeug.exceptions.NotFound");

    for (path, body, wanted) in [
        (format!("{MODEL}/search"), json!({}), unprocessable),
        (format!("{MODEL}/search"), json!({"domain": [], "nope": 1}), unprocessable),
        (format!("{MODEL}/search"), json!({"domain": [], "ids": [1]}), unprocessable),
        (format!("{MODEL}/write"), json!({"ids": [1], "vals_list": {}}), unprocessable),
        (
            format!("{MODEL}/create"),
            json!({"vals_list": [{"description": "x"}]}),
            (422, "odoo.exceptions.ValidationError"),
        ),
        (format!("{MODEL}/search"), json!({"domain": [["nope", "=", 1]]}), (422, "builtins.ValueError")),
        (format!("{MODEL}/read"), json!({"ids": "x"}), (422, "builtins.TypeError")),
        (
            format!("{MODEL}/search"),
            json!({"domain": [], "context": {"lang": "xx_XX"}}),
            (422, "odoo.exceptions.UserError"),
        ),
        (
            format!("{MODEL}/write"),
            json!({"ids": [999_999], "vals": {"name": "x"}}),
            (404, "odoo.exceptions.MissingError"),
        ),
        (format!("{MODEL}/_search"), json!({"domain": []}), (403, "odoo.exceptions.AccessError")),
        (format!("{MODEL}/no_method"), json!({}), not_found),
        ("no.model/search".to_owned(), json!({"domain": []}), not_found),
        (MODEL.to_owned(), json!({}), not_found),
        (format!("{MODEL}/search/more"), json!({}), not_found),
    ] {
        let answer = Answer::to(keyed.post(&path).json(&body)).await;
        let (status, name) = refusal(&answer);
        assert_eq!((status, name.as_str()), wanted, "{path} {body}: {}", answer.body);
    }
    let request = keyed.post(&format!("{MODEL}/search")).header(CONTENT_TYPE, "application/json").body("{");
    assert_eq!(refusal(&Answer::to(request).await), (400, "werkzeug.exceptions.BadRequest".to_owned()));
    let request = keyed.post(&format!("{MODEL}/search")).header(CONTENT_TYPE, "text/plain").body("{}");
    let answer = Answer::to(request).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(answer.headers[CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    assert_eq!(refusal(&keyed.get(&format!("/json/2/{MODEL}/search")).await).0, 404);
    assert_eq!(refusal(&keyed.get("/json/2").await).0, 404);
}

#[tokio::test]
async fn only_a_good_key_opens_it() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let eve = admin.make_user("eve", &["base.group_user"]).await;
    let key = eve.api_key().await;
    let url = format!("{}/json/2/res.users/context_get", app.url());
    let call = async |authorization: Option<String>, session: Option<&str>, database: Option<&str>| {
        let mut request = client().build().unwrap().post(&url).json(&json!({}));
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(session) = session {
            request = request.header(COOKIE, format!("session_id={session}"));
        }
        if let Some(name) = database {
            request = request.header("X-Odoo-Database", name);
        }
        Answer::to(request).await
    };

    for form in [format!("Bearer {key}"), format!("bearer {key}"), format!("BEARER  {key} ")] {
        assert_eq!(call(Some(form.clone()), None, None).await.json()["uid"], eve.uid, "{form}");
    }
    for database in ["", DB] {
        let answer = call(Some(format!("Bearer {key}")), None, Some(database)).await;
        assert_eq!(answer.json()["uid"], eve.uid, "{database}");
    }
    let unauthorized = (401, "werkzeug.exceptions.Unauthorized".to_owned());
    for (form, session) in [
        (None, None),
        (None, Some(eve.session.as_str())),
        (Some(key.clone()), None),
        (Some("Bearer".to_owned()), None),
        (Some("Bearer ".to_owned()), None),
        (Some("Bearer nonsense".to_owned()), None),
        (Some(format!("Bearer {}", password_of("eve"))), None),
        (Some(format!("Bearer {PASSWORD}")), Some(admin.session.as_str())),
        (Some(format!("Bearer {}", "x".repeat(40))), None),
        (Some(format!("Basic {key}")), None),
        (Some(format!("Bearer {}", "\u{e9}".repeat(40))), None),
    ] {
        let answer = call(form.clone(), session, None).await;
        assert_eq!(refusal(&answer), unauthorized, "{form:?} {session:?}");
        assert_eq!(answer.headers[WWW_AUTHENTICATE], "Bearer");
    }
    let bearer = || Some(format!("Bearer {key}"));
    assert_eq!(call(bearer(), Some(&eve.session), None).await.json()["uid"], eve.uid);
    assert_eq!(call(bearer(), Some(&"x".repeat(84)), None).await.json()["uid"], eve.uid);
    let answer = call(bearer(), Some(&admin.session), None).await;
    assert_eq!(refusal(&answer), (403, "odoo.exceptions.AccessDenied".to_owned()));
    assert_eq!(call(bearer(), None, Some("other")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(call(bearer(), Some(&eve.session), Some("other")).await.status, StatusCode::FORBIDDEN);

    let second = TestApp::beside(&app);
    let elsewhere = Keyed { url: second.url(), key: key.clone() };
    assert_eq!(Answer::to(elsewhere.post("res.users/context_get")).await.json()["uid"], eve.uid);
    admin.result("res.users", "write", json!([[eve.uid], {"active": false}])).await;
    assert_eq!(refusal(&call(bearer(), None, None).await), unauthorized);
    assert_eq!(refusal(&Answer::to(elsewhere.post("res.users/context_get")).await), unauthorized);
}

#[tokio::test]
async fn the_version_and_what_there_is_to_call_can_be_looked_up() {
    let app = TestApp::start();
    for path in ["/web/version", "/json/version"] {
        let answer = app.anonymous().get(path).await;
        assert_eq!(answer.json(), json!({"version_info": [18, 0, 0, "final", 0, ""], "version": "18.0"}));
    }
    let keyed = Keyed::admin(&app).await;

    let index = keyed.get("/doc-bearer/index.json").await;
    let models = index.json()["models"].as_array().unwrap().clone();
    let ours = models.iter().find(|model| model["model"] == MODEL).unwrap();
    assert_eq!(ours["fields"]["name"]["string"], "Name");
    assert!(ours["methods"].as_array().unwrap().contains(&json!("search_read")));

    let one = keyed.get(&format!("/doc-bearer/{MODEL}.json")).await;
    let told = one.json();
    assert_eq!((&told["model"], &told["fields"]["name"]["type"]), (&json!(MODEL), &json!("char")));
    let parameters = |method: &str| {
        let known = told["methods"][method]["parameters"].as_object().unwrap().keys();
        known.cloned().collect::<Vec<_>>()
    };
    assert_eq!(parameters("search"), ["domain", "offset", "limit", "order"]);
    assert_eq!(parameters("write"), ["vals"]);
    let is_on_model =
        |method: &str| told["methods"][method]["api"].as_array().unwrap().contains(&json!("model"));
    assert!(is_on_model("search") && is_on_model("create") && !is_on_model("write"));

    let request = client().build().unwrap().get(format!("{}/doc-bearer/{MODEL}.json", app.url()));
    let again = request.bearer_auth(&keyed.key).header(IF_NONE_MATCH, &one.headers[ETAG]);
    let again = Answer::to(again).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));

    assert_eq!(refusal(&keyed.get("/doc-bearer/no.model.json").await).0, 404);
    assert_eq!(refusal(&app.anonymous().get("/doc-bearer/index.json").await).0, 401);
    let eve = app.admin().await.make_user("eve", &["base.group_user"]).await;
    let eve = Keyed { url: app.url(), key: eve.api_key().await };
    assert_eq!(refusal(&eve.get("/doc-bearer/ir.config_parameter.json").await).0, 403);
    let seen = eve.get("/doc-bearer/index.json").await.json();
    let seen: Vec<&Json> = seen["models"].as_array().unwrap().iter().map(|model| &model["model"]).collect();
    assert!(seen.contains(&&json!(MODEL)) && !seen.contains(&&json!("ir.config_parameter")));
    let fields = eve.get(&format!("/doc-bearer/{MODEL}.json")).await.json();
    assert!(fields["fields"].get("client_secret").is_none(), "a field that the user may not see");
}

#[tokio::test]
async fn an_access_token_has_one_form_and_one_header() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let scheme = json!({"name": "All", "model_limit": "none"});
    let scheme = admin.create("oregional.model.scheme", scheme).await;
    let wiki = App::register(&admin, json!({"model_scheme_id": scheme})).await;
    let token = wiki.sign_in(&admin).await.access;
    let key = admin.api_key().await;
    let call = async |headers: &[String]| {
        let url = format!("{}/json/2/res.partner/search_count", app.url());
        let mut request = client().build().unwrap().post(&url).json(&json!({"domain": []}));
        for header in headers {
            request = request.header(AUTHORIZATION, header);
        }
        Answer::to(request).await.status.as_u16()
    };

    assert_eq!(call(&[format!("Bearer {token}")]).await, 200);
    for form in ["Bearer  {}", "Bearer \t{}", "Bearer {},"] {
        assert_eq!(call(&[form.replace("{}", &token)]).await, 401, "{form:?}");
    }
    for second in [&token, &key] {
        assert_eq!(call(&[format!("Bearer {token}"), format!("Bearer {second}")]).await, 401, "two headers");
        assert_eq!(call(&[format!("Bearer {key}"), format!("Bearer {second}")]).await, 401, "two headers");
    }
}
