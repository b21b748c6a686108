//! The store as services use it: every append and every event read is counted here, and what
//! fails by the store's own fault is logged here, whichever protocol it was asked through.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use annals_core::{
    Append, Appended, Backend, BoxFuture, BoxStream, Capabilities, Category, DeleteStream, Deleted,
    Delivery, Error, ErrorKind, Freshness, Inline, Node, Position, Read, RecordedEvent, Restore,
    Result, StateEntry, StateKey, StateKind, StatePut, StoreInfo, StoreWork, StreamInfo,
    StreamName, Subscribe, in_full,
};
use futures_lite::Stream;
use prometheus_client::metrics::counter::Counter;

use super::{
    Metrics, One, Source,
    catch_up::{CatchUps, Following},
    result_of,
};
use crate::trace::{self, Asked, Spans};

/// A store whose use is counted.
#[derive(Debug)]
pub(crate) struct Measured {
    store: Arc<dyn Backend>,
    metrics: Arc<Metrics>,
    spans: Spans,
}

impl Measured {
    pub(crate) fn over(
        store: Arc<dyn Backend>,
        metrics: &Arc<Metrics>,
        spans: Spans,
    ) -> Arc<dyn Backend> {
        Arc::new(Self { store, metrics: Arc::clone(metrics), spans })
    }
}

impl Backend for Measured {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended>> {
        let events = append.event_count() as u64;
        let sizes = append.writes.iter().flat_map(|write| &write.events).map(|event| event.size());
        let bytes: usize = sizes.sum();
        let span = self.spans.append(&append);
        let begun = Instant::now();
        let appended = self.store.append(append);
        Box::pin(async move {
            let appended = appended.await;
            let result = match &appended {
                Ok(_) => "ok",
                Err(error) => result_of(error.kind()),
            };
            self.metrics.appended(result, begun.elapsed().as_secs_f64());
            trace::appended(&span, &appended);
            // A repetition writes nothing.
            if appended.as_ref().is_ok_and(|appended| !appended.duplicate) {
                self.metrics.events_appended.inc_by(events);
                self.metrics.append_bytes.inc_by(bytes as u64);
            }
            watch("append", appended)
        })
    }

    fn read(&self, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
        let source = match read {
            Read::Stream(_) => Source::Stream,
            Read::All(_) => Source::All,
        };
        Box::pin(Counted {
            asked: self.spans.read(&read),
            kind: Once,
            items: self.store.read(read),
            tally: Tally { counter: self.metrics.events_read(source), count: 0 },
            _one: None,
        })
    }

    fn subscribe(&self, subscribe: Subscribe) -> BoxStream<'static, Result<Delivery>> {
        let counter = self.metrics.events_read(Source::Subscription);
        Box::pin(Counted {
            asked: self.spans.subscribe(&subscribe),
            kind: Followed(CatchUps::begin(&self.metrics.catch_ups, &subscribe)),
            items: self.store.subscribe(subscribe),
            tally: Tally { counter, count: 0 },
            _one: Some(One::of(&self.metrics.subscriptions)),
        })
    }

    fn delete_stream(&self, delete: DeleteStream) -> BoxFuture<'_, Result<Deleted>> {
        let deleted = self.store.delete_stream(delete);
        Box::pin(async { watch("delete_stream", deleted.await) })
    }

    fn stream_info(&self, stream: &StreamName) -> BoxFuture<'_, Result<StreamInfo>> {
        let info = self.store.stream_info(stream);
        Box::pin(async { watch("stream_info", info.await) })
    }

    fn put_state(&self, put: StatePut) -> BoxFuture<'_, Result<u64>> {
        let revision = self.store.put_state(put);
        Box::pin(async { watch("put_state", revision.await) })
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>>> {
        self.store.head()
    }

    fn streams(&self, category: Option<Category>) -> BoxStream<'static, Result<StreamName>> {
        self.store.streams(category)
    }

    fn state(&self, key: &StateKey) -> BoxFuture<'_, Result<Option<StateEntry>>> {
        self.store.state(key)
    }

    fn states(&self, kind: StateKind, prefix: &str) -> BoxStream<'static, Result<StateEntry>> {
        self.store.states(kind, prefix)
    }

    fn info(&self) -> BoxFuture<'_, Result<StoreInfo>> {
        self.store.info()
    }

    fn work(&self) -> Option<StoreWork> {
        self.store.work()
    }

    fn catch_up(&self, to: Freshness) -> BoxFuture<'_, Result<Option<Position>>> {
        self.store.catch_up(to)
    }

    fn nodes(&self) -> Vec<Node> {
        self.store.nodes()
    }

    fn advertise(&self, address: &str) {
        self.store.advertise(address);
    }

    fn restore(&self, restore: Restore) -> BoxFuture<'_, Result<()>> {
        self.store.restore(restore)
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.store.close()
    }

    fn install_inline(&self, inline: Arc<dyn Inline>) -> Result<()> {
        self.store.install_inline(inline)
    }
}

