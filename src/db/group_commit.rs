//! Group commit: single changes that come while another is being kept wait for it, and are then sent and kept
//! together. Each is a statement of its own that sees what those before it did, as if they had come one after
//! the other; where one of them fails, none is kept, and each is tried by itself.
//!
//! What a transaction costs besides its statements (its begin, what triggers set up, its end on the disk) is
//! paid once for all of them. A change that comes alone waits for nothing and is sent as it always was.

use std::collections::VecDeque;
use std::mem;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_postgres::Object;
use futures_util::future::{Either, join_all, join3, select};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::Pool;
use super::error::{of_keeping, was_not_sent};
use super::statement::{self, Answer, Outcome, Rendered, outcome};
use crate::error::{Error, Result};

/// Changes that are kept together at the most. `join_all` sends up to thirty in their order.
const MOST: usize = 24;

/// Bytes of values past which a change is not made to wait for others, nor others for it.
const LARGEST: usize = 64 * 1024;

/// How long those who wait are held up by those who wait themselves, for a slow disk, a connection or a lock.
const PATIENCE: Duration = Duration::from_millis(3);

/// One snapshot a statement, as for statements by themselves. One that waits for a lock is to wait alone, but not
/// for those before it, which a slow disk holds up.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '100ms'";

/// The changes of a pool that wait.
#[derive(Default)]
pub(super) struct GroupCommit {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    is_busy: bool,
    waiting: VecDeque<Change>,
}

struct Change {
    record: Option<i64>,
    statement: Rendered,
    answer: oneshot::Sender<Result<Way>>,
}

/// How a change is kept.
pub(super) enum Way {
    /// It is, with others.
    Kept(Outcome),
    /// By itself; with a pass, others wait for it.
    Apart(Rendered, Option<Pass>),
}

/// The right of those who send changes now. The next ones are sent when it is dropped.
pub(super) struct Pass {
    pool: Pool,
}

impl GroupCommit {
    /// Lets a change be kept with others, or by itself where nobody else is at it. `record` is the one that it
    /// changes, if it is there already.
    ///
    /// # Errors
    ///
    /// [`Error::InDoubt`] when the connection fails while it is being kept.
    pub(super) async fn join(pool: &Pool, record: Option<i64>, statement: Rendered) -> Result<Way> {
        if is_large(&statement) {
            return Ok(Way::Apart(statement, None));
        }
        let answer = {
            let mut queue = pool.changes.queue();
            if !mem::replace(&mut queue.is_busy, true) {
                return Ok(Way::Apart(statement, Some(Pass { pool: pool.clone() })));
            }
            let (sender, receiver) = oneshot::channel();
            queue.waiting.push_back(Change { record, statement, answer: sender });
            receiver
        };
        // Without an answer the server is being stopped, and nobody knows how far it came.
        answer.await.unwrap_or(Err(Error::InDoubt))
    }

