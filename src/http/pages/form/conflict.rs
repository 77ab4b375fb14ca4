//! Two people at one record: what the other one changed since the page was made.

use maud::{Markup, html};
use serde_json::{Map, Value as Json};

use super::super::shown;
use super::plain::{is_same, plain};
use super::sheet::Sheet;
use super::typed::Typed;
use crate::orm::python;

/// The fields whose value is neither what the page showed nor what was typed in now. A record that has not
/// changed since has none.
pub(super) fn theirs(sheet: &Sheet<'_>, base: &Map<String, Json>, found: &Typed) -> Vec<String> {
    if found.values.is_empty() {
        return Vec::new();
    }
    let changed = sheet.fields().into_iter().filter(|(element, shape)| {
        let (Some(was), Some(now)) = (base.get(&shape.name), sheet.record.get(&shape.name)) else {
            return false;
        };
        let now = plain(shape, now);
        let mine = found.values.get(&shape.name);
        // What the server counts and dates by itself is nobody's change.
        let is_ours = shape.is("readonly") || !sheet.is_open(element, shape);
        !is_ours && !is_same(was, &now) && !mine.is_some_and(|mine| is_same(mine, &now))
    });
    changed.map(|(_, shape)| shape.name).collect()
}

/// Who changed what, and what happens to the own changes.
pub(super) fn said(sheet: &Sheet<'_>, theirs: &[String]) -> Markup {
    let who = sheet.record.get("write_uid").and_then(shown::link).map_or("?", |(_, name)| name).to_owned();
    let when = sheet.record.get("write_date").and_then(Json::as_str).and_then(shown::moment);
    html! {
        div.wrong role="alert" {
            p { (sheet.desk.texts.fill("{} changed this record while you were at it:", &[&who])) " " @if let Some(when) = when { (shown::time(sheet.desk, when)) } }
            ul {
                @for (_, shape) in sheet.fields().iter().filter(|(_, shape)| theirs.contains(&shape.name)) {
                    @let value = sheet.record.get(&shape.name).unwrap_or(&Json::Null);
                    li { (sheet.desk.t(shape.label())) ": " strong { (text(sheet, shape, value)) } }
                }
            }
            p { (sheet.desk.t("Nothing is saved yet. Your own changes stand below; where you changed nothing, you see the new values. Save again to keep both, or discard yours.")) }
        }
    }
}

fn text(sheet: &Sheet<'_>, shape: &super::super::drawn::Shape, value: &Json) -> String {
    match value {
        Json::Array(lines) => {
            let names = lines.iter().filter_map(|line| line.get("display_name")).map(python::text);
            names.collect::<Vec<_>>().join(", ")
        }
        value => shown::plain(sheet.desk, shape, value),
    }
}
