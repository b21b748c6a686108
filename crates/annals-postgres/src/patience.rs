//! Reading again what a lost connection kept from being read.
//!
//! A page is asked for by where it begins, so asking again gives what was asked for before: no
//! event is left out, none comes twice.

use std::{sync::Arc, time::Duration};

use annals_core::{BoxFuture, Error, Result, Retry};
use tokio::time::{Instant, timeout};

use crate::{failure::is_out_of_reach, shared::Shared};

/// The pause after the first failed attempt; it doubles up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How often a subscription that cannot read on says so.
const WARN_EVERY: Duration = Duration::from_secs(10);

/// How long to ask again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// For as long as the store's patience with lost connections lasts.
    Limited,
    /// Until the store closes, after everything that may pass: nobody stands by to ask again.
    Endless,
}

impl Shared {
    /// A read that somebody waits for.
    pub(crate) fn look<T, W>(
        self: &Arc<Self>,
        work: impl Fn(Arc<Self>) -> W + Send + Sync + 'static,
    ) -> BoxFuture<'static, Result<T>>
    where
        T: Send + 'static,
        W: Future<Output = Result<T>> + Send + 'static,
    {
        self.here(Arc::clone(self).read(Patience::Limited, work))
    }

    /// A read beside the caller, for a subscription.
    pub(crate) fn follow<T, W>(
        self: &Arc<Self>,
        work: impl Fn(Arc<Self>) -> W + Send + Sync + 'static,
    ) -> BoxFuture<'static, Result<T>>
    where
        T: Send + 'static,
        W: Future<Output = Result<T>> + Send + 'static,
    {
        self.run(Arc::clone(self).read(Patience::Endless, work))
    }

    /// Work that only reads, and is done again where that can help.
    pub(crate) async fn read<T, W: Future<Output = Result<T>>>(
        self: Arc<Self>,
        patience: Patience,
        work: impl Fn(Arc<Self>) -> W,
    ) -> Result<T> {
        let begun = Instant::now();
        let mut pause = PAUSE_FIRST;
        let mut warned: Option<Instant> = None;
        loop {
            let error = match self.attempt(work(Arc::clone(&self))).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let is_given_up = match patience {
                Patience::Limited => {
                    !is_out_of_reach(&error) || begun.elapsed() + pause > self.connector.patience
                }
                Patience::Endless => error.retry() != Retry::Later,
            };
            if is_given_up {
                return Err(error);
            }
            if matches!(patience, Patience::Endless) && warned.is_none_or(is_over) {
                warned = Some(Instant::now());
                say(&error);
            }
            self.pause(pause).await?;
            pause = std::cmp::min(pause * 2, PAUSE_MAX);
        }
    }

    /// Waits, and ends early when the store closes.
    async fn pause(&self, pause: Duration) -> Result<()> {
        let until = Instant::now() + pause;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            let changed = self.changed.listen();
            self.check_open()?;
            if timeout(left, changed).await.is_err() {
                break;
            }
        }
        self.check_open()
    }
}

fn is_over(warned: Instant) -> bool {
    warned.elapsed() >= WARN_EVERY
}

fn say(error: &Error) {
    tracing::warn!(%error, "a subscription cannot read on; it tries until it can");
}
