//! Snapshots of aggregates: a cache in the store's keyed state, never the truth.
//!
//! The value is a checksum (CRC-32C of the rest, 4 bytes, little endian), then a header and the
//! state, both MessagePack with field names. A snapshot is used only when it was made by the same
//! fold and its events are still there; whatever is wrong with one, the state is loaded from its
//! events and the snapshot replaced at the next occasion.

use std::any::type_name;

use annals_core::{
    Error, ErrorKind, EventId, EventType, Name, Position, Result, StateExpected, StateKey,
    StateKind, StatePut, Timestamp, Version,
};
use serde::{Deserialize, Serialize};

use super::{Aggregate, Boundary, Root, Snapshots, root::Folded};
use crate::{At, Event, EventSchema, app::Store, guard::guard, trace::Operation};

/// How snapshots of a boundary are made and read.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotKind<B> {
    policy: Snapshots,
    fingerprint: u64,
    name: &'static str,
    types: &'static [EventSchema],
    write: fn(&B) -> Result<Vec<u8>, rmp_serde::encode::Error>,
    read: fn(&[u8]) -> Result<B, rmp_serde::decode::Error>,
}

impl<A: Aggregate> SnapshotKind<A> {
    pub(crate) fn of_aggregate() -> Self {
        let path = type_name::<A>();
        Self {
            policy: A::SNAPSHOTS,
            fingerprint: A::FINGERPRINT,
            name: path.rsplit("::").next().unwrap_or(path),
            types: A::Event::TYPES,
            write: |state| rmp_serde::to_vec_named(state),
            read: |bytes| rmp_serde::from_slice(bytes),
        }
    }
}

/// Which snapshot a state goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SnapshotMark {
    /// How many events had been folded into it.
    pub(crate) events: u64,
    /// When it was made.
    pub(crate) taken_at: Timestamp,
}

/// A time that was not known when the snapshot was made; it fits no moment of the past.
const UNKNOWN: i64 = i64::MAX;

fn known(micros: i64) -> Option<Timestamp> {
    (micros != UNKNOWN).then(|| Timestamp::from_micros(micros))
}

/// What stands in front of the state.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    fingerprint: u64,
    first: Option<u64>,
    version: Option<u64>,
    position: u64,
    last_id: [u8; 16],
    last_position: u64,
    recorded_at: i64,
    latest_time: i64,
    events: u64,
    taken_at: i64,
}

/// The snapshot of an aggregate, when there is one that fits the moment.
pub(crate) async fn find<B: Boundary>(
    store: &Store,
    kind: &SnapshotKind<B>,
    root: Root<B>,
    at: At,
) -> Root<B> {
    let Some(key) = key(kind, &root) else { return root };
    match store.backend.state(&key).await {
        Ok(Some(entry)) => match read(store, kind, &entry.value, at) {
            Ok(Some((header, state))) => {
                tracing::Span::current().record("annals.snapshot", "used");
                root.with_state(state, header.folded(), header.mark())
            }
            Ok(None) => root,
            Err(error) => {
                tracing::debug!(snapshot = %key.name, %error, "a snapshot cannot be read");
                root
            }
        },
        Ok(None) => root,
        Err(error) => {
            tracing::warn!(snapshot = %key.name, %error, "snapshots cannot be looked up");
            root
        }
    }
}

/// Reads a snapshot; `None` when it does not fit.
fn read<B: Boundary>(
    store: &Store,
    kind: &SnapshotKind<B>,
    value: &[u8],
    at: At,
) -> Result<Option<(Header, B)>> {
    let mut bytes = unsealed(value)?;
    let header: Header = rmp_serde::from_read(&mut bytes).map_err(unreadable)?;
    if header.fingerprint != fingerprint(store, kind) || !header.fits(at) {
        return Ok(None);
    }
    let state = guard("reading a state", || (kind.read)(bytes))?.map_err(unreadable)?;
    Ok(Some((header, state)))
}

/// What the checksum stands for, when it is right.
fn unsealed(value: &[u8]) -> Result<&[u8]> {
    value
        .split_first_chunk()
        .filter(|(sum, bytes)| crc32c::crc32c(bytes) == u32::from_le_bytes(**sum))
        .map(|(_, bytes)| bytes)
        .ok_or_else(|| unreadable("its checksum is wrong"))
}

fn unreadable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Corrupted, "these bytes are no snapshot").caused_by(why)
}

