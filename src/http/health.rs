//! GET `/web/health`: whether the server is up, and on request whether the database is.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;
use serde_json::json;

use super::query::Query;
use super::reply;
use crate::db::Sql;
use crate::rpc::App;

/// `db=1` is ours, `db_server_status=1` Odoo's.
#[derive(Deserialize)]
pub(super) struct Asked {
    db: Option<String>,
    db_server_status: Option<String>,
}

/// `{"status": "pass"}`, or 503 when the database was asked for and does not answer.
pub(super) async fn health(app: Data<App>, Query(asked): Query<Asked>) -> HttpResponse {
    let is_asked =
        |flag: &Option<String>| flag.as_deref().is_some_and(|value| !matches!(value, "" | "0" | "false"));
    if !is_asked(&asked.db) && !is_asked(&asked.db_server_status) {
        return HttpResponse::Ok().json(json!({"status": "pass"}));
    }
    let answers = async { app.pool.get().await?.query(Sql::text("SELECT 1")).await };
    match answers.await {
        Ok(_) => HttpResponse::Ok().json(json!({"status": "pass", "db_server_status": true})),
        Err(error) => {
            tracing::warn!(%error, "asked for the database's health, which is bad");
            let mut response = HttpResponse::ServiceUnavailable();
            if let Some(again) = reply::retry(&error) {
                response.insert_header(again);
            }
            response.json(json!({"status": "fail", "db_server_status": false}))
        }
    }
}
