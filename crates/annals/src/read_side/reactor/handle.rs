//! The handle of a reactor: how it goes, and what it is told.

use std::{any::TypeId, fmt, sync::Arc, time::Duration};

use annals_core::{Error, Result};

use super::{Reactor, ReactorStatus, RegisteredReactor, SetAside};
use crate::Annals;

/// A reactor that is registered in this application.
#[derive(Clone)]
pub struct ReactorHandle {
    app: Annals,
    entry: Arc<dyn RegisteredReactor>,
}

/// The dead letters of a reactor: events it gave up, and those of the same key that wait behind
/// them. They are in the stream `reactor_NAME-letters` of the event store.
#[derive(Debug)]
pub struct ReactorLetters<'a>(&'a ReactorHandle);

impl Annals {
    /// The handle of a registered reactor.
    ///
    /// # Errors
    /// `InvalidArgument` when it is not registered.
    pub fn reactor<R: Reactor>(&self) -> Result<ReactorHandle> {
        let known = self.store.reactors.iter().find(|entry| entry.of() == TypeId::of::<R>());
        let entry = known.ok_or_else(|| {
            Error::invalid(format!(
                "reactor `{}` is not registered here; register it with \
                 `Annals::builder().reactor(..)`",
                R::NAME
            ))
        })?;
        Ok(ReactorHandle { app: self.clone(), entry: Arc::clone(entry) })
    }
}

impl ReactorHandle {
    /// How it goes.
    ///
    /// # Errors
    /// Those of reading the store.
    pub async fn status(&self) -> Result<ReactorStatus> {
        self.entry.status(&self.app.store).await
    }

    /// Waits until everything that was written before this call was reacted to, given up or set
    /// aside. Ask in the process that runs the reactor.
    ///
    /// # Errors
    /// `Timeout`, with the lag, when it takes longer; `Unavailable`, with the reason, when the
    /// reactor is paused or stopped; those of reading.
    pub async fn caught_up(&self, timeout: Duration) -> Result<()> {
        self.entry.caught_up(&self.app.store, timeout).await
    }

    /// Goes on after a pause, with the event it stopped before.
    ///
    /// # Errors
    /// None at present.
    pub fn resume(&self) -> Result<()> {
        self.entry.resume()
    }

    /// The events that were set aside.
    #[must_use]
    pub const fn dead_letters(&self) -> ReactorLetters<'_> {
        ReactorLetters(self)
    }
}

impl ReactorLetters<'_> {
    /// All of them, in the order they were set aside.
    ///
    /// # Errors
    /// Those of reading the store.
    pub async fn list(&self) -> Result<Vec<SetAside>> {
        self.0.entry.letters(&self.0.app.store).await
    }

    /// Reacts to one event after all, in this process, at least once.
    ///
    /// # Errors
    /// `InvalidArgument` when it is not the first of its key, or is no longer there; why there is
    /// still no reaction, and then it stays; those of the store.
    pub async fn retry(&self, letter: &SetAside) -> Result<()> {
        self.0.entry.retry(&self.0.app, letter).await
    }

    /// Leaves an event out for good. Those of its key that wait behind it can be retried then.
    ///
    /// # Errors
    /// `InvalidArgument` when it is no longer there; those of the store.
    pub async fn discard(&self, letter: &SetAside) -> Result<()> {
        self.0.entry.discard(&self.0.app.store, letter).await
    }
}

impl fmt::Debug for ReactorHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReactorHandle").field("name", &self.entry.name()).finish_non_exhaustive()
    }
}
