//! Who failed a short while ago, as far as this server has seen: only they are looked up in the database. And
//! how many attempts of somebody are under way: no more at once than may fail, or many guesses would be tried
//! before the first of them is counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveDateTime, TimeDelta};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limit::Key;

/// How long somebody is suspected after a failure: longer than any window of failures lasts.
const MEMORY: TimeDelta = TimeDelta::minutes(5);

/// Suspects that are kept; past that all are forgotten at once, and fail again to come back.
const MOST: usize = 50_000;

/// The suspects; see the module.
#[derive(Default)]
pub struct Suspects {
    failed: Mutex<HashMap<Key, NaiveDateTime>>,
    under_way: Mutex<HashMap<Key, Arc<Semaphore>>>,
}

/// An attempt that is under way.
pub struct Attempt<'a> {
    suspects: &'a Suspects,
    key: &'a Key,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.permit = None;
        let mut under_way = self.suspects.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // Who waits has the semaphore as well.
        if under_way.get(self.key).is_some_and(|turns| Arc::strong_count(turns) == 1) {
            under_way.remove(self.key);
        }
    }
}

impl Suspects {
    /// Whether somebody failed a short while ago.
    pub fn has(&self, key: &Key, now: NaiveDateTime) -> bool {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get(key).is_some_and(|until| *until > now)
    }

    /// Waits until fewer attempts of somebody are under way than may fail.
    pub async fn begin<'a>(&'a self, key: &'a Key) -> Attempt<'a> {
        let turns = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            let turns = under_way.entry(key.clone());
            Arc::clone(turns.or_insert_with(|| Arc::new(Semaphore::new(key.most().max(1)))))
        };
        // It is there while it waits: whoever hangs up meanwhile leaves nothing behind.
        let mut attempt = Attempt { suspects: self, key, permit: None };
        // Nobody closes the semaphore.
        attempt.permit = turns.acquire_owned().await.ok();
        attempt
    }

    /// Remembers a failure.
    pub fn add(&self, key: Key, now: NaiveDateTime) {
        let mut known = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, now + MEMORY);
    }
}
