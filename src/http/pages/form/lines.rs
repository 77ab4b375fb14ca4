//! Fields of several records within a form: lines that belong to it, and records that it is linked to.

use maud::{Markup, html};
use serde_json::{Map, Value as Json, json};

use super::super::address::{list_path, record_path};
use super::super::drawn::{Shape, flag};
use super::super::shown;
use super::input::{id_of, input};
use super::sheet::{Choices, Sheet, inner_list};
use crate::orm::view::arch::Element;

impl Sheet<'_> {
    /// The value at the path of an input: a field, or `lines.<id>.<field>`.
    pub(super) fn value_at(&self, path: &str) -> Option<&Json> {
        let mut parts = path.splitn(3, '.');
        let (field, key, column) = (parts.next()?, parts.next(), parts.next());
        let value = self.record.get(field)?;
        let (Some(key), Some(column)) = (key, column) else { return Some(value) };
        let line = value.as_array()?.iter().find(|line| key_of(line) == key)?;
        line.get(column)
    }
}

/// What names a line in the page.
fn key_of(line: &Json) -> String {
    line.get("id").and_then(Json::as_i64).map(|id| id.to_string()).unwrap_or_default()
}

/// Lines: a table of inputs where the view edits them in place, links otherwise.
pub(super) fn one2many(sheet: &Sheet<'_>, element: &Element, shape: &Shape, is_open: bool) -> Markup {
    let columns = sheet.columns(element, shape);
    let edits = is_open && inner_list(element).is_some_and(|list| list.attribute("editable").is_some());
    let lines = sheet.record.get(&shape.name).and_then(Json::as_array).map_or(&[] as &[Json], Vec::as_slice);
    let stored: Vec<&Json> = lines.iter().filter(|line| !key_of(line).is_empty()).collect();
    let caption = sheet.desk.t(element.attribute("string").unwrap_or_else(|| shape.label()));
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table.lines id=(id_of(&shape.name)) data-lines=(shape.name) {
                caption.hidden { (caption) }
                thead { tr {
                    @for (inner, column) in &columns { th scope="col" { (sheet.desk.t(inner.attribute("string").unwrap_or_else(|| column.label()))) @if edits && column.is("required") { (mark()) } } }
                    @if edits { th scope="col" { (sheet.desk.t("Remove")) } }
                } }
                tbody {
                    @for line in &stored {
                        @if edits { (open_line(sheet, shape, &columns, &key_of(line))) }
                        @else { (still_line(sheet, shape, &columns, line)) }
                    }
                    @if edits { @for key in new_keys(sheet, shape) { (open_line(sheet, shape, &columns, &key)) } }
                }
            }
        }
        @if edits { button.quiet type="submit" name="do" value=(format!("line:{}", shape.name)) data-add=(shape.name) formnovalidate { (sheet.desk.t("Add a line")) } }
        @else if let (true, Some(id)) = (is_open, sheet.id) {
            a.button.quiet href=(format!("{}/new?default_{}={id}", list_path(shape.comodel()), shape.inverse())) { (sheet.desk.t("Add a line")) }
        }
    }
}

/// The mark of what has to be filled in.
pub(super) fn mark() -> Markup {
    html! { span.required aria-hidden="true" { " *" } }
}

/// The lines that are not kept yet: those that were typed in, and an empty one.
fn new_keys(sheet: &Sheet<'_>, shape: &Shape) -> Vec<String> {
    let field = format!("l.{}", shape.name);
    let posted =
        sheet.posted.into_iter().flat_map(|posted| posted.all(&field)).filter(|key| key.starts_with('n'));
    let is_filled = |key: &&str| {
        let line = format!("f.{}.{key}.", shape.name);
        let typed = sheet.posted.into_iter().flat_map(super::super::posted::Posted::fields);
        typed.into_iter().any(|(name, value)| name.starts_with(&line) && !value.trim().is_empty())
    };
    let mut keys: Vec<String> =
        posted.filter(|key| key.len() < 10).filter(is_filled).map(str::to_owned).collect();
    let next = keys.iter().filter_map(|key| key.get(1..)?.parse::<u32>().ok()).max().unwrap_or(0) + 1;
    keys.push(format!("n{next}"));
    keys
}

fn open_line(sheet: &Sheet<'_>, shape: &Shape, columns: &[(Element, Shape)], key: &str) -> Markup {
    let line = format!("{}.{key}", shape.name);
    let is_removed = sheet.posted.is_some_and(|posted| posted.has(&format!("d.{line}")));
    html! {
        tr data-line=(key) {
            @for (index, (inner, column)) in columns.iter().enumerate() {
                @let path = format!("{line}.{}", column.name);
                td {
                    @if index == 0 { input type="hidden" name=(format!("l.{}", shape.name)) value=(key); }
                    @if column.is("readonly") || flag(inner, "readonly") == Some(true) {
                        (shown::value(sheet.desk, column, sheet.value_at(&path).unwrap_or(&Json::Null), ""))
                    } @else { (input(sheet, inner, column, &path, &format!("{}.{}", shape.name, column.name))) }
                    @if let Some(wrong) = sheet.errors.get(&path) { p.wrong id=(format!("{}-wrong", id_of(&path))) { (wrong) } }
                }
            }
            td.remove { input type="checkbox" name=(format!("d.{line}")) value="1" checked[is_removed] aria-label=(sheet.desk.t("Remove this line")); }
        }
    }
}

