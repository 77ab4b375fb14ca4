//! A body in parts, which go out one after the other: putting a long answer together first would copy it once
//! more.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

/// A body whose length is known, in parts.
pub(super) struct Parts {
    left: VecDeque<Bytes>,
    length: u64,
}

impl Parts {
    /// The body that these parts are together.
    pub(super) fn new(parts: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let left: VecDeque<Bytes> = parts.into_iter().map(Bytes::from).collect();
        let length = left.iter().fold(0, |sum: u64, part| sum.saturating_add(part.len() as u64));
        Self { left, length }
    }
}

impl MessageBody for Parts {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(self.left.pop_front().map(Ok))
    }
}
