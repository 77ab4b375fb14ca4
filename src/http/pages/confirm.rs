//! A question before something that cannot be undone: the form that was sent, to be sent once more.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::html;

use super::desk::Desk;
use super::frame::{Page, frame};
use super::posted::Posted;

/// What is asked.
pub(super) struct Question<'a> {
    /// The title of the page.
    pub title: &'a str,
    /// The question.
    pub text: &'a str,
    /// What yes is called.
    pub yes: &'a str,
    /// Where no leads.
    pub back: &'a str,
    /// Where yes is sent.
    pub action: &'a str,
}

/// Asks.
pub(super) fn confirm(desk: &Desk, model: &str, posted: &Posted, asked: &Question<'_>) -> HttpResponse {
    let body = html! {
        h1 { (asked.title) }
        form.question method="post" action=(asked.action) {
            p { (asked.text) }
            @for (name, value) in posted.fields().filter(|(name, _)| *name != "csrf_token") {
                input type="hidden" name=(name) value=(value);
            }
            @for (path, content) in posted.files() { input type="hidden" name=(format!("k.{path}")) value=(content); }
            input type="hidden" name="csrf_token" value=(desk.asked.token);
            input type="hidden" name="confirmed" value="1";
            div.row {
                button.main.danger type="submit" autofocus { (desk.t(asked.yes)) }
                a.button href=(asked.back) { (desk.t("Cancel")) }
            }
        }
    };
    let crumbs = vec![(asked.back.to_owned(), desk.t("Back").to_owned())];
    frame(
        desk,
        StatusCode::OK,
        &Page { title: asked.title.to_owned(), model: model.to_owned(), crumbs, body },
    )
}
