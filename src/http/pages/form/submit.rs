//! POST of a form: what was typed in is kept, and what else was asked for is done.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde_json::{Map, Value as Json, json};

use super::super::address::{list_path, record_path, with_query};
use super::super::confirm::{Question, confirm};
use super::super::desk::{Asked, Desk, leave_notice};
use super::super::posted::Posted;
use super::super::{opened, received, see_other, trouble, with_notice};
use super::conflict;
use super::lines::overlay;
use super::page;
use super::sheet::Sheet;
use super::typed::{Typed, typed};
use super::{record_of, reveal};
use crate::error::{Error, Result};
use crate::orm::view::arch::Element;
use crate::rpc::App;
use crate::rpc::page::{Purpose, Visit, visit};

/// What a form was sent for.
struct Sent<'a> {
    app: &'a App,
    asked: &'a Asked,
    model: &'a str,
    id: Option<i64>,
    posted: &'a Posted,
}

/// Receives a form.
pub(in crate::http) async fn submit(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
    body: std::result::Result<Bytes, actix_web::Error>,
) -> HttpResponse {
    let (posted, caller) = match received(&app, &request, body).await {
        Ok(received) => received,
        Err(answer) => return *answer,
    };
    let id = match record_of(&path.1) {
        Ok(id) => id,
        Err(error) => return trouble(&app, &request, &error).await,
    };
    let asked = Asked::of(&app, &request);
    let sent = Sent { app: &app, asked: &asked, model: &path.0, id, posted: &posted };
    let done = visit(&app, caller, Purpose::Change, async |visit| sent.done(visit).await).await;
    let error = match done {
        Ok(response) => return response,
        Err(error) => error,
    };
    if matches!(
        error,
        Error::SessionExpired
            | Error::Unavailable(_)
            | Error::InDoubt
            | Error::Internal(_)
            | Error::NotFound(_)
            | Error::Missing(_)
    ) {
        return trouble(&app, &request, &error).await;
    }
    // Nothing was kept: the form once more, with all that was typed in.
    match visit(&app, caller, Purpose::Show, async |visit| sent.again(visit, &error).await).await {
        Ok(response) => response,
        Err(error) => trouble(&app, &request, &error).await,
    }
}

/// A page for the same address, without what was said about the page before.
fn fresh(asked: &Asked) -> Asked {
    Asked { notice: None, ..asked.clone() }
}