/// Makes a snapshot when one is due. It never fails: the next commit tries again.
pub(crate) async fn keep_if_due<B: Boundary>(
    store: &Store,
    root: &mut Root<B>,
    committed: &[EventType],
) {
    let Some(kind) = B::snapshot_kind() else { return };
    let now = store.clock.now();
    if !is_due(&kind.policy, root, committed, now) {
        return;
    }
    let Some((key, value)) = key(&kind, root).zip(value(store, &kind, root, now)) else { return };
    let name = key.name.clone();
    let put = StatePut { key, expected: StateExpected::Any, value: Some(value.into()) };
    let span = Operation::Snapshot.span(root.stream());
    span.position(root.position());
    match span.run(store.backend.put_state(put)).await {
        Ok(_) => root.snapshot = Some(SnapshotMark { events: root.folded.events, taken_at: now }),
        // A cache: the events are safe, and whoever loads next reads a few more of them.
        Err(error) if error.kind() == ErrorKind::TooLarge => {
            tracing::warn!(snapshot = %name, %error, "the state is too large for a snapshot");
        }
        Err(error) => tracing::warn!(snapshot = %name, %error, "a snapshot was not kept"),
    }
}

fn is_due<B: Boundary>(
    policy: &Snapshots,
    root: &Root<B>,
    committed: &[EventType],
    now: Timestamp,
) -> bool {
    let since = root.folded.events - root.snapshot.map_or(0, |mark| mark.events);
    let is_old = |after: std::time::Duration| match root.snapshot {
        Some(mark) => now.as_micros() - mark.taken_at.as_micros() >= after.as_micros() as i64,
        None => true,
    };
    policy.every.is_some_and(|every| since >= u64::from(every.max(1)))
        || policy.after.is_some_and(is_old)
        || committed.iter().any(|event_type| policy.on.contains(&event_type.as_str()))
}

fn value<B: Boundary>(
    store: &Store,
    kind: &SnapshotKind<B>,
    root: &Root<B>,
    now: Timestamp,
) -> Option<Vec<u8>> {
    let header = Header::of(&root.folded, fingerprint(store, kind), now)?;
    let writing = || Ok([rmp_serde::to_vec_named(&header)?, (kind.write)(root.state())?].concat());
    let written = guard("writing a state", writing).and_then(|written| {
        written.map_err(|error: rmp_serde::encode::Error| {
            Error::new(ErrorKind::Application, "a state has no form as MessagePack")
                .caused_by(error)
        })
    });
    written
        .map(|bytes| [&crc32c::crc32c(&bytes).to_le_bytes()[..], &bytes].concat())
        .inspect_err(|error| tracing::warn!(%error, "a state cannot be written as a snapshot"))
        .ok()
}

fn key<B: Boundary>(kind: &SnapshotKind<B>, root: &Root<B>) -> Option<StateKey> {
    let name = Name::new(format!("{}/{}", root.stream()?, kind.name)).ok()?;
    Some(StateKey { kind: StateKind::Snapshot, name })
}

/// The fold is the aggregate's own and that of the upcasters before it.
fn fingerprint<B>(store: &Store, kind: &SnapshotKind<B>) -> u64 {
    kind.fingerprint ^ store.upcasters.fingerprint(kind.types)
}

impl Header {
    fn of(folded: &Folded, fingerprint: u64, now: Timestamp) -> Option<Self> {
        let (last_id, last_position) = folded.last?;
        Some(Self {
            fingerprint,
            first: folded.first.map(Version::get),
            version: folded.version.map(Version::get),
            position: folded.position?.get(),
            last_id: last_id.to_bytes(),
            last_position: last_position.get(),
            recorded_at: folded.recorded_at.map_or(UNKNOWN, Timestamp::as_micros),
            latest_time: folded.latest_time.map_or(UNKNOWN, Timestamp::as_micros),
            events: folded.events,
            taken_at: now.as_micros(),
        })
    }

    fn folded(&self) -> Folded {
        Folded {
            first: self.first.map(Version::new),
            version: self.version.map(Version::new),
            position: Some(Position::new(self.position)),
            last: Some((EventId::from_stored(self.last_id), Position::new(self.last_position))),
            recorded_at: known(self.recorded_at),
            latest_time: known(self.latest_time),
            events: self.events,
        }
    }

    fn mark(&self) -> SnapshotMark {
        SnapshotMark { events: self.events, taken_at: Timestamp::from_micros(self.taken_at) }
    }

    /// Whether all its events count at that moment.
    fn fits(&self, at: At) -> bool {
        match at {
            At::Latest => true,
            At::Version(version) => self.version.is_some_and(|own| own <= version.get()),
            At::Position(position) => self.last_position <= position.get(),
            At::Recorded(time) => self.recorded_at <= time.as_micros(),
            At::Time(time) => self.latest_time <= time.as_micros(),
        }
    }
}
