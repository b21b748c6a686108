//! How far the subscriptions that follow the store are behind it.
//!
//! Each notes where it is in a place of its own, so that subscriptions do not hold each other up;
//! the places are only looked at when somebody watches.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use annals_core::{Delivery, Position, Subscribe, SubscribeSource, SubscribeStart};
use parking_lot::Mutex;

/// All that are open.
#[derive(Debug, Default)]
pub(super) struct CatchUps(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    places: HashMap<u64, Arc<AtomicU64>>,
}

/// Everything that there is was given, or it is not known yet where the subscription is.
const WAITS: u64 = u64::MAX;

/// Where one subscription is, for as long as it is open.
#[derive(Debug)]
pub(super) struct Following {
    all: Arc<CatchUps>,
    number: u64,
    /// The position after the last that was given, or [`WAITS`].
    place: Arc<AtomicU64>,
    is_live: bool,
}

impl CatchUps {
    pub(super) fn begin(all: &Arc<Self>, subscribe: &Subscribe) -> Following {
        let place = match &subscribe.source {
            SubscribeSource::Stream { start: SubscribeStart::Beginning, .. }
            | SubscribeSource::All { start: SubscribeStart::Beginning, .. } => 0,
            SubscribeSource::All { start: SubscribeStart::After(last), .. } => last.next().get(),
            SubscribeSource::Stream { .. } | SubscribeSource::All { .. } => WAITS,
        };
        let place = Arc::new(AtomicU64::new(place));
        let mut open = all.0.lock();
        let number = open.next;
        open.next += 1;
        open.places.insert(number, Arc::clone(&place));
        drop(open);
        Following { all: Arc::clone(all), number, place, is_live: false }
    }

    /// How far the one furthest behind is behind the newest event.
    pub(super) fn lag(&self, head: Option<Position>) -> u64 {
        let end = head.map_or(0, |head| head.next().get());
        let open = self.0.lock();
        let places = open.places.values().map(|place| place.load(Ordering::Relaxed));
        places.map(|place| end.saturating_sub(place)).max().unwrap_or_default()
    }
}

impl Following {
    pub(super) fn gave(&mut self, delivery: &Delivery) {
        let place = match delivery {
            Delivery::Event(event) => event.position.next().get(),
            Delivery::Checkpoint(position) => position.next().get(),
            Delivery::CaughtUp { .. } => {
                self.is_live = true;
                WAITS
            }
            Delivery::FellBehind { .. } => {
                self.is_live = false;
                return;
            }
        };
        self.place.store(place, Ordering::Relaxed);
    }

    /// There was nothing to give when it was asked.
    pub(super) fn waits(&self) {
        if self.is_live {
            self.place.store(WAITS, Ordering::Relaxed);
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.all.0.lock().places.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use annals_core::Query;

    use super::*;

    #[test]
    fn the_one_furthest_behind_counts_and_who_waits_is_not_behind() {
        let (all, head) = (Arc::new(CatchUps::default()), Some(Position::new(9)));
        assert_eq!(all.lag(head), 0);
        let begin = |start| CatchUps::begin(&all, &Subscribe::all(Query::all(), start));
        let mut first = begin(SubscribeStart::Beginning);
        let ahead = begin(SubscribeStart::After(Position::new(7)));
        let _new = begin(SubscribeStart::End);
        assert_eq!((all.lag(head), all.lag(None)), (10, 0));
        first.waits();
        assert_eq!(all.lag(head), 10, "it has not caught up and waits for the disk");
        first.gave(&Delivery::Checkpoint(Position::new(2)));
        assert_eq!(all.lag(head), 7);
        first.gave(&Delivery::CaughtUp { position: head });
        assert_eq!(all.lag(head), 2);
        drop(ahead);
        assert_eq!(all.lag(head), 0);
        first.gave(&Delivery::FellBehind { position: head });
        first.gave(&Delivery::Checkpoint(Position::new(5)));
        assert_eq!(all.lag(head), 4);
    }
}
