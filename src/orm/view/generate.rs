//! Views for models that have none: what a person would draw first.

use super::super::field::{Field, FieldType};
use super::super::model::{AUDIT, Model};
use super::Kind;
use super::arch::Element;

/// Columns of a list that nobody has drawn.
const COLUMNS: usize = 8;

/// The view of a kind, if that kind can be drawn without being told how.
pub fn generate(model: &Model, kind: Kind) -> Option<Element> {
    Some(match kind {
        Kind::List => list(model),
        Kind::Form => form(model),
        Kind::Search => search(model),
        Kind::Kanban => kanban(model),
        Kind::Pivot => Element::new("pivot", &[("string", &model.description)]),
        Kind::Graph => Element::new("graph", &[("string", &model.description)]),
        Kind::Calendar | Kind::Activity | Kind::Qweb => return None,
    })
}

fn shown(field: &Field) -> bool {
    !AUDIT.contains(&field.name.as_str()) && field.name != "display_name" && field.name != "active"
}

fn name(model: &Model) -> &str {
    model.rec_name.as_deref().unwrap_or("display_name")
}

fn field(name: &str) -> Element {
    Element::new("field", &[("name", name)])
}

fn is_plain(kind: &FieldType) -> bool {
    !kind.is_x2many() && !kind.is_binary() && !matches!(kind, FieldType::Text | FieldType::Html)
}

fn list(model: &Model) -> Element {
    let own = name(model);
    let others = model.fields.values().filter(|field| {
        shown(field) && field.name != own && field.is_stored() && is_plain(&field.kind) && !field.sealed
    });
    let columns = others.map(|field| field.name.as_str()).take(COLUMNS - 1);
    let list = Element::new("list", &[("string", &model.description)]).with([field(own)]);
    list.with(columns.map(field))
}

fn form(model: &Model) -> Element {
    let own = name(model);
    let rest = || model.fields.values().filter(|field| shown(field) && field.name != own);
    let narrow = rest().filter(|field| !field.kind.is_x2many()).map(|one| field(&one.name));
    let wide = rest().filter(|field| field.kind.is_x2many()).map(|one| field(&one.name));
    let title = Element::new("div", &[("class", "oe_title")])
        .with([Element::new("label", &[("for", own)]), Element::new("h1", &[]).with([field(own)])]);
    let ribbon = Element::new(
        "widget",
        &[
            ("name", "web_ribbon"),
            ("title", "Archived"),
            ("bg_color", "text-bg-danger"),
            ("invisible", "active"),
        ],
    );
    let mut sheet = Element::new("sheet", &[]);
    if model.has_active() {
        sheet = sheet.with([ribbon, Element::new("field", &[("name", "active"), ("invisible", "1")])]);
    }
    sheet = sheet.with([title, Element::new("group", &[]).with(narrow)]).with(wide);
    Element::new("form", &[("string", &model.description)]).with([sheet])
}

fn search(model: &Model) -> Element {
    let mut names: Vec<&str> = vec![name(model)];
    names.extend(model.rec_names_search());
    names.dedup();
    let mut search =
        Element::new("search", &[("string", &model.description)]).with(names.into_iter().map(field));
    if model.has_active() {
        let domain = "[('active', '=', False)]";
        search = search.with([Element::new(
            "filter",
            &[("name", "inactive"), ("string", "Archived"), ("domain", domain)],
        )]);
    }
    search
}

fn kanban(model: &Model) -> Element {
    let card = Element::new("t", &[("t-name", "card")]).with([field(name(model))]);
    Element::new("kanban", &[("string", &model.description)])
        .with([Element::new("templates", &[]).with([card])])
}
