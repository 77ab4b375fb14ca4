//! The server's own database cluster: starting, adopting, refusing and stopping it, by itself and through the
//! program that an operator runs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may stop at the first surprise, also in its helpers, and say why"
)]

mod first_start;
mod own;
mod program;
mod refusals;
mod secured;
mod signals;
mod watching;
