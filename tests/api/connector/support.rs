//! The plugin, as it speaks.

use reqwest::StatusCode;
use reqwest::header::LOCATION;
use serde_json::{Value as Json, json};
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::oauth::support::{App, CALLBACK, Tokens, browse, decide, location};
use crate::support::client::{Anonymous, Answer, User};

/// The plugin of one Confluence.
pub(super) struct Plugin {
    pub(super) app: App,
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

impl Plugin {
    /// Registered with a scheme that limits nothing, unless `values` say otherwise.
    pub(super) async fn register(admin: &User, values: Json) -> Self {
        let scheme =
            admin.create("oregional.model.scheme", json!({"name": "All", "model_limit": "none"})).await;
        let mut all = json!({"model_scheme_id": scheme});
        for (name, value) in values.as_object().unwrap() {
            all[name] = value.clone();
        }
        Self { app: App::register(admin, all).await }
    }

    /// Where the user's browser is sent, with the URI encoded twice as the plugin does.
    pub(super) fn authorize_url(&self, redirect_uri: &str, more: &str) -> String {
        let (url, id) = (&self.app.url, encoded(&self.app.client_id));
        let twice = encoded(&encoded(redirect_uri));
        format!(
            "{url}/orestapi/oauth2/authorization?response_type=code&client_id={id}&redirect_uri={twice}{more}"
        )
    }

    /// The code of a sign-in.
    pub(super) async fn code(&self, user: &User) -> String {
        self.code_with(user, "&state=x").await
    }

    /// The same for a scope.
    pub(super) async fn code_for(&self, user: &User, scope: &str) -> String {
        self.code_with(user, &format!("&state=x&scope={}", encoded(scope))).await
    }

    async fn code_with(&self, user: &User, more: &str) -> String {
        let mut answer = browse(user, &self.authorize_url(CALLBACK, more)).await;
        if answer.status == StatusCode::OK {
            answer = decide(user, &answer, "allow").await;
        }
        let url = Url::parse(&location(&answer)).unwrap();
        url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    }

    /// Posts with the parameters in the query.
    pub(super) async fn exchange(&self, code: &str) -> Answer {
        self.exchange_with(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", &self.app.client_id),
            ("client_secret", &self.app.client_secret),
        ])
        .await
    }

    pub(super) async fn exchange_with(&self, parameters: &[(&str, &str)]) -> Answer {
        let url =
            Url::parse_with_params(&format!("{}/orestapi/oauth2/access_token", self.app.url), parameters);
        Answer::to(Anonymous::new("").http.post(url.unwrap())).await
    }

    pub(super) async fn refresh(&self, token: &str) -> Answer {
        let (client, url) = (Anonymous::new(""), format!("{}/orestapi/oauth2/access_token", self.app.url));
        let request = client.http.post(url).basic_auth(&self.app.client_id, Some(&self.app.client_secret));
        Answer::to(request.form(&[("grant_type", "refresh_token"), ("refresh_token", token)])).await
    }

    pub(super) async fn sign_in(&self, user: &User) -> Tokens {
        Tokens::of(&self.exchange(&self.code(user).await).await)
    }

    /// Asks with an access token.
    pub(super) async fn get(&self, path: &str, token: &str, parameters: &[(&str, &str)]) -> Answer {
        let url = Url::parse_with_params(&format!("{}/orestapi/{path}", self.app.url), parameters).unwrap();
        Answer::to(Anonymous::new("").http.get(url).bearer_auth(token)).await
    }
}

/// The code of a refusal, whose form is checked on the way.
pub(super) fn refusal(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers.get(LOCATION), None, "{answer:?}");
    let json = answer.json();
    assert!(json["orestapi_message"].as_str().is_some_and(|text| !text.is_empty()), "{answer:?}");
    json["orestapi_code"].as_str().unwrap().to_owned()
}

/// The body of a success.
pub(super) fn body(answer: &Answer) -> Json {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.json()
}
