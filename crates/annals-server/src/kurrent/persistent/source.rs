//! What a group follows, as messages: filtered, with links followed, and with the stretches that
//! are not for it.

use std::sync::Arc;

use annals_core::{
    Backend, BoxStream, Delivery, EventType, Position, Query, RecordedEvent, Result, Subscribe,
    SubscribeStart, Version,
};
use bytestring::ByteString;
use futures_lite::{StreamExt, stream};

use super::{
    group::{Bucket, Message, Origin},
    identity::{Source, is_of_all},
    settings::{Definition, Strategy},
};
use crate::{
    access::is_secret,
    derived::{Derived, Index},
    filter::Filter,
    links::{self, Entry, LINK},
};

/// What comes next.
#[derive(Debug)]
pub(super) enum Pulled {
    Message(Message<Arc<Entry>>),
    /// Up to here, included, nothing is for the group.
    Passed(u64),
    /// Everything there was has been given, or there is more again.
    Live(bool),
}

/// Follows the source of a group from a place on, included.
pub(super) fn follow(
    index: &Index,
    definition: &Arc<Definition>,
    from: u64,
) -> Result<BoxStream<'static, Result<Pulled>>> {
    let filter = definition.filter.as_ref().map(|filter| filter.filter()).transpose()?;
    let derived = match &definition.id.source {
        Source::Stream(stream) => Derived::of(stream),
        Source::All => None,
    };
    let deliveries = match derived {
        Some(derived) => links_of(index.clone(), derived, from),
        None => index.store.subscribe(subscribe(definition, filter.as_ref(), from)?),
    };
    let (store, definition) = (Arc::clone(&index.store), Arc::clone(definition));
    let filter = filter.map(Arc::new);
    let pulled = deliveries.then(move |delivery| {
        let (store, definition) = (Arc::clone(&store), Arc::clone(&definition));
        let filter = filter.clone();
        async move {
            match delivery? {
                Delivery::Event(event) => {
                    pull(store.as_ref(), &definition, filter.as_deref(), event).await
                }
                Delivery::Checkpoint(position) => Ok(Pulled::Passed(position.get())),
                Delivery::CaughtUp { .. } => Ok(Pulled::Live(true)),
                Delivery::FellBehind { .. } => Ok(Pulled::Live(false)),
            }
        }
    });
    Ok(pulled.boxed())
}

/// What a subscription to a derived stream gives.
fn links_of(index: Index, derived: Derived, from: u64) -> BoxStream<'static, Result<Delivery>> {
    let start = from.checked_sub(1).map(|last| SubscribeStart::After(Version::new(last)));
    let start = start.unwrap_or(SubscribeStart::Beginning);
    let followed = stream::once_future(async move { derived.follow(&index, start).await });
    let deliveries = followed.flat_map(|followed| match followed {
        Ok(followed) => followed.deliveries,
        Err(error) => stream::once(Err(error)).boxed(),
    });
    deliveries.boxed()
}

fn subscribe(definition: &Definition, filter: Option<&Filter>, from: u64) -> Result<Subscribe> {
    let before = from.checked_sub(1);
    Ok(match &definition.id.source {
        Source::Stream(stream) => {
            let start = before.map(|last| SubscribeStart::After(Version::new(last)));
            Subscribe::stream(stream.clone(), start.unwrap_or(SubscribeStart::Beginning))
        }
        Source::All => {
            let start = before.map(|last| SubscribeStart::After(Position::new(last)));
            let query = filter.map_or_else(|| Ok(Query::all()), Filter::query)?;
            let all = Subscribe::all(query, start.unwrap_or(SubscribeStart::Beginning));
            match &definition.filter {
                Some(filter) => all.checkpoint_every(filter.interval),
                None => all,
            }
        }
    })
}

async fn pull(
    store: &dyn Backend,
    definition: &Definition,
    filter: Option<&Filter>,
    event: RecordedEvent,
) -> Result<Pulled> {
    let place = match definition.id.source {
        Source::Stream(_) => event.version.get(),
        Source::All => event.position.get(),
    };
    let passes = match definition.id.source {
        Source::Stream(_) => true,
        Source::All => {
            !is_of_all(&event.stream)
                && !is_secret(&event.stream)
                && filter.map_or(Ok(true), |filter| filter.passes(&event))?
        }
    };
    if !passes {
        return Ok(Pulled::Passed(place));
    }
    let entry = if definition.settings.resolve_links {
        links::resolve(store, event).await?
    } else {
        Entry::Event(event)
    };
    Ok(Pulled::Message(message(entry, Origin::Source(place), definition.settings.strategy)))
}

/// A message that was not given out yet.
pub(super) fn message(entry: Entry, origin: Origin, strategy: Strategy) -> Message<Arc<Entry>> {
    let bucket = bucket(&entry, strategy);
    Message { id: entry.original().id, origin, bucket, retries: 0, event: Arc::new(entry) }
}

/// Events are pinned by the stream where they stand, also when they are reached over a link.
fn bucket(entry: &Entry, strategy: Strategy) -> Bucket {
    let event = match entry {
        Entry::Event(event) => event,
        Entry::Link(link) => link.target.as_ref().unwrap_or(&link.link),
    };
    match strategy {
        Strategy::RoundRobin | Strategy::DispatchToSingle => Bucket::of(""),
        Strategy::Pinned => Bucket::of(stream_of(event)),
        Strategy::PinnedByCorrelation => {
            let correlation = event.metadata.correlation();
            Bucket::of(correlation.map_or_else(|| stream_of(event), ByteString::as_ref))
        }
    }
}

fn stream_of(event: &RecordedEvent) -> &str {
    let linked = || std::str::from_utf8(&event.data).ok()?.split_once('@');
    match linked() {
        Some((_, stream)) if EventType::as_str(&event.event_type) == LINK => stream,
        _ => event.stream.as_str(),
    }
}