impl Sent<'_> {
    fn base(&self) -> Map<String, Json> {
        let base = self.posted.get("base").and_then(|base| serde_json::from_str(base).ok());
        base.unwrap_or_default()
    }

    async fn done(&self, visit: &Visit) -> Result<HttpResponse> {
        let desk = Desk::open(visit, &fresh(self.asked)).await?;
        let mut sheet = Sheet::open(visit, &desk, self.model, self.id, &reveal(&self.asked.query)).await?;
        let word = self.posted.get("do").unwrap_or("save");
        if ["archive", "unarchive", "delete"].contains(&word) {
            return self.whole(visit, &sheet, word).await;
        }
        let base = self.base();
        let found = typed(visit, &sheet, self.posted, &base).await?;
        if word == "refresh" || word.starts_with("line:") {
            return self.refreshed(visit, sheet, found).await;
        }
        if !found.errors.is_empty() {
            return self.refused(visit, sheet, &found, None).await;
        }
        if self.id.is_some() {
            let theirs = conflict::theirs(&sheet, &base, &found);
            if !theirs.is_empty() {
                let said = conflict::said(&sheet, &theirs);
                // Where nothing was typed in, the page shows what the other one wrote.
                let mut found = found;
                found.seen.retain(|name, _| found.changed.contains(name));
                sheet.typed = Some(found.changed.clone());
                return self.shown_again(visit, sheet, &found, Some(&said), StatusCode::CONFLICT).await;
            }
        }
        let button = word.strip_prefix("button:").map(|name| named(&sheet, name)).transpose()?;
        if let Some(question) =
            button.and_then(|button| button.attribute("confirm")).filter(|_| !self.posted.has("confirmed"))
        {
            let back = with_query(&self.asked.path, &self.asked.query);
            let asked = Question {
                title: sheet.name(),
                text: desk.t(question),
                yes: "Yes, go on",
                back: &back,
                action: &back,
            };
            return Ok(confirm(&desk, &sheet.model, self.posted, &asked));
        }
        let id = self.keep(visit, &sheet, &found).await?;
        self.then(visit, &sheet, word, id, !found.values.is_empty()).await
    }

    /// Writes what was typed in.
    async fn keep(&self, visit: &Visit, sheet: &Sheet<'_>, found: &Typed) -> Result<i64> {
        match sheet.id {
            Some(id) if found.values.is_empty() => Ok(id),
            Some(id) => {
                visit
                    .call(
                        &sheet.model,
                        "web_save",
                        json!([[id], found.values]),
                        json!({"specification": {}}),
                        &sheet.context,
                    )
                    .await?;
                Ok(id)
            }
            None => {
                let made = visit
                    .call(
                        &sheet.model,
                        "web_save",
                        json!([[], found.values]),
                        json!({"specification": {}}),
                        &sheet.context,
                    )
                    .await?;
                let id = made.get(0).and_then(|record| record.get("id")).and_then(Json::as_i64);
                id.ok_or_else(|| Error::Internal("a record was made without an id".to_owned()))
            }
        }
    }

    /// What comes after the values are kept.
    async fn then(
        &self,
        visit: &Visit,
        sheet: &Sheet<'_>,
        word: &str,
        id: i64,
        has_changed: bool,
    ) -> Result<HttpResponse> {
        let here = |id: i64| with_query(&record_path(&sheet.model, id), &sheet.state.query());
        if let Some(name) = word.strip_prefix("button:") {
            let action = visit.press(&sheet.model, name, &[id], &sheet.context).await?;
            let address = opened(&action).unwrap_or_else(|| here(id));
            return Ok(with_notice(see_other(&address), &leave_notice("done")));
        }
        if word == "duplicate" {
            let copy = visit.call(&sheet.model, "copy", json!([[id]]), json!({}), &sheet.context).await?;
            let copy = copy.as_i64().or_else(|| copy.get(0)?.as_i64());
            let copy = copy.ok_or_else(|| Error::Internal("a copy has no id".to_owned()))?;
            return Ok(with_notice(see_other(&record_path(&sheet.model, copy)), &leave_notice("duplicated")));
        }
        let notice = match (sheet.id, has_changed) {
            (None, _) => "created",
            (Some(_), true) => "saved",
            (Some(_), false) => "unchanged",
        };
        Ok(with_notice(see_other(&here(id)), &leave_notice(notice)))
    }

    /// What is done with a record as a whole; what was typed in is left.
    async fn whole(&self, visit: &Visit, sheet: &Sheet<'_>, word: &str) -> Result<HttpResponse> {
        let id = self.id.ok_or_else(|| Error::User(sheet.desk.t("Save the record first.").to_owned()))?;
        let back = with_query(&self.asked.path, &self.asked.query);
        if word != "unarchive" && !self.posted.has("confirmed") {
            let (text, yes) = match word {
                "delete" => ("Delete this record? This cannot be undone.", "Delete"),
                _ => ("Archive this record?", "Archive"),
            };
            let asked =
                Question { title: sheet.name(), text: sheet.desk.t(text), yes, back: &back, action: &back };
            return Ok(confirm(sheet.desk, &sheet.model, self.posted, &asked));
        }
        let (method, notice) = match word {
            "delete" => ("unlink", "deleted"),
            "archive" => ("action_archive", "archived"),
            _ => ("action_unarchive", "unarchived"),
        };
        visit.call(&sheet.model, method, json!([[id]]), json!({}), &Map::new()).await?;
        let list = with_query(&list_path(&sheet.model), &sheet.state.of_list().query());
        let address = if word == "delete" {
            list
        } else {
            with_query(&record_path(&sheet.model, id), &sheet.state.query())
        };
        Ok(with_notice(see_other(&address), &leave_notice(notice)))
    }

    /// The form once more, with fields that follow what was typed in, or another line.
    async fn refreshed(&self, visit: &Visit, mut sheet: Sheet<'_>, found: Typed) -> Result<HttpResponse> {
        let values: Map<String, Json> = found
            .seen
            .iter()
            .map(|(name, value)| (name.clone(), value.get("id").unwrap_or(value).clone()))
            .collect();
        let names: Vec<&String> = values.keys().collect();
        let ids: Vec<i64> = sheet.id.into_iter().collect();
        let told = visit
            .call(
                &sheet.model,
                "onchange",
                json!([ids, values, names, sheet.specification()]),
                json!({}),
                &sheet.context,
            )
            .await?;
        let followed = told.get("value").and_then(Json::as_object).cloned().unwrap_or_default();
        let mut shown = found;
        shown.errors.clear();
        // What follows a field was not typed in: it is shown as it is now.
        shown.changed.retain(|path| !followed.contains_key(path));
        sheet.typed = Some(all_paths(self.posted, &followed));
        shown.seen.extend(followed);
        self.shown_again(visit, sheet, &shown, Some(&html! {}), StatusCode::OK).await
    }

    /// The form once more, each wrong value with what is wrong about it.
    async fn refused(
        &self,
        visit: &Visit,
        mut sheet: Sheet<'_>,
        found: &Typed,
        wrong: Option<&Markup>,
    ) -> Result<HttpResponse> {
        sheet.errors.clone_from(&found.errors);
        self.shown_again(visit, sheet, found, wrong, StatusCode::UNPROCESSABLE_ENTITY).await
    }

    /// The form once more, with what was typed in.
    async fn shown_again(
        &self,
        visit: &Visit,
        sheet: Sheet<'_>,
        found: &Typed,
        wrong: Option<&Markup>,
        status: StatusCode,
    ) -> Result<HttpResponse> {
        let mut sheet = Sheet { posted: Some(self.posted), base_record: Some(sheet.record.clone()), ..sheet };
        overlay(&mut sheet.record, &found.seen);
        sheet.choose(visit).await?;
        page::show(visit, self.app, &sheet, wrong, status).await
    }

    /// After a refusal of the server: the message, beside the field that it speaks of where it names one.
    async fn again(&self, visit: &Visit, error: &Error) -> Result<HttpResponse> {
        let desk = Desk::open(visit, &fresh(self.asked)).await?;
        let sheet = Sheet::open(visit, &desk, self.model, self.id, &reveal(&self.asked.query)).await?;
        let mut found = typed(visit, &sheet, self.posted, &self.base()).await?;
        let text = error.to_string();
        if let Some(path) = spoken_of(&sheet, &found, &text) {
            found.errors.insert(path, text.clone());
        }
        let wrong = html! { p.wrong role="alert" { (text) } };
        self.refused(visit, sheet, &found, Some(&wrong)).await
    }
}

