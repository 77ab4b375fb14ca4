//! Bytes on the wire, for what no well-behaved client would send.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came back: the status, the head and the body as they stand.
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends all of a request before a single byte of the answer is read, as simple clients do.
pub(crate) async fn send(address: SocketAddr, head: &str, body: &[u8]) -> std::io::Result<RawAnswer> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    stream.flush().await?;
    read(&mut stream).await
}

/// Reads one answer with a length.
pub(crate) async fn read(stream: &mut TcpStream) -> std::io::Result<RawAnswer> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                return Ok(RawAnswer { status, head: head.to_owned(), body: body.to_owned() });
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => bytes.extend_from_slice(&part[..count]),
        }
    }
}
