//! What stands around the content of a page: the menu, where one is, the notice of what was done.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, HeaderValue};
use maud::{DOCTYPE, Markup, html};
use serde_json::Value as Json;

use super::super::shell::head;
use super::address::list_path;
use super::assets;
use super::desk::{Desk, take_notice};

/// The server's own script, style and pictures, and nothing else; no frames, no forms to elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page within its frame.
pub(in crate::http) struct Page {
    /// Its title.
    pub title: String,
    /// The model whose menu entry is marked.
    pub model: String,
    /// Where one is: addresses and names, the page itself left out.
    pub crumbs: Vec<(String, String)>,
    /// The content.
    pub body: Markup,
}

/// Draws it.
pub(in crate::http) fn frame(desk: &Desk, status: StatusCode, page: &Page) -> HttpResponse {
    let texts = desk.texts;
    let has_menu = !entries(desk, "root").is_empty();
    let content = html! {
        (DOCTYPE)
        html lang=(texts.code) {
            (head(&format!("{} · Oregional", page.title), assets::style(), Some(assets::script())))
            body {
                a.skip href="#content" { (texts.t("Skip to the content")) }
                header.bar {
                    a.brand href="/odoo" { "Oregional" }
                    (people(desk))
                }
                div class=(if has_menu { "columns" } else { "alone" }) {
                    @if has_menu { (menu(desk, &page.model)) }
                    main #content tabindex="-1" {
                        @if !page.crumbs.is_empty() {
                            nav.crumbs aria-label=(texts.t("Where you are")) {
                                ol { @for (href, name) in &page.crumbs { li { a href=(href) { (name) } } } li aria-current="page" { (page.title) } }
                            }
                        }
                        @if let Some(notice) = &desk.notice { p.notice role="status" { (notice) } }
                        (page.body)
                    }
                }
            }
        }
    };
    let mut response = HttpResponse::build(status)
        .content_type(ContentType::html())
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(content.into_string());
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if desk.asked.notice.is_some() && response.add_removal_cookie(&take_notice()).is_err() {
        tracing::debug!("a notice is shown twice");
    }
    response
}

/// The visitor's own corner.
fn people(desk: &Desk) -> Markup {
    html! {
        nav.people aria-label=(desk.t("Your account")) {
            details.drop {
                summary { (desk.user_name) }
                ul {
                    li { a href="/odoo/preferences" { (desk.t("Preferences")) } }
                    @if desk.is_system { li { a href="/odoo/operations" { (desk.t("Operations")) } } }
                    li { a href="/web/session/logout" { (desk.t("Sign out")) } }
                }
            }
        }
    }
}

/// An entry of the menu.
pub(in crate::http) struct Entry<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it leads, if anywhere.
    pub href: Option<String>,
    /// The model that it opens.
    pub model: String,
    /// What lies below it.
    pub below: Vec<Entry<'a>>,
}

/// The entries that the visitor sees, as a tree.
pub(in crate::http) fn entries<'a>(desk: &'a Desk, of: &str) -> Vec<Entry<'a>> {
    let ids = desk.menus.get(of).and_then(|entry| entry.get("children")).and_then(Json::as_array);
    let entry = |id: &Json| {
        let told = desk.menus.get(id.to_string())?;
        let below = entries(desk, &id.to_string());
        let action = told.get("actionID").and_then(Json::as_i64);
        let model = told.get("actionResModel").and_then(Json::as_str).unwrap_or_default().to_owned();
        let href = action.filter(|_| below.is_empty()).map(|action| {
            if model.is_empty() {
                format!("/odoo/action-{action}")
            } else if usual_action(desk, &model) == Some(action) {
                list_path(&model)
            } else {
                format!("{}?action={action}", list_path(&model))
            }
        });
        Some(Entry { name: told.get("name")?.as_str()?, href, model, below })
    };
    ids.into_iter().flatten().filter_map(entry).collect()
}

/// The action by which a model is looked at when the address names none: the first of the menu.
pub(in crate::http) fn usual_action(desk: &Desk, model: &str) -> Option<i64> {
    let all = desk.menus.as_object()?;
    let opens = |entry: &&Json| entry.get("actionResModel").and_then(Json::as_str) == Some(model);
    let own = all.values().filter(opens);
    own.filter(|entry| entry.get("children").and_then(Json::as_array).is_some_and(Vec::is_empty))
        .find_map(|entry| entry.get("actionID").and_then(Json::as_i64))
}

/// What the menu calls the list of a model.
pub(in crate::http) fn usual_name<'a>(desk: &'a Desk, model: &str) -> Option<&'a str> {
    let action = usual_action(desk, model)?;
    let all = desk.menus.as_object()?;
    let opens = |entry: &&Json| entry.get("actionID").and_then(Json::as_i64) == Some(action);
    let own =
        all.values().filter(opens).filter(|entry| entry.get("actionResModel").is_some_and(Json::is_string));
    own.filter_map(|entry| entry.get("name").and_then(Json::as_str)).next_back()
}

fn menu(desk: &Desk, model: &str) -> Markup {
    html! {
        nav.menu aria-label=(desk.t("Menu")) {
            details.whole open {
                summary { (desk.t("Menu")) }
                @for app in entries(desk, "root") {
                    @for section in app.below {
                        (self::section(desk, &section, model))
                    }
                }
            }
        }
    }
}

fn section(desk: &Desk, section: &Entry<'_>, model: &str) -> Markup {
    let has_current = |entry: &Entry<'_>| entry.model == model && !model.is_empty();
    let is_open = section.below.iter().any(|entry| has_current(entry) || entry.below.iter().any(has_current));
    html! {
        @if section.below.is_empty() {
            ul { (link(desk, section, model)) }
        } @else {
            details open[is_open || section.name == "Oregional"] {
                summary { (desk.t(section.name)) }
                ul {
                    @for entry in &section.below {
                        @if entry.below.is_empty() { (link(desk, entry, model)) }
                        @else {
                            li.heading { (desk.t(entry.name)) }
                            @for inner in &entry.below { (link(desk, inner, model)) }
                        }
                    }
                }
            }
        }
    }
}

fn link(desk: &Desk, entry: &Entry<'_>, model: &str) -> Markup {
    let current = (entry.model == model && !model.is_empty()).then_some("page");
    html! {
        @if let Some(href) = &entry.href { li { a href=(href) aria-current=[current] { (desk.t(entry.name)) } } }
    }
}
