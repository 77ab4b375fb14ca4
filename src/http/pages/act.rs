//! POST `/odoo/<model>`: what is done with rows of a list.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, HeaderValue};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value as Json, json};

use super::address::State;
use super::confirm::{Question, confirm};
use super::desk::{Asked, Desk, leave_notice};
use super::list::{Listing, show};
use super::posted::Posted;
use super::{opened, received, see_other, trouble, with_notice};
use crate::error::{Error, Result};
use crate::orm::python;
use crate::rpc::App;
use crate::rpc::page::{Purpose, Visit, visit};

/// Records of one action; more are done by a script.
const MOST: i64 = 10_000;

/// What was done.
enum Done {
    /// The notice of the next page.
    Notice(String),
    /// A page to show.
    Page(HttpResponse),
}

/// Does it.
pub(in crate::http) async fn act(
    app: Data<App>,
    request: HttpRequest,
    path: Path<String>,
    body: std::result::Result<Bytes, actix_web::Error>,
) -> HttpResponse {
    let (posted, caller) = match received(&app, &request, body).await {
        Ok(received) => received,
        Err(answer) => return *answer,
    };
    let asked = Asked::of(&app, &request);
    let done =
        visit(&app, caller, Purpose::Change, async |visit| done(visit, &asked, &path, &posted).await).await;
    match done {
        Ok(Done::Notice(word)) => {
            with_notice(see_other(&State::parse(&asked.query).list(&path)), &leave_notice(&word))
        }
        Ok(Done::Page(page)) => page,
        Err(
            error @ (Error::SessionExpired
            | Error::Unavailable(_)
            | Error::InDoubt
            | Error::Internal(_)
            | Error::NotFound(_)),
        ) => trouble(&app, &request, &error).await,
        Err(error) => {
            let text = error.to_string();
            let again = visit_again(&app, caller, &asked, &path, &text).await;
            match again {
                Ok(page) => page,
                Err(error) => trouble(&app, &request, &error).await,
            }
        }
    }
}

/// The list once more, with what went wrong.
async fn visit_again(
    app: &App,
    caller: crate::rpc::retrying::Caller,
    asked: &Asked,
    model: &str,
    wrong: &str,
) -> Result<HttpResponse> {
    visit(app, caller, Purpose::Show, async |visit| show(visit, asked, model, Some(wrong)).await).await
}

async fn done(visit: &Visit, asked: &Asked, model: &str, posted: &Posted) -> Result<Done> {
    let desk = Desk::open(visit, asked).await?;
    let state = State::parse(&asked.query);
    let list = Listing::open(visit, &desk, model, &state).await?;
    let word = posted.get("do").unwrap_or_default();
    let ids = ids(visit, &list, posted, word == "export").await?;
    if ids.is_empty() {
        return Err(Error::User(desk.t("Tick the records first.").to_owned()));
    }
    let count = ids.len();
    let call =
        async |method: &str| visit.call(&list.model, method, json!([ids]), json!({}), &list.context).await;
    match word {
        "archive" => call("action_archive").await.map(|_| Done::Notice(format!("archived-{count}"))),
        "unarchive" => call("action_unarchive").await.map(|_| Done::Notice(format!("unarchived-{count}"))),
        "delete" if posted.get("confirmed").is_none() => {
            let text = desk.texts.fill("Delete {} records? This cannot be undone.", &[&count]);
            Ok(Done::Page(confirm(
                &desk,
                &list.model,
                posted,
                &Question {
                    title: &list.title,
                    text: &text,
                    yes: "Delete",
                    back: &state.list(&list.model),
                    action: &state.list(&list.model),
                },
            )))
        }
        "delete" => call("unlink").await.map(|_| Done::Notice(format!("deleted-{count}"))),
        "export" => export(visit, &list, &ids).await.map(Done::Page),
        word => {
            let id = word.strip_prefix("action:").and_then(|id| id.parse::<i64>().ok());
            let id = id.filter(|id| list.drawn.actions("list").iter().any(|(known, _)| known == id));
            let id = id.ok_or_else(|| Error::User(desk.t("Choose what is to be done.").to_owned()))?;
            let action = visit.run_action(id, &list.model, &ids).await?;
            Ok(opened(&action)
                .map_or(Done::Notice("done".to_owned()), |address| Done::Page(see_other(&address))))
        }
    }
}

/// The records that are meant: those that are ticked, or all that are found. An export without ticks takes
/// all.
async fn ids(visit: &Visit, list: &Listing<'_>, posted: &Posted, is_export: bool) -> Result<Vec<i64>> {
    let ticked = posted.ids("ids");
    if posted.get("everything").is_none() && !(is_export && ticked.is_empty()) {
        return Ok(ticked);
    }
    let kwargs = json!({"limit": MOST + 1, "order": list.order()});
    let found = visit.call(&list.model, "search", json!([list.domain]), kwargs, &list.context).await?;
    let ids: Vec<i64> = found.as_array().into_iter().flatten().filter_map(Json::as_i64).collect();
    if i64::try_from(ids.len()).is_ok_and(|count| count > MOST) {
        let text = list
            .desk
            .texts
            .fill("More than {} records are found: narrow the search, or use oregional export.", &[&MOST]);
        return Err(Error::User(text));
    }
    Ok(ids)
}

/// The shown columns of some records as CSV, in UTF-8 with its mark, as spreadsheets want it.
async fn export(visit: &Visit, list: &Listing<'_>, ids: &[i64]) -> Result<HttpResponse> {
    let columns: Vec<_> = list.columns.iter().filter(|(_, shape)| shape.kind() != "binary").collect();
    let names: Vec<&str> = columns.iter().map(|(_, shape)| shape.name.as_str()).collect();
    let told = visit.call(&list.model, "export_data", json!([ids, names]), json!({}), &list.context).await?;
    let mut csv = csv::Writer::from_writer(vec![0xEF, 0xBB, 0xBF]);
    let failed = |error: csv::Error| Error::Internal(format!("a list could not be written as CSV: {error}"));
    csv.write_record(columns.iter().map(|(_, shape)| list.desk.t(shape.label()))).map_err(failed)?;
    for row in told.get("datas").and_then(Json::as_array).into_iter().flatten() {
        let cells = row.as_array().into_iter().flatten().map(|cell| {
            harmless(&match cell {
                Json::Bool(false) | Json::Null => String::new(),
                other => python::text(other),
            })
        });
        csv.write_record(cells).map_err(failed)?;
    }
    let body = csv
        .into_inner()
        .map_err(|error| Error::Internal(format!("a list could not be written as CSV: {error}")))?;
    let mut response = HttpResponse::build(StatusCode::OK).content_type("text/csv; charset=utf-8").body(body);
    let name = HeaderValue::from_str(&format!("attachment; filename=\"{}.csv\"", list.model));
    response
        .headers_mut()
        .insert(CONTENT_DISPOSITION, name.unwrap_or_else(|_error| HeaderValue::from_static("attachment")));
    Ok(response)
}

/// A cell that a spreadsheet takes for text, and not for a formula that somebody else wrote.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
