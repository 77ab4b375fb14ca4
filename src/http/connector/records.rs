//! What the plugin reads with a user's token: models, names, rows, fields.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value as Json;

use super::answer::{self, Body, Refusal, answered};
use crate::error::{Error, Result as Done};
use crate::http::oauth::credentials;
use crate::http::oauth::form::Form;
use crate::rpc::connector::{self, Answer, Page, Refusal as Reason};
use crate::rpc::retrying::Caller;
use crate::rpc::{App, bearer, session};

/// The version of the interface.
const INTERFACE: &str = "1.6.4";

/// Names in one answer where nobody says how many.
const USUAL_LIMIT: i64 = 20;

/// What the server reports to be.
pub(super) async fn version(request: HttpRequest, body: Body) -> HttpResponse {
    if let Err(refusal) = answer::check_parameters(&request, &body, "OrestapiVersion-0001") {
        return answer::refused(&refusal);
    }
    let mut told = session::version_info();
    if let Some(told) = told.as_object_mut() {
        told.insert("orestapi_version".to_owned(), INTERFACE.into());
    }
    answered(Ok(told.to_string()))
}

/// Asks in the name of the request's token; `code` refuses one that is not good.
async fn asked(
    app: &App,
    request: &HttpRequest,
    code: &str,
    work: impl AsyncFn(Caller) -> Done<Answer>,
) -> Result<Answer, Refusal> {
    let refused = || Refusal::code(code, "The access token is missing, unknown, expired or revoked.");
    let token = credentials::bearer(request).ok().flatten().ok_or_else(refused)?;
    match bearer::run(app, token, work).await {
        Ok(answer) => Ok(answer),
        Err(Error::AccessDenied(_) | Error::SessionExpired) => Err(refused()),
        Err(error) => Err(error.into()),
    }
}

/// The models that are offered.
pub(super) async fn models(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    if let Err(refusal) = answer::check_parameters(&request, &body, "OrestapiApplicationGetModel-0001") {
        return answer::refused(&refusal);
    }
    let code = "OrestapiApplicationGetModel-0010";
    let work = async |caller| connector::models(&app, caller).await;
    let outcome = match asked(&app, &request, code, work).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            Err(Refusal::code("OrestapiApplicationGetModel-0020", "The application has no model scheme."))
        }
        Err(refusal) => Err(refusal),
    };
    answered(outcome)
}

/// The codes of one route.
struct Codes {
    start: &'static str,
    no_model: &'static str,
    unreadable: &'static str,
    not_offered: &'static str,
}

impl Codes {
    fn refusal(&self, number: &str, text: &str) -> Refusal {
        Refusal::code(format!("{}{number}", self.start), text)
    }

    fn model<'a>(&self, form: &'a Form) -> Result<&'a str, Refusal> {
        form.get("model").ok_or_else(|| self.refusal(self.no_model, "The parameter model is missing."))
    }

    fn of(&self, reason: Reason) -> Refusal {
        match reason {
            Reason::NotOffered => {
                self.refusal(self.not_offered, "The model is not in the application's scheme.")
            }
            Reason::BadIds => self.refusal("0040", "The parameter ids has to be a list of record ids."),
            Reason::BadFields(text) => self.refusal("0041", &text),
            Reason::Nothing => Refusal::code("OrestapiContentRecordRead 0050", "No record was found."),
            Reason::Unreadable => {
                self.refusal(self.unreadable, "There is no such model, or the user may not read it.")
            }
        }
    }
}

const NAMES: Codes =
    Codes { start: "OrestapiNameSearch-", no_model: "0020", unreadable: "0021", not_offered: "0022" };
const RECORDS: Codes =
    Codes { start: "OrestapiContentRecordRead-", no_model: "0020", unreadable: "0021", not_offered: "0030" };
const FIELDS: Codes =
    Codes { start: "OrestapiModelField-", no_model: "0020", unreadable: "0021", not_offered: "0022" };

