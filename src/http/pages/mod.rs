//! The pages on which administrators and users work: lists and forms of any model, drawn from the same
//! views and by the same methods that Odoo's clients are given, so with the same rights. They work
//! without a script; the script adds comfort.
//!
//! `list` and `form` answer; `address` is the state of a page, `desk` what each page has at hand,
//! `drawn` its views, `condition` what those say in expressions, `frame` what stands around.

mod act;
mod address;
mod assets;
mod bar;
mod condition;
mod confirm;
mod desk;
mod drawn;
mod form;
mod frame;
mod home;
mod list;
mod operations;
mod posted;
mod preferences;
mod search;
mod shown;
mod table;
mod texts;

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use maud::html;
use serde_json::{Map, Value as Json};

use self::address::{list_path, record_path, with_query};
use self::desk::{Asked, Desk};
use self::frame::{Page, frame};
use self::posted::Posted;
use super::webclient::see_other;
use super::{jsonrpc, webclient};
use crate::error::{Error, Result};
use crate::rpc::App;
use crate::rpc::page::{Purpose, Visit, visit};
use crate::rpc::retrying::Caller;

pub(super) use self::assets::{icon, plain_style, script};
pub(super) use self::texts::Texts;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/web/assets/{hash}/{name}")
                .route(web::get().to(assets::asset))
                .route(web::head().to(assets::asset)),
        )
        .service(web::resource("/odoo").route(web::get().to(home::home)).route(web::head().to(home::home)))
        .service(
            web::resource("/odoo/preferences")
                .route(web::get().to(preferences::preferences))
                .route(web::head().to(preferences::preferences))
                .route(web::post().to(preferences::act)),
        )
        .service(web::resource("/odoo/operations").route(web::get().to(operations::operations)))
        .service(web::resource("/odoo/action-{action}").route(web::get().to(home::action)))
        .service(web::resource("/odoo/action-{action}/{id}").route(web::get().to(home::action_record)))
        .service(
            web::resource("/odoo/{model}")
                .route(web::get().to(list::list))
                .route(web::head().to(list::list))
                .route(web::post().to(act::act)),
        )
        .service(
            web::resource("/odoo/{model}/{id}")
                .route(web::get().to(form::form))
                .route(web::head().to(form::form))
                .route(web::post().to(form::submit)),
        )
        .service(web::resource("/odoo/{path:.*}").route(web::get().to(nothing)));
}

/// An address that leads nowhere.
async fn nothing(app: Data<App>, request: HttpRequest) -> HttpResponse {
    trouble(&app, &request, &Error::NotFound("There is nothing at this address.".to_owned())).await
}

/// With a notice for the next page.
fn with_notice(mut response: HttpResponse, notice: &Cookie<'_>) -> HttpResponse {
    if response.add_cookie(notice).is_err() {
        tracing::debug!("a notice is not shown");
    }
    response
}

/// Where the action of a button leads: the list or the record that it opens.
fn opened(action: &Json) -> Option<String> {
    let model = action.get("res_model").and_then(Json::as_str)?;
    if let Some(id) = action.get("res_id").and_then(Json::as_i64).filter(|id| *id > 0) {
        return Some(record_path(model, id));
    }
    // What the action shows is said by conditions on single fields; anything else is left to the list.
    let domain = action.get("domain").and_then(Json::as_array).map_or(&[] as &[Json], Vec::as_slice);
    let mut state = address::State::parse("");
    for term in domain {
        let (Some(field), Some(operator), Some(value)) =
            (term.get(0).and_then(Json::as_str), term.get(1).and_then(Json::as_str), term.get(2))
        else {
            continue;
        };
        let value = crate::orm::python::text(value);
        state = state.with(
            "c",
            &address::Custom { field: field.to_owned(), operator: operator.to_owned(), value }.text(),
        );
    }
    for (name, value) in action.get("context").and_then(Json::as_object).into_iter().flatten() {
        if name.starts_with("default_") && !value.is_array() && !value.is_object() {
            state = state.with(name, &crate::orm::python::text(value));
        }
    }
    state.action = action.get("id").and_then(Json::as_i64);
    Some(with_query(&list_path(model), &state.query()))
}

