//! What stands behind the `?` of an address; of a name that comes twice the first value counts, as in Odoo.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::error::ErrorBadRequest;
use actix_web::{Error, FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// The parameters as a structure whose fields are texts that may be missing.
pub(super) struct Query<T>(pub T);

impl<T: DeserializeOwned> Query<T> {
    fn of(query: &str) -> serde_json::Result<T> {
        let mut first = Map::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            first.entry(name.into_owned()).or_insert_with(|| value.into_owned().into());
        }
        serde_json::from_value(Json::Object(first))
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::of(request.query_string()).map(Self).map_err(ErrorBadRequest))
    }
}
