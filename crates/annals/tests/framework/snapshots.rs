//! Snapshots: when they are kept, and that nothing ever depends on one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use annals::*;
use futures_lite::StreamExt;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    bank::*,
    spy::Spy,
    stores::{Site, block_on, on_each_store},
};

/// Declares an account that keeps snapshots.
macro_rules! saving_account {
    ($name:ident, $fingerprint:expr, $snapshots:expr) => {
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub(super) struct $name(pub(super) Account);

        impl Aggregate for $name {
            type Key = String;
            type Event = BankEvent;
            const CATEGORY: &'static str = "account";
            const SNAPSHOTS: Snapshots = $snapshots;
            const FINGERPRINT: u64 = $fingerprint;

            fn apply(&mut self, event: &BankEvent) {
                take(&mut self.0, event);
            }
        }
    };
}
saving_account!(EveryThree, 1, Snapshots::every(3));
saving_account!(
    AfterAMinute,
    1,
    Snapshots { after: Some(Duration::from_secs(60)), ..Snapshots::NEVER }
);
saving_account!(OnClosing, 1, Snapshots { on: &["bank.closed"], ..Snapshots::NEVER });

/// The same type name in another version of the program.
mod later {
    use super::*;
    saving_account!(EveryThree, 2, Snapshots::every(3));

    pub(super) type Changed = EveryThree;
}

fn deposit<A: Aggregate<Key = String, Event = BankEvent>>(app: &Annals, cents: u64) {
    let done = app.transact(&"ann".into(), move |state: &mut Changes<'_, A>| {
        state.emit(Deposited { cents });
        Ok::<_, BankError>(())
    });
    block_on(done).unwrap();
}

fn load<A: Aggregate<Key = String>>(app: &Annals) -> Root<A> {
    block_on(app.load::<A>(&"ann".into(), At::Latest)).unwrap()
}

fn snapshots(site: &Site) -> Vec<StateEntry> {
    block_on(site.backend.states(StateKind::Snapshot, "").try_collect()).unwrap()
}

fn put(site: &Site, key: StateKey, value: Vec<u8>) {
    let put = StatePut { key, expected: StateExpected::Any, value: Some(value.into()) };
    block_on(site.backend.put_state(put)).unwrap();
}

/// The versions that loading begins to read at.
fn first_read<A: Aggregate<Key = String>>(site: &Site) -> u64 {
    let spy = Spy::on(&site.backend);
    load::<A>(&site.app_on(spy.clone()));
    spy.take_stretches().first().and_then(|(from, _)| *from).expect("nothing was read")
}

#[test]
fn every_n_events_a_snapshot_is_kept_and_loading_begins_there() {
    on_each_store(|site| {
        let app = site.app();
        deposit::<EveryThree>(&app, 1);
        deposit::<EveryThree>(&app, 1);
        assert!(snapshots(&site).is_empty());
        deposit::<EveryThree>(&app, 1);
        assert_eq!(snapshots(&site).len(), 1);
        deposit::<EveryThree>(&app, 1);
        assert_eq!(load::<EveryThree>(&site.app()).0.balance, 4);
        assert_eq!(first_read::<EveryThree>(&site), 2);
        // It goes on counting where it left off, after a restart too.
        let app = site.app();
        deposit::<EveryThree>(&app, 1);
        assert_eq!(first_read::<EveryThree>(&site), 2);
        deposit::<EveryThree>(&app, 1);
        assert_eq!(first_read::<EveryThree>(&site), 5);
        assert_eq!(snapshots(&site).len(), 1);
    });
}

#[test]
fn after_a_time_a_snapshot_is_kept() {
    on_each_store(|site| {
        let app = site.app();
        deposit::<AfterAMinute>(&app, 1);
        let first = snapshots(&site);
        assert_eq!(first.len(), 1, "the first has nothing to wait for");
        deposit::<AfterAMinute>(&app, 1);
        assert_eq!(snapshots(&site), first);
        site.clock.advance_micros(60_000_000);
        deposit::<AfterAMinute>(&app, 1);
        assert_ne!(snapshots(&site), first);
        assert_eq!(first_read::<AfterAMinute>(&site), 2);
        // The clock goes back: no snapshot, and no harm.
        site.clock.advance_micros(-600_000_000);
        deposit::<AfterAMinute>(&app, 1);
        assert_eq!(load::<AfterAMinute>(&site.app()).0.balance, 4);
    });
}

