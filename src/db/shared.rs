//! Connections that reads share. A statement that only reads needs no connection of its own: several are sent one
//! after the other on one, and the database answers them without waiting for the next to be asked. That spares
//! both sides most of their waking up.
//!
//! Who is sent behind others could wait for a slow one. So nobody joins a connection whose statement takes long,
//! and who is caught behind one asks again on a connection of its own: a read may be asked twice.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::Object;
use tokio::time::timeout;

use super::Pool;
use super::connection::give_up;
use super::error::was_broken_off;
use super::statement::{self, Answer, Outcome, Rendered, outcome};
use crate::error::Result;

/// Connections that are shared at the most, and not more than a third of a pool's: they stay out of it, and the
/// others are for transactions. Who finds none to join takes one of those.
const MOST: usize = 2;

/// Statements on one of them.
const DEEPEST: usize = 8;

/// How long one may have to wait who joins, as far as that can be told.
const SOON: Duration = Duration::from_millis(4);

/// How long one waits behind others before one asks elsewhere. On busy processors a good one may be held up for
/// some turns of the system; who asks again then adds to that.
const PATIENCE: Duration = Duration::from_millis(20);

/// How long a statement runs on whose client has hung up.
const GRACE: Duration = Duration::from_millis(100);

/// The shared connections of a pool.
#[derive(Default)]
pub(super) struct Shared {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    lines: Vec<Line>,
    /// How many are being opened.
    opening: usize,
    /// How long a statement took of late.
    pace: Duration,
    last_ticket: u64,
}

/// A connection, and who is sent on it.
struct Line {
    client: Arc<Client>,
    /// In the order in which they are answered.
    unfinished: VecDeque<u64>,
    /// When the last one was answered, or the first one sent.
    progress: Instant,
}

struct Client {
    object: Option<Object>,
    /// A statement of it was given up: which one, nobody knows, and it must not be used again.
    is_spoiled: AtomicBool,
}

impl Client {
    fn is_spoiled(&self) -> bool {
        self.is_spoiled.load(Ordering::Relaxed)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.is_spoiled()
            && let Some(object) = self.object.take()
        {
            drop(Object::take(object));
        }
    }
}

/// A place on a shared connection, until the answer is there.
struct Place {
    pool: Pool,
    client: Arc<Client>,
    ticket: u64,
    began: Instant,
}

impl Shared {
    /// How many of them wait for the next statement.
    pub(super) fn idle(&self) -> usize {
        self.inner().lines.iter().filter(|line| line.unfinished.is_empty()).count()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves it whole: nothing between its steps can fail.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Takes a place on a connection on which it is soon one's turn.
    fn join(&mut self, pool: &Pool, began: Instant) -> Option<Place> {
        let pace = self.pace;
        let is_quick = |line: &&mut Line| {
            let count = line.unfinished.len();
            !line.client.is_spoiled()
                && (count == 0
                    || count < DEEPEST
                        && began.saturating_duration_since(line.progress) < PATIENCE
                        && pace.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX)) < SOON)
        };
        let line = self.lines.iter_mut().filter(is_quick).min_by_key(|line| line.unfinished.len())?;
        if line.unfinished.is_empty() {
            line.progress = began;
        }
        self.last_ticket += 1;
        line.unfinished.push_back(self.last_ticket);
        Some(Place { pool: pool.clone(), client: Arc::clone(&line.client), ticket: self.last_ticket, began })
    }

    fn open(&mut self, pool: &Pool, object: Object) -> Place {
        let (began, client) =
            (Instant::now(), Arc::new(Client { object: Some(object), is_spoiled: AtomicBool::new(false) }));
        self.last_ticket += 1;
        let unfinished = VecDeque::from([self.last_ticket]);
        self.lines.push(Line { client: Arc::clone(&client), unfinished, progress: began });
        Place { pool: pool.clone(), client, ticket: self.last_ticket, began }
    }

    fn line(&mut self, client: &Arc<Client>) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| Arc::ptr_eq(&line.client, client))
    }

    fn leave(&mut self, place: &Place) {
        let now = Instant::now();
        let Some(line) = self.line(&place.client) else { return };
        let took = now.saturating_duration_since(line.progress.max(place.began)).min(PATIENCE);
        line.unfinished.retain(|ticket| *ticket != place.ticket);
        line.progress = now;
        self.lines.retain(|line| !line.client.is_spoiled() || !line.unfinished.is_empty());
        // The average of some of the last ones.
        self.pace = (self.pace * 7 + took) / 8;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pool.shared.inner().leave(self);
    }
}

impl Place {
    /// Whether it is its turn, and since when.
    fn turn(&self) -> Option<Duration> {
        let mut inner = self.pool.shared.inner();
        let line = inner.line(&self.client)?;
        (line.unfinished.front() == Some(&self.ticket)).then(|| line.progress.max(self.began).elapsed())
    }

