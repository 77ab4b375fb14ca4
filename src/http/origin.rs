//! Where a request comes from: the address of its client, as far as it can be believed.

use std::net::IpAddr;

use actix_web::HttpRequest;

use crate::rpc::App;

/// The client's address: the last one in `X-Forwarded-For` that is no trusted proxy, when a trusted
/// proxy sent it.
pub(super) fn address(app: &App, request: &HttpRequest) -> String {
    let trusted = &app.shared.settings.trusted_proxies;
    let Some(peer) = request.peer_addr().map(|peer| peer.ip()) else { return String::new() };
    let forwarded =
        request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let hops = forwarded.split(',').filter_map(|hop| hop.trim().parse::<IpAddr>().ok());
    let client = if trusted.contains(&peer) { hops.rev().find(|hop| !trusted.contains(hop)) } else { None };
    client.unwrap_or(peer).to_string()
}
