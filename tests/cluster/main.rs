//! The server's own database cluster: starting, adopting, refusing and stopping it, by itself and through the
//! program that an operator runs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise, also in its helpers"
)]

mod first_start;
mod own;
mod program;
