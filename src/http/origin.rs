//! Reads where a request comes from: the address of its client, as far as it can be believed, and its name.

use std::net::{IpAddr, SocketAddr};

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

/// The client's address: the last one in `X-Forwarded-For` that is no trusted proxy, when a trusted proxy
/// sent it. Each proxy adds what it saw at the end, on the same line or on one of its own; what stands before
/// an entry that is no address is the client's own invention.
fn address(request: &HttpRequest) -> String {
    let app = request.app_data::<Data<App>>();
    let trusted = app.map_or(&[][..], |app| &app.shared.settings.trusted_proxies);
    let Some(peer) = request.peer_addr().map(|peer| peer.ip()) else { return String::new() };
    let lines: Vec<&str> =
        request.headers().get_all("x-forwarded-for").map(|line| line.to_str().unwrap_or_default()).collect();
    // Of a socket for both versions, an address of the fourth comes in the clothes of the sixth.
    let is_trusted =
        |address: &IpAddr| trusted.iter().any(|network| network.contains(&address.to_canonical()));
    let mut client = peer;
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')).map(hop) {
        match hop {
            Some(hop) if is_trusted(&client) => client = hop,
            _ => break,
        }
    }
    client.to_canonical().to_string()
}

/// An address as proxies write it: some add the port.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}
