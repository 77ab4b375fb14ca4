//! A list as a table: its head sorts, its rows lead to records, its foot turns pages, and what is done
//! with the rows that are ticked stands above it.

use maud::{Markup, PreEscaped, html};
use serde_json::{Map, Value as Json};

use super::address::{State, list_path, record_path, with_query};
use super::condition::{self, Values};
use super::drawn::Shape;
use super::list::Listing;
use super::shown;
use crate::orm::python;
use crate::orm::view::arch::Element;

/// The rows of a page.
pub(super) struct Rows {
    /// The records.
    pub records: Vec<Map<String, Json>>,
    /// How many stand before them.
    pub offset: i64,
    /// How many there are.
    pub length: i64,
    /// Whether there are more than were counted.
    pub more: bool,
}

/// A group of rows.
pub(super) struct Group {
    /// What they have in common.
    pub label: String,
    /// How many they are.
    pub count: i64,
    /// The state with the group opened, or closed.
    pub toggle: State,
    /// Its rows, when it is open.
    pub rows: Option<Rows>,
}

/// The page around a table.
pub(super) fn page(list: &Listing<'_>, content: &Markup, wrong: Option<&str>) -> Markup {
    let t = |english: &'static str| list.desk.t(english);
    let [may_create, ..] = list.rights;
    html! {
        div.head {
            h1 { (list.title) }
            @if may_create {
                a.button.main href=(with_query(&format!("{}/new", list_path(&list.model)), &list.state.query())) accesskey="c" { (t("New")) }
            }
        }
        @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) } }
        (list.search.bar(&list.model, &list.state))
        form.rows method="post" action=(list.state.list(&list.model)) {
            input type="hidden" name="csrf_token" value=(list.desk.asked.token);
            (tools(list))
            (content)
        }
    }
}

/// What is done with the rows that are ticked.
fn tools(list: &Listing<'_>) -> Markup {
    let t = |english: &'static str| list.desk.t(english);
    let [_, may_write, may_unlink] = list.rights;
    let button = |word: &str, label: &str| html! { button type="submit" name="do" value=(word) { (label) } };
    html! {
        div.tools {
            span.count data-count="" hidden {}
            @if list.has_active && may_write { (button("archive", t("Archive"))) (button("unarchive", t("Restore"))) }
            @if may_unlink { (button("delete", t("Delete"))) }
            (button("export", t("Export CSV")))
            @for (id, name) in list.drawn.actions("list") { (button(&format!("action:{id}"), list.desk.t(&name))) }
            label.whole { input type="checkbox" name="everything" value="1"; " " (t("all that are found, not only the ticked ones")) }
            @if !list.hidden.is_empty() || list.columns.iter().any(|(element, _)| element.attribute("optional").is_some()) {
                (choose(list))
            }
        }
    }
}

fn choose(list: &Listing<'_>) -> Markup {
    let optional = |(element, _): &&(Element, Shape)| element.attribute("optional").is_some();
    html! {
        details.drop.right {
            summary { (list.desk.t("Columns")) }
            ul {
                @for (element, shape) in list.columns.iter().filter(optional) {
                    li { a href=(list.state.toggled("x", &shape.name).list(&list.model)) aria-current="true" { (label(list, element, shape)) } }
                }
                @for (element, shape) in &list.hidden {
                    li { a href=(list.state.toggled("x", &shape.name).list(&list.model)) { (label(list, element, shape)) } }
                }
            }
        }
    }
}

fn label(list: &Listing<'_>, element: &Element, shape: &Shape) -> String {
    list.desk.t(element.attribute("string").unwrap_or_else(|| shape.label())).to_owned()
}

/// A table without groups.
pub(super) fn flat(list: &Listing<'_>, rows: &Rows) -> Markup {
    if rows.records.is_empty() {
        return empty(list);
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label=(list.title) {
            table { (head(list)) tbody { (body(list, rows, true)) } }
        }
        (foot(list, rows))
    }
}

/// A table of groups.
pub(super) fn grouped(list: &Listing<'_>, groups: &[Group]) -> Markup {
    if groups.is_empty() {
        return empty(list);
    }
    let width = list.columns.len() + 1;
    html! {
        div.scroll tabindex="0" role="region" aria-label=(list.title) {
            table {
                (head(list))
                @for group in groups {
                    tbody {
                        tr.group {
                            th scope="rowgroup" colspan=(width) {
                                a href=(group.toggle.list(&list.model)) aria-expanded=(group.rows.is_some().to_string()) { (group.label) }
                                " " span.quiet { "(" (group.count) ")" }
                            }
                        }
                        @if let Some(rows) = &group.rows { (body(list, rows, false)) }
                    }
                }
            }
        }
    }
}

/// Where nothing is found: what the action says, or that nothing is found.
fn empty(list: &Listing<'_>) -> Markup {
    let is_searched = !list.search.facets(&list.state).is_empty();
    html! {
        div.empty {
            @if is_searched || list.help.is_empty() { p { (list.desk.t("Nothing is found here.")) } }
            @else { (PreEscaped(ammonia::clean(&list.help))) }
        }
    }
}

