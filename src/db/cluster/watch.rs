//! Watches over the running `PostgreSQL`: one that dies under the server is started again.

use super::Cluster;
use super::error::ClusterError;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often it is started within a [`WINDOW`]. One that dies quicker than that is not for us to mend, and
/// each start repairs what the last end left.
const MOST_STARTS: usize = 3;
/// The time in which starts are counted.
const WINDOW: Duration = Duration::from_mins(1);
/// How often a start is tried that fails, and the pause in between: what is left of the last one may need a
/// moment to go.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

impl Cluster {
    /// Starts `PostgreSQL` again whenever it ends, as at the start of the server. Comes back only when it
    /// cannot be started, with the reason.
    ///
    /// Whoever wants to stop the cluster drops the future first, at any moment.
    pub async fn watch(&mut self) -> ClusterError {
        let mut starts: Vec<Instant> = Vec::new();
        loop {
            let end = self.postmaster.ended().await;
            tracing::error!(end, "PostgreSQL has ended under the server");
            starts.retain(|start| start.elapsed() < WINDOW);
            if let Some(first) = starts.first().filter(|_| starts.len() >= MOST_STARTS) {
                let wait = WINDOW.saturating_sub(first.elapsed());
                tracing::error!(
                    starts = starts.len(),
                    seconds = wait.as_secs(),
                    "PostgreSQL ends again and again; the next start waits"
                );
                sleep(wait).await;
            }
            starts.push(Instant::now());
            if let Err(error) = self.start_again().await {
                return error;
            }
        }
    }

    async fn start_again(&mut self) -> Result<(), ClusterError> {
        let began = Instant::now();
        for left in (0..TRIES).rev() {
            tracing::warn!(data_dir = %self.data_dir.display(), "starting PostgreSQL again");
            match self.postmaster.bring_up(&self.settings).await {
                Ok(()) => break,
                Err(error) if left == 0 => return Err(error),
                Err(error) => tracing::error!(%error, "PostgreSQL could not be started; it is tried again"),
            }
            sleep(PAUSE).await;
        }
        tracing::info!(
            pid = self.postmaster.pid(),
            milliseconds = began.elapsed().as_millis(),
            "PostgreSQL is ready again"
        );
        Ok(())
    }
}
