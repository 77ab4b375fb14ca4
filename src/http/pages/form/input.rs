//! One field of a form: an input that fits its type, or its value where it cannot be changed.

use maud::{Markup, html};
use serde_json::Value as Json;

use super::super::address::{record_path, with_query};
use super::super::drawn::{Shape, flag};
use super::super::shown;
use super::lines;
use super::sheet::{Choices, Sheet};
use crate::orm::python;
use crate::orm::view::arch::Element;

/// The types of picture that can be sent.
const PICTURES: &str = "image/png,image/jpeg,image/webp";

/// The id of an input in the page.
pub(super) fn id_of(path: &str) -> String {
    format!("f-{path}")
}

/// A field with what is wrong with it.
pub(super) fn field(sheet: &Sheet<'_>, element: &Element, shape: &Shape) -> Markup {
    let path = shape.name.as_str();
    let wrong = sheet.errors.get(path);
    let is_open = sheet.is_open(element, shape);
    html! {
        div class=(format!("field type-{}", shape.kind())) {
            @if shape.kind() == "one2many" { (lines::one2many(sheet, element, shape, is_open)) }
            @else if shape.kind() == "many2many" { (lines::many2many(sheet, element, shape, is_open)) }
            @else if shape.kind() == "binary" { (file(sheet, element, shape, is_open)) }
            @else if sheet.is_secret(path) && sheet.id.is_some() && !sheet.revealed.contains(path) { (secret(sheet, shape)) }
            @else if is_open { (input(sheet, element, shape, path, path)) }
            @else { (still(sheet, element, shape)) }
            @if sheet.is_secret(path) && sheet.revealed.contains(path) && sheet.id.is_some() { (conceal(sheet)) }
            @if let Some(wrong) = wrong { p.wrong id=(format!("{}-wrong", id_of(path))) { (wrong) } }
        }
    }
}

/// A value that cannot be changed.
fn still(sheet: &Sheet<'_>, element: &Element, shape: &Shape) -> Markup {
    let value = sheet.record.get(&shape.name).unwrap_or(&Json::Null);
    let widget = element.attribute("widget").unwrap_or_default();
    html! {
        div.still id=(id_of(&shape.name)) {
            @if shape.kind() == "many2one" { (shown::linked(shape, value)) }
            @else { (shown::value(sheet.desk, shape, value, widget)) }
            @if copies(&shape.name) && value.is_string() { (copy(sheet, &shape.name)) }
        }
    }
}

/// Whether a value is one that people carry elsewhere.
fn copies(name: &str) -> bool {
    name == "client_id" || name == "own_id"
}

/// The button that copies a value; only a script can.
fn copy(sheet: &Sheet<'_>, name: &str) -> Markup {
    html! { button.quiet type="button" data-copy=(id_of(name)) hidden { (sheet.desk.t("Copy")) } }
}

/// A secret that nobody has asked for yet.
fn secret(sheet: &Sheet<'_>, shape: &Shape) -> Markup {
    let mut query: Vec<(String, String)> =
        url::form_urlencoded::parse(sheet.desk.asked.query.as_bytes()).into_owned().collect();
    query.retain(|(name, _)| name != "reveal");
    query.push(("reveal".to_owned(), shape.name.clone()));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    html! {
        div.still.secret id=(id_of(&shape.name)) {
            span aria-label=(sheet.desk.t("hidden")) { "••••••••••••" }
            " " a.button.quiet href=(format!("{}?{query}", sheet.desk.asked.path)) data-reveal=(shape.name) { (sheet.desk.t("Show")) }
            " " button.quiet type="button" data-copy-secret=(shape.name) hidden { (sheet.desk.t("Copy")) }
        }
    }
}

fn conceal(sheet: &Sheet<'_>) -> Markup {
    let mut query: Vec<(String, String)> =
        url::form_urlencoded::parse(sheet.desk.asked.query.as_bytes()).into_owned().collect();
    query.retain(|(name, _)| name != "reveal");
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    html! { a.button.quiet href=(with_query(&sheet.desk.asked.path, &query)) { (sheet.desk.t("Hide")) } }
}

/// The largest file that a page which is shown again carries along, in letters of Base64.
const KEPT: usize = 4 * 1024 * 1024;

