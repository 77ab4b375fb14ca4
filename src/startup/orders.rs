//! What the server is told by signals, heard from the very beginning: to stop, and to stop at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What the server is told, for all parts of a start, a run and a stop.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    /// To stop: calls that run are finished.
    pub(super) stop: CancellationToken,
    /// Not to wait for them any longer.
    pub(super) cut_off: CancellationToken,
}

impl Orders {
    /// Those that the signals of this process give, from now on: the first one to stop, the second to cut
    /// off.
    pub fn of_signals() -> Self {
        let orders = Self::default();
        match Heard::new() {
            Ok(heard) => {
                tokio::spawn(pass_on(heard, orders.clone()));
            }
            Err(error) => {
                tracing::error!(%error, "signals cannot be heard: the server will not stop cleanly");
            }
        }
        orders
    }

    /// Waits for the order to stop.
    pub async fn told_to_stop(&self) {
        self.stop.cancelled().await;
    }
}

async fn pass_on(mut heard: Heard, orders: Orders) {
    let signal = heard.next().await;
    tracing::info!(signal, "told to stop: running calls are finished first; a second signal cuts them off");
    orders.stop.cancel();
    let signal = heard.next().await;
    tracing::warn!(signal, "told to stop at once: running calls are cut off");
    orders.cut_off.cancel();
    // Nothing is quicker than this; the handlers stay, so that no signal ends the process before its database.
}

/// The signals that mean the end.
struct Heard {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hang_up: Option<Signal>,
}

impl Heard {
    fn new() -> std::io::Result<Self> {
        // Whoever started it by `nohup` wants it to outlive the terminal.
        let hang_up = if is_ignored(1) { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hang_up,
        })
    }

    async fn next(&mut self) -> &'static str {
        let Self { terminate, interrupt, quit, hang_up } = self;
        let hung_up = async {
            match hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            _ = quit.recv() => "SIGQUIT",
            _ = hung_up => "SIGHUP",
        }
    }
}

/// Whether the process was started with a signal ignored; not, where the system does not tell.
fn is_ignored(number: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & (1 << (number - 1)) != 0)
}
