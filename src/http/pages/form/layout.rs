//! The arch of a form as a page: groups, tabs, labels, buttons, and fields in between.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::super::condition;
use super::super::drawn::{Shape, flag, text_of};
use super::input::{field, id_of};
use super::lines::mark;
use super::sheet::Sheet;
use crate::orm::view::arch::{Element, Node};

/// Whether a view gives a field a label: by its own element, or by standing in a group.
pub(super) fn is_labelled(arch: &Element, name: &str) -> bool {
    let has_own = |element: &&Element| element.tag == "label" && element.attribute("for") == Some(name);
    let in_group = |group: &&Element| {
        let is_it = |field: &Element| {
            field.tag == "field"
                && field.attribute("name") == Some(name)
                && flag(field, "nolabel") != Some(true)
        };
        group.tag == "group" && group.elements().any(is_it)
    };
    let all = arch.descendants();
    all.iter().any(has_own) || all.iter().any(in_group)
}

/// All that is in an element.
pub(super) fn children(sheet: &Sheet<'_>, parent: &Element) -> Markup {
    html! {
        @for child in &parent.children {
            @match child {
                Node::Text(text) => { (sheet.desk.t(text.trim())) }
                Node::Element(element) => { (node(sheet, element)) }
            }
        }
    }
}

/// Whether an element is out of sight, and the condition by which a script brings it back.
fn sight(sheet: &Sheet<'_>, element: &Element) -> Option<(bool, Option<String>)> {
    let is_hidden = condition::holds(element, "invisible", &sheet.values(), false);
    let script = condition::for_script(element, "invisible").filter(|_| sheet.may.edit);
    if is_hidden && script.is_none() { None } else { Some((is_hidden, script)) }
}

/// An element, if it is in sight.
fn node(sheet: &Sheet<'_>, element: &Element) -> Markup {
    let Some((is_hidden, script)) = sight(sheet, element) else { return html! {} };
    let content = html! { (drawn(sheet, element)) };
    match script {
        Some(script) => html! { div.when data-invisible=(script) hidden[is_hidden] { (content) } },
        None => content,
    }
}

fn drawn(sheet: &Sheet<'_>, element: &Element) -> Markup {
    match element.tag.as_str() {
        "field" => {
            let shape = element.attribute("name").and_then(|name| sheet.drawn.shape(&sheet.model, name));
            html! { @if let Some(shape) = shape { (field(sheet, element, &shape)) } }
        }
        "group" => group(sheet, element),
        "notebook" => html! { div.tabs data-tabs="" { (children(sheet, element)) } },
        "page" => page(sheet, element),
        "header" => html! { div.statusbar { (children(sheet, element)) } },
        "button" => button(sheet, element),
        "label" => label(sheet, element),
        "separator" => {
            html! { h3.separator { (sheet.desk.t(element.attribute("string").unwrap_or_default())) } }
        }
        "widget" | "footer" | "chatter" | "templates" => html! {},
        "h1" | "h2" | "h3" => html! { div.title { (children(sheet, element)) } },
        "div" => html! { div class=(class(element)) { (children(sheet, element)) } },
        "p" => html! { p { (children(sheet, element)) } },
        "ul" | "ol" => html! { ul { (children(sheet, element)) } },
        "li" => html! { li { (children(sheet, element)) } },
        "b" | "strong" => html! { strong { (children(sheet, element)) } },
        "i" | "em" => html! { em { (text_of(element)) } },
        _ => children(sheet, element),
    }
}

/// The classes that the style knows; those of others mean nothing here.
fn class(element: &Element) -> &'static str {
    let has = |name: &str| {
        element
            .attribute("class")
            .is_some_and(|classes| classes.split_whitespace().any(|class| class == name))
    };
    match () {
        () if has("oe_button_box") => "stats",
        () if has("oe_title") => "titles",
        () if has("o_row") => "row",
        () => "part",
    }
}

fn group(sheet: &Sheet<'_>, element: &Element) -> Markup {
    let heading = element.attribute("string").map(|text| sheet.desk.t(text));
    let is_outer = element.elements().any(|inner| inner.tag == "group");
    html! {
        @if let Some(heading) = heading { h3 { (heading) } }
        @if is_outer { div.groups { (children(sheet, element)) } }
        @else { div.group { (rows(sheet, element)) } }
    }
}

/// The rows of a group: a label and what it is the label of.
fn rows(sheet: &Sheet<'_>, group: &Element) -> Markup {
    let inner: Vec<&Element> = group.elements().collect();
    let mut out = Vec::new();
    let mut place = 0;
    while let Some(element) = inner.get(place) {
        place += 1;
        let Some((is_hidden, script)) = sight(sheet, element) else { continue };
        let content = match element.tag.as_str() {
            "field" => row(sheet, element),
            "label" => {
                let next = inner.get(place).copied();
                place += usize::from(next.is_some());
                // A field that is not for the visitor takes its row along.
                if element
                    .attribute("for")
                    .is_some_and(|name| sheet.drawn.shape(&sheet.model, name).is_none())
                {
                    continue;
                }
                html! { div.pair { (label(sheet, element)) div.value { @if let Some(next) = next { (node(sheet, next)) } } } }
            }
            _ => html! { div.wide { (drawn(sheet, element)) } },
        };
        out.push(match script {
            Some(script) => html! { div.when data-invisible=(script) hidden[is_hidden] { (content) } },
            None => content,
        });
    }
    html! { @for row in out { (row) } }
}

