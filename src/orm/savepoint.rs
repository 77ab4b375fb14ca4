//! A point within the transaction of a call to which it can go back.

use super::behaviour::Staleness;
use super::environment::Services;
use super::registry::version::Turn;
use crate::error::Result;

/// A savepoint. What is done after it is kept with the call, unless it is undone; going back takes along what
/// the call has noted of itself meanwhile, which is then as little true as what is in the database.
#[must_use]
pub struct Savepoint<'a> {
    services: &'a Services,
    name: &'static str,
    turn: Turn,
    stale: Staleness,
}

impl<'a> Savepoint<'a> {
    /// Sets it, under a name that is PostgreSQL's alone: a plain word.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::Unavailable`] when the database does not answer.
    pub async fn set(services: &'a Services, name: &'static str) -> Result<Self> {
        services.connection.batch(&format!("SAVEPOINT {name}")).await?;
        Ok(Self { services, name, turn: services.turn.get(), stale: services.stale() })
    }

    /// Drops it, and leaves what was done since to the call.
    ///
    /// # Errors
    ///
    /// As [`Self::set`].
    pub async fn release(self) -> Result<()> {
        self.services.connection.batch(&format!("RELEASE SAVEPOINT {}", self.name)).await
    }

    /// Undoes what was done since.
    ///
    /// # Errors
    ///
    /// As [`Self::set`].
    pub async fn undo(self) -> Result<()> {
        let Self { services, name, turn, stale } = self;
        services.connection.batch(&format!("ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}")).await?;
        services.turn.set(turn.max(services.turn.get().min(Turn::Asked)));
        services.restore_stale(stale);
        Ok(())
    }
}
