//! A handler on a thread of its own.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use annals_core::{Error, ErrorKind, Result};
use futures_lite::{StreamExt, future};

use super::Subscription;
use crate::{
    Annals, Event, Recorded,
    guard::guard,
    service::{Stop, spawn},
};

/// A handler that is told of events. Dropping it ends it, after the event it is at.
#[must_use = "dropping it ends the handler"]
pub struct Listener {
    name: String,
    stop: Stop,
    failures: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Annals {
    /// Tells a handler of the events of type `E` from now on, on a thread of its own, in the order
    /// of their positions.
    ///
    /// A panic in it, and an event that cannot be decoded, are logged and counted, and it goes on
    /// with the next event. It ends when the [`Listener`] is dropped and when the store is closed.
    ///
    /// # Errors
    /// `Unavailable` when no thread can be started.
    pub fn on<E: Event>(
        &self,
        name: &str,
        handler: impl FnMut(Recorded<E>) + Send + 'static,
    ) -> Result<Listener> {
        // Subscribed before this returns, so that what is appended next is heard.
        let events = self.subscribe::<E>();
        let (stop, failures) = (Stop::default(), Arc::new(AtomicU64::new(0)));
        let run = Run { name: name.to_owned(), stop: stop.clone(), failures: failures.clone() };
        let thread = spawn(name, move || run.listen(events, handler)).map_err(|error| {
            let message = format!("no thread for the handler `{name}`");
            Error::new(ErrorKind::Unavailable, message).caused_by(error)
        })?;
        Ok(Listener { name: name.to_owned(), stop, failures, thread: Some(thread) })
    }
}

/// What the thread works with.
struct Run {
    name: String,
    stop: Stop,
    failures: Arc<AtomicU64>,
}

impl Run {
    fn listen<E: Event>(self, mut events: Subscription<E>, mut handler: impl FnMut(Recorded<E>)) {
        while let Some(event) = future::block_on(self.next(&mut events)) {
            let told = event
                .and_then(|event| guard(&format!("handler `{}`", self.name), || handler(event)));
            if let Err(error) = told {
                tracing::error!(handler = self.name, %error, "an event was not handled");
                self.failures.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// The next event; `None` when it is time to stop.
    async fn next<E: Event>(&self, events: &mut Subscription<E>) -> Option<Result<Recorded<E>>> {
        let stopped = async {
            self.stop.wait().await;
            None
        };
        future::or(stopped, events.next()).await
    }
}

impl Listener {
    /// How many events were not handled: the handler panicked, or they could not be decoded.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::SeqCst)
    }

    /// Ends the handler and waits until it has finished with the event it is at. Blocks. From
    /// within the handler it would wait for itself; drop it there instead.
    pub fn stop(mut self) {
        self.stop.set();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(handler = self.name, "the thread of a handler panicked");
        }
    }

    /// Waits until it has ended by itself, because the store was closed. Blocks.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(handler = self.name, "the thread of a handler panicked");
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.set();
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("name", &self.name).finish_non_exhaustive()
    }
}
