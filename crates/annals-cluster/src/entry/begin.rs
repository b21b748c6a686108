//! Beginning a log.

use std::time::{Duration, Instant};

use annals_core::{Error, ErrorKind, Result};
use async_io::Timer;

use super::Genesis;
use crate::log::{Extent, OrderedLog, PublishError};

/// For how long a log without a leader is asked again.
const PATIENCE: Duration = Duration::from_secs(15);
/// After how long that is said.
const SAID_AFTER: Duration = Duration::from_secs(1);
/// The pause before it is asked again.
const PAUSE: Duration = Duration::from_millis(50);

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
    let begun = Instant::now();
    loop {
        if led(log).await?.last > 0 {
            return Ok(Begun::Before);
        }
        match log.publish(genesis.message()?).await {
            Ok(1) => return Ok(Begun::Now),
            Ok(_) => return Ok(Begun::Before),
            // Whether it is there after all is seen in the next round.
            Err(PublishError::Unanswered(_)) if begun.elapsed() < PATIENCE => {}
            Err(PublishError::Refused(error) | PublishError::Unanswered(error)) => {
                return Err(error);
            }
        }
    }
}

/// Where a log begins and ends, once it has a leader: a new one has none yet, and an election takes
/// 4 s to 9 s.
///
/// # Errors
/// Those of [`OrderedLog::extent`].
pub(crate) async fn led(log: &dyn OrderedLog) -> Result<Extent> {
    let begun = Instant::now();
    let mut is_said = false;
    loop {
        match log.extent().await {
            Err(error) if is_leaderless(&error) && begun.elapsed() < PATIENCE => {
                if begun.elapsed() >= SAID_AFTER && !std::mem::replace(&mut is_said, true) {
                    tracing::info!(%error, "waiting for a leader of the log");
                }
                Timer::after(PAUSE).await;
            }
            extent => return extent,
        }
    }
}

fn is_leaderless(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
}
