//! One operation done to both stores, and the answers compared.

use annals_core::{
    Append, Backend, BoxStream, DeleteStream, Delivery, Position, Read, ReadAll, ReadStream,
    Result, StateEntry, StateExpected, StateKey, StateKind, StatePut, Subscribe, SubscribeStart,
};
use bytes::Bytes;
use futures_lite::{StreamExt, future::block_on};

use super::{
    compare::{Difference, collect, names_a_match, same},
    op::{Op, Revision, Start, Stretch},
    pair::Pair,
    words,
};

impl Pair {
    /// Does an operation to both stores.
    pub(super) fn step(&mut self, op: &Op) -> Result<(), Difference> {
        match op {
            Op::Append(append) => {
                let append = self.append(append);
                self.check_append(&append)
            }
            Op::Retry { back, change } => match self.retry(*back, *change) {
                Some(append) => self.check_append(&append),
                None => Ok(()),
            },
            Op::Delete { stream, expected, mode } => {
                let stream = words::stream(*stream);
                let expected = self.expected(&stream, *expected);
                let delete = DeleteStream { stream, expected, mode: *mode };
                self.both(|backend| block_on(backend.delete_stream(delete.clone())))
            }
            Op::Settings { stream, expected, settings } => {
                // The call gives its event a random id, so its write is handed in instead.
                let stream = words::stream(*stream);
                let metadata = self.settings(&stream, *settings);
                let metastream = stream.metastream().expect("it has a metastream");
                let expected = self.expected(&metastream, *expected);
                let write = metadata.to_write(&stream, expected).expect("it has a metastream");
                let append = Append { writes: vec![write], ..Append::default() };
                self.check_append(&append)
            }
            Op::Put { kind, name, expected, value } => {
                let key = StateKey { kind: *kind, name: words::name(*name) };
                self.check_put(&key, *expected, *value)
            }
            Op::State { kind, name } => {
                self.check_state(&StateKey { kind: *kind, name: words::name(*name) })
            }
            Op::Clock(seconds) => {
                let micros = i64::from(*seconds) * crate::words::SECOND;
                self.tested.clock().advance_micros(micros);
                Ok(())
            }
            Op::Reopen => {
                if self.tested.backend().capabilities().store_durable {
                    self.tested.reopen();
                }
                Ok(())
            }
            question => self.ask(question),
        }
    }

    /// Operations that change nothing.
    fn ask(&self, op: &Op) -> Result<(), Difference> {
        match op {
            Op::ReadStream { target, stretch } => {
                let read = self.stream_stretch(words::target(*target), stretch);
                self.both(|backend| collect(backend.read(Read::Stream(read.clone()))))
            }
            Op::ReadAll { query, stretch } => {
                let read = self.all_stretch(ReadAll::new(words::query(query)), stretch);
                self.both(|backend| collect(backend.read(Read::All(read.clone()))))
            }
            Op::FollowStream { target, start } => {
                let stream = words::target(*target);
                let start = started(*start, |place| self.version(&stream, place));
                let subscribe = Subscribe::stream(stream, start);
                self.both(|backend| until_caught_up(backend.subscribe(subscribe.clone())))
            }
            Op::FollowAll { query, start } => {
                let start = started(*start, |place| self.position(place));
                let subscribe = Subscribe::all(words::query(query), start);
                self.both(|backend| until_caught_up(backend.subscribe(subscribe.clone())))
            }
            Op::Info(target) => {
                let stream = words::target(*target);
                self.both(|backend| block_on(backend.stream_info(&stream)))
            }
            Op::Overview { category } => {
                let category = category.map(words::category);
                self.both(|backend| collect(backend.streams(category.clone())))?;
                self.both(|backend| block_on(backend.head()))?;
                self.both(|backend| {
                    let info = block_on(backend.info())?;
                    Ok((info.events, info.streams, info.head))
                })
            }
            _ => Ok(()),
        }
    }

    /// Asks both stores the same and compares the answers.
    pub(super) fn both<T: PartialEq + std::fmt::Debug>(
        &self,
        ask: impl Fn(&dyn Backend) -> Result<T>,
    ) -> Result<(), Difference> {
        let (tested, reference) = self.backends();
        same(&ask(tested.as_ref()), &ask(reference))
    }