fn row(sheet: &Sheet<'_>, element: &Element) -> Markup {
    let Some(shape) = element.attribute("name").and_then(|name| sheet.drawn.shape(&sheet.model, name)) else {
        return html! {};
    };
    if flag(element, "nolabel") == Some(true) || shape.kind() == "one2many" {
        return html! { div.wide { (field(sheet, element, &shape)) } };
    }
    html! { div.pair { (labelled(sheet, Some(element), &shape)) div.value { (field(sheet, element, &shape)) (help(sheet, element)) } } }
}

/// What a view says a field is for, under its input.
fn help(sheet: &Sheet<'_>, element: &Element) -> Markup {
    html! { @if let Some(help) = element.attribute("help") { span.hint { (sheet.desk.t(help)) } } }
}

fn label(sheet: &Sheet<'_>, element: &Element) -> Markup {
    let Some(name) = element.attribute("for") else {
        return html! { span { (sheet.desk.t(element.attribute("string").unwrap_or_default())) } };
    };
    let Some(shape) = sheet.drawn.shape(&sheet.model, name) else { return html! {} };
    let fields = sheet.fields();
    let own = element.attribute("string").is_some().then_some(element);
    let of_field = fields.iter().find(|(_, known)| known.name == name).map(|(field, _)| *field);
    labelled(sheet, own.or(of_field), &shape)
}

/// The label of a field: what the view calls it, or what the model does; with its help where one points.
fn labelled(sheet: &Sheet<'_>, element: Option<&Element>, shape: &Shape) -> Markup {
    let text = element
        .and_then(|element| element.attribute("string"))
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| shape.label());
    let fields = sheet.fields();
    let field = fields.iter().find(|(_, known)| known.name == shape.name).map(|(field, _)| *field);
    let is_required =
        field.is_some_and(|field| sheet.is_open(field, shape) && sheet.is_required(field, shape));
    let help = Some(sheet.desk.t(shape.help())).filter(|help| !help.is_empty());
    html! { label for=(id_of(&shape.name)) title=[help] { (sheet.desk.t(text)) @if is_required { (mark()) } } }
}

fn page(sheet: &Sheet<'_>, element: &Element) -> Markup {
    let title = sheet.desk.t(element.attribute("string").unwrap_or_default());
    let mut id = String::from("tab-");
    let name = element.attribute("name").unwrap_or(title);
    for letter in name.chars() {
        _ = if letter.is_alphanumeric() { write!(id, "{letter}") } else { write!(id, "_") };
    }
    html! {
        section.tab id=(id) data-title=(title) {
            h2 { (title) }
            (children(sheet, element))
        }
    }
}

fn button(sheet: &Sheet<'_>, element: &Element) -> Markup {
    let Some(name) = element.attribute("name").filter(|_| element.attribute("special").is_none()) else {
        return html! {};
    };
    // Who may neither change nor delete a record has nothing to do with it; revoking is deleting.
    if sheet.id.is_none() || !(sheet.may.edit || sheet.may.unlink) {
        return html! {};
    }
    let text = sheet.desk.t(element.attribute("string").unwrap_or_default());
    let is_stat = element.attribute("class").is_some_and(|class| class.contains("oe_stat_button"));
    let confirm = element.attribute("confirm").map(|text| sheet.desk.t(text));
    let (word, look) = (element.attribute("type").unwrap_or("object"), if is_stat { "stat" } else { "" });
    html! {
        @if word == "action" { a class=(format!("button {look}")) href=(format!("/odoo/action-{name}")) { (text) (stat(sheet, element)) } }
        @else { button class=(look) type="submit" name="do" value=(format!("button:{name}")) data-confirm=[confirm] { (text) (stat(sheet, element)) } }
    }
}

/// What a button tells besides its text: a number and what it counts.
fn stat(sheet: &Sheet<'_>, element: &Element) -> Markup {
    let inner = element.elements().find(|inner| inner.tag == "field");
    let shape = inner.and_then(|inner| sheet.drawn.shape(&sheet.model, inner.attribute("name")?));
    html! {
        @if let (Some(inner), Some(shape)) = (inner, shape) {
            strong { (super::super::shown::plain(sheet.desk, &shape, sheet.record.get(&shape.name).unwrap_or(&serde_json::Value::Null))) } " "
            span { (sheet.desk.t(inner.attribute("string").unwrap_or_else(|| shape.label()))) }
        }
    }
}
