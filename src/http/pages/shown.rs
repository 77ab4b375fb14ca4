//! Values as people read them: moments in the visitor's zone, numbers in the language's way, names of
//! records.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, TimeZone as _};
use maud::{Markup, PreEscaped, html};
use serde_json::Value as Json;

use super::address::record_path;
use super::desk::Desk;
use super::drawn::Shape;
use crate::orm::convert::DATETIME;
use crate::orm::date_part::to_utc;
use crate::orm::python;

/// How browsers write a moment in an input.
const LOCAL: &str = "%Y-%m-%dT%H:%M:%S";

/// A moment of a record.
pub(in crate::http) fn moment(text: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, DATETIME).ok()
}

/// The year of what never comes.
const NEVER: i32 = 9999;

/// A moment in the visitor's zone, with the time in UTC for whoever points at it.
pub(in crate::http) fn time(desk: &Desk, moment: NaiveDateTime) -> Markup {
    if moment.year() >= NEVER {
        return html! { (desk.t("without end")) };
    }
    let local = desk.zone.from_utc_datetime(&moment);
    let format = format!("{} {}", desk.formats.date, desk.formats.time);
    html! {
        time datetime=(moment.format("%Y-%m-%dT%H:%M:%SZ")) title=(moment.format("%Y-%m-%d %H:%M:%S UTC")) {
            (local.naive_local().format(&format))
        }
    }
}

/// A moment for an input, in the visitor's zone.
pub(in crate::http) fn local_input(desk: &Desk, text: &str) -> String {
    moment(text).map_or_else(String::new, |moment| {
        desk.zone.from_utc_datetime(&moment).naive_local().format(LOCAL).to_string()
    })
}

/// What an input of the visitor's zone means in UTC; an hour that the clock leaves out is taken as the
/// one after it.
pub(in crate::http) fn from_local(desk: &Desk, text: &str) -> Option<String> {
    let formats = [LOCAL, "%Y-%m-%dT%H:%M", DATETIME, "%Y-%m-%d %H:%M"];
    let local = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text.trim(), format).ok())?;
    Some(to_utc(desk.zone, local).format(DATETIME).to_string())
}

/// A number with the decimal point of the language.
pub(in crate::http) fn number(desk: &Desk, value: &Json) -> String {
    let text = match value {
        Json::Number(number) => number.to_string(),
        _ => String::new(),
    };
    if value.is_f64() { text.replace('.', &desk.formats.decimal_point) } else { text }
}

/// The id and the name of a many2one as `web_read` gives it.
pub(in crate::http) fn link(value: &Json) -> Option<(i64, &str)> {
    let id = value.get("id")?.as_i64()?;
    Some((id, value.get("display_name").and_then(Json::as_str).unwrap_or_default()))
}

/// A value as text alone.
pub(in crate::http) fn plain(desk: &Desk, shape: &Shape, value: &Json) -> String {
    match (shape.kind(), value) {
        ("boolean", value) => desk.t(if python::truth(value) { "Yes" } else { "No" }).to_owned(),
        ("datetime", Json::String(text)) => moment(text).map_or_else(String::new, |moment| {
            if moment.year() >= NEVER {
                return desk.t("without end").to_owned();
            }
            let format = format!("{} {}", desk.formats.date, desk.formats.time);
            desk.zone.from_utc_datetime(&moment).naive_local().format(&format).to_string()
        }),
        ("date", Json::String(text)) => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map_or_else(|_error| text.clone(), |day| day.format(&desk.formats.date).to_string()),
        ("selection", Json::String(key)) => choice(desk, shape, key),
        ("integer" | "float" | "monetary" | "many2one_reference", Json::Number(_)) => number(desk, value),
        ("many2one", value @ Json::Object(_)) => {
            link(value).map_or_else(String::new, |(_, name)| name.to_owned())
        }
        (_, Json::String(text)) => text.clone(),
        (_, Json::Array(items)) => {
            desk.texts.fill(if items.len() == 1 { "{} record" } else { "{} records" }, &[&items.len()])
        }
        (_, Json::Bool(_) | Json::Null) => String::new(),
        (_, other) => other.to_string(),
    }
}

/// The label of a choice.
pub(in crate::http) fn choice(desk: &Desk, shape: &Shape, key: &str) -> String {
    let label = shape.choices().find(|(known, _)| *known == key).map_or(key, |(_, label)| label);
    desk.t(label).to_owned()
}

/// A value as a page shows it, without an input.
pub(in crate::http) fn value(desk: &Desk, shape: &Shape, value: &Json, widget: &str) -> Markup {
    match (shape.kind(), value) {
        ("boolean", value) => {
            let yes = python::truth(value);
            html! { span class=(if yes { "mark yes" } else { "mark no" }) { (desk.t(if yes { "Yes" } else { "No" })) } }
        }
        ("datetime", Json::String(text)) => {
            moment(text).map_or_else(|| html! {}, |moment| time(desk, moment))
        }
        // What is kept as HTML was cleaned when it was written, and is once more: others write to the table.
        ("html", Json::String(text)) => html! { div.html { (PreEscaped(ammonia::clean(text))) } },
        ("char", Json::String(text)) => match widget {
            "email" => html! { a href=(format!("mailto:{text}")) { (text) } },
            "url" if text.starts_with("https://") || text.starts_with("http://") => {
                html! { a href=(text) rel="noreferrer noopener" { (text) } }
            }
            _ => html! { (text) },
        },
        ("text", Json::String(text)) => html! { span.lines { (text) } },
        _ => html! { (plain(desk, shape, value)) },
    }
}

/// A many2one as a link to its record.
pub(in crate::http) fn linked(shape: &Shape, value: &Json) -> Markup {
    html! { @if let Some((id, name)) = link(value) { a href=(record_path(shape.comodel(), id)) { (name) } } }
}
