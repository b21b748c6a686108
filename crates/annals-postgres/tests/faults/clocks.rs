//! Clocks that jump. The database's own cannot be moved by a test; those of programs can.

use std::sync::Arc;

use annals_core::{Clock, ManualClock, Timestamp};
use annals_postgres::Options;

use crate::{
    bed::Bed,
    words::{all, any, append, check_order, event},
};

const HOUR: i64 = 3_600_000_000;

pub(crate) fn jump(bed: &Bed) -> Option<String> {
    let clocks = [0, -5 * HOUR].map(|offset| {
        Arc::new(ManualClock::at(Timestamp::from_micros(1_767_225_600_000_000 + offset)))
    });
    let with = |clock: &Arc<ManualClock>| {
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
        Options { clock: Some(clock), ..Options::default() }
    };
    let one = bed.store(with(&clocks[0]));
    let other = one.open_again(with(&clocks[1]));
    for jump in [HOUR, -2 * HOUR, 30 * HOUR, -40 * HOUR, 1] {
        clocks[0].advance_micros(jump);
        append(&*one, any("clock-1", event("1"))).unwrap();
        append(&other, any("clock-2", event("2"))).unwrap();
        clocks[1].advance_micros(-jump);
    }
    let events = all(&*one);
    assert_eq!(events.len(), 10);
    check_order(&events);
    assert!(events.last().unwrap().recorded_at > events[0].recorded_at, "time goes on");
    None
}
