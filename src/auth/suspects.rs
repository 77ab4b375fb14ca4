//! Who failed a short while ago, as far as this server has seen: only they are looked up in the database.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{NaiveDateTime, TimeDelta};

use super::limit::Key;

/// How long somebody is suspected after a failure: longer than any window of failures lasts.
const MEMORY: TimeDelta = TimeDelta::minutes(5);

/// Suspects that are kept; past that all are forgotten at once, and fail again to come back.
const MOST: usize = 50_000;

/// The suspects; see the module.
#[derive(Default)]
pub struct Suspects(Mutex<HashMap<Key, NaiveDateTime>>);

impl Suspects {
    /// Whether somebody failed a short while ago.
    pub fn has(&self, key: &Key, now: NaiveDateTime) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).is_some_and(|until| *until > now)
    }

    /// Remembers a failure.
    pub fn add(&self, key: Key, now: NaiveDateTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, now + MEMORY);
    }
}