    fn check_append(&self, append: &Append) -> Result<(), Difference> {
        let (tested, reference) = self.backends();
        let [ours, theirs] = [tested.as_ref(), reference as &dyn Backend]
            .map(|backend| block_on(backend.append(append.clone())));
        same(&ours, &theirs)?;
        let refused = ours.err();
        refused.map_or(Ok(()), |error| names_a_match(&error, &append.conditions, reference))
    }

    fn stream_stretch(&self, stream: annals_core::StreamName, stretch: &Stretch) -> ReadStream {
        let version = |place| self.version(&stream, place);
        let (from, to) = (stretch.from.map(version), stretch.to.map(version));
        let limit = stretch.limit.map(u64::from);
        ReadStream { stream, direction: stretch.direction, from, to, limit }
    }

    fn all_stretch(&self, read: ReadAll, stretch: &Stretch) -> ReadAll {
        let position = |place| self.position(place);
        let (from, to) = (stretch.from.map(position), stretch.to.map(position));
        let limit = stretch.limit.map(u64::from);
        ReadAll { direction: stretch.direction, from, to, limit, ..read }
    }

    fn check_put(
        &mut self,
        key: &StateKey,
        expected: Revision,
        value: Option<u8>,
    ) -> Result<(), Difference> {
        let value = value.map(|byte| match key.kind {
            StateKind::Checkpoint => StatePut::checkpoint_value(Position::new(u64::from(byte))),
            _ => Bytes::from(vec![byte; usize::from(byte)]),
        });
        let (tested, reference) = self.backends();
        let put = |backend: &dyn Backend, revision: Option<u64>| {
            let current = || {
                let entry = block_on(backend.state(key)).expect("state can be read");
                entry.map_or(StateExpected::Absent, |entry| StateExpected::Revision(entry.revision))
            };
            let expected = match expected {
                Revision::Any => StateExpected::Any,
                Revision::Absent => StateExpected::Absent,
                Revision::Current => current(),
                Revision::Stale => revision.map_or(StateExpected::Absent, StateExpected::Revision),
                Revision::Never => StateExpected::Revision(u64::MAX),
            };
            block_on(backend.put_state(StatePut {
                key: key.clone(),
                expected,
                value: value.clone(),
            }))
        };
        let stale = self.revisions.iter().rev().nth(1).copied();
        let ours = put(tested.as_ref(), stale.map(|(ours, _)| ours));
        let theirs = put(reference, stale.map(|(_, theirs)| theirs));
        if let (Ok(ours), Ok(theirs)) = (&ours, &theirs) {
            self.revisions.push((*ours, *theirs));
            let before = self.revisions.iter().rev().nth(1).map_or(0, |(ours, _)| *ours);
            if *ours <= before {
                return Err(format!("revision {ours} was given after {before}"));
            }
        }
        same(&ours.map(drop), &theirs.map(drop))
    }

    fn check_state(&self, key: &StateKey) -> Result<(), Difference> {
        // Revisions are the store's own numbers; that they grow is checked when they are given.
        let known = |entry: StateEntry| (entry.key, entry.value, entry.recorded_at);
        self.both(|backend| Ok(block_on(backend.state(key))?.map(known)))?;
        self.both(|backend| {
            let entries = collect(backend.states(key.kind, "name-"))?;
            Ok(entries.into_iter().map(known).collect::<Vec<_>>())
        })?;
        self.both(|backend| block_on(backend.checkpoint(&key.name)))
    }
}

fn started<P>(start: Start, place: impl Fn(super::op::Place) -> P) -> SubscribeStart<P> {
    match start {
        Start::Beginning => SubscribeStart::Beginning,
        Start::After(at) => SubscribeStart::After(place(at)),
        Start::End => SubscribeStart::End,
    }
}

fn until_caught_up(mut stream: BoxStream<'static, Result<Delivery>>) -> Result<Vec<Delivery>> {
    let mut deliveries = Vec::new();
    loop {
        let Some(delivery) = block_on(stream.next()) else { return Ok(deliveries) };
        let delivery = delivery?;
        let is_last = matches!(delivery, Delivery::CaughtUp { .. });
        deliveries.push(delivery);
        if is_last {
            return Ok(deliveries);
        }
    }
}
