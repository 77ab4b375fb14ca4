//! POST `/odoo/preferences`: what people change of themselves.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use chrono::TimeDelta;
use maud::Markup;
use serde_json::{Map, Value as Json, json};

use super::super::super::session::with_cookie;
use super::super::desk::{Asked, Desk, leave_notice};
use super::super::posted::Posted;
use super::super::{received, see_other, trouble, with_notice};
use super::{ADDRESS, page, show};
use crate::error::{Error, Result};
use crate::orm::convert::DATETIME;
use crate::rpc::attempt::{guarded, is_refused};
use crate::rpc::page::{Purpose, Visit, visit};
use crate::rpc::retrying::Caller;
use crate::rpc::{App, session};

/// Letters of a password that the page accepts; methods leave it to whoever calls them.
const SHORTEST: usize = 12;

/// What was done.
enum Done {
    /// The notice of the next page.
    Notice(&'static str),
    /// All sessions have ended: this browser is given a new one.
    SignedOut(&'static str, i64),
    /// A new key, shown once.
    Key(String),
}

/// Does it.
pub(in crate::http) async fn act(
    app: Data<App>,
    request: HttpRequest,
    body: std::result::Result<Bytes, actix_web::Error>,
) -> HttpResponse {
    let (posted, caller) = match received(&app, &request, body).await {
        Ok(received) => received,
        Err(answer) => return *answer,
    };
    let asked = Asked { notice: None, ..Asked::of(&app, &request) };
    let change =
        async || visit(&app, caller, Purpose::Change, async |visit| done(visit, &posted).await).await;
    let outcome = if posted.get("do") == Some("password") {
        // Whoever guesses the present password is slowed down as at the door.
        match login(&app, caller).await {
            Ok(login) => guarded(&app, &login, change, is_refused).await,
            Err(error) => Err(error),
        }
    } else {
        change().await
    };
    match outcome {
        Ok(Done::Notice(word)) => with_notice(see_other(ADDRESS), &leave_notice(word)),
        Ok(Done::SignedOut(word, user)) => match session::open(&app, user, None).await {
            Ok(cookie) => with_cookie(&app, with_notice(see_other(ADDRESS), &leave_notice(word)), &cookie),
            Err(error) => trouble(&app, &request, &error).await,
        },
        Ok(Done::Key(key)) => {
            again(&app, &request, caller, &asked, StatusCode::OK, |desk| page::made(desk, &key)).await
        }
        Err(
            error @ (Error::SessionExpired | Error::Unavailable(_) | Error::InDoubt | Error::Internal(_)),
        ) => trouble(&app, &request, &error).await,
        Err(error) => {
            let text = error.to_string();
            again(&app, &request, caller, &asked, StatusCode::UNPROCESSABLE_ENTITY, |desk| {
                page::refused(desk, desk.t(&text))
            })
            .await
        }
    }
}

async fn login(app: &App, caller: Caller) -> Result<String> {
    visit(app, caller, Purpose::Show, async |visit| Ok(visit.user().login.clone())).await
}

async fn again(
    app: &App,
    request: &HttpRequest,
    caller: Caller,
    asked: &Asked,
    status: StatusCode,
    said: impl Fn(&Desk) -> Markup,
) -> HttpResponse {
    let shown = visit(app, caller, Purpose::Show, async |visit| {
        let desk = Desk::open(visit, asked).await?;
        show(visit, asked, status, Some(&said(&desk))).await
    });
    match shown.await {
        Ok(page) => page,
        Err(error) => trouble(app, request, &error).await,
    }
}

async fn done(visit: &Visit, posted: &Posted) -> Result<Done> {
    let user = visit.user().id;
    let given = |name: &str| posted.get(name).unwrap_or_default().trim().to_owned();
    let call = async |model: &str, method: &str, args: Json| {
        visit.call(model, method, args, json!({}), &Map::new()).await
    };
    let (word, id) = posted
        .get("do")
        .unwrap_or_default()
        .split_once(':')
        .unwrap_or((posted.get("do").unwrap_or_default(), ""));
    let ids: Vec<i64> = id.parse().into_iter().collect();
    match word {
        "person" => {
            if given("name").is_empty() {
                return Err(Error::User("Enter a name.".to_owned()));
            }
            let or_false = |text: String| if text.is_empty() { Json::Bool(false) } else { text.into() };
            let values = json!({"name": given("name"), "email": or_false(given("email")), "lang": given("lang"), "tz": or_false(given("tz"))});
            call("res.users", "write", json!([[user], values])).await?;
            Ok(Done::Notice("saved"))
        }
        "password" => password(visit, posted, user).await,
        "everywhere" => {
            call("res.users", "action_revoke_all_devices", json!([[user]])).await?;
            Ok(Done::SignedOut("everywhere", user))
        }
        "revoke" => call("oregional.authorization", "action_revoke_tokens", json!([ids]))
            .await
            .map(|_| Done::Notice("revoked")),
        "forget" => {
            call("oregional.authorization", "unlink", json!([ids])).await.map(|_| Done::Notice("revoked"))
        }
        "unkey" => call("res.users.apikeys", "remove", json!([ids])).await.map(|_| Done::Notice("key")),
        "key" => {
            let days = given("days").parse::<i64>().ok().filter(|days| (1..=90).contains(days)).unwrap_or(30);
            let end =
                (visit.now() + TimeDelta::days(days) - TimeDelta::minutes(1)).format(DATETIME).to_string();
            let kwargs = json!({"name": given("key"), "expiration_date": end});
            let key = visit.call("res.users.apikeys", "generate", json!([]), kwargs, &Map::new()).await?;
            Ok(Done::Key(key.as_str().unwrap_or_default().to_owned()))
        }
        _ => Err(Error::User("Choose what is to be done.".to_owned())),
    }
}

async fn password(visit: &Visit, posted: &Posted, user: i64) -> Result<Done> {
    // Spaces belong to a password like any other character, here as at the door.
    let of = |name: &str| posted.get(name).unwrap_or_default();
    let (old, new) = (of("old"), of("new"));
    if new != of("again") {
        return Err(Error::User("The two new passwords are not the same.".to_owned()));
    }
    if new.trim().chars().count() < SHORTEST {
        return Err(Error::User("A password has at least twelve characters.".to_owned()));
    }
    visit.call("res.users", "change_password", json!([old, new]), json!({}), &Map::new()).await?;
    Ok(Done::SignedOut("password", user))
}
