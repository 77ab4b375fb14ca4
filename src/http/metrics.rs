//! GET `/metrics`: figures for Prometheus, for whoever has the token of `--metrics-token`.

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::reply;
use crate::rpc::{App, operations};

/// What Prometheus reads.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures; what cannot be asked of the database is left as it was.
pub(super) async fn metrics(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let Some(token) = &app.shared.settings.metrics_token else { return reply::not_found().await };
    let given =
        request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map_or("", |(_, token)| token.trim());
    if !bool::from(given.as_bytes().ct_eq(token.expose_secret().as_bytes())) {
        let mut refused = reply::plain(
            StatusCode::UNAUTHORIZED,
            "Send the token of --metrics-token: Authorization: Bearer …".to_owned(),
        );
        refused
            .headers_mut()
            .insert(WWW_AUTHENTICATE, actix_web::http::header::HeaderValue::from_static("Bearer"));
        return refused;
    }
    let asked = async { operations::figures(&app, &app.pool.get().await?).await };
    let is_up = match asked.await {
        Ok(figures) => {
            figures.count(&app.shared.metrics);
            1
        }
        Err(error) => {
            tracing::warn!(%error, "the database was not asked for its figures");
            0
        }
    };
    app.shared.metrics.set("database_up", is_up);
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type(TEXT)
        .body(app.shared.metrics.text())
}
