//! A record of the log as one partition sees it. A record is never divided between transactions.

use annals_core::{EventId, Position, RecordedEvent, Result};
use xxhash_rust::xxh3::xxh3_64;

use super::Run;
use crate::{Decoded, Event, Recorded, app::Store, guard::guard};

/// A record with the events it stands for.
#[derive(Debug)]
pub(super) struct Unit<E> {
    pub(super) event_id: EventId,
    pub(super) position: Position,
    /// Those of this partition, or why the record could not be read.
    pub(super) events: Result<Vec<Keyed<E>>>,
}

/// An event with its partition key.
#[derive(Debug)]
pub(super) struct Keyed<E> {
    pub(super) event: Recorded<E>,
    pub(super) key: Option<String>,
}

impl<E: Event> Unit<E> {
    /// Reads a record; `None` when nothing in it is for this partition.
    pub(super) async fn read(
        store: &Store,
        run: &Run<E>,
        record: RecordedEvent,
        partition: u32,
    ) -> Option<Self> {
        let (event_id, position) = (record.id, record.position);
        let stream = record.stream.clone();
        let events = match store.decode::<E>(record).await {
            Ok(events) => keyed(run, events, partition),
            Err(error) => Err(error),
        };
        let is_mine = match &events {
            Ok(events) => !events.is_empty(),
            // Its key is not known; some partition has to say so, always the same.
            Err(_) => partition_of(Some(stream.as_str()), run.partitions) == partition,
        };
        is_mine.then_some(Self { event_id, position, events })
    }
}

fn keyed<E: Event>(run: &Run<E>, events: Decoded<E>, partition: u32) -> Result<Vec<Keyed<E>>> {
    // Room for exactly these, which is nearly always one: events are large.
    let mut mine = Vec::with_capacity(events.len());
    for event in events {
        let key = guard("taking a partition key", || run.key(&event))?;
        if partition_of(key.as_deref(), run.partitions) == partition {
            mine.push(Keyed { event, key });
        }
    }
    Ok(mine)
}

/// Which partition a key belongs to. It is stored with every read model, so it never changes.
pub(super) fn partition_of(key: Option<&str>, partitions: u32) -> u32 {
    let hash = key.map_or(0, |key| xxh3_64(key.as_bytes()));
    // The remainder is smaller than a `u32`.
    u32::try_from(hash % u64::from(partitions.max(1))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::partition_of;

    #[test]
    fn keys_stay_in_the_partitions_they_were_stored_with() {
        let places = ["", "a", "account-1", "\u{e9}"].map(|key| partition_of(Some(key), 8));
        assert_eq!(places, [2, 7, 2, 3]);
        assert_eq!(partition_of(None, 8), 0);
        assert_eq!(partition_of(Some("a"), 1), 0);
    }
}