fn form(request: &HttpRequest, body: &Body, codes: &Codes) -> Result<Form, Refusal> {
    answer::parameters(request, body).map_err(|cause| codes.refusal(codes.no_model, &cause.to_string()))
}

/// A whole number, or what it is when it is not given. 0 is a number.
fn number(form: &Form, name: &str, default: i64, code: &str) -> Result<i64, Refusal> {
    let Some(given) = form.get(name) else { return Ok(default) };
    let number = given.trim().parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| {
        Refusal::code(
            format!("OrestapiApplicationGetModel-{code}"),
            format!("The parameter {name} is no number."),
        )
    })
}

/// A list of texts in JSON, if it was given and is one.
fn list(form: &Form, name: &str) -> Result<Option<Vec<String>>, ()> {
    let Some(given) = form.get(name) else { return Ok(None) };
    serde_json::from_str(given).map(Some).map_err(|_error| ())
}

/// Records by name.
pub(super) async fn name_search(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let form = form(&request, &body, &NAMES)?;
        let page = Page {
            offset: number(&form, "offset", 0, "0050")?,
            limit: number(&form, "limit", USUAL_LIMIT, "0060")?,
            order: form.get("order").unwrap_or("display_name").to_owned(),
        };
        let (model, name) = (form.get("model"), form.get("name").unwrap_or_default());
        // Who calls is asked before what is called.
        let work =
            async |caller| connector::name_search(&app, caller, model.unwrap_or_default(), name, &page).await;
        let answer = asked(&app, &request, "OrestapiNameSearch-0010", work).await?;
        NAMES.model(&form)?;
        answer.map_err(|reason| NAMES.of(reason))
    };
    answered(outcome.await)
}

/// Records by id.
pub(super) async fn read(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let form = form(&request, &body, &RECORDS)?;
        let ids: Option<Json> = form.get("ids").and_then(|ids| serde_json::from_str(ids).ok());
        let fields = list(&form, "fields");
        let wanted = fields.clone().ok().flatten().filter(|fields| !fields.is_empty());
        let (model, ids) = (form.get("model").unwrap_or_default(), ids.unwrap_or(Json::Null));
        let work = async |caller| connector::read(&app, caller, model, &ids, wanted.as_deref()).await;
        let answer = asked(&app, &request, "OrestapiContentRecordRead-0010", work).await?;
        RECORDS.model(&form)?;
        if fields.is_err() {
            return Err(RECORDS.refusal("0041", "The parameter fields has to be a list of names."));
        }
        answer.map_err(|reason| RECORDS.of(reason))
    };
    answered(outcome.await)
}

/// The fields of a model.
pub(super) async fn fields(app: Data<App>, request: HttpRequest, body: Body) -> HttpResponse {
    let outcome = async {
        let form = form(&request, &body, &FIELDS)?;
        let (names, data) = (list(&form, "names"), list(&form, "data"));
        let asked_names = names.clone().ok().flatten().unwrap_or_default();
        let asked_data = data.clone().ok().flatten();
        let model = form.get("model").unwrap_or_default();
        let work =
            async |caller| connector::fields(&app, caller, model, &asked_names, asked_data.as_deref()).await;
        let answer = asked(&app, &request, "OrestapiModelFields-0010", work).await?;
        FIELDS.model(&form)?;
        let body = answer.map_err(|reason| FIELDS.of(reason))?;
        match names {
            Ok(None) => Err(FIELDS.refusal("0030", "The parameter names is missing; [] is all fields.")),
            Err(()) => Err(FIELDS.refusal("0031", "The parameter names has to be a list of names.")),
            Ok(Some(_)) if data.is_err() => {
                Err(FIELDS.refusal("0040", "The parameter data has to be a list of attributes."))
            }
            Ok(Some(_)) => Ok(body),
        }
    };
    answered(outcome.await)
}