/// A picture, or another file: what is there, another one, none. One that was chosen and is not kept yet
/// goes along with the page.
fn file(sheet: &Sheet<'_>, element: &Element, shape: &Shape, is_open: bool) -> Markup {
    let name = &shape.name;
    let is_picture = element.attribute("widget") == Some("image");
    let chosen = sheet.posted.and_then(|posted| posted.file(name));
    let kept = chosen.as_ref().filter(|chosen| chosen.len() <= KEPT);
    let t = |english: &'static str| sheet.desk.t(english);
    html! {
        (there(sheet, shape, is_picture, kept.map(String::as_str)))
        @if is_open {
            label.upload for=(id_of(name)) { (sheet.desk.t(shape.label())) }
            input id=(id_of(name)) type="file" name=(format!("f.{name}")) accept=[is_picture.then_some(PICTURES)] data-preview=(format!("{}-preview", id_of(name)));
            @if let Some(kept) = kept { input type="hidden" name=(format!("k.{name}")) value=(kept); }
            @else if chosen.is_some() { p.wrong role="alert" { (t("Choose the file again: it is too large to be carried along.")) } }
            @if is_picture { span.hint { (t("PNG, JPEG or WebP; a large picture is scaled down.")) } }
            @if sheet.id.is_some() || kept.is_some() { label.box { input type="checkbox" name=(format!("c.{name}")) value="1"; " " (t("Remove")) } }
        }
    }
}

/// What is there of a file: the picture, or the way to it.
fn there(sheet: &Sheet<'_>, shape: &Shape, is_picture: bool, kept: Option<&str>) -> Markup {
    let name = &shape.name;
    let preview = format!("{}-preview", id_of(name));
    let kind = kept.map(|kept| {
        if kept.starts_with("/9j/") {
            "jpeg"
        } else if kept.starts_with("UklG") {
            "webp"
        } else {
            "png"
        }
    });
    let source = match (kept, kind, sheet.id) {
        (Some(kept), Some(kind), _) => Some(format!("data:image/{kind};base64,{kept}")),
        (_, _, Some(id)) => Some(super::super::picture(sheet.desk, &sheet.model, id, name, &sheet.record)),
        _ => None,
    };
    html! {
        @if is_picture {
            img.preview id=(preview) src=[&source] alt=(sheet.desk.t(shape.label())) hidden[source.is_none()] width="96" height="96";
        } @else if let Some(id) = sheet.id {
            a href=(format!("/web/content/{}/{id}/{name}?download=1", sheet.model)) { (sheet.desk.t("Download")) }
        }
    }
}

/// An input; `choices` names the list that it chooses from.
pub(super) fn input(
    sheet: &Sheet<'_>,
    element: &Element,
    shape: &Shape,
    path: &str,
    choices: &str,
) -> Markup {
    let held = held(sheet, shape, path);
    let is_password = flag(element, "password") == Some(true);
    let name = format!("f.{path}");
    let is_required = path == shape.name
        && sheet.is_required(element, shape)
        && element.attribute("invisible").is_none()
        && !is_password;
    let wrong = sheet.errors.get(path).map(|_| format!("{}-wrong", id_of(path)));
    let hint = element.attribute("placeholder").map(|text| sheet.desk.t(text));
    let invalid = wrong.as_ref().map(|_| "true");
    let change = follows(sheet, element, shape).then_some("");
    // Within a line the head of the column is the name of its inputs.
    let said = (path != shape.name || !has_label(sheet, &shape.name)).then(|| sheet.desk.t(shape.label()));
    match shape.kind() {
        "boolean" => {
            let checked =
                if sheet.was_boxed(path) { sheet.typed(path).is_some() } else { python::truth(&held.value) };
            html! {
                input type="hidden" name=(format!("b.{path}")) value="1";
                input id=(id_of(path)) type="checkbox" name=(name) value="1" checked[checked] aria-label=[said] data-refresh=[change];
            }
        }
        "selection" => choose(sheet, element, shape, path, &held.text, is_required, said),
        "many2one" => many2one(sheet, shape, &Around { path, choices, is_required, said, change }),
        "text" | "html" => html! {
            textarea id=(id_of(path)) name=(name) rows=(if path == shape.name { "4" } else { "1" }) required[is_required] placeholder=[hint] aria-label=[said] aria-invalid=[invalid] aria-describedby=[wrong] { "\n" (held.text) }
        },
        kind => {
            let kind = match kind {
                _ if is_password => "password",
                "date" => "date",
                "datetime" => "datetime-local",
                "char" if element.attribute("widget") == Some("email") => "email",
                _ => "text",
            };
            let mode = ["integer", "many2one_reference"].contains(&shape.kind()).then_some("numeric");
            html! {
                input id=(id_of(path)) type=(kind) name=(name) value=[(!is_password).then_some(&held.text)] required[is_required] placeholder=[hint] aria-label=[said]
                    inputmode=[mode] step=[(kind == "datetime-local").then_some("1")] autocomplete=(if is_password { "new-password" } else { "off" })
                    aria-invalid=[invalid] aria-describedby=[wrong];
                @if copies(&shape.name) { (copy(sheet, path)) }
                @else if sheet.is_secret(&shape.name) { (copy(sheet, path)) }
            }
        }
    }
}

