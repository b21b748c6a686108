//! Events in messages of a bearable size: as many as are there, without waiting for more.

use annals_core::{BoxStream, RecordedEvent, Result};
use annals_proto::umadb::SequencedEvent;
use futures_lite::{StreamExt, future};
use futures_util::stream;
use prost::Message;

use super::event::sequenced;

/// The most bytes of events in one message, unless a single event has more. Clients refuse messages
/// over 4 MiB unless told otherwise.
const BYTES_MAX: usize = 3_500_000;
/// How many events a message has at most where the client does not say.
const EVENTS: u32 = 1_024;
/// How many it may ask for.
const EVENTS_MAX: u32 = 4_096;

/// How many events a message has at most, of which a client asked for so many.
pub(super) fn size(asked: Option<u32>) -> usize {
    asked.unwrap_or(EVENTS).clamp(1, EVENTS_MAX) as usize
}

struct Batches {
    events: BoxStream<'static, Result<RecordedEvent>>,
    /// What came last and did not fit.
    left: Option<Result<SequencedEvent>>,
    size: usize,
}

/// The events, some at a time. None of the batches is empty.
pub(super) fn batches(
    events: BoxStream<'static, Result<RecordedEvent>>,
    size: usize,
) -> BoxStream<'static, Result<Vec<SequencedEvent>>> {
    // After the last event it is asked once more.
    let batches = Batches { events: events.fuse().boxed(), left: None, size };
    stream::try_unfold(batches, |mut batches| async {
        Ok(batches.next().await?.map(|batch| (batch, batches)))
    })
    .boxed()
}

impl Batches {
    async fn next(&mut self) -> Result<Option<Vec<SequencedEvent>>> {
        let first = match self.left.take() {
            Some(left) => Some(left),
            None => self.events.next().await.map(|event| event.map(|event| sequenced(&event))),
        };
        let Some(first) = first.transpose()? else { return Ok(None) };
        let mut bytes = first.encoded_len();
        let mut batch = vec![first];
        while batch.len() < self.size {
            // What is not there yet goes into the next message.
            let Some(Some(event)) = future::poll_once(self.events.next()).await else { break };
            let event = match event {
                Ok(event) => sequenced(&event),
                Err(error) => {
                    self.left = Some(Err(error));
                    break;
                }
            };
            bytes += event.encoded_len();
            if bytes > BYTES_MAX {
                self.left = Some(Ok(event));
                break;
            }
            batch.push(event);
        }
        Ok(Some(batch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::{
        Append, Backend, EventType, ExpectedVersion, MemoryBackend, NewEvent, Query, Read, ReadAll,
        StreamName,
    };
    use futures_lite::future::block_on;

    fn sizes(bytes: &[usize], size: usize) -> Vec<usize> {
        let store = MemoryBackend::new();
        let events =
            bytes.iter().map(|bytes| NewEvent::new(EventType::new("x").unwrap(), vec![0; *bytes]));
        let stream = StreamName::new("a").unwrap();
        let append = Append::to(stream, ExpectedVersion::Any, events);
        block_on(async {
            store.append(append).await.unwrap();
            let events: Vec<_> = store.read(Read::All(ReadAll::new(Query::all()))).collect().await;
            // This one must not be asked again once it has ended.
            let events = futures_lite::stream::unfold(events.into_iter(), |mut events| async {
                Some((events.next()?, events))
            });
            batches(events.boxed(), size).map(|batch| batch.unwrap().len()).collect().await
        })
    }

    #[test]
    fn a_message_ends_at_the_number_or_the_bytes() {
        assert_eq!(sizes(&[1; 5], 2), [2, 2, 1]);
        assert_eq!(sizes(&[3_000_000, 400_000, 400_000], 9), [2, 1]);
        assert_eq!(sizes(&[1, 9_000_000, 1], 9), [1, 1, 1]);
    }

    #[test]
    fn a_client_gets_what_it_asks_for_within_reason() {
        assert_eq!([None, Some(0), Some(7), Some(u32::MAX)].map(size), [1_024, 1, 7, 4_096]);
    }
}
