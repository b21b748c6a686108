//! Loading records into a store: every record once, however often it is begun again.
//!
//! Each batch carries a checkpoint in the same commit: the number of rows that are done. A load
//! that was killed finds the checkpoint, passes over that many rows, makes sure that the last of
//! them is in the store under the id it has here, and goes on. So the store's window for
//! recognizing retries does not matter.
//!
//! One thread reads and understands rows while the other appends; at most [`QUEUE_BATCHES`] full
//! batches wait between them.

use std::{
    collections::HashMap,
    num::NonZeroU64,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use annals::{
    Append, Appended, Backend, DeleteMode, DeleteStream, Error, ErrorKind, EventId,
    ExpectedVersion, Name, Position, Query, QueryItem, ReadAll, Result, StreamName, StreamSelector,
    Version, in_full,
};
use futures_lite::{future::block_on, stream};

use super::{
    BadRecord, Record, Records,
    batch::{Batch, Batches, Place, Work},
};

/// Batches that wait to be appended.
const QUEUE_BATCHES: usize = 2;

/// What to do with a record that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OnError {
    /// Stop; everything before it is kept
    Stop,
    /// List it and go on
    Skip,
}

/// What to load and how.
pub(crate) struct Load<'a> {
    pub(crate) store: &'a dyn Backend,
    pub(crate) records: Records,
    /// What the import is called; derived from its first row when not said.
    pub(crate) name: Option<String>,
    pub(crate) on_error: OnError,
    /// Told about every step.
    pub(crate) observe: &'a mut dyn FnMut(Step<'_>),
}

/// What happens during a load.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// Events are in the store for good.
    Appended(u64),
    /// A record was passed over.
    Skipped(&'a BadRecord),
}

/// What a load did.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Rows that an earlier run had done.
    pub(crate) done_before: u64,
    /// Events appended now.
    pub(crate) appended: u64,
    /// Events that were in the store already under their own ids.
    pub(crate) duplicates: u64,
    /// Records that were passed over.
    pub(crate) skipped: u64,
    /// Events whose version is not the one they had where they are from.
    pub(crate) renumbered: u64,
    /// Where it stopped, if it did.
    pub(crate) stopped: Option<BadRecord>,
}

/// Loads records.
///
/// # Errors
/// What reading or appending met. What was appended before stays.
pub(crate) fn load(load: Load<'_>) -> Result<Loaded> {
    let Load { store, mut records, name, on_error, observe } = load;
    let Some(first) = records.next().transpose()? else { return Ok(Loaded::default()) };
    let name = Name::new(format!("import:{}", name.unwrap_or_else(|| first.chain.to_string())))?;
    let done = block_on(store.checkpoint(&name))?.map_or(0, Position::get);
    let (sender, receiver) = sync_channel(QUEUE_BATCHES);
    let loaded = Loaded::default();
    let mut loading = Loading { store, name, on_error, observe, done, loaded };
    thread::scope(|scope| {
        scope.spawn(move || Batches::new(done, on_error).send_all(first, records, &sender));
        let end = loading.take_all(&receiver);
        // Whatever the end was, the thread must not wait for a taker.
        drop(receiver);
        end
    })?;
    Ok(loading.loaded)
}

struct Loading<'a> {
    store: &'a dyn Backend,
    name: Name,
    on_error: OnError,
    observe: &'a mut dyn FnMut(Step<'_>),
    /// Rows that the store knows to be done.
    done: u64,
    loaded: Loaded,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Stopped,
}