/// Whether other fields follow a field: their values, or what can be chosen for them.
fn follows(sheet: &Sheet<'_>, element: &Element, shape: &Shape) -> bool {
    element.attribute("on_change").is_some()
        || sheet.fields().iter().any(|(other, _)| {
            other
                .attribute("domain")
                .is_some_and(|domain| crate::orm::view::names::fields(domain).contains(&shape.name.as_str()))
        })
}

fn has_label(sheet: &Sheet<'_>, name: &str) -> bool {
    super::layout::is_labelled(&sheet.arch, name)
}

/// What an input holds.
struct Held {
    value: Json,
    text: String,
}

fn held(sheet: &Sheet<'_>, shape: &Shape, path: &str) -> Held {
    let value = sheet.value_at(path).cloned().unwrap_or(Json::Bool(false));
    let text = match sheet.typed(path) {
        Some(typed) => typed.to_owned(),
        None => match (shape.kind(), &value) {
            ("datetime", Json::String(text)) => shown::local_input(sheet.desk, text),
            ("integer" | "float" | "monetary" | "many2one_reference", Json::Number(_)) => {
                shown::number(sheet.desk, &value)
            }
            (_, Json::String(text)) => text.clone(),
            _ => String::new(),
        },
    };
    Held { value, text }
}

fn choose(
    sheet: &Sheet<'_>,
    element: &Element,
    shape: &Shape,
    path: &str,
    held: &str,
    is_required: bool,
    said: Option<&str>,
) -> Markup {
    let name = format!("f.{path}");
    if element.attribute("widget") == Some("radio") {
        return html! {
            div.radios role="radiogroup" id=(id_of(path)) aria-label=(sheet.desk.t(shape.label())) {
                @for (key, label) in shape.choices() {
                    label.box { input type="radio" name=(name) value=(key) checked[key == held] required[is_required]; " " (sheet.desk.t(label)) }
                }
            }
        };
    }
    html! {
        select id=(id_of(path)) name=(name) required[is_required] aria-label=[said] {
            @if !is_required || held.is_empty() { option value="" {} }
            @for (key, label) in shape.choices() { option value=(key) selected[key == held] { (sheet.desk.t(label)) } }
        }
    }
}

/// What stands around the input of a many2one.
struct Around<'a> {
    path: &'a str,
    choices: &'a str,
    is_required: bool,
    said: Option<&'a str>,
    change: Option<&'a str>,
}

fn many2one(sheet: &Sheet<'_>, shape: &Shape, around: &Around<'_>) -> Markup {
    if let Some(Choices::All(all)) = sheet.choices.get(around.choices) {
        listed(sheet, shape, around, all)
    } else {
        named(sheet, shape, around)
    }
}

/// A list to choose from.
fn listed(sheet: &Sheet<'_>, shape: &Shape, around: &Around<'_>, all: &[(i64, String)]) -> Markup {
    let Around { path, is_required, said, change, .. } = *around;
    let known = sheet.value_at(path).and_then(shown::link);
    let held = sheet.typed(path).map_or_else(|| known.map(|(id, _)| id), |typed| typed.parse().ok());
    let is_listed = |id: i64| all.iter().any(|(known, _)| *known == id);
    html! {
        select id=(id_of(path)) name=(format!("f.{path}")) required[is_required] aria-label=[said] data-refresh=[change] {
            @if !is_required || held.is_none() { option value="" {} }
            @if let Some((id, name)) = known.filter(|(id, _)| !is_listed(*id)) { option value=(id) selected[held == Some(id)] { (name) } }
            @for (id, name) in all { option value=(id) selected[held == Some(*id)] { (name) } }
        }
        (follow(shape, known))
    }
}

/// An input for a name; the id and the name that it had go along, so that an unchanged one stays.
fn named(sheet: &Sheet<'_>, shape: &Shape, around: &Around<'_>) -> Markup {
    let Around { path, is_required, said, change, .. } = *around;
    let known = sheet.value_at(path).and_then(shown::link);
    let text = sheet.typed(path).or(known.map(|(_, name)| name)).unwrap_or_default();
    html! {
        input id=(id_of(path)) type="text" name=(format!("f.{path}")) value=(text) required[is_required] aria-label=[said] autocomplete="off"
            role="combobox" aria-expanded="false" aria-autocomplete="list" data-model=(shape.comodel()) placeholder=(sheet.desk.t("Type to search…")) data-refresh=[change];
        input type="hidden" name=(format!("i.{path}")) value=(known.map(|(id, _)| id.to_string()).unwrap_or_default());
        input type="hidden" name=(format!("t.{path}")) value=(known.map(|(_, name)| name).unwrap_or_default());
        (follow(shape, known))
    }
}

/// The way to the record that is chosen.
fn follow(shape: &Shape, known: Option<(i64, &str)>) -> Markup {
    html! {
        @if let Some((id, name)) = known { a.follow href=(record_path(shape.comodel(), id)) title=(name) aria-label=(format!("→ {name}")) { "→" } }
    }
}
