//! A group on its own: what it gives out, when it tries again, what it parks, and how far it says
//! that it is.

mod any_order;

use super::*;
use uuid::Uuid;

fn rules() -> Rules {
    Rules {
        sharing: Sharing::RoundRobin,
        timeout: Some(Duration::from_secs(30)),
        retries_max: 2,
        consumers_max: None,
        waiting_max: 5,
        waiting_live_max: 3,
        replay_max: 5,
        save: SaveRule { after: Some(Duration::from_secs(2)), events_min: 2, events_max: 10 },
        measures_latency: false,
    }
}

fn id(number: u64) -> EventId {
    EventId::new(Uuid::from_u128(u128::from(number) + 1)).unwrap()
}

fn message(origin: Origin) -> Message<Origin> {
    let number = match origin {
        Origin::Source(place) => place,
        Origin::Parked(version) => 1_000_000 + version,
    };
    let bucket = Bucket::of(&(number % 3).to_string());
    Message { id: id(number), origin, bucket, retries: 0, event: origin }
}

/// A group with a clock that stands still until it is moved.
struct Trial {
    group: Group<Origin>,
    now: Instant,
}

impl Trial {
    fn new(rules: Rules, begin: u64) -> Self {
        let now = Instant::now();
        let begin = Begin { source: begin, parked: 0 };
        Self { group: Group::new(rules, begin, now), now }
    }

    fn take(&mut self, places: impl IntoIterator<Item = u64>) {
        places.into_iter().for_each(|place| self.group.take(message(Origin::Source(place))));
    }

    fn join(&mut self, slots: usize) -> ConsumerId {
        self.group.join(slots, self.now).unwrap()
    }

    fn ack(&mut self, consumer: ConsumerId, place: u64) {
        self.group.ack(consumer, id(place), self.now);
    }

    fn refuse(&mut self, consumer: ConsumerId, place: u64, refusal: Refusal) {
        self.group.refuse(consumer, id(place), refusal);
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.group.expire(self.now);
    }

    /// What goes out now, with how often it went out before.
    fn sent(&mut self) -> Vec<(Origin, u32)> {
        let sent = self.group.dispatch(self.now);
        sent.into_iter().map(|sent| (sent.event, sent.retries)).collect()
    }

    fn places(&mut self) -> Vec<u64> {
        let place = |(origin, _)| match origin {
            Origin::Source(place) | Origin::Parked(place) => place,
        };
        self.sent().into_iter().map(place).collect()
    }
}

#[test]
fn events_go_out_in_order_as_far_as_there_are_slots() {
    let mut trial = Trial::new(rules(), 0);
    trial.take(0..5);
    assert!(trial.places().is_empty(), "there is nobody");
    let consumer = trial.join(2);
    assert_eq!(trial.places(), [0, 1]);
    trial.ack(consumer, 1);
    assert_eq!(trial.places(), [2]);
}

#[test]
fn consumers_share_the_events() {
    let mut trial = Trial::new(rules(), 0);
    let (first, second) = (trial.join(3), trial.join(3));
    trial.take(0..4);
    let sent = trial.group.dispatch(trial.now);
    let to: Vec<_> = sent.iter().map(|sent| sent.to).collect();
    assert_eq!(to, [first, second, first, second]);
}

#[test]
fn there_are_no_more_consumers_than_may_be() {
    let mut trial = Trial::new(Rules { consumers_max: Some(1), ..rules() }, 0);
    let consumer = trial.join(1);
    assert_eq!(trial.group.join(1, trial.now), Err(Full));
    trial.group.leave(consumer);
    trial.join(1);
}

#[test]
fn it_takes_in_no_more_than_its_buffer_holds() {
    let mut trial = Trial::new(rules(), 0);
    trial.take(0..4);
    assert!(trial.group.wants_fresh());
    trial.group.set_live(true);
    assert!(!trial.group.wants_fresh(), "the buffer for new events is smaller");
    trial.group.set_live(false);
    trial.take([4]);
    assert!(!trial.group.wants_fresh());
    trial.join(1);
    trial.sent();
    assert!(trial.group.wants_fresh());
}

