//! Where pictures are worked on: beside the threads that serve calls, a few at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// How many are worked on at a time: one takes a second and some hundreds of megabytes.
const PLACES: usize = 2;

/// The places of a server, the same ones for whoever has a copy.
#[derive(Clone)]
pub struct Workbench {
    places: Arc<Semaphore>,
}

impl Default for Workbench {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PLACES)) }
    }
}

impl Workbench {
    /// Does the work as soon as there is a place.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] when the work breaks down.
    pub async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let broken = |error: &dyn std::error::Error| {
            Error::Internal(format!("a picture could not be worked on: {error}"))
        };
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|error| broken(&error))?;
        let done = tokio::task::spawn_blocking(move || {
            // It is taken until the work is done, also when nobody waits for it any more.
            let _place = place;
            work()
        });
        done.await.map_err(|error| broken(&error))
    }
}
