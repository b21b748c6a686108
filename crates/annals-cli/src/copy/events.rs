//! Moving events: one thread reads and digests, the other writes; a few batches wait between them.

use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use annals::{Backend, Error, ErrorKind, Position, Query, ReadAll, RecordedEvent, Restore, Result};
use futures_lite::{future::block_on, stream};

use super::{Step, Verify, begin::Begun, digest::Digest};

/// Batches that wait to be written.
const QUEUE_BATCHES: usize = 2;
/// Most events in a batch.
const BATCH_EVENTS: usize = 8_192;
/// Bytes after which a batch is full.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Events between two reports while nothing is written.
const STEP_EVENTS: u64 = 4_096;

/// What the reading thread hands over.
enum Read {
    /// Events that the target holds already.
    Passed(u64),
    /// Events to be written.
    Batch(Vec<RecordedEvent>),
}

/// Writes what the target lacks. Gives the digest of the source up to the end of the copy; where
/// it is not verified, of nothing.
pub(super) fn copy(
    source: &dyn Backend,
    target: &dyn Backend,
    begun: &Begun,
    verify: Verify,
    observe: &mut dyn FnMut(Step),
) -> Result<Digest> {
    let (batches, queue) = sync_channel(QUEUE_BATCHES);
    thread::scope(|scope| {
        let reader = scope.spawn(move || read(source, begun, verify, &batches));
        // The queue ends with this, so that a reader whose events nobody takes ends too.
        let written = write(target, queue, observe);
        let digest = reader.join().map_err(|_| {
            Error::new(ErrorKind::Internal, "the thread that reads the source panicked")
        })?;
        written?;
        digest
    })
}

fn write(target: &dyn Backend, queue: Receiver<Read>, observe: &mut dyn FnMut(Step)) -> Result<()> {
    for read in queue {
        let events = match read {
            Read::Passed(count) => count,
            Read::Batch(events) => {
                let count = events.len() as u64;
                block_on(target.restore(Restore::events(events)))?;
                count
            }
        };
        observe(Step::Passed { events, is_check: false });
    }
    Ok(())
}

fn read(
    source: &dyn Backend,
    begun: &Begun,
    verify: Verify,
    batches: &SyncSender<Read>,
) -> Result<Digest> {
    let mut digest = Digest::new();
    let Some(head) = begun.head else { return Ok(digest) };
    let from = match verify {
        Verify::Digest => 0,
        Verify::Skip => begun.present,
    };
    if from > head.get() {
        return Ok(digest);
    }
    let mut batch = Batch::default();
    for event in stream::block_on(source.read(stretch(from, head))) {
        let event = event?;
        if verify == Verify::Digest {
            digest.add(&event);
        }
        let full = batch.add(event, begun.present);
        if full.is_some_and(|full| batches.send(full).is_err()) {
            // The writer has failed and says why.
            return Ok(digest);
        }
    }
    // As above.
    drop(batches.send(batch.take()));
    Ok(digest)
}

fn stretch(from: u64, head: Position) -> annals::Read {
    let read = ReadAll::new(Query::all()).from(Position::new(from));
    ReadAll { to: Some(head), ..read }.into()
}

/// Events on their way into the queue.
#[derive(Default)]
struct Batch {
    passed: u64,
    events: Vec<RecordedEvent>,
    bytes: usize,
}

impl Batch {
    /// Adds an event; gives what is to be handed over.
    fn add(&mut self, event: RecordedEvent, present: u64) -> Option<Read> {
        if event.position.get() < present {
            self.passed += 1;
            let is_last = event.position.get() + 1 == present;
            return (is_last || self.passed == STEP_EVENTS).then(|| self.take());
        }
        self.bytes += event.size() + event.stream.as_str().len();
        self.events.push(event);
        let is_full = self.events.len() == BATCH_EVENTS || self.bytes >= BATCH_BYTES;
        is_full.then(|| self.take())
    }

    fn take(&mut self) -> Read {
        let Self { passed, events, .. } = std::mem::take(self);
        if passed > 0 { Read::Passed(passed) } else { Read::Batch(events) }
    }
}

/// The digest of the first events of a store, up to but without the position `end`.
pub(super) fn read_back(
    of: &dyn Backend,
    end: u64,
    observe: &mut dyn FnMut(Step),
) -> Result<Digest> {
    match end.checked_sub(1) {
        Some(head) => read_stretch(of, 0, head, observe),
        None => Ok(Digest::new()),
    }
}

/// The digest of the events between two positions, both included.
pub(super) fn read_stretch(
    of: &dyn Backend,
    from: u64,
    to: u64,
    observe: &mut dyn FnMut(Step),
) -> Result<Digest> {
    let mut digest = Digest::new();
    for event in stream::block_on(of.read(stretch(from, Position::new(to)))) {
        digest.add(&event?);
        if digest.events().is_multiple_of(STEP_EVENTS) {
            observe(Step::Passed { events: STEP_EVENTS, is_check: true });
        }
    }
    observe(Step::Passed { events: digest.events() % STEP_EVENTS, is_check: true });
    Ok(digest)
}
