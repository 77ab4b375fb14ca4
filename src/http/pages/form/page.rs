//! The page of a form: what is done with the record above it, the form itself, advice beside it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{Markup, html};
use serde_json::{Map, Value as Json, json};

use super::super::address::{list_path, record_path, with_query};
use super::super::condition;
use super::super::frame::{Page, frame, usual_name};
use super::super::list::{COUNTED, Listing};
use super::advice;
use super::layout;
use super::sheet::Sheet;
use crate::error::Result;
use crate::rpc::App;
use crate::rpc::page::Visit;

/// The neighbours of a record in its list.
struct Place {
    at: i64,
    before: Option<i64>,
    after: Option<i64>,
    length: i64,
}

/// Finds them: where the address says which place of the list this is.
async fn place(visit: &Visit, sheet: &Sheet<'_>) -> Result<Option<Place>> {
    let (Some(_), Some(at)) = (sheet.id, sheet.state.at) else { return Ok(None) };
    let list = Listing::open(visit, sheet.desk, &sheet.model, &sheet.state).await?;
    let first = (at - 1).max(0);
    let kwargs = json!({"offset": first, "limit": at - first + 2, "order": list.order()});
    let found = visit.call(&sheet.model, "search", json!([list.domain]), kwargs, &list.context).await?;
    let id_at = |place: i64| usize::try_from(place - first).ok().and_then(|index| found.get(index)?.as_i64());
    let kwargs = json!({"limit": COUNTED + 1});
    let length =
        visit.call(&sheet.model, "search_count", json!([list.domain]), kwargs, &list.context).await?;
    Ok(Some(Place {
        at,
        before: (at > 0).then(|| id_at(at - 1)).flatten(),
        after: id_at(at + 1),
        length: length.as_i64().unwrap_or_default(),
    }))
}

/// Draws the page.
pub(super) async fn show(
    visit: &Visit,
    app: &App,
    sheet: &Sheet<'_>,
    wrong: Option<&Markup>,
    status: StatusCode,
) -> Result<HttpResponse> {
    sheet.note_secrets(visit).await?;
    let place = place(visit, sheet).await?;
    let name = sheet.record.get("display_name").and_then(Json::as_str).filter(|_| sheet.id.is_some());
    let title = name.map_or_else(|| sheet.desk.texts.fill("New: {}", &[&sheet.title]), str::to_owned);
    let may_see_history = visit.has_group("oregional.group_app_admin") && sheet.id.is_some();
    let body = html! {
        (head(sheet, &title, place.as_ref(), may_see_history))
        @if let Some(wrong) = wrong { (wrong) }
        @else if !sheet.errors.is_empty() { p.wrong role="alert" { (sheet.desk.t("Some fields are not right yet; each says why.")) } }
        (advice::warnings(sheet))
        form.sheet #record method="post" action=(with_query(&sheet.desk.asked.path, &sheet.desk.asked.query)) enctype="multipart/form-data" data-guard=(sheet.desk.t("Leave without saving?")) {
            input type="hidden" name="csrf_token" value=(sheet.desk.asked.token);
            input type="hidden" name="base" value=(sheet.base());
            @if sheet.may.edit { button.first type="submit" name="do" value="save" tabindex="-1" aria-hidden="true" {} }
            (ribbon(sheet))
            (layout::children(sheet, &sheet.arch))
        }
        (advice::confluence(sheet, &app.shared.settings.issuer))
    };
    let list = usual_name(sheet.desk, &sheet.model).map_or(sheet.title.as_str(), |name| sheet.desk.t(name));
    let crumbs = vec![(sheet.state.list(&sheet.model), list.to_owned())];
    Ok(frame(sheet.desk, status, &Page { title, model: sheet.model.clone(), crumbs, body }))
}

/// The ribbon of an archived record.
fn ribbon(sheet: &Sheet<'_>) -> Markup {
    let ribbons = sheet
        .arch
        .descendants()
        .into_iter()
        .filter(|element| element.tag == "widget" && element.attribute("name") == Some("web_ribbon"));
    let shown = ribbons.filter(|element| !condition::holds(element, "invisible", &sheet.values(), false));
    html! { @if sheet.id.is_some() { @for ribbon in shown { p.ribbon { (sheet.desk.t(ribbon.attribute("title").unwrap_or_default())) } } } }
}

fn head(sheet: &Sheet<'_>, title: &str, place: Option<&Place>, may_see_history: bool) -> Markup {
    let t = |english: &'static str| sheet.desk.t(english);
    let list = list_path(&sheet.model);
    let query = sheet.state.of_list().query();
    let word = |word: &str, label: &str, confirm: Option<&str>| html! { li { button form="record" type="submit" name="do" value=(word) data-confirm=[confirm] formnovalidate { (label) } } };
    html! {
        div.head {
            h1 { (title) }
            div.tools {
                @if sheet.may.edit {
                    button.main form="record" type="submit" name="do" value="save" accesskey="s" { (t("Save")) }
                    a.button data-discard="" href=(if sheet.id.is_some() { with_query(&sheet.desk.asked.path, &sheet.state.query()) } else { with_query(&list, &query) }) accesskey="j" { (t("Discard")) }
                }
                @if sheet.may.create && sheet.id.is_some() { a.button href=(with_query(&format!("{list}/new"), &query)) accesskey="c" { (t("New")) } }
                @if sheet.id.is_some() && (sheet.may.create || sheet.may.edit || sheet.may.unlink || may_see_history) {
                    details.drop.right {
                        summary { (t("More")) }
                        ul {
                            @if sheet.may.create { (word("duplicate", t("Duplicate"), None)) }
                            @if sheet.may.edit && sheet.has_active {
                                @if is_active(&sheet.record) { (word("archive", t("Archive"), Some(t("Archive this record?")))) } @else { (word("unarchive", t("Restore"), None)) }
                            }
                            @if sheet.may.unlink { (word("delete", t("Delete"), Some(t("Delete this record? This cannot be undone.")))) }
                            @if may_see_history { li { a href=(history(sheet)) { (t("History")) } } }
                        }
                    }
                }
                @if let Some(place) = place { (pager(sheet, place)) }
            }
        }
    }
}

/// Whether a record is not archived; one that the view does not say it of is taken for active.
fn is_active(record: &Map<String, Json>) -> bool {
    record.get("active") != Some(&Json::Bool(false))
}

/// The entries of the audit log about this record.
fn history(sheet: &Sheet<'_>) -> String {
    let id = sheet.id.unwrap_or_default();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("c", &format!("model~=~{}", sheet.model))
        .append_pair("c", &format!("res_id~=~{id}"))
        .finish();
    with_query(&list_path("audit.log"), &query)
}

fn pager(sheet: &Sheet<'_>, place: &Place) -> Markup {
    let to = |id: i64, at: i64| with_query(&record_path(&sheet.model, id), &sheet.state.at(at).query());
    html! {
        nav.pager aria-label=(sheet.desk.t("Records of the list")) {
            @if let Some(id) = place.before { a.button href=(to(id, place.at - 1)) rel="prev" accesskey="p" { (sheet.desk.t("Previous")) } }
            span { (place.at + 1) " / " @if place.length > COUNTED { (COUNTED) "+" } @else { (place.length) } }
            @if let Some(id) = place.after { a.button href=(to(id, place.at + 1)) rel="next" accesskey="n" { (sheet.desk.t("Next")) } }
        }
    }
}
