//! How far a reader has come, so that it goes on from there on another connection.

use annals_core::{
    Delivery, Direction, Error, ErrorKind, Position, Read, RecordedEvent, Result, SubscribeSource,
    SubscribeStart, Version,
};

/// What is left of a read after some events of it.
///
/// Gives `None` where nothing can be left.
#[must_use]
pub fn rest(read: Read, last: &RecordedEvent, given: u64) -> Option<Read> {
    let limit = |limit: Option<u64>| match limit {
        Some(limit) => Some(Some(limit.checked_sub(given).filter(|left| *left > 0)?)),
        None => Some(None),
    };
    Some(match read {
        Read::Stream(mut read) => {
            read.from = Some(match read.direction {
                Direction::Forward => last.version.next(),
                Direction::Backward => Version::new(last.version.get().checked_sub(1)?),
            });
            read.limit = limit(read.limit)?;
            Read::Stream(read)
        }
        Read::All(mut read) => {
            read.from = Some(match read.direction {
                Direction::Forward => last.position.next(),
                Direction::Backward => Position::new(last.position.get().checked_sub(1)?),
            });
            read.limit = limit(read.limit)?;
            Read::All(read)
        }
    })
}

/// Moves the start of a subscription behind a delivery.
pub fn advance(source: &mut SubscribeSource, delivery: &Delivery) {
    match source {
        SubscribeSource::Stream { start, .. } => {
            if let Delivery::Event(event) = delivery {
                *start = SubscribeStart::After(event.version);
            }
        }
        SubscribeSource::All { start, .. } => {
            let position = match delivery {
                Delivery::Event(event) => event.position,
                Delivery::Checkpoint(position)
                | Delivery::CaughtUp { position: Some(position) } => *position,
                Delivery::CaughtUp { position: None } | Delivery::FellBehind { .. } => return,
            };
            // A start beyond the head stays there.
            if !matches!(start, SubscribeStart::After(after) if *after > position) {
                *start = SubscribeStart::After(position);
            }
        }
    }
}

/// The newest position that a delivery tells of.
#[must_use]
pub fn told(delivery: &Delivery) -> Option<Position> {
    match delivery {
        Delivery::Event(event) => Some(event.position),
        Delivery::Checkpoint(position) => Some(*position),
        Delivery::CaughtUp { position } | Delivery::FellBehind { position } => *position,
    }
}

/// Refuses to go on where the server has another store than before: what was given cannot be
/// newer than its newest event.
///
/// # Errors
/// `Closed`: the store that was read is not there any more.
pub fn check_same(head: Option<Position>, seen: Option<Position>) -> Result<()> {
    match seen {
        Some(seen) if head.is_none_or(|head| head < seen) => {
            let found =
                head.map_or_else(|| "is empty".to_owned(), |head| format!("ends at {head}"));
            let why = format!(
                "the server has another store than before, or an older copy of it: it {found}, but \
                 position {seen} has been seen; open it again and begin anew"
            );
            Err(Error::new(ErrorKind::Closed, why))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::{
        Append, Backend, EventType, ExpectedVersion, MemoryBackend, NewEvent, Query, ReadAll,
        ReadStream, StreamName,
    };
    use futures_lite::{StreamExt, future::block_on};

    fn events() -> Vec<RecordedEvent> {
        let store = MemoryBackend::new();
        let event = || NewEvent::new(EventType::new("x").unwrap(), "{}");
        let append =
            Append::to(StreamName::new("s").unwrap(), ExpectedVersion::Any, [event(), event()]);
        block_on(store.append(append)).unwrap();
        let read = Read::All(ReadAll::new(Query::all()));
        block_on(store.read(read).map(Result::unwrap).collect())
    }

    #[test]
    fn a_read_goes_on_behind_its_last_event() {
        let [first, second] = events().try_into().unwrap();
        let of_stream = ReadStream::new(StreamName::new("s").unwrap()).limit(5);
        let Some(Read::Stream(left)) = rest(of_stream.clone().into(), &first, 1) else { panic!() };
        assert_eq!((left.from, left.limit), (Some(Version::new(1)), Some(4)));
        let back = ReadAll::new(Query::all()).backward();
        let Some(Read::All(left)) = rest(back.clone().into(), &second, 1) else { panic!() };
        assert_eq!((left.from, left.limit), (Some(Position::new(0)), None));
        assert!(rest(back.into(), &first, 2).is_none(), "nothing is before the first event");
        assert!(rest(of_stream.into(), &first, 5).is_none(), "the limit is reached");
    }

    #[test]
    fn a_subscription_goes_on_behind_what_it_was_given() {
        let [first, second] = events().try_into().unwrap();
        let start = SubscribeStart::Beginning;
        let mut all = SubscribeSource::All { query: Query::all(), start };
        let after = |source: &SubscribeSource| match source {
            SubscribeSource::All { start: SubscribeStart::After(after), .. } => after.get(),
            other => panic!("{other:?}"),
        };
        advance(&mut all, &Delivery::Event(first));
        assert_eq!(after(&all), 0);
        advance(&mut all, &Delivery::Checkpoint(Position::new(9)));
        advance(&mut all, &Delivery::CaughtUp { position: Some(Position::new(3)) });
        assert_eq!(after(&all), 9, "a place is never given up");
        let mut stream = SubscribeSource::Stream {
            stream: second.stream.clone(),
            start: SubscribeStart::Beginning,
        };
        advance(&mut stream, &Delivery::CaughtUp { position: Some(Position::new(3)) });
        advance(&mut stream, &Delivery::Event(second));
        let SubscribeSource::Stream { start, .. } = stream else { panic!() };
        assert_eq!(start, SubscribeStart::After(Version::new(1)));
    }

    #[test]
    fn a_store_that_ends_before_what_was_seen_is_another_one() {
        let at = |position| Some(Position::new(position));
        assert!(check_same(at(5), at(5)).is_ok() && check_same(None, None).is_ok());
        for head in [None, at(4)] {
            assert_eq!(check_same(head, at(5)).unwrap_err().kind(), ErrorKind::Closed);
        }
    }
}
