//! Odd bearer headers at every door: only one token after one word opens any of them, and none breaks it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;

use super::support::{App, Tokens};
use crate::support::app::TestApp;
use crate::support::client::{Answer, envelope};

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    UserInfo,
    Dataset(&'static str),
    Connector(&'static str),
}

const DOORS: [Door; 7] = [
    Door::UserInfo,
    Door::Dataset("call_kw"),
    Door::Dataset("call_button"),
    Door::Connector("application/model"),
    Door::Connector("record/name_search?model=res.partner"),
    Door::Connector("record/read?model=res.partner&ids=[3]"),
    Door::Connector("model/field?model=res.partner&names=[]"),
];

impl Door {
    fn request(self, app: &TestApp) -> RequestBuilder {
        let (http, url) = (app.anonymous().http, app.url());
        let params = json!({"model": "res.partner", "method": "search_count", "args": [[]], "kwargs": {}});
        match self {
            Self::UserInfo => http.get(format!("{url}/oauth2/userinfo")),
            Self::Dataset(route) => http.post(format!("{url}/web/dataset/{route}")).json(&envelope(&params)),
            Self::Connector(route) => http.get(format!("{url}/orestapi/{route}")),
        }
    }

    async fn knock(self, app: &TestApp, headers: &[Vec<u8>]) -> Answer {
        let request = headers.iter().fold(self.request(app), |request, header| {
            request.header(AUTHORIZATION, HeaderValue::from_bytes(header).unwrap())
        });
        Answer::to(request).await
    }

    /// Whether the answer has what is behind the door.
    fn is_open(self, answer: &Answer) -> bool {
        let told = match self {
            Self::UserInfo => "\"sub\"",
            Self::Dataset(_) => "\"result\"",
            Self::Connector(_) => "[{",
        };
        answer.status == StatusCode::OK && answer.body.contains(told)
    }

    /// What is wrong with the answer as a refusal, if anything.
    fn fault(self, answer: &Answer) -> Option<String> {
        let status = answer.status.as_u16();
        match self {
            Self::UserInfo if ![400, 401].contains(&status) => Some(format!("HTTP {status}")),
            Self::UserInfo => {
                let challenge = answer.headers.get(WWW_AUTHENTICATE).and_then(|text| text.to_str().ok());
                let is_one = challenge.is_some_and(|text| text.starts_with("Bearer "));
                (!is_one).then(|| format!("the challenge {challenge:?}"))
            }
            // Who has no token, and no session either, hears that the session has expired.
            Self::Dataset(_) if ![200, 400, 401].contains(&status) => Some(format!("HTTP {status}")),
            Self::Dataset(_) => answer.clear_error().err(),
            Self::Connector(_) if status != 401 => Some(format!("HTTP {status}")),
            Self::Connector(_) => {
                let code = answer.json()["orestapi_code"].as_str().unwrap_or_default().to_owned();
                (!code.ends_with("-0010")).then_some(code)
            }
        }
    }
}

/// Every way to bring a token that is the good one. Spaces around a header's value are no part of it (RFC
/// 9110, 5.5).
fn good(token: &str) -> Vec<Vec<u8>> {
    let words = ["Bearer ", "bearer ", "BEARER ", "bEaReR ", "  Bearer ", "\tBearer "];
    let mut all = words.map(|word| format!("{word}{token}").into_bytes()).to_vec();
    all.extend([" ", "\t", "  \t "].map(|end| format!("Bearer {token}{end}").into_bytes()));
    all
}

/// Headers of one line that bring no token, or a good one in a form that does not count.
fn misshapen(token: &str) -> Vec<String> {
    let nothing = ["", " ", "Bearer", "Bearer ", "Bearer   ", "Bearer\t", "Bearer null", "Negotiate"];
    let forms = [
        "TOKEN",
        "BearerTOKEN",
        "Bearer  TOKEN",
        "Bearer   TOKEN",
        "Bearer\tTOKEN",
        "Bearer \tTOKEN",
        "Bearer\t TOKEN",
        "Bearer=TOKEN",
        "Bearer:TOKEN",
        "Bearer: TOKEN",
        "Bearer \"TOKEN\"",
        "Bearer <TOKEN>",
        "Bearer token=TOKEN",
        "Bearer Bearer TOKEN",
        "Bearer TOKEN TOKEN",
        "Bearer TOKEN x",
        "Bearer TOKEN,",
        "Bearer TOKEN,TOKEN",
        "Bearer TOKEN, Bearer TOKEN",
        "Bearer TOKEN, Basic eDp5",
        "Bearer TOKEN=",
        "Bearer =TOKEN",
        "Bearer TOKEN%20",
        "Bearer TOKEN\u{a0}",
        "Bearer TOKENä",
        "Bearer TOKENx",
        "Bearer\u{a0}TOKEN",
        "Bearers TOKEN",
        "Beare TOKEN",
        "Basic TOKEN",
        "OAuth TOKEN",
        "Token TOKEN",
        "DPoP TOKEN",
        "MAC id=\"TOKEN\"",
        "Digest username=\"admin\", response=\"TOKEN\"",
    ];
    let forms = forms.map(|form| form.replace("TOKEN", token));
    nothing.map(str::to_owned).into_iter().chain(forms).collect()
}

/// Headers that bring another secret, or a good token under another scheme's wraps.
fn foreign(tokens: &Tokens, client: &App) -> Vec<String> {
    let token = tokens.access.as_str();
    let base64 = |text: &str| STANDARD.encode(text);
    let others = [
        token.to_uppercase(),
        token.chars().rev().collect(),
        token.chars().skip(1).collect(),
        base64(token),
        tokens.refresh.clone(),
        client.client_secret.clone(),
        "a".repeat(5000),
    ];
    let pairs = [
        token.to_owned(),
        format!("{token}:"),
        format!(":{token}"),
        format!("x-oauth-basic:{token}"),
        format!("admin:{token}"),
        format!("{}:{token}", client.client_id),
        format!("Bearer {token}:"),
    ];
    let others = others.iter().map(|other| format!("Bearer {other}"));
    others.chain(pairs.iter().map(|pair| format!("Basic {}", base64(pair)))).collect()
}

/// All of them, no header, headers that are no text, and two headers.
fn odd(tokens: &Tokens, client: &App) -> Vec<Vec<Vec<u8>>> {
    let bearer = format!("Bearer {}", tokens.access).into_bytes();
    let one = misshapen(&tokens.access).into_iter().chain(foreign(tokens, client));
    let mut all: Vec<Vec<Vec<u8>>> = one.map(|header| vec![header.into_bytes()]).collect();
    all.push(Vec::new());
    all.push(vec![b"Bearer \xff\xfe".to_vec()]);
    all.push(vec![[&bearer[..], b"\xff"].concat()]);
    for other in [&b"Basic eDp5"[..], b"Bearer x", b"Bearer", b"", b"OAuth realm=\"x\"", &bearer[..]] {
        all.push(vec![bearer.clone(), other.to_vec()]);
        all.push(vec![other.to_vec(), bearer.clone()]);
    }
    all
}

#[tokio::test]
async fn every_door_opens_to_one_token_after_one_word_and_to_nothing_else() {
    let app = TestApp::with(|settings| settings.max_failures = 60_000);
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let tokens = wiki.sign_in(&admin).await;
    let shown = |headers: &[Vec<u8>]| -> Vec<String> {
        headers.iter().map(|header| String::from_utf8_lossy(header).into_owned()).collect()
    };
    let mut wrong = Vec::new();
    for door in DOORS {
        for header in good(&tokens.access) {
            let answer = door.knock(&app, std::slice::from_ref(&header)).await;
            assert!(door.is_open(&answer), "{door:?} {:?}: {answer:?}", shown(&[header]));
        }
        for headers in odd(&tokens, &wiki) {
            let answer = door.knock(&app, &headers).await;
            let fault =
                if door.is_open(&answer) { Some("it is open".to_owned()) } else { door.fault(&answer) };
            wrong.extend(fault.map(|fault| format!("{door:?} {:?}: {fault}", shown(&headers))));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(wiki.is_active(&tokens.access).await, "the token has not suffered");
}

#[tokio::test]
async fn a_token_anywhere_but_in_its_header_opens_nothing() {
    let app = TestApp::start();
    let admin = app.admin().await;
    let wiki = App::register(&admin, json!({})).await;
    let token = wiki.sign_in(&admin).await.access;
    for door in DOORS {
        for name in ["proxy-authorization", "x-authorization", "x-access-token", "access_token", "x-api-key"]
        {
            for value in [token.clone(), format!("Bearer {token}")] {
                let answer = Answer::to(door.request(&app).header(name, value)).await;
                assert!(!door.is_open(&answer), "{door:?} {name}");
                assert_eq!(door.fault(&answer), None, "{door:?} {name}");
            }
        }
        for name in ["access_token", "token", "bearer_token", "authorization"] {
            let answer = Answer::to(door.request(&app).query(&[(name, token.as_str())])).await;
            assert!(!door.is_open(&answer), "{door:?} ?{name}");
            assert_eq!(door.fault(&answer), None, "{door:?} ?{name}");
        }
        let cookie = format!("session_id={token}; access_token={token}");
        let answer = Answer::to(door.request(&app).header("cookie", cookie)).await;
        assert!(!door.is_open(&answer), "{door:?} in a cookie");
    }
    for path in ["/oauth2/userinfo", "/orestapi/application/model", "/orestapi/record/name_search"] {
        let form = [("access_token", token.as_str()), ("model", "res.partner")];
        let answer = Answer::to(app.anonymous().http.post(format!("{}{path}", app.url())).form(&form)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}: in the body");
    }
}