#[test]
fn on_an_event_a_snapshot_is_kept() {
    on_each_store(|site| {
        let app = site.app();
        deposit::<OnClosing>(&app, 1);
        assert!(snapshots(&site).is_empty());
        let close = app.transact(&"ann".into(), |state: &mut Changes<'_, OnClosing>| {
            state.emit(Deposited { cents: 1 }).emit(Closed);
            Ok::<_, BankError>(())
        });
        block_on(close).unwrap();
        assert_eq!(first_read::<OnClosing>(&site), 2);
    });
}

#[test]
fn a_snapshot_of_another_fold_is_ignored_and_replaced() {
    on_each_store(|site| {
        let app = site.app();
        (0..4).for_each(|_| deposit::<EveryThree>(&app, 1));
        let before = snapshots(&site);
        assert_eq!(first_read::<later::Changed>(&site), 0);
        let app = site.app();
        deposit::<later::Changed>(&app, 1);
        let after = snapshots(&site);
        assert_eq!((after.len(), &after[0].key), (1, &before[0].key));
        assert_eq!(first_read::<later::Changed>(&site), 4);
        assert_eq!(load::<later::Changed>(&site.app()).0.balance, 5);
        // And the older program goes on without it.
        assert_eq!(load::<EveryThree>(&site.app()).0.balance, 5);
    });
}

#[test]
fn a_damaged_snapshot_is_ignored_and_replaced() {
    on_each_store(|site| {
        let app = site.app();
        (0..3).for_each(|_| deposit::<EveryThree>(&app, 1));
        let good = snapshots(&site).remove(0);
        let mut damaged = vec![Vec::new(), vec![0; 3], vec![0xff; 400], vec![0x91; 100_000]];
        for at in 0..good.value.len() {
            let mut value = good.value.to_vec();
            value[at] ^= 0x10;
            damaged.push(value);
            damaged.push(good.value[..at].to_vec());
        }
        for value in damaged {
            put(&site, good.key.clone(), value);
            assert_eq!(load::<EveryThree>(&site.app()).0.balance, 3);
        }
        deposit::<EveryThree>(&site.app(), 1);
        assert_eq!(first_read::<EveryThree>(&site), 3);
    });
}

#[test]
fn a_snapshot_of_another_account_or_of_a_future_that_never_came_is_ignored() {
    on_each_store(|site| {
        let app = site.app();
        (0..6).for_each(|_| deposit::<EveryThree>(&app, 1));
        let newer = snapshots(&site).remove(0);
        // A backup from before, in which three other events happened since.
        let restored = site.another();
        for count in 0..7 {
            put(&restored, newer.key.clone(), newer.value.to_vec());
            assert_eq!(load::<EveryThree>(&restored.app()).0.balance, count * 10);
            deposit_behind(restored.backend.as_ref(), "ann", 10);
        }
        deposit::<EveryThree>(&restored.app(), 10);
        assert_eq!(load::<EveryThree>(&restored.app()).0.balance, 80);
    });
}

#[test]
fn a_snapshot_does_not_outlive_its_stream() {
    on_each_store(|site| {
        let app = site.app();
        (0..3).for_each(|_| deposit::<EveryThree>(&app, 1));
        let (stream, expected) = (account("ann"), ExpectedVersion::Any);
        let truncate =
            StreamMetadata { truncate_before: Some(Version::new(1)), ..StreamMetadata::default() };
        block_on(site.backend.set_stream_metadata(&stream, expected, &truncate)).unwrap();
        assert_eq!(load::<EveryThree>(&site.app()).0.balance, 2);
        let delete = DeleteStream { stream, expected, mode: DeleteMode::Soft };
        block_on(site.backend.delete_stream(delete)).unwrap();
        assert_eq!(load::<EveryThree>(&site.app()).0, Account::default());
        deposit_behind(site.backend.as_ref(), "ann", 10);
        assert_eq!(load::<EveryThree>(&site.app()).0.balance, 10);
        deposit::<EveryThree>(&site.app(), 1);
        assert_eq!(load::<EveryThree>(&site.app()).0.balance, 11);
    });
}

/// A state that cannot be written, and one that cannot be read.
#[derive(Debug, Clone, Default)]
struct Stubborn(u64);

impl Serialize for Stubborn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(self.0 < 3, "three is too much to write");
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Stubborn {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("I do not read")
    }
}

impl Aggregate for Stubborn {
    type Key = String;
    type Event = BankEvent;
    const CATEGORY: &'static str = "account";
    const SNAPSHOTS: Snapshots = Snapshots::every(1);
    const FINGERPRINT: u64 = 1;

    fn apply(&mut self, _: &BankEvent) {
        self.0 += 1;
    }
}

