//! What a server is asked: a read that ends, or a subscription.

use annals_core::{Direction, ReadStream, StreamName, Subscribe, SubscribeSource, SubscribeStart};
use annals_proto::kurrentdb::{
    Empty,
    streams::{
        ReadReq,
        read_req::{
            Options,
            options::{
                AllOptions, ControlOption, CountOption, FilterOption, FilterOptions, Position,
                ReadDirection, StreamOption, StreamOptions, SubscriptionOptions, UuidOption,
                all_options::AllOption,
                filter_options::{self, Expression, Window},
                stream_options::RevisionOption,
                uuid_option,
            },
        },
    },
};

use super::ids;
use crate::filter::{Filter, Subject};

/// No number of events is greater; servers take it as a signed number.
const COUNT_MAX: u64 = i64::MAX as u64;
/// After how many events looked at a subscription is told how far it is, where nobody asked for it:
/// it goes on from there on another connection.
const CHECKPOINT_EVERY: u32 = 1_024;

/// Where a read of the whole store begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Where its direction begins.
    Outermost,
    /// At a position: forward with it, backward before it.
    At(u64),
}

/// A stretch of a stream, but for where it ends; where the stream does is told, too.
pub(crate) fn of_stream(read: &ReadStream) -> ReadReq {
    let revision = match (read.from, read.direction) {
        (Some(version), _) => RevisionOption::Revision(version.get()),
        (None, Direction::Forward) => RevisionOption::Start(Empty {}),
        (None, Direction::Backward) => RevisionOption::End(Empty {}),
    };
    let count = read.limit.unwrap_or(COUNT_MAX).min(COUNT_MAX);
    request(Options {
        read_direction: direction(read.direction),
        stream_option: Some(stream(&read.stream, revision)),
        count_option: Some(CountOption::Count(count)),
        filter_option: Some(FilterOption::NoFilter(Empty {})),
        ..common()
    })
}

/// A stretch of the whole store.
pub(crate) fn of_all(
    direction_of: Direction,
    from: From,
    count: Option<u64>,
    filter: Option<&Filter>,
) -> ReadReq {
    let from = match (from, direction_of) {
        (From::At(position), _) => at(position),
        (From::Outermost, Direction::Forward) => AllOption::Start(Empty {}),
        (From::Outermost, Direction::Backward) => AllOption::End(Empty {}),
    };
    let count = count.unwrap_or(COUNT_MAX).min(COUNT_MAX);
    request(Options {
        read_direction: direction(direction_of),
        stream_option: Some(StreamOption::All(AllOptions { all_option: Some(from) })),
        count_option: Some(CountOption::Count(count)),
        filter_option: Some(filtered(filter, CHECKPOINT_EVERY)),
        ..common()
    })
}

/// A subscription. Its start is excluded.
pub(crate) fn subscription(subscribe: &Subscribe, filter: Option<&Filter>) -> ReadReq {
    let every = subscribe.checkpoint_every.map(|every| u32::try_from(every.get()));
    let every = every.map_or(CHECKPOINT_EVERY, |every| every.unwrap_or(u32::MAX));
    let (stream_option, filter_option) = match &subscribe.source {
        SubscribeSource::Stream { stream: name, start } => {
            let revision = match start {
                SubscribeStart::Beginning => RevisionOption::Start(Empty {}),
                SubscribeStart::After(version) => RevisionOption::Revision(version.get()),
                SubscribeStart::End => RevisionOption::End(Empty {}),
            };
            (stream(name, revision), FilterOption::NoFilter(Empty {}))
        }
        SubscribeSource::All { start, .. } => {
            let start = match start {
                SubscribeStart::Beginning => AllOption::Start(Empty {}),
                SubscribeStart::After(position) => at(position.get()),
                SubscribeStart::End => AllOption::End(Empty {}),
            };
            let all = StreamOption::All(AllOptions { all_option: Some(start) });
            (all, filtered(filter, every))
        }
    };
    request(Options {
        read_direction: direction(Direction::Forward),
        stream_option: Some(stream_option),
        count_option: Some(CountOption::Subscription(SubscriptionOptions {})),
        filter_option: Some(filter_option),
        ..common()
    })
}

/// The newest event of a stream, and where it ends.
pub(crate) fn end_of(stream: &StreamName) -> ReadReq {
    of_stream(&ReadStream::new(stream.clone()).backward().limit(1))
}

const fn request(options: Options) -> ReadReq {
    ReadReq { options: Some(options) }
}

/// What every read says: links as they are, ids as numbers, and where a stream ends.
fn common() -> Options {
    let uuid_option = UuidOption { content: Some(uuid_option::Content::Structured(Empty {})) };
    Options {
        resolve_links: false,
        uuid_option: Some(uuid_option),
        control_option: Some(ControlOption { compatibility: 1 }),
        ..Options::default()
    }
}

fn direction(direction: Direction) -> i32 {
    match direction {
        Direction::Forward => ReadDirection::Forwards.into(),
        Direction::Backward => ReadDirection::Backwards.into(),
    }
}

fn stream(name: &StreamName, revision: RevisionOption) -> StreamOption {
    StreamOption::Stream(StreamOptions {
        stream_identifier: Some(ids::stream_to_wire(name)),
        revision_option: Some(revision),
    })
}

const fn at(position: u64) -> AllOption {
    AllOption::Position(Position { commit_position: position, prepare_position: position })
}

fn filtered(filter: Option<&Filter>, every: u32) -> FilterOption {
    let Some(filter) = filter else { return FilterOption::NoFilter(Empty {}) };
    let expression = Expression { regex: filter.regex.clone(), prefix: filter.prefixes.clone() };
    let expression = match filter.subject {
        Subject::Stream => filter_options::Filter::StreamIdentifier(expression),
        Subject::EventType => filter_options::Filter::EventType(expression),
    };
    FilterOption::Filter(FilterOptions {
        checkpoint_interval_multiplier: 1,
        filter: Some(expression),
        window: Some(Window::Max(every)),
    })
}
