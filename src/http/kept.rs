//! What a client has kept: the tags of answers, and whether one is among those that it names.

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header as _, IfNoneMatch};

/// Whether the client has what bears this tag already (RFC 9110, 13.1.2). Weak and strong are the same here: whoever
/// compresses on the way makes a tag a weak one.
pub(super) fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|one| one.weak_eq(tag)),
        // What is no list of tags names none.
        Err(_error) => false,
    }
}