    /// Goes behind those who were sent while the statement was prepared.
    fn queue_up(&self) {
        let mut inner = self.pool.shared.inner();
        let Some(line) = inner.line(&self.client) else { return };
        if line.unfinished.back() != Some(&self.ticket) {
            line.unfinished.retain(|ticket| *ticket != self.ticket);
            line.unfinished.push_back(self.ticket);
        }
    }

    /// Ends the statement that runs, and the connection with the last one that is on it. Whoever is hit asks again
    /// elsewhere.
    fn end(&self) {
        self.client.is_spoiled.store(true, Ordering::Relaxed);
        if let Some(object) = &self.client.object {
            give_up(object.cancel_token(), self.pool.tls.clone());
        }
    }
}

/// Under way, on a connection that others may be on as well.
type Work = Pin<Box<dyn Future<Output = Option<Answer<Outcome>>> + Send>>;

/// A statement that was sent, and whose answer somebody waits for. It is seen out when nobody does any more, for
/// the sake of those behind it.
struct Asked {
    place: Arc<Place>,
    work: Option<Work>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.work.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(see_out(Arc::clone(&self.place), work));
        }
    }
}

/// What a statement that only reads came to on a shared connection; nothing when it is to be sent on another one.
///
/// # Errors
///
/// What the database says of it, and [`Error::Unavailable`](crate::error::Error::Unavailable) when no connection
/// can be had.
pub(super) async fn read(pool: &Pool, statement: &Arc<Rendered>) -> Result<Option<Outcome>> {
    let Some(place) = place(pool).await? else { return Ok(None) };
    let (place, statement) = (Arc::new(place), Arc::clone(statement));
    let work: Work = Box::pin(ask(Arc::clone(&place), statement));
    let mut asked = Asked { place, work: Some(work) };
    let Some(work) = asked.work.as_mut() else { return Ok(None) };
    let mut patience = PATIENCE;
    let answer = loop {
        match timeout(patience, &mut *work).await {
            Ok(answer) => break answer,
            // There is nobody to wait for but the statement itself.
            Err(_) if asked.place.turn().is_some() => patience = GRACE,
            Err(_) => return Ok(None),
        }
    };
    asked.work = None;
    let error = match answer {
        Some(Ok(outcome)) => return Ok(Some(outcome)),
        Some(Err(error)) => error,
        None => return Ok(None),
    };
    let client = &asked.place.client;
    if was_broken_off(&error) {
        // The driver may notice later.
        client.is_spoiled.store(true, Ordering::Relaxed);
    }
    // Given up for somebody else, or broken: there is nothing to lose by asking again.
    if client.is_spoiled() {
        return Ok(None);
    }
    if let Some(object) = &client.object {
        statement::forget_stale(object, &error);
    }
    Err(error.into())
}

/// That a connection is being opened, until it is or cannot be.
struct Opening<'a>(&'a Shared);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.inner().opening -= 1;
    }
}

/// A place on a shared connection, if there is a good one.
async fn place(pool: &Pool) -> Result<Option<Place>> {
    let status = pool.inner.status();
    let opening = {
        let mut inner = pool.shared.inner();
        inner.lines.retain(|line| line.client.object.as_ref().is_some_and(|object| !object.is_closed()));
        let good = || inner.lines.iter().filter(|line| !line.client.is_spoiled());
        let count = good().count();
        let has_idle = good().any(|line| line.unfinished.is_empty());
        // None is opened that is not to be had at once.
        let has_more = status.available > 0 || status.size < status.max_size;
        let may_open = count + inner.opening < MOST.min(status.max_size / 3) && (has_more || count == 0);
        if has_idle || !may_open {
            return Ok(inner.join(pool, Instant::now()));
        }
        // Nobody else is at it, so that there is nothing to share yet.
        if count == 0 && (status.available > 0 || status.size == 0) {
            return Ok(None);
        }
        inner.opening += 1;
        Opening(&pool.shared)
    };
    let object = pool.inner.get().await?;
    drop(opening);
    Ok(Some(pool.shared.inner().open(pool, object)))
}

async fn ask(place: Arc<Place>, statement: Arc<Rendered>) -> Option<Answer<Outcome>> {
    let object = place.client.object.as_ref()?;
    let prepared = statement.prepare(object).await;
    place.queue_up();
    Some(match prepared {
        Ok(prepared) => outcome(object, &prepared, &statement.params).await,
        Err(error) => Err(error),
    })
}

/// Waits for an answer that nobody wants, and ends it where it takes long.
async fn see_out(place: Arc<Place>, mut work: Work) {
    let mut grace = GRACE;
    while timeout(grace, &mut work).await.is_err() {
        if place.turn().is_some_and(|since| since >= GRACE) {
            place.end();
            // The database may be away, or have missed it.
            grace = Duration::from_secs(1);
        }
    }
}
