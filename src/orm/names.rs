//! Display names of records that are pointed to often and change seldom: users, companies, schemes.
//!
//! A change of such a model makes them stale on all servers (`Staleness::Names`); on the server that
//! made it before it answers. A call that has changed one itself does not look here.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::fast::RandomState;

use super::behaviour::Staleness;
use super::model::Model;

/// Names that are kept; past that all are forgotten at once.
const MOST: usize = 50_000;

/// Names by id. The keys are the database's own numbers, for which the standard library's hasher takes
/// more care, and time, than they need.
pub type ById = HashMap<i64, String, RandomState>;

#[derive(Default)]
struct Kept {
    /// Counts how often all was forgotten: what was read before is not kept after.
    epoch: u64,
    count: usize,
    /// By model and language, then by id.
    names: HashMap<String, Arc<ById>>,
}

/// The cache; see the module.
#[derive(Default)]
pub struct Names(RwLock<Kept>);

fn key(model: &Model, lang: &str) -> String {
    format!("{} {lang}", model.name)
}

/// Whether names of a model may be kept: its changes are told to all servers.
pub fn are_kept(model: &Model) -> bool {
    model.behaviour.staleness() >= Staleness::Names
}

impl Names {
    /// The names that are known, those asked for among them; the ids whose names are not; and the epoch
    /// to give back with those.
    pub fn find(&self, model: &Model, lang: &str, ids: &[i64]) -> (Arc<ById>, Vec<i64>, u64) {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = kept.names.get(&key(model, lang)).map(Arc::clone).unwrap_or_default();
        let missing = ids.iter().filter(|id| !known.contains_key(id)).copied().collect();
        (known, missing, kept.epoch)
    }

    /// Keeps names, unless all was forgotten since they were read.
    pub fn keep(&self, model: &Model, lang: &str, names: &ById, epoch: u64) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.epoch != epoch {
            return;
        }
        if kept.count + names.len() > MOST {
            kept.names.clear();
            kept.count = 0;
        }
        kept.count += names.len();
        let known = Arc::make_mut(kept.names.entry(key(model, lang)).or_default());
        known.extend(names.iter().map(|(id, name)| (*id, name.clone())));
    }

    /// Forgets all.
    pub fn forget(&self) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.epoch += 1;
        kept.count = 0;
        kept.names.clear();
    }
}
