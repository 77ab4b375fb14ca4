//! Addresses as clients write them: with a slash at the end, or two in a row where they put a path behind an
//! address of theirs. They are the same address without.

use std::str::FromStr as _;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::ErrorBadRequest;
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;
use actix_web::middleware::Next;

/// Takes needless slashes out of the path before it is looked up. Most paths have none, and that is seen at
/// a glance: actix's own `NormalizePath` runs a regular expression over each.
pub async fn normalize(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if let Some(path) = normalized(request.path()) {
        let path = match request.uri().query() {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_str(&path).map_err(ErrorBadRequest)?);
        let uri = Uri::from_parts(parts).map_err(ErrorBadRequest)?;
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

/// The path without needless slashes; none when it has none.
fn normalized(path: &str) -> Option<String> {
    let is_fine = path.len() <= 1 || !(path.ends_with('/') || path.contains("//"));
    if is_fine {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    Some(format!("/{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn needless_slashes_go_and_others_stay() {
        for fine in ["", "/", "*", "/web", "/web/dataset/call_kw/res.users/read"] {
            assert_eq!(normalized(fine), None, "{fine}");
        }
        for (path, wanted) in
            [("//", "/"), ("/web/", "/web"), ("//xmlrpc//2/common", "/xmlrpc/2/common"), ("/a///b//", "/a/b")]
        {
            assert_eq!(normalized(path).as_deref(), Some(wanted));
        }
    }
}
