//! What can be done with the events that were set aside.

use annals_core::Result;

use super::{DeadLetter, ProjectionHandle};

/// The dead letters of a projection: events that could not be applied, and those of the same key
/// that wait behind them.
#[derive(Debug)]
pub struct DeadLetters<'a>(pub(super) &'a ProjectionHandle);

impl DeadLetters<'_> {
    /// All of them, by position.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list(&self) -> Result<Vec<DeadLetter>> {
        self.0.entry.letters().await
    }

    /// Applies one event after all. Its effect and its removal from the list are one transaction.
    ///
    /// # Errors
    /// `InvalidArgument` when it is not the first of its key, or is no longer there; why it still
    /// cannot be applied, and then it stays; those of the database.
    pub async fn retry(&self, letter: &DeadLetter) -> Result<()> {
        self.0.entry.retry(&self.0.app.store, letter).await
    }

    /// Applies the events of a key in order, each in a transaction of its own, and gives how many.
    /// When none is left, new events of the key are applied again as they come.
    ///
    /// # Errors
    /// Those of [`retry`](Self::retry) for the first that cannot be applied; those before it are.
    pub async fn retry_key(&self, key: &str) -> Result<usize> {
        let mut done = 0;
        for letter in self.list().await? {
            if letter.key.as_deref() == Some(key) {
                self.retry(&letter).await?;
                done += 1;
            }
        }
        Ok(done)
    }

    /// Leaves an event out for good. Those of its key that wait behind it can be retried then.
    ///
    /// # Errors
    /// `InvalidArgument` when it is no longer there; those of the database.
    pub async fn discard(&self, letter: &DeadLetter) -> Result<()> {
        self.0.entry.discard(letter).await
    }
}
