//! Reads and subscriptions.

use std::num::NonZeroU64;

use annals_core::{
    Delivery, Direction, Position, Read, Result, Subscribe, SubscribeSource, SubscribeStart,
    Version,
};
use annals_proto::annals::{
    self as wire, read_request, subscribe_request, subscribe_response::Delivery as Given,
    subscribe_start::Start,
};

use super::{event::from_wire, query::query, unreadable};

/// A read as a message.
pub(crate) fn read(read: &Read) -> wire::ReadRequest {
    let source = match read {
        Read::Stream(read) => read_request::Source::Stream(wire::ReadStream {
            stream: read.stream.to_string(),
            direction: direction(read.direction).into(),
            from: read.from.map(Version::get),
            to: read.to.map(Version::get),
            limit: read.limit,
        }),
        Read::All(read) => read_request::Source::All(wire::ReadAll {
            query: Some(query(&read.query)),
            direction: direction(read.direction).into(),
            from: read.from.map(Position::get),
            to: read.to.map(Position::get),
            limit: read.limit,
        }),
    };
    wire::ReadRequest { source: Some(source) }
}

const fn direction(direction: Direction) -> wire::Direction {
    match direction {
        Direction::Forward => wire::Direction::Forward,
        Direction::Backward => wire::Direction::Backward,
    }
}

/// A subscription as a message.
pub(crate) fn subscribe(subscribe: &Subscribe) -> wire::SubscribeRequest {
    let source = match &subscribe.source {
        SubscribeSource::Stream { stream, start: from } => {
            subscribe_request::Source::Stream(wire::SubscribeStream {
                stream: stream.to_string(),
                start: Some(start(*from, Version::get)),
            })
        }
        SubscribeSource::All { query: which, start: from } => {
            subscribe_request::Source::All(wire::SubscribeAll {
                query: Some(query(which)),
                start: Some(start(*from, Position::get)),
            })
        }
    };
    let checkpoint_every = subscribe.checkpoint_every.map(NonZeroU64::get);
    wire::SubscribeRequest { source: Some(source), checkpoint_every }
}

fn start<P>(start: SubscribeStart<P>, number: impl FnOnce(P) -> u64) -> wire::SubscribeStart {
    let start = match start {
        SubscribeStart::Beginning => Start::Beginning(()),
        SubscribeStart::After(after) => Start::After(number(after)),
        SubscribeStart::End => Start::End(()),
    };
    wire::SubscribeStart { start: Some(start) }
}

/// What a message of a subscription gives.
pub(crate) fn deliveries(response: wire::SubscribeResponse) -> Result<Vec<Delivery>> {
    let given = response.delivery.ok_or_else(|| unreadable("an unknown delivery"))?;
    let position = |mark: wire::Mark| mark.position.map(Position::new);
    match given {
        Given::Events(events) => {
            events.events.into_iter().map(|event| from_wire(event).map(Delivery::Event)).collect()
        }
        Given::CaughtUp(mark) => Ok(vec![Delivery::CaughtUp { position: position(mark) }]),
        Given::FellBehind(mark) => Ok(vec![Delivery::FellBehind { position: position(mark) }]),
        Given::Checkpoint(position) => Ok(vec![Delivery::Checkpoint(Position::new(position))]),
    }
}
