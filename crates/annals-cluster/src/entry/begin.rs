//! Beginning a log.

use annals_core::Result;

use super::Genesis;
use crate::log::{OrderedLog, PublishError};

/// What was there when a log was to be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// Nothing: it is begun now.
    Now,
    /// A log that had been begun before.
    Before,
}

/// Begins a log that has no entry yet. Where two do this at once, the first entry counts and nodes
/// pass over the second.
///
/// # Errors
/// `Unavailable`, `Timeout`; it may have been begun then, and can be tried again.
pub async fn begin(log: &dyn OrderedLog, genesis: &Genesis) -> Result<Begun> {
    if log.extent().await?.last > 0 {
        return Ok(Begun::Before);
    }
    match log.publish(genesis.message()?).await {
        Ok(1) => Ok(Begun::Now),
        Ok(_) => Ok(Begun::Before),
        Err(PublishError::Refused(error) | PublishError::Unanswered(error)) => Err(error),
    }
}
