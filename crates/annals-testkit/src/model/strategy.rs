//! Random operations: few names, so that they meet; mostly right expectations, so that streams
//! grow; some of everything else.

use std::ops::Range;

use annals_core::{DeleteMode, Direction, StateKind};
use proptest::{collection::vec, option, prelude::*};

use super::op::{
    AppendOp, Change, EventOp, Expect, ItemOp, Op, Place, Revision, Selector, Settings, Start,
    Stretch, Target, What, WriteOp,
};

/// Names of streams, types, tags and so on are drawn from this many.
pub(super) const NAMES: Range<u8> = 0..5;

pub(super) fn ops() -> impl Strategy<Value = Vec<Op>> {
    vec(op(), 1..60)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => append().prop_map(Op::Append),
        4 => (0_u8..4, change()).prop_map(|(back, change)| Op::Retry { back, change }),
        2 => (NAMES, expect(), mode()).prop_map(|(stream, expected, mode)| Op::Delete { stream, expected, mode }),
        2 => (NAMES, expect(), settings()).prop_map(|(stream, expected, settings)| Op::Settings { stream, expected, settings }),
        3 => (target(), stretch()).prop_map(|(target, stretch)| Op::ReadStream { target, stretch }),
        3 => (query(), stretch()).prop_map(|(query, stretch)| Op::ReadAll { query, stretch }),
        1 => (target(), start()).prop_map(|(target, start)| Op::FollowStream { target, start }),
        1 => (query(), start()).prop_map(|(query, start)| Op::FollowAll { query, start }),
        1 => target().prop_map(Op::Info),
        1 => option::of(NAMES).prop_map(|category| Op::Overview { category }),
        2 => (kind(), NAMES, revision(), option::weighted(0.8, any::<u8>())).prop_map(
            |(kind, name, expected, value)| Op::Put { kind, name, expected, value }),
        1 => (kind(), NAMES).prop_map(|(kind, name)| Op::State { kind, name }),
        1 => (-3_i8..10).prop_map(Op::Clock),
        1 => Just(Op::Reopen),
    ]
}

fn append() -> impl Strategy<Value = AppendOp> {
    let condition = (query(), place());
    let writes = prop_oneof![4 => vec(write(), 1), 1 => vec(write(), 0..4)];
    let parts = (
        writes,
        any::<bool>(),
        prop_oneof![3 => Just(Vec::new()), 1 => vec(condition, 1..3)],
        option::weighted(0.1, (NAMES, place())),
    );
    parts.prop_map(|(writes, interleaved, conditions, checkpoint)| AppendOp {
        writes,
        interleaved,
        conditions,
        checkpoint,
    })
}

fn write() -> impl Strategy<Value = WriteOp> {
    let what = prop_oneof![
        8 => vec(event(), 0..4).prop_map(What::Events),
        1 => vec(settings(), 0..3).prop_map(What::Settings),
    ];
    (NAMES, expect(), what).prop_map(|(stream, expected, what)| WriteOp { stream, expected, what })
}

fn event() -> impl Strategy<Value = EventOp> {
    let parts = (
        NAMES,
        vec(NAMES, 0..3),
        option::weighted(0.2, NAMES),
        prop_oneof![4 => 0_u16..40, 1 => 0_u16..3_000],
        option::weighted(0.05, 0_u8..8),
        option::weighted(0.2, any::<i8>()),
    );
    parts.prop_map(|(of_type, tags, correlation, bytes, id_again, time)| EventOp {
        of_type,
        tags,
        correlation,
        bytes,
        id_again,
        time,
    })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => Just(Change::Nothing),
        1 => expect().prop_map(Change::Expect),
        1 => Just(Change::Shorter),
        1 => Just(Change::Longer),
        1 => Just(Change::Reversed),
        1 => Just(Change::FewerStreams),
    ]
}

fn expect() -> impl Strategy<Value = Expect> {
    prop_oneof![
        4 => Just(Expect::Any),
        4 => Just(Expect::Last),
        1 => Just(Expect::NoStream),
        1 => Just(Expect::StreamExists),
        1 => (1_u8..4).prop_map(Expect::Behind),
        1 => (1_u8..4).prop_map(Expect::Ahead),
    ]
}

fn mode() -> impl Strategy<Value = DeleteMode> {
    prop_oneof![4 => Just(DeleteMode::Soft), 1 => Just(DeleteMode::Tombstone)]
}

fn target() -> impl Strategy<Value = Target> {
    let is_settings = prop_oneof![5 => Just(false), 1 => Just(true)];
    (NAMES, is_settings).prop_map(|(stream, is_settings)| Target { stream, is_settings })
}

fn settings() -> impl Strategy<Value = Settings> {
    let parts = (
        option::weighted(0.3, 0_u8..6),
        option::weighted(0.3, 0_u8..5),
        option::weighted(0.3, place()),
        any::<bool>(),
    );
    parts.prop_map(|(max_age, max_count, truncate_before, has_custom)| Settings {
        max_age,
        max_count,
        truncate_before,
        has_custom,
    })
}

fn stretch() -> impl Strategy<Value = Stretch> {
    let direction = prop_oneof![Just(Direction::Forward), Just(Direction::Backward)];
    let parts = (
        direction,
        option::of(place()),
        option::weighted(0.3, place()),
        option::weighted(0.4, 0_u8..6),
    );
    parts.prop_map(|(direction, from, to, limit)| Stretch { direction, from, to, limit })
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        4 => (0_u8..6).prop_map(Place::FromStart),
        4 => (0_u8..6).prop_map(Place::FromEnd),
        1 => (1_u8..4).prop_map(Place::Beyond),
        1 => Just(Place::Highest),
        1 => Just(Place::Deleted),
    ]
}

fn start() -> impl Strategy<Value = Start> {
    prop_oneof![
        1 => Just(Start::Beginning),
        2 => place().prop_map(Start::After),
        1 => Just(Start::End),
    ]
}

fn query() -> impl Strategy<Value = Vec<ItemOp>> {
    prop_oneof![1 => Just(Vec::new()), 3 => vec(item(), 1), 1 => vec(item(), 2..4)]
}

fn item() -> impl Strategy<Value = ItemOp> {
    let selector =
        prop_oneof![target().prop_map(Selector::Stream), NAMES.prop_map(Selector::Category)];
    let parts = (
        vec(NAMES, 0..3),
        vec(NAMES, 0..3),
        prop_oneof![2 => Just(Vec::new()), 1 => vec(selector, 1..3)],
        option::weighted(0.1, NAMES),
    );
    parts.prop_map(|(types, tags, streams, correlation)| ItemOp {
        types,
        tags,
        streams,
        correlation,
    })
}

fn kind() -> impl Strategy<Value = StateKind> {
    prop_oneof![Just(StateKind::Checkpoint), Just(StateKind::Lease), Just(StateKind::Snapshot)]
}

fn revision() -> impl Strategy<Value = Revision> {
    prop_oneof![
        2 => Just(Revision::Any),
        1 => Just(Revision::Absent),
        2 => Just(Revision::Current),
        1 => Just(Revision::Stale),
        1 => Just(Revision::Never),
    ]
}
