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

use crate::{Options, connect::Client, starting::Starting};

/// Where connections are driven.
#[derive(Debug)]
pub(crate) struct Threads {
    handle: Handle,
    /// A thread of our own, so that callers need no runtime; taken when it ends.
    own: Option<Runtime>,
}

/// The parts of an open handle.
#[derive(Debug)]
pub(crate) struct Shared {
    /// For calls that are answered by one message.
    pub(crate) calls: Client,
    /// For reads and subscriptions.
    pub(crate) streams: Client,
    pub(crate) options: Options,
    /// Subscriptions that are about to begin.
    pub(crate) starting: Starting,
    pub(crate) threads: Threads,
    is_closed: AtomicBool,
    /// Woken when the handle closes.
    closing: Event,
}

impl Threads {
    pub(crate) fn of(options: &Options) -> Result<Self> {
        if let Some(lent) = &options.runtime {
            return Ok(Self { handle: lent.clone(), own: None });
        }
        let built = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("annals-remote")
            .enable_all()
            .build();
        let own = built.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "no thread for the connections to the server")
                .caused_by(error)
        })?;
        Ok(Self { handle: own.handle().clone(), own: Some(own) })
    }

    pub(crate) const fn handle(&self) -> &Handle {
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

impl Shared {
    pub(crate) fn new(threads: Threads, calls: Client, streams: Client, options: Options) -> Self {
        Self {
            calls,
            streams,
            options,
            starting: Starting::default(),
            threads,
            is_closed: AtomicBool::new(false),
            closing: Event::new(),
        }
    }

    pub(crate) fn check_open(&self) -> Result<()> {
        if self.is_closed.load(Ordering::SeqCst) { Err(closed()) } else { Ok(()) }
    }

    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.closing.notify(usize::MAX);
    }

    /// What comes of some work, unless the handle closes before it.
    pub(crate) async fn unless_closed<T>(
        &self,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let closing = self.closing.listen();
        self.check_open()?;
        let end = async {
            closing.await;
            Err(closed())
        };
        future::or(work, end).await
    }

    /// Waits, and ends early when the handle closes.
    pub(crate) async fn pause(&self, pause: Duration) -> Result<()> {
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
    pub(crate) fn here<'a, T: Send + 'a>(
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
    pub(crate) fn stream_here<T: Send + 'static>(
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

pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the store is closed")
}
