//! What an application's page says besides its fields: what is risky, and what to enter in the Confluence.

use maud::{Markup, html};
use serde_json::Value as Json;

use super::sheet::Sheet;

/// The model that this is about.
const APPLICATION: &str = "oregional.application";

/// What an administrator should know of the settings.
pub(super) fn warnings(sheet: &Sheet<'_>) -> Markup {
    if sheet.model != APPLICATION || sheet.id.is_none() || !sheet.may.edit {
        return html! {};
    }
    let lines = sheet.record.get("uri_ids").and_then(Json::as_array).map_or(&[] as &[Json], Vec::as_slice);
    let uris = || lines.iter().filter_map(|line| line.get("uri")?.as_str());
    let has_http = uris().any(|uri| uri.starts_with("http://"));
    let never_expires = sheet.record.get("refresh_token_expiry").and_then(Json::as_i64) == Some(0);
    html! {
        @if has_http || never_expires || lines.is_empty() {
            ul.advice aria-label=(sheet.desk.t("Advice")) {
                @if lines.is_empty() { li { (sheet.desk.t("Without a URI nobody can sign in: add the callback address of the application.")) } }
                @if has_http { li { (sheet.desk.t("A URI begins with http: codes travel in the clear. Use https wherever the application can.")) } }
                @if never_expires { li { (sheet.desk.t("Refresh tokens never expire. Set an expiry, or an idle expiry in the system parameters, unless the application has to stay signed in for good.")) } }
            }
        }
    }
}

/// What the administrator of the Confluence enters there, ready to copy.
pub(super) fn confluence(sheet: &Sheet<'_>, issuer: &str) -> Markup {
    if sheet.model != APPLICATION || sheet.id.is_none() {
        return html! {};
    }
    let t = |english: &'static str| sheet.desk.t(english);
    let id = sheet.record.get("client_id").and_then(Json::as_str).unwrap_or_default();
    let issuer = issuer.trim_end_matches('/');
    let endpoints = [
        ("Server URL", issuer.to_owned()),
        ("Client ID", id.to_owned()),
        ("Authorization endpoint", format!("{issuer}/oauth2/authorize")),
        ("Token endpoint", format!("{issuer}/oauth2/token")),
        ("Revocation endpoint", format!("{issuer}/oauth2/revoke")),
        ("Introspection endpoint", format!("{issuer}/oauth2/introspect")),
        ("User information endpoint", format!("{issuer}/oauth2/userinfo")),
        ("Metadata", format!("{issuer}/.well-known/oauth-authorization-server")),
    ];
    html! {
        section.enter aria-labelledby="enter" {
            h2 #enter { (t("What to enter in Confluence")) }
            dl {
                @for (place, (label, value)) in endpoints.iter().enumerate() {
                    dt { (t(label)) }
                    dd { code id=(format!("enter-{place}")) { (value) } " " button.quiet type="button" data-copy=(format!("enter-{place}")) hidden { (t("Copy")) } }
                }
                @if sheet.is_secret("client_secret") && sheet.drawn.shape(APPLICATION, "client_secret").is_some() {
                    dt { (t("Client Secret")) }
                    dd { span aria-label=(t("hidden")) { "••••••••••••" } " " button.quiet type="button" data-copy-secret="client_secret" hidden { (t("Copy")) } }
                }
            }
        }
    }
}
