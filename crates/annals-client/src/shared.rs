//! What all parts of an open handle share.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use annals_core::{BoxFuture, BoxStream, Error, ErrorKind, Result};
use event_listener::Event;
use futures_lite::{Stream, StreamExt, future, stream};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    time::{Instant, timeout},
};
use tonic::Status;

use crate::{Failed, Options, Starting};

/// Where connections are driven.
#[derive(Debug)]
pub struct Threads {
    handle: Handle,
    /// A thread of our own, so that callers need no runtime; taken when it ends.
    own: Option<Runtime>,
}

/// The parts of an open handle.
#[derive(Debug)]
pub struct Shared<C> {
    /// For calls that are answered by one message.
    pub calls: C,
    /// For reads and subscriptions.
    pub streams: C,
    /// How the server is talked to.
    pub options: Options,
    /// Subscriptions that are about to begin.
    pub starting: Starting,
    /// What a failed call means.
    pub failed: fn(&Status) -> Failed,
    threads: Threads,
    is_closed: AtomicBool,
    /// Woken when the handle closes.
    closing: Event,
}

impl Threads {
    /// The runtime that was lent, or a thread.
    ///
    /// # Errors
    /// `Unavailable` when the system has no thread.
    pub fn of(options: &Options) -> Result<Self> {
        if let Some(lent) = &options.runtime {
            return Ok(Self { handle: lent.clone(), own: None });
        }
        let built = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("annals-client")
            .enable_all()
            .build();
        let own = built.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "no thread for the connections to the server")
                .caused_by(error)
        })?;
        Ok(Self { handle: own.handle().clone(), own: Some(own) })
    }

    /// The runtime that drives connections.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(own) = self.own.take() {
            // Waiting is not allowed where this may be dropped.
            own.shutdown_background();
        }
    }
}

impl<C> Shared<C> {
    /// An open handle. `failed` tells what a failed call means.
    #[must_use]
    pub fn new(
        threads: Threads,
        (calls, streams): (C, C),
        options: Options,
        failed: fn(&Status) -> Failed,
    ) -> Self {
        Self {
            calls,
            streams,
            options,
            starting: Starting::default(),
            failed,
            threads,
            is_closed: AtomicBool::new(false),
            closing: Event::new(),
        }
    }

    /// Where connections are driven.
    #[must_use]
    pub const fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Refuses where the handle is closed.
    ///
    /// # Errors
    /// `Closed`.
    pub fn check_open(&self) -> Result<()> {
        if self.is_closed.load(Ordering::SeqCst) { Err(closed()) } else { Ok(()) }
    }

    /// Closes the handle: what is under way ends.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.closing.notify(usize::MAX);
    }

    /// What comes of some work, unless the handle closes before it.
    ///
    /// # Errors
    /// Those of the work, and `Closed`.
    pub async fn unless_closed<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let closing = self.closing.listen();
        self.check_open()?;
        let end = async {
            closing.await;
            Err(closed())
        };
        future::or(work, end).await
    }

    /// Waits, and ends early when the handle closes.
    ///
    /// # Errors
    /// `Closed`.
    pub async fn pause(&self, pause: Duration) -> Result<()> {
        let until = Instant::now() + pause;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            let closing = self.closing.listen();
            self.check_open()?;
            if timeout(left, closing).await.is_err() {
                break;
            }
        }
        self.check_open()
    }

    /// Work that goes on where it is awaited, on any executor; sockets and timers are those of our
    /// runtime.
    pub fn here<'a, T: Send + 'a>(
        self: &Arc<Self>,
        work: impl Future<Output = Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        let runtime = self.threads.handle.clone();
        Box::pin(async move {
            let mut work = pin!(work);
            poll_fn(|context| {
                let _entered = runtime.enter();
                work.as_mut().poll(context)
            })
            .await
        })
    }

    /// Items that are made where they are awaited, on any executor.
    pub fn stream_here<T: Send + 'static>(
        self: &Arc<Self>,
        items: impl Stream<Item = T> + Send + 'static,
    ) -> BoxStream<'static, T> {
        let runtime = self.threads.handle.clone();
        let mut items = Box::pin(items);
        stream::poll_fn(move |context| {
            let _entered = runtime.enter();
            items.as_mut().poll_next(context)
        })
        .boxed()
    }
}

/// What a closed handle answers.
#[must_use]
pub fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the store is closed")
}
