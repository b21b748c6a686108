//! The events that are written: 256 bytes of data, a new stream every 10 events, one tag of their
//! own and one that a few share and many do not.
//!
//! An event follows from the seed and its number alone, so a store can be written by one process
//! and asked by another. Its id does too, unless it is left to the event.

use annals_core::{
    Append, EventId, EventType, ExpectedVersion, NewEvent, StreamName, Tag, Tags, Version,
};
use uuid::Uuid;

use crate::{
    problem::Result,
    random::{Random, Zipf},
};

/// Bytes of data of an event.
pub(crate) const DATA_BYTES: usize = 256;
/// Events of a stream.
pub(crate) const STREAM_EVENTS: u64 = 10;
/// The types of the events.
pub(crate) const TYPES: [&str; 4] = ["opened", "deposited", "withdrawn", "closed"];
/// How many different shared tags there are.
const SHARED_TAGS: u64 = 100_000;

/// The ids that events get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Random, following from the seed: what a store costs whose user brings ids of his own.
    Seeded,
    /// What events get that are given none.
    Default,
}

/// A series of events.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    seed: u64,
    ids: Ids,
    shared: Zipf,
    /// The number of the next event.
    next: u64,
}

impl Workload {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, ids: Ids::Seeded, shared: Zipf::new(SHARED_TAGS), next: 0 }
    }

    /// The same series with other ids.
    pub(crate) fn with_ids(self, ids: Ids) -> Self {
        Self { ids, ..self }
    }

    /// Another series, for another writer, with streams of its own.
    pub(crate) fn sibling(&self, seed: u64) -> Self {
        Self { seed, next: 0, ..self.clone() }
    }

    /// How many events have been made.
    pub(crate) const fn made(&self) -> u64 {
        self.next
    }

    fn random(&self, number: u64) -> Random {
        let mut random = Random::new(self.seed.rotate_left(32) ^ number);
        Random::new(random.number())
    }

    /// The rank of the shared tag of an event.
    pub(crate) fn shared_rank(&self, number: u64) -> u64 {
        self.shared.rank(&mut self.random(number))
    }

    /// The most frequent shared tag (rank 0) never meets the last type, so that asking for both
    /// walks two long lists in vain.
    fn event_type(rank: u64, random: &mut Random) -> &'static str {
        let types = if rank == 0 { TYPES.len() - 1 } else { TYPES.len() };
        TYPES[random.below(types as u64) as usize]
    }

    pub(crate) fn shared_tag(rank: u64) -> Result<Tag> {
        Ok(Tag::new(format!("customer:{rank}"))?)
    }

    /// The stream of this number.
    pub(crate) fn stream(&self, number: u64) -> Result<StreamName> {
        Ok(StreamName::new(format!("account-{:x}-{number:07}", self.seed))?)
    }

    /// The next event, for whichever stream.
    pub(crate) fn event(&mut self) -> Result<NewEvent> {
        let number = self.next;
        self.next += 1;
        let mut random = self.random(number);
        let rank = self.shared.rank(&mut random);
        let event_type = EventType::new(Self::event_type(rank, &mut random))?;
        let own = Tag::new(format!("order:{:x}-{number:08}", self.seed))?;
        let mut data = Vec::with_capacity(DATA_BYTES);
        data.extend_from_slice(b"{\"note\":\"");
        random.put_letters(&mut data, DATA_BYTES - b"{\"note\":\"\"}".len());
        data.extend_from_slice(b"\"}");
        let mut event = NewEvent::new(event_type, data);
        if self.ids == Ids::Seeded {
            let id = Uuid::from_u64_pair(random.number(), random.number());
            event = event.with_id(EventId::new(id)?);
        }
        Ok(event.with_tags(Tags::new([own, Self::shared_tag(rank)?])?))
    }

    /// The next event for its own stream, expecting the stream to be as it must be.
    pub(crate) fn append(&mut self) -> Result<Append> {
        let (stream, version) = (self.next / STREAM_EVENTS, self.next % STREAM_EVENTS);
        let expected = match version.checked_sub(1) {
            None => ExpectedVersion::NoStream,
            Some(last) => ExpectedVersion::Exact(Version::new(last)),
        };
        let stream = self.stream(stream)?;
        Ok(Append::to(stream, expected, [self.event()?]))
    }

    /// The next events in one append, all of a new stream.
    pub(crate) fn stream_of(&mut self, count: u64) -> Result<Append> {
        let stream = self.stream(self.next)?;
        let events = (0..count).map(|_| self.event()).collect::<Result<Vec<_>>>()?;
        Ok(Append::to(stream, ExpectedVersion::NoStream, events))
    }

    /// The next events in one append, as whole streams; `count` is a multiple of
    /// [`STREAM_EVENTS`].
    pub(crate) fn batch(&mut self, count: u64) -> Result<Append> {
        let mut append = Append::default();
        for _ in 0..count / STREAM_EVENTS {
            let stream = self.stream(self.next / STREAM_EVENTS)?;
            let events = (0..STREAM_EVENTS).map(|_| self.event()).collect::<Result<Vec<_>>>()?;
            append = append.and(stream, ExpectedVersion::NoStream, events);
        }
        Ok(append)
    }
}

/// What a user handed in: data and names, bytes of the store's own not counted.
pub(crate) fn user_bytes(append: &Append) -> u64 {
    let of_write = |write: &annals_core::StreamWrite| {
        let names = write.stream.as_str().len() * write.events.len();
        names + write.events.iter().map(NewEvent::size).sum::<usize>()
    };
    append.writes.iter().map(of_write).sum::<usize>() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_follows_from_its_number() {
        let mut workload = Workload::new(7);
        let ranks: Vec<_> = (0..20).map(|number| workload.shared_rank(number)).collect();
        let append = workload.batch(20).unwrap();
        assert_eq!(append.writes.len(), 2);
        let events = append.writes.iter().flat_map(|write| &write.events);
        for (event, rank) in events.zip(ranks) {
            assert_eq!(event.data.len(), DATA_BYTES);
            assert!(event.tags.contains(&Workload::shared_tag(rank).unwrap()));
        }
        assert!(append.check().is_ok());
        assert!(
            Workload::new(7).batch(20).unwrap().writes[1].events[3].id
                == append.writes[1].events[3].id
        );
    }

    #[test]
    fn appends_one_by_one_expect_what_the_ones_before_left() {
        let mut workload = Workload::new(7);
        let expected: Vec<_> =
            (0..11).map(|_| workload.append().unwrap().writes[0].expected).collect();
        assert_eq!(expected[0], ExpectedVersion::NoStream);
        assert_eq!(expected[9], ExpectedVersion::Exact(Version::new(8)));
        assert_eq!(expected[10], ExpectedVersion::NoStream);
    }
}