/// The address of a picture of a record, which changes when the record does. Changes are dated by the second:
/// within the last ones it is a new address each time.
fn picture(desk: &Desk, model: &str, id: i64, field: &str, record: &Map<String, Json>) -> String {
    let changed = record.get("write_date").and_then(Json::as_str).and_then(shown::moment);
    let is_settled = changed.is_some_and(|changed| desk.now - changed > chrono::TimeDelta::seconds(2));
    let unique = changed.filter(|_| is_settled).unwrap_or(desk.now).and_utc().timestamp_millis();
    format!("/web/image/{model}/{id}/{field}?unique={unique}")
}

/// The text of HTML, without its marks.
fn drawn_text(html: &str) -> String {
    let clean = ammonia::Builder::empty().clean(html).to_string();
    clean.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// A form that does not come from a page of this session.
fn stale_form(request: &HttpRequest) -> HttpResponse {
    let texts = texts_of(request);
    super::shell::page(
        StatusCode::FORBIDDEN,
        texts,
        texts.t("This form is no longer good"),
        None,
        &html! {
            h1 { (texts.t("This form is no longer good")) }
            p { (texts.t("It is too old, or was opened in another session. Nothing was changed. Go back, copy what you typed, and open the page again.")) }
            p { a href=(request.path()) { (texts.t("Open the page again")) } }
        },
    )
}

/// The language that the browser asks for, where nobody is signed in yet.
pub(super) fn texts_of(request: &HttpRequest) -> Texts {
    let header = request.headers().get("accept-language").and_then(|value| value.to_str().ok());
    Texts::accepted(header.unwrap_or_default())
}

/// A page that only shows: what `work` draws in one visit, or what went wrong.
async fn answered(
    app: &App,
    request: &HttpRequest,
    work: impl AsyncFn(&Visit) -> Result<HttpResponse>,
) -> HttpResponse {
    let done = match jsonrpc::caller(request) {
        Ok(caller) => visit(app, caller, Purpose::Show, work).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(response) => response,
        Err(error) => trouble(app, request, &error).await,
    }
}

/// The form that somebody sent from a page of the own session, and who it was.
///
/// # Errors
///
/// The answer to what is no such form.
async fn received(
    app: &App,
    request: &HttpRequest,
    body: std::result::Result<Bytes, actix_web::Error>,
) -> std::result::Result<(Posted, Caller), Box<HttpResponse>> {
    let body = body.map_err(|error| Box::new(jsonrpc::unreadable(&error)))?;
    let read = async { Ok((Posted::read(request, body).await?, jsonrpc::caller(request)?)) };
    let (posted, caller) = match read.await {
        Ok(read) => read,
        Err(error) => return Err(Box::new(trouble(app, request, &error).await)),
    };
    if !desk::is_own_form(app, request, posted.get("csrf_token").unwrap_or_default()) {
        return Err(Box::new(stale_form(request)));
    }
    Ok((posted, caller))
}

/// What went wrong, within the frame where somebody is signed in.
async fn trouble(app: &App, request: &HttpRequest, error: &Error) -> HttpResponse {
    let (status, title) = match error {
        Error::Access(_) | Error::AccessDenied(_) => (StatusCode::FORBIDDEN, "Not for you"),
        Error::Missing(_) | Error::NotFound(_) => (StatusCode::NOT_FOUND, "Not found"),
        Error::SessionExpired
        | Error::Unavailable(_)
        | Error::InDoubt
        | Error::Limited(_)
        | Error::Internal(_) => {
            return webclient::trouble(request, error);
        }
        Error::BadRequest(_) => (StatusCode::BAD_REQUEST, "Not understood"),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, "That did not work"),
    };
    let Ok(caller) = jsonrpc::caller(request) else {
        return webclient::trouble(request, &Error::SessionExpired);
    };
    let asked = Asked::of(app, request);
    let shown = visit(app, caller, Purpose::Show, async |visit| {
        let desk = Desk::open(visit, &asked).await?;
        let body = html! {
            h1 { (desk.t(title)) }
            p { (error.told()) }
            p { a href="/odoo" { (desk.t("To the menu")) } }
        };
        Ok(frame(
            &desk,
            status,
            &Page { title: desk.t(title).to_owned(), model: String::new(), crumbs: Vec::new(), body },
        ))
    });
    match shown.await {
        Ok(page) => page,
        Err(error) => webclient::trouble(request, &error),
    }
}
