//! The dead letters of a reactor: a stream of what was set aside and what was dealt with.

use std::collections::BTreeMap;

use annals_core::{
    Append, Backend, ErrorKind, ExpectedVersion, Position, ReadStream, Result, StreamName, Version,
};
use futures_lite::StreamExt;

use super::record::{self, SET_ASIDE, SETTLED, SetAsideRecord, SettledRecord};
use crate::read_side::NewDeadLetter;

/// An event that a reactor gave up, or that waits behind one of the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its number in the stream of dead letters.
    pub id: u64,
    /// What it is.
    pub letter: NewDeadLetter,
}

impl std::ops::Deref for SetAside {
    type Target = NewDeadLetter;

    fn deref(&self) -> &NewDeadLetter {
        &self.letter
    }
}

/// Those that are open, as far as the stream has been read.
#[derive(Debug)]
pub(super) struct Letters {
    stream: StreamName,
    open: BTreeMap<u64, NewDeadLetter>,
    next: Version,
}

impl Letters {
    pub(super) fn new(reactor: &str) -> Result<Self> {
        let stream = StreamName::new(format!("reactor_{reactor}-letters"))?;
        Ok(Self { stream, open: BTreeMap::new(), next: Version::FIRST })
    }

    pub(super) async fn load(backend: &dyn Backend, reactor: &str) -> Result<Self> {
        let mut letters = Self::new(reactor)?;
        letters.catch_up(backend).await?;
        Ok(letters)
    }

    /// Reads on.
    pub(super) async fn catch_up(&mut self, backend: &dyn Backend) -> Result<()> {
        let read = ReadStream::new(self.stream.clone()).from(self.next);
        let mut records = backend.read(read.into());
        loop {
            let record = match records.try_next().await {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::StreamNotFound => return Ok(()),
                Err(error) => return Err(error),
            };
            match record.event_type.as_str() {
                SET_ASIDE => {
                    let letter = record::read::<SetAsideRecord>(&record)?.into_letter(&record)?;
                    self.open.insert(record.version.get(), letter);
                }
                SETTLED => {
                    let SettledRecord { letter } = record::read(&record)?;
                    self.open.remove(&letter);
                }
                _ => {}
            }
            self.next = record.version.next();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn list(&self) -> Vec<SetAside> {
        let open = self.open.iter();
        open.map(|(&id, letter)| SetAside { id, letter: letter.clone() }).collect()
    }

    pub(super) fn contains(&self, id: u64) -> bool {
        self.open.contains_key(&id)
    }

    /// The first of a key.
    pub(super) fn first_of(&self, key: &str) -> Option<u64> {
        let is_of = |letter: &NewDeadLetter| letter.key.as_deref() == Some(key);
        self.open.iter().find(|(_, letter)| is_of(letter)).map(|(&id, _)| id)
    }

    /// Whether an event, or all of its record, is set aside.
    pub(super) fn has(&self, position: Position, part: Option<u32>) -> bool {
        let is_it = |letter: &NewDeadLetter| {
            letter.position == position && (letter.part == part || letter.part.is_none())
        };
        self.open.values().any(is_it)
    }

    /// Sets an event aside, if nothing has changed since the last look.
    ///
    /// # Errors
    /// `WrongExpectedVersion` when something has.
    pub(super) async fn add(
        &mut self,
        backend: &dyn Backend,
        letter: &NewDeadLetter,
    ) -> Result<()> {
        let expected = match self.next.get().checked_sub(1) {
            Some(last) => ExpectedVersion::Exact(Version::new(last)),
            None => ExpectedVersion::NoStream,
        };
        let event = record::to_event(SET_ASIDE, &SetAsideRecord::of(letter))?;
        backend.append(Append::to(self.stream.clone(), expected, [event])).await?;
        self.catch_up(backend).await
    }

    /// Notes that a letter is dealt with.
    pub(super) async fn settle(&mut self, backend: &dyn Backend, id: u64) -> Result<()> {
        let event = record::to_event(SETTLED, &SettledRecord { letter: id })?;
        let append = Append::to(self.stream.clone(), ExpectedVersion::StreamExists, [event]);
        backend.append(append).await?;
        self.catch_up(backend).await
    }
}