/// The button of a form by its name: the page offers no others.
fn named<'a>(sheet: &'a Sheet<'_>, name: &str) -> Result<&'a Element> {
    let buttons = sheet
        .arch
        .descendants()
        .into_iter()
        .filter(|element| element.tag == "button" && element.attribute("type") == Some("object"));
    let found = buttons.into_iter().find(|button| button.attribute("name") == Some(name));
    found.ok_or_else(|| Error::User(sheet.desk.t("The form has no such button.").to_owned()))
}

/// The paths of all inputs that were sent, but for those whose value is another's now.
fn all_paths(posted: &Posted, followed: &Map<String, Json>) -> BTreeSet<String> {
    let paths =
        posted.fields().filter_map(|(name, _)| name.strip_prefix("f.").or_else(|| name.strip_prefix("b.")));
    paths.filter(|path| !followed.contains_key(*path)).map(str::to_owned).collect()
}

/// The changed field whose label an error names; the longest, as labels contain each other.
fn spoken_of(sheet: &Sheet<'_>, found: &Typed, text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let named = sheet.fields().into_iter().filter(|(_, shape)| {
        found.values.contains_key(&shape.name)
            && !shape.label().is_empty()
            && lower.contains(&shape.label().to_lowercase())
    });
    named.max_by_key(|(_, shape)| shape.label().len()).map(|(_, shape)| shape.name)
}