/// What is special about a read or a subscription.
trait Kind<T>: Unpin {
    const OPERATION: &'static str;

    /// Something was given; says whether it is an event.
    fn gave(&mut self, item: &T) -> bool;

    /// There is nothing to give at the moment.
    fn waits(&self);
}

/// A read, which ends.
struct Once;

impl Kind<RecordedEvent> for Once {
    const OPERATION: &'static str = "read";

    fn gave(&mut self, _: &RecordedEvent) -> bool {
        true
    }

    fn waits(&self) {}
}

/// A subscription.
struct Followed(Following);

impl Kind<Delivery> for Followed {
    const OPERATION: &'static str = "subscribe";

    fn gave(&mut self, delivery: &Delivery) -> bool {
        self.0.gave(delivery);
        matches!(delivery, Delivery::Event(_))
    }

    fn waits(&self) {
        self.0.waits();
    }
}

/// Events as they are read, counted.
struct Counted<T, K> {
    items: BoxStream<'static, Result<T>>,
    kind: K,
    tally: Tally,
    asked: Asked,
    /// A subscription counts as one while it lasts.
    _one: Option<One>,
}

impl<T, K: Kind<T>> Stream for Counted<T, K> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = self.items.as_mut().poll_next(context);
        match &item {
            Poll::Ready(Some(Ok(item))) => {
                if self.kind.gave(item) {
                    self.tally.count_one();
                    self.asked.gave_one();
                }
            }
            Poll::Ready(Some(Err(error))) => {
                self.tally.hand_over();
                self.asked.failed(error);
                log(K::OPERATION, error);
            }
            Poll::Ready(None) => self.tally.hand_over(),
            Poll::Pending => {
                self.tally.hand_over();
                self.kind.waits();
            }
        }
        item
    }
}

/// Counts beside the counter that all readers share, and adds to it now and then: readers on many
/// processors would otherwise hold each other up for every event.
struct Tally {
    counter: Counter,
    count: u64,
}

/// How many events are counted before they are shown.
const SHOWN_EVERY: u64 = 64;

impl Tally {
    fn count_one(&mut self) {
        self.count += 1;
        if self.count == SHOWN_EVERY {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        if self.count > 0 {
            self.counter.inc_by(std::mem::take(&mut self.count));
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.hand_over();
    }
}

fn watch<T>(operation: &'static str, result: Result<T>) -> Result<T> {
    result.inspect_err(|error| log(operation, error))
}

/// Logs what no caller is to blame for.
fn log(operation: &'static str, error: &Error) {
    let kind = error.kind();
    let is_own_fault = matches!(
        kind,
        ErrorKind::Unavailable
            | ErrorKind::Timeout
            | ErrorKind::Corrupted
            | ErrorKind::Poisoned
            | ErrorKind::Internal
    );
    if is_own_fault {
        let error = in_full(error);
        tracing::error!(operation, kind = kind.code(), error, "the store failed");
    }
}
