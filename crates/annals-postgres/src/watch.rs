//! Learning of commits that other processes make, should their announcement be lost.
//!
//! The link listens; a connection of its own asks for the head now and then, so that an
//! announcement that is lost, or comes while the link is busy, only delays.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{lookout::look_out, shared::Shared, unreached::Unreached};

/// The pause before a lost connection is made anew.
const PAUSE: Duration = Duration::from_millis(200);

/// Asks until the store closes.
pub(crate) async fn watch(shared: Arc<Shared>, poll_every: Duration) {
    shared.runtime.spawn(look_out(Arc::clone(&shared)));
    while shared.check_open().is_ok() {
        if let Err(error) = ask(&shared, poll_every).await {
            tracing::warn!(%error, "asking for commits of others was interrupted");
        }
        // The pause ends early when the store closes.
        drop(timeout(PAUSE, shared.changed.listen()).await);
    }
}

async fn ask(shared: &Shared, poll_every: Duration) -> Result<(), Unreached> {
    let session = shared.connector.connect().await?;
    let mut ticks = interval(poll_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shared.check_open().is_ok() {
        ticks.tick().await;
        shared.ask(&session).await?;
    }
    Ok(())
}
