//! One instance of a process manager, as its stream tells it.

use annals_core::{
    Backend, ErrorKind, ExpectedVersion, ReadStream, RecordedEvent, Result, StreamName,
    StreamStatus, Version,
};
use futures_lite::StreamExt;

use super::{
    home::{ANSWERED, REACTED, deadline_of},
    records::{self, Answered, Open, Reacted},
};

/// Events read at a time on the way back to the last reaction.
const PAGE_EVENTS: u64 = 8;

/// One instance: where its stream is, its last reaction, and what is open.
#[derive(Debug, Clone, Default)]
pub(super) struct Instance {
    /// The last version of its stream, also when the stream was deleted.
    version: Option<Version>,
    /// Whether the stream has events to be read.
    is_there: bool,
    pub(super) last: Option<Reacted>,
    pub(super) open: Open,
}

impl Instance {
    /// Reads the stream backward to the last reaction, which says all that came before.
    ///
    /// # Errors
    /// `StreamDeleted` for a tombstoned stream; `Undecodable`; those of reading.
    pub(super) async fn load(backend: &dyn Backend, stream: &StreamName) -> Result<Self> {
        let tail = match tail(backend, stream).await {
            Err(error) if error.kind() == ErrorKind::StreamNotFound => Vec::new(),
            tail => tail?,
        };
        if tail.is_empty() {
            // Never begun, deleted, or cut off by retention: versions go on in any case.
            let info = backend.stream_info(stream).await?;
            let is_there = info.status == StreamStatus::Live;
            return Ok(Self { version: info.last_version, is_there, ..Self::default() });
        }
        let mut instance = Self::default();
        tail.iter().rev().try_for_each(|record| instance.take(record))?;
        Ok(instance)
    }

    /// Takes in the next event of its stream.
    fn take(&mut self, record: &RecordedEvent) -> Result<()> {
        match record.event_type.as_str() {
            REACTED => self.reacted(records::read(record)?, record.version),
            ANSWERED => self.open.answered(records::read::<Answered>(record)?.ticket),
            _ => {
                if let Some(ticket) = deadline_of(record) {
                    self.open.passed(ticket);
                }
            }
        }
        self.is_there = true;
        self.version = Some(record.version);
        Ok(())
    }

    /// Takes in a reaction that ends, with what was emitted, at a version.
    pub(super) fn reacted(&mut self, reacted: Reacted, version: Version) {
        self.open = reacted.open.clone();
        self.last = Some(reacted);
        self.is_there = true;
        self.version = Some(version);
    }

    /// The version its next event gets.
    pub(super) fn next(&self) -> Version {
        self.version.map_or(Version::FIRST, Version::next)
    }

    /// What an append to it has to expect.
    pub(super) fn expected(&self) -> ExpectedVersion {
        match self.version {
            Some(version) if self.is_there => ExpectedVersion::Exact(version),
            _ => ExpectedVersion::NoStream,
        }
    }

    /// Whether it takes events.
    pub(super) fn is_running(&self) -> bool {
        self.last.as_ref().is_some_and(|last| !last.finished)
    }
}

/// The newest events, newest first, back to the last reaction.
async fn tail(backend: &dyn Backend, stream: &StreamName) -> Result<Vec<RecordedEvent>> {
    let mut tail: Vec<RecordedEvent> = Vec::new();
    loop {
        let mut read = ReadStream::new(stream.clone()).backward().limit(PAGE_EVENTS);
        if let Some(oldest) = tail.last() {
            let Some(before) = oldest.version.get().checked_sub(1) else { return Ok(tail) };
            read = read.from(Version::new(before));
        }
        let before = tail.len();
        let mut events = backend.read(read.into());
        while let Some(record) = events.try_next().await? {
            let is_reaction = record.event_type.as_str() == REACTED;
            tail.push(record);
            if is_reaction {
                return Ok(tail);
            }
        }
        if tail.len() == before {
            return Ok(tail);
        }
    }
}

/// Reads the reaction at a version; `None` when it is not there any more.
pub(super) async fn reaction_at(
    backend: &dyn Backend,
    stream: &StreamName,
    version: Version,
) -> Result<Option<(RecordedEvent, Reacted)>> {
    let read = ReadStream::new(stream.clone()).from(version).limit(1);
    let found = match backend.read(read.into()).try_next().await {
        Err(error) if is_gone(&error) => None,
        found => found?,
    };
    match found.filter(|record| record.version == version) {
        Some(record) => {
            let reacted = records::read(&record)?;
            Ok(Some((record, reacted)))
        }
        None => Ok(None),
    }
}

/// Whether the stream was deleted; what was open in it is open no more.
pub(super) fn is_gone(error: &annals_core::Error) -> bool {
    [ErrorKind::StreamNotFound, ErrorKind::StreamDeleted].contains(&error.kind())
}
