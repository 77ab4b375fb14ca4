//! GET `/doc-bearer/…`: what there is to call, for clients that look it up.

use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, HeaderValue, TryIntoHeaderValue as _};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{bearer, kept, reply};
use crate::orm::method::Reply;
use crate::rpc::{App, doc};

/// All models.
pub(super) async fn index(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let done = bearer::work(&app, &request, async |caller| doc::index(&app, caller).await);
    done.await.map_or_else(|refusal| refusal, |found| tagged(&request, found))
}

/// One model.
pub(super) async fn model(app: Data<App>, request: HttpRequest, name: Path<String>) -> HttpResponse {
    let done = bearer::work(&app, &request, async |caller| doc::model(&app, caller, &name).await);
    done.await.map_or_else(|refusal| refusal, |found| tagged(&request, found))
}

/// The body with a tag of its own, or nothing for who has it already.
fn tagged(request: &HttpRequest, found: Reply) -> HttpResponse {
    let digest = match &found {
        Reply::Json(json) => Sha256::digest(json),
        Reply::Void => Sha256::digest(b""),
    };
    // Weak, because the body may be compressed on its way.
    let tag = EntityTag::new_weak(URL_SAFE_NO_PAD.encode(digest));
    let has_it = kept::is_known(request, &tag);
    let mut response = if has_it { HttpResponse::NotModified().finish() } else { reply::plain_result(found) };
    if let Ok(tag) = tag.try_into_value() {
        response.headers_mut().insert(ETAG, tag);
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
