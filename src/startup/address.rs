//! The address of the server: taken before anything is made, opened when the server is ready for calls.

use std::io::{Error, ErrorKind, Result};
use std::net::{SocketAddr, TcpListener};

use tokio::net::TcpSocket;

use super::StartError;

/// Connections that may wait to be taken; as many as actix lets wait.
const BACKLOG: u32 = 1024;

/// An address that is ours. Who connects before it is opened is refused, as by a server that is not there:
/// to wait through the making of a database is worse for whoever looks whether the server is up.
pub(super) struct Address {
    socket: TcpSocket,
    wanted: SocketAddr,
    at: SocketAddr,
}

impl Address {
    /// Takes the address, or says why it cannot be had.
    pub(super) fn take(wanted: SocketAddr) -> std::result::Result<Self, StartError> {
        let taken = bind(wanted).and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (at, socket) = taken.map_err(|source| StartError::Listen { address: wanted, source })?;
        Ok(Self { socket, wanted, at })
    }

    /// Where it is; the port is the real one when 0 was asked for.
    pub(super) fn at(&self) -> SocketAddr {
        self.at
    }

    /// Lets clients connect.
    pub(super) fn open(self) -> std::result::Result<TcpListener, StartError> {
        let Self { socket, wanted, .. } = self;
        socket
            .listen(BACKLOG)
            .and_then(tokio::net::TcpListener::into_std)
            .map_err(|source| StartError::Listen { address: wanted, source })
    }
}

fn bind(wanted: SocketAddr) -> Result<TcpSocket> {
    let socket = if wanted.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Connections of the last server may still be closing; another one that listens is an error all the same.
    socket.set_reuseaddr(true)?;
    socket.bind(wanted)?;
    Ok(socket)
}

/// What can be done about an address that cannot be had.
pub(super) fn advice(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::AddrInUse => "Another server may be there: choose another address with --listen",
        ErrorKind::PermissionDenied => {
            "Ports below 1024 need the right to use them: choose another one with --listen"
        }
        ErrorKind::AddrNotAvailable => "This machine has no such address: choose another one with --listen",
        _ => "Choose another address with --listen",
    }
}