fn head(list: &Listing<'_>) -> Markup {
    html! {
        thead {
            tr {
                th.tick scope="col" { input type="checkbox" data-all="" hidden aria-label=(list.desk.t("Tick all rows")); }
                @for (element, shape) in &list.columns { (column(list, element, shape)) }
            }
        }
    }
}

fn column(list: &Listing<'_>, element: &Element, shape: &Shape) -> Markup {
    let label = label(list, element, shape);
    let sorted = list.state.sort().filter(|(field, _)| *field == shape.name).map(|(_, down)| down);
    let (next, said) = match sorted {
        Some(false) => (format!("-{}", shape.name), Some("ascending")),
        Some(true) => (String::new(), Some("descending")),
        None => (shape.name.clone(), None),
    };
    let is_sortable = shape.is("sortable") && shape.kind() != "binary";
    html! {
        th scope="col" class=(class(shape)) aria-sort=[said] {
            @if is_sortable { a href=(list.state.set("sort", &next).list(&list.model)) { (label) } }
            @else { (label) }
        }
    }
}

fn class(shape: &Shape) -> &'static str {
    match shape.kind() {
        "integer" | "float" | "monetary" => "number",
        "binary" => "picture",
        _ => "",
    }
}

fn body(list: &Listing<'_>, rows: &Rows, has_places: bool) -> Markup {
    let first = list.columns.iter().position(|(_, shape)| shape.kind() != "binary");
    html! {
        @for (place, record) in (rows.offset..).zip(&rows.records) {
            @let id = record.get("id").and_then(Json::as_i64).unwrap_or_default();
            @let state = if has_places { list.state.at(place) } else { list.state.clone() };
            @let href = with_query(&record_path(&list.model, id), &state.query());
            @let name = record.get("display_name").and_then(Json::as_str).unwrap_or_default();
            tr class=(look(list, record)) {
                td.tick { input type="checkbox" name="ids" value=(id) aria-label=(name); }
                @for (index, (element, shape)) in list.columns.iter().enumerate() {
                    td class=(class(shape)) {
                        @let cell = cell(list, element, shape, record, id);
                        @if Some(index) == first {
                            @let text = cell.into_string();
                            a.record href=(href) { @if text.is_empty() { (if name.is_empty() { "—" } else { name }) } @else { (PreEscaped(text)) } }
                        } @else { (cell) }
                    }
                }
            }
        }
    }
}

fn cell(list: &Listing<'_>, element: &Element, shape: &Shape, record: &Map<String, Json>, id: i64) -> Markup {
    let value = record.get(&shape.name).unwrap_or(&Json::Null);
    let widget = element.attribute("widget").unwrap_or_default();
    if shape.kind() == "binary" {
        return html! { img.small src=(super::picture(list.desk, &list.model, id, &shape.name, record)) alt="" loading="lazy" width="24" height="24"; };
    }
    // A row leads to its own record: nothing else in it leads elsewhere.
    match shape.kind() {
        "boolean" | "datetime" => shown::value(list.desk, shape, value, ""),
        "html" => html! { (super::drawn_text(&shown::plain(list.desk, shape, value))) },
        "text" => html! { span.clamp { (shown::plain(list.desk, shape, value)) } },
        _ if widget == "password" => html! { "••••••••" },
        _ => html! { (shown::plain(list.desk, shape, value)) },
    }
}

/// How a row looks, by the decorations of the view; an archived record is quiet in every list.
fn look(list: &Listing<'_>, record: &Map<String, Json>) -> String {
    let values = Values { record, user_id: list.desk.user_id, searched: None, now: list.desk.now };
    let decorated = list.arch.attributes.iter().filter_map(|(name, condition)| {
        let kind = name.strip_prefix("decoration-")?;
        python::truth(&condition::value(condition, &values)?).then_some(kind)
    });
    let mut classes: Vec<&str> = decorated.collect();
    if record.get("active") == Some(&Json::Bool(false)) {
        classes.push("archived");
    }
    classes.join(" ")
}

/// Which rows these are, and the way to others.
fn foot(list: &Listing<'_>, rows: &Rows) -> Markup {
    let limit = list.limit();
    let last = rows.offset + i64::try_from(rows.records.len()).unwrap_or_default();
    let length = if rows.more { format!("{}+", rows.length - 1) } else { rows.length.to_string() };
    let text = list.desk.texts.fill("{}–{} of {}", &[&(rows.offset + 1), &last, &length]);
    let page = rows.offset / limit + 1;
    let to = |page: i64| list.state.set("page", &page.to_string()).list(&list.model);
    html! {
        nav.pager aria-label=(list.desk.t("Pages")) {
            @if page > 1 { a.button href=(to(page - 1)) rel="prev" accesskey="p" { (list.desk.t("Previous")) } }
            span { (text) }
            @if last < rows.length { a.button href=(to(page + 1)) rel="next" accesskey="n" { (list.desk.t("Next")) } }
        }
    }
}
