//! A pause between two attempts.

use std::time::Duration;

use tokio::time::{Instant, interval_at};

/// Waits for so long; not at all for zero.
pub(crate) async fn pause(span: Duration) {
    if span.is_zero() {
        return;
    }
    let mut ticks = interval_at(Instant::now() + span, span);
    ticks.tick().await;
}
