//! What every page of the server begins and ends with.

use maud::{DOCTYPE, Markup, html};

use super::oauth::pages::STYLE_ROUTE;

/// A whole page around its content: the server's own style, no script.
pub(super) fn shell(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href=(STYLE_ROUTE);
            }
            body { main { (content) } }
        }
    };
    page.into_string()
}
