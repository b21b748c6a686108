//! Operations as small plain data. What they mean exactly (which version is "the last one") is
//! decided when they run, from what the reference holds then; so they stay sensible while a
//! failure shrinks.

use annals_core::{DeleteMode, Direction, StateKind};

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    /// A new append.
    Append(AppendOp),
    /// An earlier append again, counted back from the newest, perhaps changed.
    Retry { back: u8, change: Change },
    /// A delete.
    Delete { stream: u8, expected: Expect, mode: DeleteMode },
    /// Settings through their own call.
    Settings { stream: u8, expected: Expect, settings: Settings },
    /// A read of a stream or metastream.
    ReadStream { target: Target, stretch: Stretch },
    /// A read of the whole store.
    ReadAll { query: Vec<ItemOp>, stretch: Stretch },
    /// A subscription to a stream, until it has caught up.
    FollowStream { target: Target, start: Start },
    /// A subscription to the whole store, until it has caught up.
    FollowAll { query: Vec<ItemOp>, start: Start },
    /// What is known of a stream.
    Info(Target),
    /// What is known of the store, and the names of its streams.
    Overview { category: Option<u8> },
    /// A write of state.
    Put { kind: StateKind, name: u8, expected: Revision, value: Option<u8> },
    /// State, one and all of its kind.
    State { kind: StateKind, name: u8 },
    /// The clock moves by so many seconds.
    Clock(i8),
    /// The store is closed and opened again, where it is durable.
    Reopen,
}

/// An append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppendOp {
    pub(crate) writes: Vec<WriteOp>,
    /// Whether the events of the writes take turns.
    pub(crate) interleaved: bool,
    pub(crate) conditions: Vec<(Vec<ItemOp>, Place)>,
    /// Name of the consumer, and how far it came.
    pub(crate) checkpoint: Option<(u8, Place)>,
}

/// Events for one stream, or settings for one metastream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WriteOp {
    pub(crate) stream: u8,
    pub(crate) expected: Expect,
    pub(crate) what: What,
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Events(Vec<EventOp>),
    Settings(Vec<Settings>),
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventOp {
    pub(crate) of_type: u8,
    pub(crate) tags: Vec<u8>,
    pub(crate) correlation: Option<u8>,
    pub(crate) bytes: u16,
    /// The id of an earlier event, counted back from the newest, instead of a new one.
    pub(crate) id_again: Option<u8>,
    /// The writer's own time, in seconds after the beginning.
    pub(crate) time: Option<i8>,
}

/// How an append differs from the one it repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Nothing,
    /// Every write expects this instead.
    Expect(Expect),
    /// The last event of the first write is missing.
    Shorter,
    /// The first write has one event more.
    Longer,
    /// The events of the first write stand the other way round.
    Reversed,
    /// The last write is missing.
    FewerStreams,
}

/// An expected version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    Any,
    NoStream,
    StreamExists,
    /// The right one.
    Last,
    /// So many before the last.
    Behind(u8),
    /// So many after the last.
    Ahead(u8),
}

/// A stream, or its metastream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) stream: u8,
    pub(crate) is_settings: bool,
}

/// Settings of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) max_age: Option<u8>,
    pub(crate) max_count: Option<u8>,
    pub(crate) truncate_before: Option<Place>,
    pub(crate) has_custom: bool,
}

/// Which part of a stream or store, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) direction: Direction,
    pub(crate) from: Option<Place>,
    pub(crate) to: Option<Place>,
    pub(crate) limit: Option<u8>,
}

impl Stretch {
    /// All of it, oldest first.
    pub(crate) const ALL: Self =
        Self { direction: Direction::Forward, from: None, to: None, limit: None };
}

/// A version or a position, named by where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    FromStart(u8),
    /// So many before the newest; 0 is the newest.
    FromEnd(u8),
    /// So many after the newest.
    Beyond(u8),
    /// The highest there can be.
    Highest,
    /// The version of a tombstone, which marks a deleted stream when reads begin with it.
    Deleted,
}

/// Where a subscription begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Beginning,
    After(Place),
    End,
}

/// An item of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemOp {
    pub(crate) types: Vec<u8>,
    pub(crate) tags: Vec<u8>,
    pub(crate) streams: Vec<Selector>,
    pub(crate) correlation: Option<u8>,
}

/// A stream or a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selector {
    Stream(Target),
    Category(u8),
}

/// The revision a write of state expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revision {
    Any,
    Absent,
    /// The right one.
    Current,
    /// The one before the last write to any state.
    Stale,
    /// One that never was.
    Never,
}
