//! A line that tells how far a long command is, for a terminal alone.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How often the line is drawn anew.
const PAUSE: Duration = Duration::from_millis(100);

/// Characters of the bar.
const WIDTH: usize = 24;

/// The line; see the module.
pub(super) struct Progress {
    is_shown: bool,
    began: Instant,
    drawn: Option<Instant>,
    total: u64,
}

impl Progress {
    /// A line about `total` of something, when standard error is a terminal.
    pub(super) fn new(total: u64) -> Self {
        let is_shown = std::io::stderr().is_terminal();
        Self { is_shown, began: Instant::now(), drawn: None, total }
    }

    /// Tells that `done` of the total is behind, which makes `rows` rows.
    pub(super) fn tell(&mut self, done: u64, rows: u64) {
        if !self.is_shown || self.drawn.is_some_and(|drawn| drawn.elapsed() < PAUSE) {
            return;
        }
        self.drawn = Some(Instant::now());
        let line = line(done, self.total, rows, self.began.elapsed());
        // A terminal that is gone is no reason to stop.
        _ = write!(std::io::stderr(), "\r{line}\u{1b}[K");
    }

    /// Clears the line.
    pub(super) fn end(&self) {
        if self.is_shown && self.drawn.is_some() {
            _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bar of some characters need not be exact"
)]
fn line(done: u64, total: u64, rows: u64, elapsed: Duration) -> String {
    let share = if total == 0 { 1.0 } else { (done as f64 / total as f64).min(1.0) };
    let full = (share * WIDTH as f64) as usize;
    let bar: String = (0..WIDTH).map(|place| if place < full { '#' } else { '-' }).collect();
    let seconds = elapsed.as_secs_f64();
    let rate = if seconds > 0.0 { rows as f64 / seconds } else { 0.0 };
    let left = if share > 0.0 { seconds / share - seconds } else { 0.0 };
    format!("[{bar}] {:3.0} %  {rows} rows  {rate:.0}/s  {left:.0} s left", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_share_rows_and_the_time_that_is_left() {
        assert_eq!(
            line(50, 100, 1000, Duration::from_secs(10)),
            "[############------------]  50 %  1000 rows  100/s  10 s left"
        );
        assert!(line(0, 0, 0, Duration::ZERO).contains("100 %"));
    }
}
