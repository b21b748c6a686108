//! Following the log as Rust types.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use annals_core::{
    BoxStream, Delivery, Error, ErrorKind, Position, Query, QueryItem, Result, Subscribe,
    SubscribeStart,
};
use futures_lite::{Stream, StreamExt, stream};

use super::Notice;
use crate::{Annals, Event, Recorded, app::Store};

/// Events of type `E` as they are committed, in the order of their positions, each once.
///
/// It is a `Stream` of events. An event that cannot be decoded is given as an error, and the
/// stream goes on; after an error of the store it ends. It ends too when the store is closed.
/// Dropping it ends the subscription.
///
/// It begins when it is first polled, except with [`SubscribeStart::End`], which is the moment of
/// [`from`](Self::from) or [`Annals::subscribe`].
///
/// ```
/// use annals::*;
/// use futures_lite::StreamExt;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(prefix = "bank")]
/// enum BankEvent {
///     Deposited { cents: u64 },
/// }
///
/// # futures_lite::future::block_on(async {
/// let app = Annals::open("memory:").await?;
/// let mut events = app.subscribe::<BankEvent>();
/// # let event = BankEvent::Deposited { cents: 5 };
/// # let new = NewEvent::new(EventType::new("bank.deposited")?, event.encode()?);
/// # let stream = StreamName::new("bank-1")?;
/// # app.backend().append(Append::to(stream, ExpectedVersion::Any, [new])).await?;
/// let BankEvent::Deposited { cents } = events.try_next().await?.unwrap().event;
/// assert_eq!(cents, 5);
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
#[must_use = "nothing is given until this is polled"]
pub struct Subscription<E>(Marked<E>);

/// A subscription that also says when it has caught up with what had been written.
#[must_use = "nothing is given until this is polled"]
pub struct Marked<E> {
    store: Arc<Store>,
    start: SubscribeStart<Position>,
    notices: BoxStream<'static, Result<Notice<E>>>,
}

/// A subscription under way.
struct Following<E> {
    store: Arc<Store>,
    deliveries: BoxStream<'static, Result<Delivery>>,
    /// Of a record that stands for several events.
    ready: VecDeque<Recorded<E>>,
}

impl Annals {
    /// Follows the events of type `E` from now on; say [`from`](Subscription::from) where else.
    /// Upcasters are applied. It does not keep what runs beside the application running.
    pub fn subscribe<E: Event>(&self) -> Subscription<E> {
        Subscription(Marked::new(Arc::clone(&self.store), SubscribeStart::End, None))
    }
}

impl<E: Event> Subscription<E> {
    /// From the first event, after a position, or from now on. Say this before polling.
    pub fn from(self, start: SubscribeStart<Position>) -> Self {
        Self(Marked::new(self.0.store, start, None))
    }

    /// Only events that match a query. Types need not be given. Say this last, before polling.
    pub fn matching(self, query: Query) -> Self {
        Self(Marked::new(self.0.store, self.0.start, Some(query)))
    }

    /// With marks.
    pub fn marks(self) -> Marked<E> {
        self.0
    }
}

impl<E: Event> Marked<E> {
    fn new(store: Arc<Store>, start: SubscribeStart<Position>, narrowed: Option<Query>) -> Self {
        let notices = match store.query_for::<E>(narrowed) {
            Ok(query) => follow(Arc::clone(&store), Subscribe::all(query, start)),
            Err(error) => stream::once(Err(error)).boxed(),
        };
        Self { store, start, notices }
    }
}

impl Store {
    /// The events of type `E`, as they may be stored; fewer when it is narrowed.
    pub(crate) fn query_for<E: Event>(&self, narrowed: Option<Query>) -> Result<Query> {
        let types = self.upcasters.stored_types(E::TYPES);
        let Some(narrowed) = narrowed.filter(|query| !query.is_all()) else {
            return Query::any_of([QueryItem::types(types)]);
        };
        Query::any_of(narrowed.items().iter().cloned().map(|item| match item.types.is_empty() {
            true => QueryItem { types: types.clone(), ..item },
            false => item,
        }))
    }
}

fn follow<E: Event>(
    store: Arc<Store>,
    subscribe: Subscribe,
) -> BoxStream<'static, Result<Notice<E>>> {
    let deliveries = store.backend.subscribe(subscribe);
    let following = Following { store, deliveries, ready: VecDeque::new() };
    Box::pin(stream::unfold(following, |mut following| async move {
        let notice = following.next().await?;
        Some((notice, following))
    }))
}

impl<E: Event> Following<E> {
    async fn next(&mut self) -> Option<Result<Notice<E>>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(Notice::Event(event)));
            }
            match self.deliveries.next().await? {
                Ok(Delivery::Event(record)) => {
                    let position = record.position;
                    match self.store.decode::<E>(record).await {
                        Ok(events) => self.ready.extend(events),
                        Err(error) => return Some(Err(located(error, position))),
                    }
                }
                Ok(Delivery::CaughtUp { position }) => {
                    return Some(Ok(Notice::CaughtUp { position }));
                }
                Ok(Delivery::FellBehind { position }) => {
                    return Some(Ok(Notice::FellBehind { position }));
                }
                Ok(Delivery::Checkpoint(_)) => {}
                Err(error) if error.kind() == ErrorKind::Closed => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn located(error: Error, position: Position) -> Error {
    error.with("position", position)
}

impl<E> Stream for Marked<E> {
    type Item = Result<Notice<E>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.notices.as_mut().poll_next(cx)
    }
}

impl<E> Stream for Subscription<E> {
    type Item = Result<Recorded<E>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.0.notices.as_mut().poll_next(cx)) {
                Some(Ok(Notice::Event(event))) => return Poll::Ready(Some(Ok(event))),
                Some(Ok(Notice::CaughtUp { .. } | Notice::FellBehind { .. })) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<E> fmt::Debug for Subscription<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("start", &self.0.start).finish_non_exhaustive()
    }
}

impl<E> fmt::Debug for Marked<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marked").field("start", &self.start).finish_non_exhaustive()
    }
}
