//! Reads and subscriptions.

use std::num::NonZeroU64;

use annals_core::{
    Delivery, Direction, Error, Position, Read, ReadAll, ReadStream, RecordedEvent, Result,
    StreamName, Subscribe, SubscribeStart, Version,
};
use annals_proto::annals::{
    self as wire, read_request, subscribe_request, subscribe_response::Delivery as Given,
    subscribe_start::Start,
};

use super::{event::recorded, query::query};

/// What a client reads.
pub(crate) fn read(request: wire::ReadRequest) -> Result<Read> {
    match request.source {
        Some(read_request::Source::Stream(read)) => Ok(Read::Stream(ReadStream {
            direction: direction(read.direction)?,
            stream: StreamName::new(read.stream)?,
            from: read.from.map(Version::new),
            to: read.to.map(Version::new),
            limit: read.limit,
        })),
        Some(read_request::Source::All(read)) => Ok(Read::All(ReadAll {
            query: query(read.query)?,
            direction: direction(read.direction)?,
            from: read.from.map(Position::new),
            to: read.to.map(Position::new),
            limit: read.limit,
        })),
        None => Err(no_source()),
    }
}

fn direction(number: i32) -> Result<Direction> {
    match wire::Direction::try_from(number) {
        Ok(wire::Direction::Forward) => Ok(Direction::Forward),
        Ok(wire::Direction::Backward) => Ok(Direction::Backward),
        Err(error) => Err(Error::invalid("`direction` is not known").caused_by(error)),
    }
}

/// What a client follows.
pub(crate) fn subscribe(request: wire::SubscribeRequest) -> Result<Subscribe> {
    let subscribe = match request.source {
        Some(subscribe_request::Source::Stream(stream)) => {
            let start = start(stream.start, Version::new)?;
            Subscribe::stream(StreamName::new(stream.stream)?, start)
        }
        Some(subscribe_request::Source::All(all)) => {
            let start = start(all.start, Position::new)?;
            Subscribe::all(query(all.query)?, start)
        }
        None => return Err(no_source()),
    };
    let every = request.checkpoint_every.and_then(NonZeroU64::new);
    Ok(Subscribe { checkpoint_every: every, ..subscribe })
}

fn start<P>(
    start: Option<wire::SubscribeStart>,
    number: impl FnOnce(u64) -> P,
) -> Result<SubscribeStart<P>> {
    match start.and_then(|start| start.start) {
        Some(Start::Beginning(())) => Ok(SubscribeStart::Beginning),
        Some(Start::After(after)) => Ok(SubscribeStart::After(number(after))),
        Some(Start::End(())) => Ok(SubscribeStart::End),
        None => Err(Error::invalid("`start` is not set, or to something newer than the server")),
    }
}

fn no_source() -> Error {
    Error::invalid("`source` is not set: name a stream, or the whole store")
}

/// Deliveries as messages: events that follow one another share one.
pub(crate) fn deliveries(deliveries: Vec<Delivery>) -> Vec<wire::SubscribeResponse> {
    let mark = |position: Option<Position>| wire::Mark { position: position.map(Position::get) };
    let mut given = Vec::new();
    for delivery in deliveries {
        let next = match delivery {
            Delivery::Event(event) => {
                if let Some(Given::Events(events)) = given.last_mut() {
                    events.events.push(recorded(event));
                    continue;
                }
                Given::Events(wire::Events { events: vec![recorded(event)] })
            }
            Delivery::CaughtUp { position } => Given::CaughtUp(mark(position)),
            Delivery::FellBehind { position } => Given::FellBehind(mark(position)),
            Delivery::Checkpoint(position) => Given::Checkpoint(position.get()),
        };
        given.push(next);
    }
    let message = |delivery| wire::SubscribeResponse { delivery: Some(delivery) };
    given.into_iter().map(message).collect()
}

/// What an event weighs in a message, roughly.
pub(crate) fn weight(event: &RecordedEvent) -> usize {
    /// Ids, numbers and times.
    const REST: usize = 96;
    event.size() + event.stream.as_str().len() + REST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_or_subscription_of_nothing_is_refused() {
        assert!(read(wire::ReadRequest { source: None }).is_err());
        assert!(subscribe(wire::SubscribeRequest::default()).is_err());
        let all = wire::SubscribeAll { query: None, start: None };
        let source = Some(subscribe_request::Source::All(all));
        assert!(subscribe(wire::SubscribeRequest { source, checkpoint_every: None }).is_err());
        let all = wire::ReadAll { direction: 7, ..Default::default() };
        let source = Some(read_request::Source::All(all));
        assert!(read(wire::ReadRequest { source }).is_err());
    }

    #[test]
    fn marks_stand_where_they_were_given() {
        let position = Some(Position::new(4));
        let messages = deliveries(vec![
            Delivery::CaughtUp { position },
            Delivery::Checkpoint(Position::new(5)),
            Delivery::FellBehind { position: None },
        ]);
        let given: Vec<_> = messages.into_iter().filter_map(|message| message.delivery).collect();
        let mark = |position| wire::Mark { position };
        let expected =
            [Given::CaughtUp(mark(Some(4))), Given::Checkpoint(5), Given::FellBehind(mark(None))];
        assert_eq!(given, expected);
    }
}
