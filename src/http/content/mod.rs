//! GET `/web/image/…` and `/web/content/…`: pictures and files of records, for browsers.
//!
//! Nothing of it is ever a page: what could be one (HTML, SVG, XML) is saved instead of shown, and
//! whatever is shown is shut into a sandbox by the header `Content-Security-Policy`.

mod address;
mod harmless;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, Charset, ContentDisposition, DispositionParam, DispositionType,
    ETag, EntityTag, ExtendedValue, HeaderValue, LOCATION,
};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest as _, Sha256};

use self::address::Parameters;
use super::query::Query;
use super::{jsonrpc, kept, reply};
use crate::error::{Error, Result};
use crate::orm::file;
use crate::orm::image;
use crate::rpc::App;
use crate::rpc::content::{self, Content};

/// What stands in the place of a picture that is not there.
const PLACEHOLDER: &[u8] = include_bytes!("../assets/placeholder.png");

/// What is shown runs nothing and loads nothing.
const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// A file, ready to be sent.
struct File {
    bytes: Vec<u8>,
    mimetype: String,
    tag: EntityTag,
}

/// A file.
pub(super) async fn content(
    app: Data<App>,
    request: HttpRequest,
    tail: Path<String>,
    Query(parameters): Query<Parameters>,
) -> HttpResponse {
    match serve(&app, &request, &tail, &parameters, false).await {
        Ok(response) => response,
        Err(error) => refusal(&error),
    }
}

/// A picture, made smaller when that is asked for; one that is not there has another in its place.
pub(super) async fn image(
    app: Data<App>,
    request: HttpRequest,
    tail: Path<String>,
    Query(parameters): Query<Parameters>,
) -> HttpResponse {
    match serve(&app, &request, &tail, &parameters, true).await {
        Ok(response) => response,
        Err(Error::NotFound(_)) if !parameters.is_download() => placeholder(),
        Err(error) => refusal(&error),
    }
}

fn refusal(error: &Error) -> HttpResponse {
    match error {
        Error::Unavailable(_) => reply::later(error, "The database does not answer. Try again in a moment."),
        Error::Conflict | Error::Locked => {
            reply::later(error, "Somebody else was changing it. Try again in a moment.")
        }
        Error::NotFound(_) => reply::page(StatusCode::NOT_FOUND, "Not Found", "There is no such file."),
        _ => {
            tracing::error!(%error, "a file could not be served");
            reply::page(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Internal Server Error",
                "The file could not be read.",
            )
        }
    }
}

fn placeholder() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("image/png")
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, SANDBOX))
        .body(PLACEHOLDER)
}

async fn serve(
    app: &App,
    request: &HttpRequest,
    tail: &str,
    parameters: &Parameters,
    is_picture: bool,
) -> Result<HttpResponse> {
    let absent = || Error::NotFound("There is no such file.".to_owned());
    let question = parameters.question(tail, is_picture).ok_or_else(absent)?;
    let caller = jsonrpc::caller(request).ok();
    let found = content::find(app, caller, &question.asked).await?;
    if !found.url.is_empty() {
        return elsewhere(&found.url).ok_or_else(absent);
    }
    let name = question.filename.unwrap_or_else(|| found.name.clone());
    let (is_harmless, is_public) = (found.is_harmless, found.is_public);
    let file = prepare(app, found, &name, question.size).await?;
    if is_picture && !file.mimetype.starts_with("image/") {
        return Err(absent());
    }
    let cache = match (parameters.is_unique(), is_public) {
        (true, true) => "public, max-age=31536000, immutable",
        (true, false) => "private, max-age=31536000, immutable",
        (false, true) => "public, no-cache",
        (false, false) => "private, no-cache",
    };
    let is_known = kept::is_known(request, &file.tag);
    let status = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, cache))
        .insert_header(ETag(file.tag))
        .insert_header((CONTENT_SECURITY_POLICY, SANDBOX));
    if is_known {
        return Ok(response.finish());
    }
    let is_saved = parameters.is_download() || !(is_harmless || harmless::may_be_shown(&file.mimetype));
    response.insert_header(disposition(is_saved, &harmless::file_name(&name, &file.mimetype)));
    Ok(response.content_type(harmless::with_charset(file.mimetype)).body(file.bytes))
}

/// The file is kept on another server.
fn elsewhere(url: &str) -> Option<HttpResponse> {
    let url = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let location = HeaderValue::from_str(url.as_str()).ok()?;
    Some(HttpResponse::Found().insert_header((LOCATION, location)).finish())
}

fn disposition(is_saved: bool, name: &str) -> ContentDisposition {
    let name = ExtendedValue {
        charset: Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.as_bytes().to_vec(),
    };
    ContentDisposition {
        disposition: if is_saved { DispositionType::Attachment } else { DispositionType::Inline },
        parameters: vec![DispositionParam::FilenameExt(name)],
    }
}

/// Finds out the type, makes a picture smaller, and gives it a tag: off the threads that serve calls.
async fn prepare(app: &App, found: Content, name: &str, size: Option<(u32, u32)>) -> Result<File> {
    let name = name.to_owned();
    let work = move || {
        let mimetype = harmless::mimetype(found.mimetype.as_deref(), &name, &found.bytes);
        let bytes = match size {
            // What is no picture of a known kind is sent as it is.
            Some((width, height)) => image::process(&found.bytes, width, height).unwrap_or(found.bytes),
            None => found.bytes,
        };
        let hash = file::hex(Sha256::digest(&bytes).into_iter().take(16));
        File { bytes, mimetype, tag: EntityTag::new_strong(hash) }
    };
    if size.is_some() {
        return app.shared.pictures.work(work).await;
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Internal(format!("a file could not be worked on: {error}")))
}
