//! What a server does beside answering: it hears what other servers change, and takes out what has expired.
//! Each of it goes on until the server stops, whatever happens to it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::auth::purge;
use crate::db::listener::{self, Notice};
use crate::db::{Pool, Target};
use crate::rpc::caches;
use crate::rpc::{App, Shared};

/// How often expired rows are looked for.
const HOUSEKEEPING: Duration = Duration::from_mins(5);

/// The pause before a task that broke down is started again.
const RESTART: Duration = Duration::from_secs(1);

/// Hears what other servers change, and forgets what that makes stale.
pub(super) fn listen_for_changes(
    target: &Target,
    shared: &Arc<Shared>,
    stop: &CancellationToken,
) -> Result<(), StartError> {
    let app = App { pool: Pool::new(target, 1)?, shared: Arc::clone(shared) };
    let (target, until) = (target.clone(), stop.clone());
    watch("hearing of changes", stop, move || {
        let (app, target, until) = (app.clone(), target.clone(), until.clone());
        async move {
            let (notices, mut heard) = tokio::sync::mpsc::unbounded_channel::<Notice>();
            let refreshing = async {
                while let Some(notice) = heard.recv().await {
                    // What came meanwhile is known of by one look as well.
                    let mut all = vec![notice];
                    all.extend(std::iter::from_fn(|| heard.try_recv().ok()));
                    if let Err(error) = caches::hear(&app, &all).await {
                        tracing::warn!(%error, "a change made elsewhere could not be loaded");
                    }
                }
            };
            tokio::join!(listener::listen(target, caches::CHANNEL, notices, until), refreshing);
        }
    });
    Ok(())
}

/// Takes out what has expired, every now and then.
pub(super) fn keep_house(
    target: &Target,
    shared: &Arc<Shared>,
    stop: &CancellationToken,
) -> Result<(), StartError> {
    let pool = Pool::new(target, 1)?;
    let (shared, until) = (Arc::clone(shared), stop.clone());
    watch("housekeeping", stop, move || {
        let (pool, shared, until) = (pool.clone(), Arc::clone(&shared), until.clone());
        async move {
            let mut pause = HOUSEKEEPING;
            loop {
                tokio::select! {
                    () = until.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                let counted = |kind, rows| shared.metrics.purged(kind, rows);
                let round = async { purge::run(&pool.get().await?, shared.world.now(), counted).await };
                // Where more expires than goes in a round, the next one follows soon.
                pause = match round.await {
                    Ok(rows) if rows >= purge::MOST => Duration::from_secs(1),
                    Ok(_) => HOUSEKEEPING,
                    Err(error) => {
                        tracing::warn!(%error, "what has expired could not be taken out; it is tried again later");
                        HOUSEKEEPING
                    }
                };
            }
        }
    });
    Ok(())
}

/// Runs a task until `stop`. One that ends before is a defect, which is told, and costs a pause and no more:
/// a server whose housekeeping has died looks well for months.
fn watch<F>(name: &'static str, stop: &CancellationToken, task: impl Fn() -> F + 'static)
where
    F: Future<Output = ()> + 'static,
{
    let stop = stop.clone();
    actix_web::rt::spawn(async move {
        loop {
            let ended = actix_web::rt::spawn(task()).await;
            if stop.is_cancelled() {
                return;
            }
            let cause =
                ended.err().map_or_else(|| "it came to its end".to_owned(), |error| error.to_string());
            tracing::error!(task = name, cause, "a task broke down; it is started again");
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(RESTART) => {}
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[actix_web::test]
    async fn a_task_that_breaks_down_is_started_again_until_the_stop() {
        let stop = CancellationToken::new();
        let (starts, mut started) = mpsc::unbounded_channel();
        let (count, until) = (Arc::new(std::sync::atomic::AtomicU32::new(0)), stop.clone());
        watch("test", &stop, move || {
            let (starts, count, until) = (starts.clone(), Arc::clone(&count), until.clone());
            async move {
                let start = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                starts.send(start).unwrap();
                assert!(start > 0, "the first one breaks down");
                until.cancelled().await;
            }
        });

        assert_eq!((started.recv().await, started.recv().await), (Some(0), Some(1)));
        stop.cancel();
        assert_eq!(started.recv().await, None, "nobody starts it any more");
    }
}
