//! What every page has at hand: who visits, in which language and time zone, the menu, the token of its
//! forms, and the notice that the page before left.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use serde_json::Value as Json;

use super::super::jsonrpc::COOKIE;
use super::texts::Texts;
use crate::auth::csrf;
use crate::error::Result;
use crate::rpc::App;
use crate::rpc::page::{Formats, Visit};

/// The cookie that carries a notice from one page to the next.
const NOTICE: &str = "notice";

/// What a page is asked with, besides its address.
#[derive(Clone)]
pub(in crate::http) struct Asked {
    /// For the forms of the page.
    pub token: String,
    /// What the page before did.
    pub notice: Option<String>,
    /// The path, without the query.
    pub path: String,
    /// The query.
    pub query: String,
}

impl Asked {
    /// Reads it from a request.
    pub(in crate::http) fn of(app: &App, request: &HttpRequest) -> Self {
        let cookie = request.cookie(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
        Self {
            token: csrf::token(&app.shared.sealer, &cookie, app.shared.world.now()),
            notice: request
                .cookie(NOTICE)
                .map(|cookie| cookie.value().to_owned())
                .filter(|text| !text.is_empty()),
            path: request.path().to_owned(),
            query: request.query_string().to_owned(),
        }
    }
}

/// Whether a form comes from a page that this session was given.
pub(in crate::http) fn is_own_form(app: &App, request: &HttpRequest, token: &str) -> bool {
    let cookie = request.cookie(COOKIE).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    csrf::is_good(&app.shared.sealer, &cookie, token, app.shared.world.now())
}

/// The cookie that leaves a notice: one of the words of [`notice_text`], and a number.
pub(in crate::http) fn leave_notice(word: &str) -> Cookie<'static> {
    Cookie::build(NOTICE, word.to_owned()).path("/odoo").http_only(true).same_site(SameSite::Lax).finish()
}

/// The cookie that takes it away again.
pub(in crate::http) fn take_notice() -> Cookie<'static> {
    let mut cookie = leave_notice("");
    cookie.make_removal();
    cookie
}

/// What a notice says. The cookie may be anybody's: no text of it gets into the page.
fn notice_text(texts: Texts, notice: &str) -> Option<String> {
    let (word, count) = notice.split_once('-').unwrap_or((notice, "1"));
    let count: u32 = count.parse().ok()?;
    let english = match word {
        "saved" => "Saved.",
        "created" => "Created.",
        "unchanged" => "Nothing had been changed.",
        "deleted" => "{} deleted.",
        "archived" => "{} archived.",
        "unarchived" => "{} restored.",
        "duplicated" => "Duplicated. This is the copy.",
        "done" => "Done.",
        "password" => "Your password was changed. You are signed out everywhere else.",
        "everywhere" => "You are signed out everywhere else.",
        "key" => "The key was removed.",
        "revoked" => "The access was revoked.",
        _ => return None,
    };
    Some(texts.fill(english, &[&count]))
}

/// See the module.
pub(in crate::http) struct Desk {
    /// The texts of the page.
    pub texts: Texts,
    /// How moments and numbers are written.
    pub formats: Formats,
    /// Where the visitor's clock is.
    pub zone: Tz,
    /// The menu.
    pub menus: Json,
    /// The visitor's id.
    pub user_id: i64,
    /// The visitor's name.
    pub user_name: String,
    /// Whether the visitor looks after the system.
    pub is_system: bool,
    /// What the page was asked with.
    pub asked: Asked,
    /// The notice of the page before.
    pub notice: Option<String>,
    /// Now, in UTC.
    pub now: NaiveDateTime,
}

impl Desk {
    /// Gathers it.
    pub(in crate::http) async fn open(visit: &Visit, asked: &Asked) -> Result<Self> {
        let texts = Texts::of(visit.lang());
        Ok(Self {
            texts,
            formats: visit.formats().await?,
            zone: visit.user().tz.parse().unwrap_or(Tz::UTC),
            menus: visit.menus().await?,
            user_id: visit.user().id,
            user_name: visit.user().name.clone(),
            is_system: visit.has_group("base.group_system"),
            notice: asked.notice.as_deref().and_then(|notice| notice_text(texts, notice)),
            asked: asked.clone(),
            now: visit.now(),
        })
    }

    /// A text in the language of the page.
    pub(in crate::http) fn t<'a>(&self, english: &'a str) -> &'a str {
        self.texts.t(english)
    }
}