impl Loading<'_> {
    fn take_all(&mut self, work: &Receiver<Work>) -> Result<()> {
        for work in work {
            let flow = match work {
                Work::Resume { rows, last } => self.resume(rows, last)?,
                Work::Batch(batch) => self.batch(batch)?,
                Work::Tombstone(place, record) => self.tombstone(place, *record)?,
                Work::Stop(bad) => self.bad(bad),
                Work::Broken(error) => return Err(error),
            };
            if flow == Flow::Stopped {
                break;
            }
        }
        Ok(())
    }

    /// Makes sure that what an earlier run did was done from this input.
    fn resume(&mut self, rows: u64, last: Option<(StreamName, EventId)>) -> Result<Flow> {
        self.loaded.done_before = rows;
        let Some((stream, id)) = last else { return Ok(Flow::On) };
        if contains(self.store, &stream, id)? {
            return Ok(Flow::On);
        }
        Err(Error::new(
            ErrorKind::ConditionFailed,
            format!(
                "an import that begins like this one has done {rows} rows, but not from this \
                 input: its row {rows} is not in stream `{stream}`"
            ),
        ))
    }

    fn batch(&mut self, batch: Batch) -> Result<Flow> {
        for bad in batch.bad {
            self.bad(bad);
        }
        if batch.records.is_empty() {
            self.advance(batch.end)?;
            return Ok(Flow::On);
        }
        let events = batch.records.iter();
        let events = events.map(|(_, record)| (record.stream.clone(), record.event.clone()));
        let append = Append::interleaved(ExpectedVersion::Any, events);
        let append = append.checkpoint(self.name.clone(), Position::new(batch.end.get()));
        match block_on(self.store.append(append)) {
            Ok(appended) => self.appended(&batch.records, &appended, batch.end)?,
            Err(error) if is_about_a_record(error.kind()) => {
                return self.one_by_one(batch.records, batch.end);
            }
            Err(error) => return Err(error),
        }
        Ok(Flow::On)
    }

    fn appended(
        &mut self,
        records: &[(Place, Record)],
        appended: &Appended,
        end: NonZeroU64,
    ) -> Result<()> {
        let count = records.len() as u64;
        if appended.duplicate {
            // A repetition stores nothing, the checkpoint included.
            self.loaded.duplicates += count;
            return self.advance(end);
        }
        self.done = end.get();
        self.loaded.appended += count;
        self.loaded.renumbered += renumbered(records, appended);
        (self.observe)(Step::Appended(count));
        Ok(())
    }

    /// Finds the record for which a batch was refused.
    fn one_by_one(&mut self, records: Vec<(Place, Record)>, end: NonZeroU64) -> Result<Flow> {
        for (place, record) in records {
            let event = (record.stream.clone(), record.event.clone());
            let append = Append::interleaved(ExpectedVersion::Any, [event]);
            let append = append.checkpoint(self.name.clone(), Position::new(place.get()));
            match block_on(self.store.append(append)) {
                Ok(appended) => self.appended(&[(place, record)], &appended, place)?,
                Err(error) if is_about_a_record(error.kind()) => {
                    let reason = in_full(&error);
                    if self.bad(BadRecord { line: record.line, reason }) == Flow::Stopped {
                        return Ok(Flow::Stopped);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.advance(end)?;
        Ok(Flow::On)
    }

    /// A stream that was tombstoned where the record is from is tombstoned here.
    fn tombstone(&mut self, place: Place, record: Record) -> Result<Flow> {
        let delete = DeleteStream {
            stream: record.stream,
            expected: ExpectedVersion::Any,
            mode: DeleteMode::Tombstone,
        };
        match block_on(self.store.delete_stream(delete)) {
            Ok(_) => {
                self.loaded.appended += 1;
                (self.observe)(Step::Appended(1));
            }
            // Killed between this and the checkpoint, or tombstoned by somebody else.
            Err(error) if error.kind() == ErrorKind::StreamDeleted => self.loaded.duplicates += 1,
            Err(error) => return Err(error),
        }
        self.advance(place)?;
        Ok(Flow::On)
    }

    /// Remembers that rows are done for which there was nothing to append.
    fn advance(&mut self, end: NonZeroU64) -> Result<()> {
        if end.get() <= self.done {
            return Ok(());
        }
        let append = Append::default().checkpoint(self.name.clone(), Position::new(end.get()));
        block_on(self.store.append(append))?;
        self.done = end.get();
        Ok(())
    }

    fn bad(&mut self, bad: BadRecord) -> Flow {
        match self.on_error {
            OnError::Stop => {
                self.loaded.stopped = Some(bad);
                Flow::Stopped
            }
            OnError::Skip => {
                self.loaded.skipped += 1;
                (self.observe)(Step::Skipped(&bad));
                Flow::On
            }
        }
    }
}

/// Whether one record can be the reason for which a whole batch was refused.
fn is_about_a_record(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WrongExpectedVersion
            | ErrorKind::StreamDeleted
            | ErrorKind::InvalidArgument
            | ErrorKind::TooLarge
    )
}

/// Whether a stream holds an event, readable or not. The newest are looked at first.
fn contains(store: &dyn Backend, stream: &StreamName, id: EventId) -> Result<bool> {
    let streams = vec![StreamSelector::Stream(stream.clone())];
    let query = Query::any_of([QueryItem { streams, ..QueryItem::default() }])?;
    for event in stream::block_on(store.read(ReadAll::new(query).backward().into())) {
        if event?.id == id {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many events have another version than where they are from.
fn renumbered(records: &[(Place, Record)], appended: &Appended) -> u64 {
    if records.iter().all(|(_, record)| record.version.is_none()) {
        return 0;
    }
    let firsts = appended.streams.iter().filter_map(|s| Some((&s.stream, s.first_version?)));
    let mut next: HashMap<&StreamName, Version> = firsts.collect();
    let mut count = 0;
    for (_, record) in records {
        if let Some(version) = next.get_mut(&record.stream) {
            count += u64::from(record.version.is_some_and(|wanted| wanted != *version));
            *version = version.next();
        }
    }
    count
}
