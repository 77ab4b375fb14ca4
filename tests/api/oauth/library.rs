//! The crate `oauth2` as the client: a day's work, and what it is refused.

use std::future::Future;

use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse, BasicTokenType};
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IntrospectionUrl, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, ResourceOwnerPassword, ResourceOwnerUsername,
    RevocationUrl, Scope, TokenIntrospectionResponse as _, TokenResponse as _, TokenUrl,
};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use super::support::{App, CALLBACK, browse, decide, told};
use crate::support::app::TestApp;
use crate::support::client::{Anonymous, Answer, User, client, envelope};

type Library = BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet>;

/// What the crate sends its requests with. It insists on https for a revocation, which a proxy before the
/// server takes off, and so does this.
async fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let url = parts.uri.to_string().replacen("https://", "http://", 1);
    let built = client().build()?.request(parts.method, url);
    let response = built.headers(parts.headers).body(body).send().await?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}

/// The client of an application, with the secret that is given.
fn library(app: &App, secret: &str, way: AuthType) -> Library {
    let at = |path: &str| format!("{}/oauth2/{path}", app.url);
    BasicClient::new(ClientId::new(app.client_id.clone()))
        .set_client_secret(ClientSecret::new(secret.to_owned()))
        .set_auth_type(way)
        .set_auth_uri(AuthUrl::new(at("authorize")).unwrap())
        .set_token_uri(TokenUrl::new(at("token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(at("introspect")).unwrap())
        .set_revocation_url(RevocationUrl::new(at("revoke").replacen("http://", "https://", 1)).unwrap())
        .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap())
}

/// An application whose tokens reach what their user reaches.
async fn register(admin: &User) -> App {
    let scheme = admin.create("oregional.model.scheme", json!({"name": "All", "model_limit": "none"})).await;
    App::register(admin, json!({"model_scheme_id": scheme})).await
}

/// Sends a user's browser where the crate says; gives the code and the verifier that belongs to it.
async fn asked(library: &Library, user: &User, scopes: &[&str]) -> (AuthorizationCode, PkceCodeVerifier) {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = library.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
    for scope in scopes {
        request = request.add_scope(Scope::new((*scope).to_owned()));
    }
    let (url, state) = request.url();
    let mut answer = browse(user, url.as_str()).await;
    if answer.status == StatusCode::OK {
        answer = decide(user, &answer, "allow").await;
    }
    let told = told(&answer);
    // The crate leaves both comparisons to the application.
    assert_eq!((&told["state"], &told["iss"]), (state.secret(), &issuer(user).await));
    (AuthorizationCode::new(told["code"].clone()), verifier)
}

async fn issuer(user: &User) -> String {
    let metadata = Anonymous::new(&user.browser.url).get("/.well-known/oauth-authorization-server").await;
    metadata.json()["issuer"].as_str().unwrap().to_owned()
}

async fn sign_in(library: &Library, user: &User, scopes: &[&str]) -> BasicTokenResponse {
    let (code, verifier) = asked(library, user, scopes).await;
    library.exchange_code(code).set_pkce_verifier(verifier).request_async(&send).await.unwrap()
}

/// The code of a refusal.
async fn refused<T: std::fmt::Debug, E: std::error::Error + 'static>(
    request: impl Future<Output = Result<T, RequestTokenError<E, oauth2::basic::BasicErrorResponse>>>,
) -> BasicErrorResponseType {
    match request.await {
        Err(RequestTokenError::ServerResponse(response)) => response.error().clone(),
        other => panic!("not refused, or not understood: {other:?}"),
    }
}

fn refresh_token(tokens: &BasicTokenResponse) -> RefreshToken {
    tokens.refresh_token().unwrap().clone()
}

/// Both doors, each with what it answers.
async fn call(url: &str, token: &AccessToken) -> [Answer; 2] {
    let params = json!({"model": "res.partner", "method": "search_read", "args": [[], ["name"]], "kwargs": {"limit": 1}});
    let post = |path: &str, body: &Json| {
        Answer::to(
            Anonymous::new(url).http.post(format!("{url}{path}")).bearer_auth(token.secret()).json(body),
        )
    };
    let search = json!({"domain": [], "fields": ["name"], "limit": 1});
    let calls =
        (post("/web/dataset/call_kw", &envelope(&params)), post("/json/2/res.partner/search_read", &search));
    [calls.0.await, calls.1.await]
}

#[tokio::test]
async fn the_crate_oauth2_does_a_day_by_either_way_to_authenticate() {
    let app = TestApp::start();
    let (admin, url) = (app.admin().await, app.url());
    for way in [AuthType::BasicAuth, AuthType::RequestBody] {
        let wiki = register(&admin).await;
        let library = library(&wiki, &wiki.client_secret, way);
        let first = sign_in(&library, &admin, &["read", "write"]).await;
        assert_eq!(first.token_type(), &BasicTokenType::Bearer);
        assert_eq!(first.expires_in().unwrap().as_secs(), 3600);
        assert_eq!(first.scopes().unwrap().len(), 2);
        let [called, by_json2] = call(&url, first.access_token()).await;
        assert_eq!(called.result().as_array().unwrap().len(), 1);
        assert_eq!(by_json2.json().as_array().unwrap().len(), 1);

        let known = library.introspect(first.access_token()).request_async(&send).await.unwrap();
        assert!(known.active());
        assert_eq!((known.username(), known.client_id().unwrap()), (Some("admin"), library.client_id()));
        assert_eq!(known.iss(), Some(issuer(&admin).await.as_str()));
        assert!(known.exp() > known.iat());

        let old = refresh_token(&first);
        let second = library
            .exchange_refresh_token(&old)
            .add_scope(Scope::new("read".to_owned()))
            .request_async(&send)
            .await
            .unwrap();
        assert_ne!(second.access_token().secret(), first.access_token().secret());
        assert_eq!(second.scopes().unwrap().as_slice(), &[Scope::new("read".to_owned())]);

        let newest = refresh_token(&second);
        library.revoke_token(newest.clone().into()).unwrap().request_async(&send).await.unwrap();
        let known = library.introspect(second.access_token()).request_async(&send).await.unwrap();
        assert!(!known.active());
        assert!(
            call(&url, second.access_token())
                .await
                .iter()
                .all(|answer| answer.status == StatusCode::UNAUTHORIZED)
        );
        let again = refused(library.exchange_refresh_token(&newest).request_async(&send)).await;
        assert_eq!(again, BasicErrorResponseType::InvalidGrant);
    }
}

#[tokio::test]
async fn the_crate_oauth2_is_refused_in_words_that_it_knows() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = register(&admin).await;
    let other = register(&admin).await;
    let honest = library(&wiki, &wiki.client_secret, AuthType::BasicAuth);
    let stranger = library(&other, &other.client_secret, AuthType::BasicAuth);
    let (code, verifier) = asked(&honest, &admin, &["read"]).await;
    let verifier = || PkceCodeVerifier::new(verifier.secret().clone());
    let exchange = async |library: &Library, verifier: PkceCodeVerifier| {
        library.exchange_code(code.clone()).set_pkce_verifier(verifier).request_async(&send).await
    };

    for way in [AuthType::BasicAuth, AuthType::RequestBody] {
        let liar = library(&wiki, "guessed", way);
        assert_eq!(refused(exchange(&liar, verifier())).await, BasicErrorResponseType::InvalidClient);
    }
    let (_, foreign) = PkceCodeChallenge::new_random_sha256();
    assert_eq!(refused(exchange(&honest, foreign)).await, BasicErrorResponseType::InvalidGrant);
    assert_eq!(refused(exchange(&stranger, verifier())).await, BasicErrorResponseType::InvalidGrant);
    let elsewhere =
        honest.clone().set_redirect_uri(RedirectUrl::new("https://evil.example/".to_owned()).unwrap());
    assert_eq!(refused(exchange(&elsewhere, verifier())).await, BasicErrorResponseType::InvalidGrant);
    let page = browse(&admin, elsewhere.authorize_url(CsrfToken::new_random).url().0.as_str()).await;
    assert_eq!((page.status, page.headers.get("location")), (StatusCode::BAD_REQUEST, None));

    let tokens = exchange(&honest, verifier()).await.unwrap();
    assert_eq!(refused(exchange(&honest, verifier())).await, BasicErrorResponseType::InvalidGrant, "used");
    let refresh = refresh_token(&tokens);
    let grown = honest.exchange_refresh_token(&refresh).add_scope(Scope::new("write".to_owned()));
    assert_eq!(refused(grown.request_async(&send)).await, BasicErrorResponseType::InvalidScope);
    let stolen = stranger.exchange_refresh_token(&refresh);
    assert_eq!(refused(stolen.request_async(&send)).await, BasicErrorResponseType::InvalidGrant);
    let login = ResourceOwnerUsername::new("admin".to_owned());
    let password = ResourceOwnerPassword::new("admin".to_owned());
    let by_secret = honest.exchange_password(&login, &password);
    assert_eq!(refused(by_secret.request_async(&send)).await, BasicErrorResponseType::UnsupportedGrantType);
    let alone = honest.exchange_client_credentials();
    assert_eq!(refused(alone.request_async(&send)).await, BasicErrorResponseType::UnsupportedGrantType);
    assert!(!stranger.introspect(tokens.access_token()).request_async(&send).await.unwrap().active());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_use_the_crate_oauth2_refresh_at_once_and_have_one_pair() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = register(&admin).await;
    let library = library(&wiki, &wiki.client_secret, AuthType::BasicAuth);
    let first = refresh_token(&sign_in(&library, &admin, &["read"]).await);
    let nodes = (0..8).map(|_| library.exchange_refresh_token(&first).request_async(&send));
    let pairs: Vec<_> = futures_util::future::join_all(nodes).await.into_iter().map(Result::unwrap).collect();
    let one = refresh_token(&pairs[0]);
    for pair in &pairs {
        assert_eq!(pair.access_token().secret(), pairs[0].access_token().secret());
        assert_eq!(refresh_token(pair).secret(), one.secret());
    }
    let next = library.exchange_refresh_token(&one).request_async(&send).await.unwrap();
    assert!(library.introspect(next.access_token()).request_async(&send).await.unwrap().active());
}
