//! Whatever consumers do, in whatever order: nothing is lost, and the checkpoint never passes what
//! is not finished.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Take,
    Pass,
    Replay,
    Join(usize),
    Leave(usize),
    Ack(usize),
    Retry(usize),
    Park(usize),
    Skip(usize),
    Wait(u64),
    ParkWorks,
    ParkFails,
    Save,
    SaveFails,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Take),
        1 => Just(Step::Pass),
        1 => Just(Step::Replay),
        1 => (1..4_usize).prop_map(Step::Join),
        1 => any::<usize>().prop_map(Step::Leave),
        4 => any::<usize>().prop_map(Step::Ack),
        2 => any::<usize>().prop_map(Step::Retry),
        1 => any::<usize>().prop_map(Step::Park),
        1 => any::<usize>().prop_map(Step::Skip),
        1 => (1..40_u64).prop_map(Step::Wait),
        1 => Just(Step::ParkWorks),
        1 => Just(Step::ParkFails),
        1 => Just(Step::Save),
        1 => Just(Step::SaveFails),
    ]
}

/// What the outside knows: who holds what, and what is finished.
struct Model {
    trial: Trial,
    next: u64,
    next_parked: u64,
    consumers: Vec<ConsumerId>,
    held: BTreeMap<Origin, (ConsumerId, EventId)>,
    finished: BTreeSet<Origin>,
    taken: BTreeSet<Origin>,
    saved: u64,
}

fn nth<T: Copy>(mut items: impl ExactSizeIterator<Item = T>, number: usize) -> Option<T> {
    let count = items.len();
    if count == 0 { None } else { items.nth(number % count) }
}

impl Model {
    fn new(sharing: Sharing) -> Self {
        Self {
            trial: Trial::new(Rules { sharing, ..rules() }, 0),
            next: 0,
            next_parked: 0,
            consumers: Vec::new(),
            held: BTreeMap::new(),
            finished: BTreeSet::new(),
            taken: BTreeSet::new(),
            saved: 0,
        }
    }

    fn take(&mut self, origin: Origin) {
        self.trial.group.take(message(origin));
        self.taken.insert(origin);
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Take if self.trial.group.wants_fresh() => {
                self.take(Origin::Source(self.next));
                self.next += 1;
            }
            Step::Pass => {
                self.trial.group.pass(Origin::Source(self.next));
                self.next += 1;
            }
            Step::Replay if self.trial.group.wants_parked() => {
                self.take(Origin::Parked(self.next_parked));
                self.next_parked += 1;
            }
            Step::Take | Step::Replay => {}
            Step::Join(slots) => self.consumers.push(self.trial.join(*slots)),
            Step::Leave(number) => {
                if let Some(consumer) = nth(self.consumers.iter().copied(), *number) {
                    self.consumers.retain(|other| *other != consumer);
                    self.trial.group.leave(consumer);
                    self.held.retain(|_, (by, _)| *by != consumer);
                }
            }
            Step::Ack(number) => {
                if let Some((origin, by, id)) = self.answer(*number) {
                    self.trial.group.ack(by, id, self.trial.now);
                    self.finished.insert(origin);
                }
            }
            Step::Skip(number) => {
                if let Some((origin, by, id)) = self.answer(*number) {
                    self.trial.group.refuse(by, id, Refusal::Skip);
                    self.finished.insert(origin);
                }
            }
            Step::Retry(number) => self.refuse(*number, &Refusal::Retry),
            Step::Park(number) => self.refuse(*number, &Refusal::Park(String::new())),
            Step::Wait(seconds) => {
                self.trial.wait(*seconds);
                let held = &self.trial.group.held;
                self.held.retain(|_, (_, id)| held.contains_key(id));
            }
            Step::ParkWorks => {
                let parked = self.trial.group.park(2);
                let origins: Vec<_> = parked.iter().map(|failed| failed.message.origin).collect();
                self.finished.extend(&origins);
                self.trial.group.parked(origins);
            }
            Step::ParkFails => {
                let failed = self.trial.group.park(2);
                self.trial.group.not_parked(failed);
            }
            Step::SaveFails => {
                if self.trial.group.begin_save(Moment::Last).is_some() {
                    self.trial.group.not_saved(self.trial.now);
                }
            }
            Step::Save => {
                if let Some(floor) = self.trial.group.begin_save(Moment::Last) {
                    assert!(floor > self.saved, "the checkpoint went back");
                    self.saved = floor;
                    self.trial.group.saved(floor, self.trial.now);
                }
            }
        }
    }

    fn answer(&mut self, number: usize) -> Option<(Origin, ConsumerId, EventId)> {
        let origin = nth(self.held.keys().copied(), number)?;
        let (by, id) = self.held.remove(&origin)?;
        Some((origin, by, id))
    }

    fn refuse(&mut self, number: usize, refusal: &Refusal) {
        if let Some((_, by, id)) = self.answer(number) {
            self.trial.group.refuse(by, id, refusal.clone());
        }
    }

    fn dispatch(&mut self) {
        let is_pinned = self.trial.group.rules.sharing == Sharing::Pinned;
        let waited: Vec<_> = self.trial.group.again.iter().map(|m| m.origin).collect();
        for sent in self.trial.group.dispatch(self.trial.now) {
            let again = &self.trial.group.again;
            let is_new = !waited.contains(&sent.event);
            assert!(is_pinned || !is_new || again.is_empty(), "new before what is tried again");
            let before = self.held.insert(sent.event, (sent.to, message(sent.event).id));
            assert_eq!(before, None, "two consumers have {:?}", sent.event);
        }
    }

    fn check(&self) {
        let group = &self.trial.group;
        let queued = group.fresh.iter().chain(&group.again).map(|message| message.origin);
        let to_park = group.to_park.iter().map(|failed| failed.message.origin);
        let held = group.held.values().map(|held| held.message.origin);
        let mut places: Vec<_> = queued.chain(to_park).chain(held).collect();
        places.extend(&self.finished);
        places.sort_unstable();
        let taken: Vec<_> = self.taken.iter().copied().collect();
        assert_eq!(places, taken, "an event is lost, or in two places");
        let unfinished = self.taken.difference(&self.finished);
        let oldest = unfinished.filter_map(|origin| match origin {
            Origin::Source(place) => Some(*place),
            Origin::Parked(_) => None,
        });
        let floor = group.source.floor();
        assert_eq!(floor, oldest.min().unwrap_or(self.next), "the floor is wrong");
        assert_eq!(group.held.len(), self.held.len());
    }
}

fn sharing() -> impl Strategy<Value = Sharing> {
    prop_oneof![Just(Sharing::RoundRobin), Just(Sharing::OneAfterAnother), Just(Sharing::Pinned),]
}

proptest! {
    #[test]
    fn no_event_is_lost_and_the_checkpoint_passes_none(
        sharing in sharing(),
        steps in vec(step(), 1..200),
    ) {
        let mut model = Model::new(sharing);
        for step in &steps {
            model.run(step);
            model.dispatch();
            model.check();
        }
    }
}