#[test]
fn a_state_that_panics_when_it_is_written_or_read_costs_the_snapshot_only() {
    on_each_store(|site| {
        for count in 1..=5 {
            deposit::<Stubborn>(&site.app(), 1);
            assert_eq!(load::<Stubborn>(&site.app()).0, count);
        }
    });
}

/// How many withdrawals there were with a tag, in whatever stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sensor {
    readings: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "measured")]
struct Measured {
    #[tag]
    sensor: String,
}

#[aggregate(tag = "sensor", key = String, snapshot(every = 2))]
impl Aggregate for Sensor {
    type Event = Measured;

    fn apply(&mut self, _: &Measured) {
        self.readings += 1;
    }
}

#[test]
fn a_snapshot_by_tag_holds_when_others_write_while_it_is_decided() {
    on_each_store(|site| {
        let spy = Spy::on(&site.backend);
        let app = site.app_on(spy.clone());
        // Every append is preceded by one that has nothing to do with it.
        spy.before_append(|backend| deposit_behind(backend, "elsewhere", 1));
        for count in 1..=7 {
            let measure = app.transact(&"s1".into(), |state: &mut Changes<'_, Sensor>| {
                state.emit(Measured { sensor: "s1".into() });
                Ok::<_, BankError>(state.readings)
            });
            assert_eq!(block_on(measure).unwrap().output, count);
            let loaded = block_on(site.app().load::<Sensor>(&"s1".into(), At::Latest)).unwrap();
            assert_eq!(loaded.readings, count);
        }
        assert_eq!(snapshots(&site).len(), 1);
    });
}

/// A step of somebody's history.
#[derive(Debug, Clone)]
enum Step {
    Deposit(u64),
    Behind(u64),
    Truncate(u64),
    Delete,
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..100_u64).prop_map(Step::Deposit),
        3 => (1..100_u64).prop_map(Step::Behind),
        1 => (0..12_u64).prop_map(Step::Truncate),
        1 => Just(Step::Delete),
        1 => Just(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn loading_is_the_same_with_and_without_snapshots(steps in prop::collection::vec(step(), 1..40)) {
        let site = Site::memory();
        let app = site.app();
        for step in steps {
            let (stream, expected) = (account("ann"), ExpectedVersion::Any);
            match step {
                Step::Deposit(cents) => deposit::<EveryThree>(&app, cents),
                Step::Behind(cents) => deposit_behind(site.backend.as_ref(), "ann", cents),
                Step::Truncate(before) => {
                    let truncate_before = Some(Version::new(before)).filter(|_| before > 0);
                    let metadata = StreamMetadata { truncate_before, ..StreamMetadata::default() };
                    block_on(site.backend.set_stream_metadata(&stream, expected, &metadata)).unwrap();
                }
                Step::Delete => {
                    let delete = DeleteStream { stream, expected, mode: DeleteMode::Soft };
                    // There may be nothing to delete.
                    drop(block_on(site.backend.delete_stream(delete)));
                }
                Step::Wait => site.clock.advance_micros(1_000_000),
            }
            let plain = block_on(site.app().load::<Account>(&"ann".into(), At::Latest)).unwrap();
            let saved = load::<EveryThree>(&site.app());
            prop_assert_eq!(&saved.0, plain.state());
            prop_assert_eq!(saved.version(), plain.version());
            let warm = app.transact(&"ann".into(), |state: &mut Changes<'_, EveryThree>| {
                Ok::<_, BankError>(state.0.clone())
            });
            prop_assert_eq!(&block_on(warm).unwrap().output, plain.state());
            let last = plain.version().map_or(0, Version::get);
            for at in [At::Version(Version::new(last / 2)), At::Recorded(site.clock.now()), At::Time(crate::stores::START)] {
                let plain = block_on(site.app().load::<Account>(&"ann".into(), at)).unwrap();
                let saved = block_on(site.app().load::<EveryThree>(&"ann".into(), at)).unwrap();
                prop_assert_eq!(&saved.0, plain.state(), "{:?}", at);
            }
        }
    }
}

#[test]
fn a_store_that_cannot_keep_snapshots_works_without() {
    static REFUSED: AtomicU64 = AtomicU64::new(0);
    on_each_store(|site| {
        let spy = Spy::on(&site.backend);
        spy.refuse_state(|| {
            REFUSED.fetch_add(1, Ordering::SeqCst);
        });
        let app = site.app_on(spy.clone() as Arc<dyn Backend>);
        (0..4).for_each(|_| deposit::<EveryThree>(&app, 1));
        assert_eq!(load::<EveryThree>(&site.app_on(spy)).0.balance, 4);
    });
    assert!(REFUSED.load(Ordering::SeqCst) > 0);
}
