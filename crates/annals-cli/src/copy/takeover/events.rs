//! Moving events: one thread reads, the other gives them their places and writes.

use std::{
    sync::mpsc::{SyncSender, sync_channel},
    thread,
};

use annals::{
    Backend, Error, ErrorKind, Position, Query, ReadAll, RecordedEvent, RecordedState, Restore,
    Result, StatePut,
};
use futures_lite::{future::block_on, stream};

use super::{Step, begin::Begun, checkpoint, numbering::Numbering};
use crate::copy::digest::Digest;

/// Batches that wait to be written.
const QUEUE_BATCHES: usize = 2;
/// Most events in a batch.
const BATCH_EVENTS: usize = 8_192;
/// Bytes after which a batch is full.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// What was taken over.
pub(super) struct Taken {
    /// Of the events as they are recorded here.
    pub(super) digest: Digest,
    /// How many have another version than they had.
    pub(super) renumbered: u64,
}

/// Takes over what the target lacks.
pub(super) fn take(
    source: &dyn Backend,
    target: &dyn Backend,
    begun: &Begun,
    observe: &mut dyn FnMut(Step),
) -> Result<Taken> {
    let (batches, queue) = sync_channel(QUEUE_BATCHES);
    thread::scope(|scope| {
        let reader = scope.spawn(move || read(source, begun, &batches));
        let mut writing = Writing {
            target,
            numbering: Numbering::new(source, target, begun),
            revision: begun.revision,
            digest: Digest::new(),
        };
        // The queue ends with this, so that a reader whose events nobody takes ends too.
        let written = queue.into_iter().try_for_each(|batch| writing.write(batch, observe));
        let read = reader.join().map_err(|_| {
            Error::new(ErrorKind::Internal, "the thread that reads the source panicked")
        })?;
        written?;
        read?;
        Ok(Taken { digest: writing.digest, renumbered: writing.numbering.renumbered })
    })
}

fn read(
    source: &dyn Backend,
    begun: &Begun,
    batches: &SyncSender<Vec<RecordedEvent>>,
) -> Result<()> {
    let Some(head) = begun.head else { return Ok(()) };
    // The last one is there already, but the source can only be asked for a place that it has.
    let from = begun.done;
    let read = ReadAll { from, to: Some(head), ..ReadAll::new(Query::all()) };
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for event in stream::block_on(source.read(read.into())) {
        let event = event?;
        if begun.done.is_some_and(|done| event.position <= done) {
            continue;
        }
        bytes += event.size() + event.stream.as_str().len();
        batch.push(event);
        if batch.len() == BATCH_EVENTS || bytes >= BATCH_BYTES {
            bytes = 0;
            if batches.send(std::mem::take(&mut batch)).is_err() {
                // The writer has failed and says why.
                return Ok(());
            }
        }
    }
    if !batch.is_empty() {
        // As above.
        drop(batches.send(batch));
    }
    Ok(())
}

struct Writing<'a> {
    target: &'a dyn Backend,
    numbering: Numbering<'a>,
    revision: u64,
    digest: Digest,
}

impl Writing<'_> {
    fn write(&mut self, batch: Vec<RecordedEvent>, observe: &mut dyn FnMut(Step)) -> Result<()> {
        let Some(last) = batch.last().map(|event| event.position) else { return Ok(()) };
        let placed = batch.into_iter().map(|event| self.numbering.place(event));
        let events = placed.collect::<Result<Vec<_>>>()?;
        for event in &events {
            self.digest.add(event);
        }
        let count = events.len() as u64;
        let states = vec![self.progress(last)?];
        block_on(self.target.restore(Restore { events, states }))?;
        observe(Step::Passed { events: count, is_check: false });
        Ok(())
    }

    /// How far it is, in the same commit.
    fn progress(&mut self, last: Position) -> Result<RecordedState> {
        self.revision += 1;
        Ok(RecordedState {
            key: checkpoint()?,
            revision: self.revision,
            value: Some(StatePut::checkpoint_value(last)),
            recorded_at: self.numbering.newest(),
        })
    }
}
