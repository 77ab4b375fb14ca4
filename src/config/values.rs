//! How the values of options are read; each refusal says what to write instead.

use std::net::{SocketAddr, ToSocketAddrs as _};

use ipnet::IpNet;
use secrecy::SecretString;

/// A secret. An empty one opens doors to everybody, and comes from a variable that was meant to have a value.
pub(super) fn secret(text: &str) -> Result<SecretString, String> {
    if text.trim().is_empty() {
        return Err("it is empty: give it a value, or leave the option and its variable out".to_owned());
    }
    Ok(SecretString::from(text.to_owned()))
}

/// A name that must not be empty.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("it is empty: give it a value, or leave the option and its variable out".to_owned());
    }
    Ok(text.to_owned())
}

/// An address to listen on; `localhost` will do for a host.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    const WANTED: &str = "write an address and a port, such as 127.0.0.1:8069, 0.0.0.0:8069 or [::1]:8069";
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let Some(port) = text.strip_prefix("localhost:") else { return Err(WANTED.to_owned()) };
    let port: u16 = port.parse().map_err(|_error| WANTED.to_owned())?;
    let found = ("localhost", port).to_socket_addrs().map_err(|error| format!("{error}; {WANTED}"))?;
    // An IPv4 address first: clients try it, whatever they try first.
    let mut all: Vec<SocketAddr> = found.collect();
    all.sort_by_key(SocketAddr::is_ipv6);
    all.into_iter().next().ok_or_else(|| WANTED.to_owned())
}

/// An address or a network of proxies.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let alone = text.parse::<std::net::IpAddr>().map(IpNet::from);
    alone.ok().or_else(|| text.parse().ok()).ok_or_else(|| {
        "write addresses or networks, separated by commas, such as 127.0.0.1,10.0.0.0/8,fd00::/8".to_owned()
    })
}

/// The address under which people reach the server.
pub(super) fn public_url(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("it has to begin with http:// or https:// and a host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it contains a user name or a password, which would be visible to everyone".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() || url.path() != "/" {
        return Err("it has a path, a query or a fragment, which the server does not serve below".to_owned());
    }
    // As browsers and clients write it, who compare it letter by letter.
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin() {
        assert_eq!(public_url("https://apps.example.com/").unwrap(), "https://apps.example.com");
        assert_eq!(public_url("HTTPS://Apps.Example.com:443").unwrap(), "https://apps.example.com");
        assert_eq!(public_url("http://[::1]:8069/").unwrap(), "http://[::1]:8069");
        for wrong in ["apps.example.com", "https://apps.example.com/odoo", "https://a:b@apps.example.com"] {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_network_holds_its_addresses() {
        let holds = |network: &str, address: &str| {
            self::network(network).unwrap().contains(&address.parse::<std::net::IpAddr>().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.9.8.7") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("127.0.0.1", "127.0.0.1") && !holds("127.0.0.1", "127.0.0.2"));
        assert!(network("10.0.0.0/40").is_err() && network("proxy").is_err());
    }

    #[test]
    fn an_address_has_a_port() {
        assert_eq!(address("127.0.0.1:1").unwrap().port(), 1);
        assert_eq!(address("localhost:8069").unwrap().port(), 8069);
        for wrong in ["8069", "localhost", "localhost:no", ""] {
            assert!(address(wrong).unwrap_err().contains("127.0.0.1:8069"), "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_not_empty() {
        assert!(secret(" ").is_err() && secret("s").is_ok() && name("").is_err());
    }
}
