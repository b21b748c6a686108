//! The whole store as clients see it: without what the server itself writes for groups of `$all`.

use std::sync::Arc;

use annals_core::{Backend, BoxStream, Direction, Position, Read, ReadAll, RecordedEvent, Result};
use futures_lite::{StreamExt, stream};

use super::persistent::identity::is_of_all;

/// Reads the whole store; what is left out does not count against the limit.
pub(crate) fn read(
    store: &Arc<dyn Backend>,
    read: ReadAll,
) -> BoxStream<'static, Result<RecordedEvent>> {
    let reading = Reading { events: store.read(Read::All(read.clone())), read, left_out: None };
    let events = stream::unfold(Some((Arc::clone(store), reading)), |state| async {
        let (store, mut reading) = state?;
        match reading.next(store.as_ref()).await? {
            Ok(event) => Some((Ok(event), Some((store, reading)))),
            Err(error) => Some((Err(error), None)),
        }
    });
    events.boxed()
}

struct Reading {
    events: BoxStream<'static, Result<RecordedEvent>>,
    read: ReadAll,
    /// How many events of the stretch that is read now were left out, and where the last stood.
    left_out: Option<(u64, Position)>,
}

impl Reading {
    async fn next(&mut self, store: &dyn Backend) -> Option<Result<RecordedEvent>> {
        loop {
            match self.events.next().await {
                Some(Ok(event)) if is_of_all(&event.stream) => {
                    let count = self.left_out.map_or(0, |(count, _)| count);
                    self.left_out = Some((count + 1, event.position));
                }
                Some(Ok(event)) => {
                    // Whatever follows is read from here.
                    self.left_out = self.left_out.map(|(count, _)| (count, event.position));
                    return Some(Ok(event));
                }
                Some(Err(error)) => return Some(Err(error)),
                None => self.events = store.read(Read::All(self.rest()?)),
            }
        }
    }

    /// What has to be read in place of what was left out.
    fn rest(&mut self) -> Option<ReadAll> {
        let (count, last) = self.left_out.take()?;
        self.read.limit?;
        self.read.from = Some(match self.read.direction {
            Direction::Forward => last.next(),
            Direction::Backward => Position::new(last.get().checked_sub(1)?),
        });
        self.read.limit = Some(count);
        Some(self.read.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::{
        Append, EventType, ExpectedVersion, MemoryBackend, NewEvent, Query, StreamName,
    };
    use futures_lite::future::block_on;

    const PARKED: &str = "$persistentsubscription-$all::readers-parked";

    /// The streams that a read gives of a store with an event in each of these streams.
    fn read_of(streams: &[&str], limit: Option<u64>, direction: Direction) -> Vec<String> {
        block_on(async {
            let store: Arc<dyn Backend> = Arc::new(MemoryBackend::new());
            for stream in streams {
                let stream = StreamName::new((*stream).to_owned()).unwrap();
                let event = NewEvent::new(EventType::new("happened").unwrap(), "{}");
                store.append(Append::to(stream, ExpectedVersion::Any, [event])).await.unwrap();
            }
            let all = ReadAll { direction, limit, ..ReadAll::new(Query::all()) };
            let names = read(&store, all).map(|event| event.unwrap().stream.to_string());
            names.collect().await
        })
    }

    #[test]
    fn what_groups_of_the_whole_store_write_is_left_out_and_does_not_count() {
        let streams = ["a", PARKED, PARKED, "b", PARKED, "c", PARKED];
        let forward = |limit| read_of(&streams, limit, Direction::Forward);
        assert_eq!(forward(None), ["a", "b", "c"]);
        assert_eq!(forward(Some(2)), ["a", "b"]);
        assert_eq!(forward(Some(3)), ["a", "b", "c"]);
        assert_eq!(forward(Some(9)), ["a", "b", "c"]);
        assert!(forward(Some(0)).is_empty());
        let backward = |limit| read_of(&streams, limit, Direction::Backward);
        assert_eq!(backward(Some(1)), ["c"]);
        assert_eq!(backward(Some(3)), ["c", "b", "a"]);
        assert_eq!(backward(None), ["c", "b", "a"]);
        assert!(read_of(&[PARKED], Some(1), Direction::Backward).is_empty());
    }
}