    /// The changes that are sent next. Without any nobody is busy any more.
    fn next(&self) -> Vec<Change> {
        let mut queue = self.queue();
        // A client that has hung up meanwhile has nothing changed.
        queue.waiting.retain(|change| !change.answer.is_closed());
        let most = queue.waiting.len().min(MOST);
        queue.is_busy = most > 0;
        queue.waiting.drain(..most).collect()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // A panic elsewhere leaves it whole: each change of it is one step.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_large(statement: &Rendered) -> bool {
    let sizes = statement.params.iter().map(super::Param::size);
    sizes.sum::<Option<usize>>().is_none_or(|size| size > LARGEST)
}

impl Pass {
    /// Waits for what is sent by this right. Where that takes long, those who wait go on.
    pub(super) async fn during<T>(self, sent: impl Future<Output = T>) -> T {
        match select(pin!(sent), pin!(sleep(PATIENCE))).await {
            Either::Left((done, _)) => done,
            Either::Right(((), sent)) => {
                drop(self);
                sent.await
            }
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut changes = self.pool.changes.next();
        if changes.is_empty() {
            return;
        }
        let pass = Self { pool: self.pool.clone() };
        if changes.len() > 1 {
            // Without a runtime the server has stopped, and nothing was sent.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(keep_together(pass, changes));
            }
        } else if let Some(change) = changes.pop() {
            change.go_apart(Some(pass));
        }
    }
}

impl Change {
    fn go_apart(self, pass: Option<Pass>) {
        // Nobody is there to hear it whose client has hung up; a pass goes to the next ones then.
        drop(self.answer.send(Ok(Way::Apart(self.statement, pass))));
    }
}

/// Keeps changes in one transaction, lets those who came meanwhile go on, and tells each what became of it.
async fn keep_together(pass: Pass, mut changes: Vec<Change>) {
    // In one order, so that those of two threads do not wait for each other: by record, and of the same id by table,
    // with which the text begins.
    changes
        .sort_by(|one, other| (one.record, &one.statement.text).cmp(&(other.record, &other.statement.text)));
    let pool = pass.pool.clone();
    let fates = pass.during(send(&pool, &changes)).await;
    for (change, fate) in changes.into_iter().zip(fates) {
        match fate {
            Fate::Kept(outcome) => drop(change.answer.send(Ok(Way::Kept(outcome)))),
            Fate::Failed(error) => drop(change.answer.send(Err(error))),
            Fate::NotKept => change.go_apart(None),
        }
    }
}

/// What became of a change that was to be kept with others.
enum Fate {
    Kept(Outcome),
    NotKept,
    Failed(Error),
}

/// What becomes of changes that are sent together, one by one.
async fn send(pool: &Pool, changes: &[Change]) -> Vec<Fate> {
    let all = |fate: fn() -> Fate| changes.iter().map(|_change| fate()).collect();
    let client = match pool.inner.get().await.map_err(Error::from) {
        Ok(client) => client,
        Err(error) => return changes.iter().map(|_change| Fate::Failed(error.clone())).collect(),
    };
    let mut prepared = Vec::with_capacity(changes.len());
    for change in changes {
        match change.statement.prepare(&client).await {
            Ok(statement) => prepared.push((statement, change.statement.params.as_slice())),
            // Whose it is hears of it when it is tried by itself.
            Err(_) => return all(|| Fate::NotKept),
        }
    }
    if client.is_closed() {
        return all(|| Fate::NotKept);
    }
    // The driver puts a request on the wire when its future is first polled.
    let statements = join_all(prepared.iter().map(|(each, params)| outcome(&client, each, params)));
    let (begun, answers, ended) =
        join3(client.batch_execute(BEGIN), statements, client.batch_execute("COMMIT")).await;
    if begun.is_err() && answers.iter().any(std::result::Result::is_ok) {
        // Without a transaction each statement was kept by itself, or may have been.
        tracing::warn!(error = ?begun.err(), "a transaction was not begun whose statements had been sent");
        drop(Object::take(client));
        return all(|| Fate::Failed(Error::InDoubt));
    }
    let failures =
        begun.as_ref().err().into_iter().chain(answers.iter().filter_map(|one| one.as_ref().err()));
    if let Some((error, refusal)) = failures.into_iter().find_map(|error| Some((error, error.as_db_error()?)))
    {
        // The COMMIT after it has kept nothing.
        statement::forget_stale(&client, error);
        tracing::debug!(
            changes = changes.len(),
            code = refusal.code().code(),
            "changes that could not be kept together go apart"
        );
        return all(|| Fate::NotKept);
    }
    match begun.and(ended).map_err(of_keeping) {
        Ok(()) => answers.into_iter().map(fate).collect(),
        Err(Error::InDoubt) => {
            // It must not be used again.
            drop(Object::take(client));
            all(|| Fate::Failed(Error::InDoubt))
        }
        Err(_) => all(|| Fate::NotKept),
    }
}

/// What became of one change of a transaction that was kept.
fn fate(answer: Answer<Outcome>) -> Fate {
    match answer {
        Ok(outcome) => Fate::Kept(outcome),
        Err(error) if was_not_sent(&error) => Fate::NotKept,
        Err(error) => {
            tracing::warn!(?error, "what a change came to could not be read");
            Fate::Failed(Error::InDoubt)
        }
    }
}