fn still_line(sheet: &Sheet<'_>, shape: &Shape, columns: &[(Element, Shape)], line: &Json) -> Markup {
    let id = line.get("id").and_then(Json::as_i64).unwrap_or_default();
    html! {
        tr {
            @for (index, (_, column)) in columns.iter().enumerate() {
                @let cell = shown::value(sheet.desk, column, line.get(&column.name).unwrap_or(&Json::Null), "");
                td { @if index == 0 { a href=(record_path(shape.comodel(), id)) { (cell) } } @else { (cell) } }
            }
            @if columns.is_empty() { td { a href=(record_path(shape.comodel(), id)) { (name_of(line)) } } }
        }
    }
}

fn name_of(record: &Json) -> &str {
    record.get("display_name").and_then(Json::as_str).unwrap_or_default()
}

/// Links: a box for each record that can be chosen, or for each that is linked, and an input for more.
pub(super) fn many2many(sheet: &Sheet<'_>, element: &Element, shape: &Shape, is_open: bool) -> Markup {
    let path = shape.name.as_str();
    let linked = sheet.record.get(path).and_then(Json::as_array).map_or(&[] as &[Json], Vec::as_slice);
    if !is_open {
        return table(sheet, element, shape, linked);
    }
    let known = |record: &Json| Some((record.get("id")?.as_i64()?, name_of(record).to_owned()));
    let mut boxes: Vec<(i64, String)> = linked.iter().filter_map(known).collect();
    let is_many = !matches!(sheet.choices.get(path), Some(Choices::All(_)));
    if let Some(Choices::All(all)) = sheet.choices.get(path) {
        let more: Vec<(i64, String)> =
            all.iter().filter(|(id, _)| !boxes.iter().any(|(held, _)| held == id)).cloned().collect();
        boxes.extend(more);
    }
    let was_boxed = sheet.was_boxed(path);
    let ticked: Vec<i64> = match sheet.posted.filter(|_| was_boxed) {
        Some(posted) => posted.ids(&format!("f.{path}")),
        None => linked.iter().filter_map(known).map(|(id, _)| id).collect(),
    };
    html! {
        input type="hidden" name=(format!("b.{path}")) value="1";
        fieldset.links id=(id_of(path)) {
            legend.hidden { (sheet.desk.t(shape.label())) }
            @if boxes.is_empty() { p.quiet { (sheet.desk.t("Nothing to choose from yet.")) } }
            div.boxes data-boxes=(path) {
                @for (id, name) in &boxes {
                    label.box { input type="checkbox" name=(format!("f.{path}")) value=(id) checked[ticked.contains(id)]; " " (name) }
                }
            }
            @if is_many {
                input type="text" name=(format!("a.{path}")) autocomplete="off" data-model=(shape.comodel()) data-many=(path) role="combobox" aria-expanded="false" aria-autocomplete="list"
                    placeholder=(sheet.desk.t("Type to add…")) aria-label=(format!("{}: {}", sheet.desk.t(shape.label()), sheet.desk.t("add")));
            }
        }
    }
}

/// Links that cannot be changed, with the columns of the view.
fn table(sheet: &Sheet<'_>, element: &Element, shape: &Shape, linked: &[Json]) -> Markup {
    let columns = sheet.columns(element, shape);
    if linked.is_empty() {
        return html! { p.quiet id=(id_of(&shape.name)) { (sheet.desk.t("None")) } };
    }
    if columns.is_empty() {
        return html! { ul.tags id=(id_of(&shape.name)) { @for record in linked { li { (name_of(record)) } } } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(sheet.desk.t(shape.label())) {
            table.lines id=(id_of(&shape.name)) {
                thead { tr { @for (_, column) in &columns { th scope="col" { (sheet.desk.t(column.label())) } } } }
                tbody { @for line in linked { (still_line(sheet, shape, &columns, line)) } }
            }
        }
    }
}

/// A record for a page that is shown again: what conditions see of what was typed.
pub(super) fn overlay(record: &mut Map<String, Json>, seen: &Map<String, Json>) {
    for (name, value) in seen {
        // A name that was typed in belongs to the record that it named before.
        let known = record.get(name).and_then(|held| held.get("id")).cloned();
        if value.get("id").is_some() && known.as_ref() == value.get("id") {
            continue;
        }
        record.insert(name.clone(), if value.is_null() { json!(false) } else { value.clone() });
    }
}