#[test]
fn what_is_tried_again_comes_before_what_is_new() {
    let mut trial = Trial::new(rules(), 0);
    let consumer = trial.join(2);
    trial.take(0..4);
    trial.sent();
    trial.refuse(consumer, 1, Refusal::Retry);
    trial.refuse(consumer, 0, Refusal::Retry);
    trial.group.take(message(Origin::Parked(7)));
    let source = |place, retries| (Origin::Source(place), retries);
    assert_eq!(trial.sent(), [source(1, 1), source(0, 1)]);
    trial.ack(consumer, 0);
    assert_eq!(trial.sent(), [(Origin::Parked(7), 0)]);
    trial.ack(consumer, 1);
    assert_eq!(trial.sent(), [source(2, 0)]);
}

#[test]
fn what_is_not_acknowledged_in_time_goes_out_again() {
    let mut trial = Trial::new(rules(), 0);
    let consumer = trial.join(1);
    trial.take([0]);
    trial.sent();
    assert_eq!(trial.group.deadline(), Some(trial.now + Duration::from_secs(30)));
    trial.wait(29);
    assert!(trial.sent().is_empty());
    trial.wait(1);
    assert_eq!(trial.sent(), [(Origin::Source(0), 1)]);
    trial.ack(consumer, 0);
    assert_eq!(trial.group.deadline(), None);
}

#[test]
fn without_a_timeout_a_consumer_may_take_as_long_as_it_likes() {
    let mut trial = Trial::new(Rules { timeout: None, ..rules() }, 0);
    trial.join(1);
    trial.take([0]);
    trial.sent();
    trial.wait(1_000_000);
    assert!(trial.sent().is_empty() && trial.group.deadline().is_none());
}

#[test]
fn what_was_tried_too_often_is_parked() {
    let mut trial = Trial::new(rules(), 0);
    let consumer = trial.join(1);
    trial.take([0]);
    for retries in 0..=2 {
        assert_eq!(trial.sent(), [(Origin::Source(0), retries)]);
        trial.refuse(consumer, 0, Refusal::Retry);
    }
    assert!(trial.sent().is_empty());
    let failed = trial.group.park(9);
    assert_eq!(failed.len(), 1);
    assert_eq!(trial.group.begin_save(Moment::Last), None, "it is not parked yet");
    trial.group.parked(failed.iter().map(|failed| failed.message.origin));
    assert_eq!(trial.group.begin_save(Moment::Last), Some(1));
}

#[test]
fn what_cannot_be_parked_is_not_lost() {
    let mut trial = Trial::new(rules(), 0);
    let consumer = trial.join(2);
    trial.take([0, 1]);
    trial.sent();
    trial.refuse(consumer, 0, Refusal::Park("bad".to_owned()));
    trial.refuse(consumer, 1, Refusal::Park("worse".to_owned()));
    let failed = trial.group.park(1);
    trial.group.not_parked(failed);
    let reasons: Vec<_> = trial.group.park(9).into_iter().map(|failed| failed.reason).collect();
    assert_eq!(reasons, ["bad", "worse"]);
    assert!(!trial.group.has_to_park());
}

#[test]
fn what_is_skipped_is_finished() {
    let mut trial = Trial::new(rules(), 0);
    let consumer = trial.join(1);
    trial.take([0]);
    trial.sent();
    trial.refuse(consumer, 0, Refusal::Skip);
    assert_eq!(trial.group.begin_save(Moment::Last), Some(1));
}

#[test]
fn what_a_consumer_held_goes_to_others_in_order_and_is_not_parked() {
    let mut trial = Trial::new(Rules { retries_max: 0, ..rules() }, 0);
    let first = trial.join(3);
    trial.take(0..4);
    assert_eq!(trial.places(), [0, 1, 2]);
    trial.group.leave(first);
    trial.join(4);
    let source = |place, retries| (Origin::Source(place), retries);
    assert_eq!(trial.sent(), [source(0, 1), source(1, 1), source(2, 1), source(3, 0)]);
    assert!(!trial.group.has_to_park());
}

