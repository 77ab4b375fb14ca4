//! Reads where a request comes from: the address of its client, as far as it can be believed, and its name.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;
use actix_web::web::Data;

use crate::origin::Origin;
use crate::rpc::App;

/// Where a request comes from.
pub(super) fn of(request: &HttpRequest) -> Origin {
    let agent = request.headers().get(USER_AGENT).map_or(&b""[..], |agent| agent.as_bytes());
    Origin::new(address(request), agent)
}

/// The client's address: the last one in `X-Forwarded-For` that is no trusted proxy, when a trusted
/// proxy sent it.
fn address(request: &HttpRequest) -> String {
    let app = request.app_data::<Data<App>>();
    let trusted = app.map_or(&[][..], |app| &app.shared.settings.trusted_proxies);
    let Some(peer) = request.peer_addr().map(|peer| peer.ip()) else { return String::new() };
    let forwarded =
        request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let hops = forwarded.split(',').filter_map(|hop| hop.trim().parse::<IpAddr>().ok());
    let client = if trusted.contains(&peer) { hops.rev().find(|hop| !trusted.contains(hop)) } else { None };
    client.unwrap_or(peer).to_string()
}
