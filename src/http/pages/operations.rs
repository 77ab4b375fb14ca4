//! `/odoo/operations`: how the server is, for whoever looks after it.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde_json::{Map, Value as Json, json};

use super::address::list_path;
use super::desk::{Asked, Desk};
use super::frame::{Page, frame};
use super::{answered, shown};
use crate::error::{Error, Result};
use crate::metrics::Traffic;
use crate::rpc::operations::Figures;
use crate::rpc::page::Visit;
use crate::rpc::{App, SERVER_VERSION};

/// Entries of the audit log that are shown.
const RECENT: i64 = 20;

/// The page.
pub(in crate::http) async fn operations(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let asked = Asked::of(&app, &request);
    let shown = async |visit: &Visit| {
        let desk = Desk::open(visit, &asked).await?;
        if !desk.is_system {
            return Err(Error::Access(
                desk.t("This page is for those who look after the system.").to_owned(),
            ));
        }
        draw(visit, &desk, &app).await
    };
    answered(&app, &request, shown).await
}

async fn draw(visit: &Visit, desk: &Desk, app: &App) -> Result<HttpResponse> {
    let figures = visit.figures(app).await?;
    let wanted = json!({"domain": [], "fields": ["create_date", "event", "outcome", "user_name", "application_name", "address"], "limit": RECENT});
    let recent = visit.call("audit.log", "search_read", json!([]), wanted, &Map::new()).await?;
    let body = html! {
        div.head { h1 { (desk.t("Operations")) } p.quiet { (shown::time(desk, desk.now)) } }
        div.cards { (server(desk, app, &figures)) (traffic(desk, app)) (counts(desk, &figures)) }
        (entries(desk, &recent))
    };
    let title = desk.t("Operations").to_owned();
    Ok(frame(desk, StatusCode::OK, &Page { title, model: String::new(), crumbs: Vec::new(), body }))
}

fn card(title: &str, rows: &[(&str, String)]) -> Markup {
    html! {
        section.card {
            h2 { (title) }
            dl { @for (label, value) in rows { dt { (label) } dd { (value) } } }
        }
    }
}

fn server(desk: &Desk, app: &App, figures: &Figures) -> Markup {
    let settings = &app.shared.settings;
    let started = shown::time(desk, app.shared.started);
    let database = figures.database.split(" on ").next().unwrap_or_default().to_owned();
    html! {
        section.card {
            h2 { (desk.t("Server")) }
            dl {
                dt { (desk.t("Health")) } dd { (desk.t("Server and database answer.")) }
                dt { (desk.t("Version")) } dd { "oregional " (env!("CARGO_PKG_VERSION")) ", Odoo " (SERVER_VERSION) }
                dt { (desk.t("Database")) } dd { (database) ", " (settings.db_name) ", " (figures.bytes / 1_048_576) " MiB" }
                dt { (desk.t("Started")) } dd { (started) }
                dt { (desk.t("Address")) } dd { (settings.issuer) }
                dt { (desk.t("Trusted proxies")) } dd { @if settings.trusted_proxies.is_empty() { (desk.t("None")) } @for proxy in &settings.trusted_proxies { (proxy) " " } }
                dt { "/metrics" } dd { (desk.t(if settings.metrics_token.is_some() { "served, by its token" } else { "not served: set --metrics-token" })) }
            }
        }
    }
}

fn traffic(desk: &Desk, app: &App) -> Markup {
    let second = u64::try_from(app.shared.world.now().and_utc().timestamp()).unwrap_or_default();
    let traffic = app.shared.metrics.traffic(second);
    let milliseconds = |time: Option<Duration>| match time {
        Some(time) => format!("≤ {} ms", time.as_secs_f64() * 1000.0),
        None => format!("> {} s", Traffic::LONGEST.as_secs()),
    };
    card(
        desk.t("Requests"),
        &[
            (desk.t("Since the start"), traffic.requests.to_string()),
            (desk.t("A second, over the last minute"), format!("{:.1}", traffic.rate)),
            (desk.t("Half of them took"), milliseconds(traffic.median)),
            (desk.t("99 of 100 took"), milliseconds(traffic.p99)),
        ],
    )
}

fn counts(desk: &Desk, figures: &Figures) -> Markup {
    let rows: Vec<(&str, String)> =
        figures.counts.iter().map(|(name, count)| (desk.t(label(name)), count.to_string())).collect();
    card(desk.t("At the moment"), &rows)
}

/// What a figure is called.
fn label(name: &'static str) -> &'static str {
    match name {
        "sessions" => "Sessions",
        "signed_in_users" => "Users who are signed in",
        "access_tokens" => "Access tokens that open",
        "token_families" => "Sign-ins of applications",
        "refresh_token_reuses" => "Codes and tokens used twice within a day",
        "active_applications" => "Applications",
        "database_connections" => "Connections of all servers",
        "pool_connections" => "Connections of this server",
        "pool_idle" => "Idle connections",
        "pool_waiting" => "Calls that wait for a connection",
        "cached_sessions" => "Sessions in the cache",
        "cached_users" => "Users in the cache",
        "models" => "Models",
        "uptime_seconds" => "Seconds since the start",
        other => other,
    }
}

fn entries(desk: &Desk, recent: &Json) -> Markup {
    let text =
        |entry: &Json, name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    html! {
        section.card {
            h2 { (desk.t("Recent audit")) }
            div.scroll tabindex="0" role="region" aria-label=(desk.t("Recent audit")) { table {
                thead { tr { th scope="col" { (desk.t("When")) } th scope="col" { (desk.t("Event")) } th scope="col" { (desk.t("Outcome")) } th scope="col" { (desk.t("User")) } th scope="col" { (desk.t("Application")) } th scope="col" { (desk.t("From")) } } }
                tbody {
                    @for entry in recent.as_array().into_iter().flatten() {
                        tr {
                            td { @if let Some(moment) = entry.get("create_date").and_then(Json::as_str).and_then(shown::moment) { (shown::time(desk, moment)) } }
                            @for name in ["event", "outcome", "user_name", "application_name", "address"] { td { (text(entry, name)) } }
                        }
                    }
                }
            } }
            p { a href=(list_path("audit.log")) { (desk.t("The whole audit log")) } }
        }
    }
}
