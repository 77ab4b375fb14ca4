//! What every page outside of the records begins and ends with: sign-in, consent, refusals.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use maud::{DOCTYPE, Markup, html};

use super::pages::{Texts, icon, plain_style};

/// The head of every page: the server's own style, script and icon, nothing from elsewhere.
pub(super) fn head(title: &str, style: &str, script: Option<&str>) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) }
            link rel="stylesheet" href=(style);
            link rel="icon" href=(icon()) type="image/svg+xml";
            @if let Some(script) = script { script src=(script) defer {} }
        }
    }
}

/// A whole page around its content: the server's own style.
pub(super) fn shell(texts: Texts, title: &str, script: Option<&str>, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(texts.code) {
            (head(title, plain_style(), script))
            body { main { (content) } }
        }
    };
    page.into_string()
}

/// The same as a response that nobody keeps.
pub(super) fn page(
    status: StatusCode,
    texts: Texts,
    title: &str,
    script: Option<&str>,
    content: &Markup,
) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(ContentType::html())
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(shell(texts, title, script, content))
}
