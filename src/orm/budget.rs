//! How much one answer may hold where what is asked for can go in circles (lines, their record, its lines …)
//! and multiplies with each turn.

use std::cell::Cell;

use crate::error::{Error, Result};

/// Values in one answer, those of lines of lines among them. No page and no table is as large as this.
const MOST_VALUES: usize = 1_000_000;

/// How many values an answer may still hold.
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(MOST_VALUES))
    }
}

impl Budget {
    /// Takes what one more copy of a record costs.
    ///
    /// # Errors
    ///
    /// [`Error::User`] when nothing is left.
    pub(super) fn spend(&self, values: usize) -> Result<()> {
        let left = self.0.get().checked_sub(values).ok_or_else(|| {
            Error::User(format!(
                "More than {MOST_VALUES} values were asked for at once: ask for fewer records, or for fewer lines of lines."
            ))
        })?;
        self.0.set(left);
        Ok(())
    }
}
