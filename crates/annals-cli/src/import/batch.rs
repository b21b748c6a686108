//! Cutting records into batches that are appended whole.

use std::{num::NonZeroU64, sync::mpsc::SyncSender};

use annals::{Error, EventId, Result, StreamName};

use super::{BadRecord, OnError, Record, Records, records::Numbered};

/// The number of a row, from 1.
pub(super) type Place = NonZeroU64;

/// Events in a batch, at most.
const BATCH_EVENTS: usize = 2_000;
/// Bytes of events after which a batch is full.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Work {
    /// Rows that an earlier run had done were passed over, with the last event among them.
    Resume { rows: u64, last: Option<(StreamName, EventId)> },
    /// Events to append.
    Batch(Batch),
    /// A stream to tombstone.
    Tombstone(Place, Box<Record>),
    /// A bad record that ends the load.
    Stop(BadRecord),
    /// The rest cannot be read.
    Broken(Error),
}

/// Events to append together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) records: Vec<(Place, Record)>,
    /// Records to pass over.
    pub(super) bad: Vec<BadRecord>,
    /// The number of the last row.
    pub(super) end: Place,
}

/// Makes work of records.
#[derive(Debug)]
pub(super) struct Batches {
    /// Rows that are done already.
    done: u64,
    on_error: OnError,
    rows: u64,
    last_done: Option<(StreamName, EventId)>,
    records: Vec<(Place, Record)>,
    bad: Vec<BadRecord>,
    bytes: usize,
}

/// Nobody takes the work any more.
struct Gone;

impl Batches {
    pub(super) fn new(done: u64, on_error: OnError) -> Self {
        let (records, bad) = (Vec::new(), Vec::new());
        Self { done, on_error, rows: 0, last_done: None, records, bad, bytes: 0 }
    }

    /// Makes all the work there is, until it is not taken any more.
    pub(super) fn send_all(mut self, first: Numbered, rest: Records, to: &SyncSender<Work>) {
        let all = std::iter::once(Ok(first)).chain(rest);
        // When nobody takes the work the load has ended, for a reason known there.
        drop(self.run(all, to));
    }

    fn run(
        &mut self,
        all: impl Iterator<Item = Result<Numbered>>,
        to: &SyncSender<Work>,
    ) -> Result<(), Gone> {
        for row in all {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    self.flush(to)?;
                    return send(to, Work::Broken(error));
                }
            };
            self.rows = row.number;
            if row.number <= self.done {
                self.pass_over(row);
                if self.rows == self.done {
                    self.resume(to)?;
                } else if self.bad.len() >= BATCH_EVENTS {
                    self.flush(to)?;
                }
            } else if let Err(bad) = self.take(row, to)? {
                self.flush(to)?;
                return send(to, Work::Stop(bad));
            }
        }
        if self.rows < self.done {
            return self.resume(to);
        }
        self.flush(to)
    }

    fn pass_over(&mut self, row: Numbered) {
        match row.record {
            Ok(record) => self.last_done = Some((record.stream, record.event.id)),
            Err(bad) if self.on_error == OnError::Skip => self.bad.push(bad),
            // An earlier run was told to skip it.
            Err(_) => {}
        }
    }

    fn resume(&mut self, to: &SyncSender<Work>) -> Result<(), Gone> {
        let (rows, last) = (self.rows, self.last_done.take());
        send(to, Work::Resume { rows, last })?;
        self.flush(to)
    }

    /// Takes a record into the batch, or gives back the bad one that ends the load.
    fn take(
        &mut self,
        row: Numbered,
        to: &SyncSender<Work>,
    ) -> Result<Result<(), BadRecord>, Gone> {
        let Some(place) = NonZeroU64::new(row.number) else { return Ok(Ok(())) };
        match row.record {
            Err(bad) if self.on_error == OnError::Stop => {
                // The batch ends before the bad record.
                self.rows -= 1;
                return Ok(Err(bad));
            }
            Err(bad) => self.bad.push(bad),
            Ok(record) if record.is_tombstone() => {
                self.rows -= 1;
                self.flush(to)?;
                self.rows += 1;
                send(to, Work::Tombstone(place, Box::new(record)))?;
            }
            Ok(record) => {
                self.bytes += record.event.size();
                self.records.push((place, record));
            }
        }
        let is_full = self.records.len() + self.bad.len() >= BATCH_EVENTS;
        if is_full || self.bytes >= BATCH_BYTES {
            self.flush(to)?;
        }
        Ok(Ok(()))
    }

    /// Hands over what was collected, up to and including the current row.
    fn flush(&mut self, to: &SyncSender<Work>) -> Result<(), Gone> {
        let records = std::mem::take(&mut self.records);
        let bad = std::mem::take(&mut self.bad);
        self.bytes = 0;
        match NonZeroU64::new(self.rows) {
            Some(end) if !records.is_empty() || !bad.is_empty() => {
                send(to, Work::Batch(Batch { records, bad, end }))
            }
            _ => Ok(()),
        }
    }
}

fn send(to: &SyncSender<Work>, work: Work) -> Result<(), Gone> {
    to.send(work).map_err(|_| Gone)
}