#[test]
fn only_who_holds_an_event_can_finish_it() {
    let mut trial = Trial::new(rules(), 0);
    let first = trial.join(1);
    trial.take([0]);
    trial.sent();
    let second = trial.join(1);
    trial.ack(second, 0);
    trial.refuse(second, 0, Refusal::Skip);
    assert_eq!(trial.group.begin_save(Moment::Last), None);
    trial.ack(first, 0);
    trial.ack(first, 0);
    assert_eq!(trial.group.begin_save(Moment::Last), Some(1));
}

#[test]
fn of_two_events_with_one_id_the_second_waits_for_the_first() {
    let mut trial = Trial::new(rules(), 0);
    let consumer = trial.join(3);
    trial.take([0]);
    trial.group.take(Message { id: id(0), ..message(Origin::Source(1)) });
    trial.take([2]);
    assert_eq!(trial.places(), [0, 2]);
    trial.ack(consumer, 0);
    assert_eq!(trial.places(), [1]);
}

#[test]
fn events_of_one_bucket_stay_with_one_consumer_and_in_order() {
    let mut trial = Trial::new(Rules { sharing: Sharing::Pinned, ..rules() }, 0);
    let consumers = [trial.join(1), trial.join(1), trial.join(1)];
    trial.take(0..6);
    assert_eq!(trial.places(), [0, 1, 2], "the others wait for their own consumer");
    for consumer in consumers {
        trial.ack(consumer, 1);
    }
    assert_eq!(trial.places(), [4]);
}

#[test]
fn the_checkpoint_waits_for_the_oldest_and_for_its_time() {
    let mut trial = Trial::new(rules(), 100);
    let consumer = trial.join(5);
    trial.take(100..104);
    trial.sent();
    for place in [101, 102, 103] {
        trial.ack(consumer, place);
    }
    trial.wait(5);
    assert_eq!(trial.group.begin_save(Moment::At(trial.now)), None, "100 is not finished");
    trial.ack(consumer, 100);
    assert_eq!(trial.group.begin_save(Moment::At(trial.now)), Some(104));
    trial.group.saved(104, trial.now);
    trial.take([104, 105]);
    trial.sent();
    trial.ack(consumer, 104);
    trial.ack(consumer, 105);
    assert_eq!(trial.group.begin_save(Moment::At(trial.now)), None, "it is too early");
    assert_eq!(trial.group.save_at(trial.now), Some(trial.now + Duration::from_secs(2)));
}

#[test]
fn the_checkpoint_moves_also_where_nothing_matches() {
    let mut trial = Trial::new(rules(), 0);
    trial.group.pass(Origin::Source(499));
    assert_eq!(trial.group.begin_save(Moment::At(trial.now)), Some(500));
}

#[test]
fn the_parked_stream_is_cut_off_only_where_everything_is_finished() {
    let mut trial = Trial::new(rules(), 0);
    let consumer = trial.join(2);
    for version in 0..2 {
        trial.group.take(message(Origin::Parked(version)));
    }
    trial.sent();
    trial.ack(consumer, 1_000_001);
    assert_eq!(trial.group.begin_truncate(Moment::Last), None);
    trial.ack(consumer, 1_000_000);
    assert_eq!(trial.group.begin_truncate(Moment::Last), Some(2));
    assert_eq!(
        trial.group.begin_save(Moment::Last),
        None,
        "the checkpoint is about something else"
    );
}

#[test]
fn it_is_told_in_numbers() {
    let mut trial = Trial::new(Rules { measures_latency: true, ..rules() }, 0);
    let consumer = trial.join(2);
    trial.take(0..4);
    trial.sent();
    trial.now += Duration::from_secs(2);
    trial.ack(consumer, 0);
    let numbers = trial.group.numbers(trial.now);
    assert_eq!((numbers.fresh, numbers.again, numbers.held, numbers.next), (2, 0, 1, 4));
    assert_eq!(numbers.sent, Measured { total: 2, since_last: 2, per_second: 1 });
    let one = numbers.consumers.first().unwrap();
    assert_eq!((one.free, one.held), (1, 1));
    assert!(one.latencies.contains(&("Mean", 2_000)));
}
