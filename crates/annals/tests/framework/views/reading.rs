//! Documents that are right, now and as of the past.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use annals::*;
use futures_lite::StreamExt;
use serde::{Deserialize, Serialize, Serializer};

use super::bank::*;
use crate::stores::{block_on, on_each_store};

#[test]
fn documents_equal_a_replay_also_after_restarts() {
    on_each_store(|mut site| {
        let db = site.tables();
        for round in 0..4 {
            append(&*site.backend, &story(150));
            let app = start(&site, &db, Run::background().batch(40));
            // Half of the time it is gone in the middle of its work.
            if round % 2 == 0 {
                assert_eq!(documents(&app), replayed(&app));
            }
            block_on(app.stop()).unwrap();
            drop(app);
            site = site.restart();
        }
        let app = start(&site, &db, Run::background());
        assert_eq!(documents(&app), replayed(&app));
        assert_eq!(documents(&app).len(), 3);
    });
}

/// How often a tally was made into JSON.
static WRITTEN: AtomicU32 = AtomicU32::new(0);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Tally {
    #[serde(serialize_with = "counted")]
    events: u32,
}

fn counted<S: Serializer>(events: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    WRITTEN.fetch_add(1, Ordering::SeqCst);
    serializer.serialize_u32(*events)
}

#[view(name = "tallies", version = 1)]
impl View for Tally {
    type Key = u8;
    type Event = BankEvent;

    fn route(_: &Recorded<BankEvent>) -> Keys<u8> {
        0.into()
    }

    fn apply(&mut self, _: &Recorded<BankEvent>) -> Keep {
        self.events += 1;
        Keep::Keep
    }
}

#[test]
fn a_document_is_written_once_for_a_batch_and_read_with_plain_sql() {
    on_each_store(|site| {
        let db = site.tables();
        append(&*site.backend, &story(1_000));
        let before = WRITTEN.load(Ordering::SeqCst);
        let app = Annals::builder().view::<Tally>(&db, Run::background().batch(500));
        let app = app.build(site.backend.clone()).unwrap();
        block_on(app.view::<Tally>().fresh(LONG)).unwrap();
        let written = WRITTEN.load(Ordering::SeqCst) - before;
        assert!((1..=3).contains(&written), "{written} times");
        let rows = db.rows(
            "SELECT json_array(position, document ->> 'events') FROM tallies WHERE key = '0'",
            "SELECT json_build_array(position, (document ->> 'events')::bigint)::text \
             FROM tallies WHERE key = '0'",
        );
        assert_eq!(rows, [serde_json::json!([999, 1_000])]);
    });
}

#[test]
fn a_deleted_document_is_gone_and_begins_anew() {
    on_each_store(|site| {
        let db = site.tables();
        let app = start(&site, &db, Run::background());
        let view = app.view::<Account>();
        let get = |key: &str| block_on(view.get(&key.to_owned()).fresh(LONG)).unwrap();
        append(&*site.backend, &[deposited("eve", 5), deposited("ann", 1)]);
        assert_eq!(get("eve").unwrap().cents, 5);
        append(&*site.backend, &[closed("eve")]);
        assert_eq!(get("eve"), None);
        assert_eq!(block_on(view.count()).unwrap(), 1);
        append(&*site.backend, &[deposited("eve", 7), closed("bob")]);
        assert_eq!(get("eve").unwrap().cents, 7);
        assert_eq!(get("bob"), None);
    });
}

#[test]
fn the_past_is_what_it_was_then() {
    on_each_store(|site| {
        let db = site.tables();
        let app = start(&site, &db, Run::background());
        let view = app.view::<Account>();
        let mut then = BTreeMap::new();
        for event in story(40) {
            site.clock.advance_micros(1_000_000);
            let position = append(&*site.backend, &[event]);
            let now = At::Recorded(site.clock.now());
            then.insert(position, (now, documents(&app)));
        }
        for (position, (recorded, documents)) in then {
            let documents: BTreeMap<_, _> = documents.into_iter().collect();
            for at in [At::Position(position), recorded] {
                assert_eq!(block_on(view.all_at(at)).unwrap(), documents, "{at:?}");
                for key in ["ann", "bob", "eve", "nobody"] {
                    let was = block_on(view.get(&key.to_owned()).at(at)).unwrap();
                    assert_eq!(was.as_ref(), documents.get(key), "{key} {at:?}");
                }
            }
        }
        let none = block_on(view.get(&"ann".to_owned()).at(At::Version(Version::FIRST)));
        assert_eq!(none.unwrap_err().kind(), ErrorKind::InvalidArgument);
    });
}

#[test]
fn as_of_a_time_counts_what_had_happened_whenever_it_was_recorded() {
    on_each_store(|site| {
        let app = live(&site);
        let late = |micros: i64, cents| {
            let mut event = new_event(&deposited("ann", cents));
            event.time = Some(Timestamp::from_micros(micros));
            let stream = StreamName::new("bank-1").unwrap();
            let append = Append::to(stream, ExpectedVersion::Any, [event]);
            block_on(site.backend.append(append)).unwrap();
        };
        late(2_000, 1);
        late(1_000, 10);
        late(3_000, 100);
        let view = app.view::<Account>();
        let at = |micros| {
            let at = At::Time(Timestamp::from_micros(micros));
            block_on(view.get(&"ann".to_owned()).at(at)).unwrap().map(|account| account.cents)
        };
        assert_eq!(
            [at(999), at(1_500), at(2_500), at(3_000)],
            [None, Some(10), Some(11), Some(111)]
        );
    });
}

#[test]
fn a_live_view_is_always_up_to_date_and_stores_nothing() {
    on_each_store(|site| {
        let (db, app) = (site.tables(), live(&site));
        let stored = start(&site, &db, Run::background());
        append(&*site.backend, &story(60));
        let view = app.view::<Account>();
        let listed: Vec<_> = block_on(view.all(u64::MAX).try_collect()).unwrap();
        assert_eq!(listed, documents(&stored));
        let ann = "ann".to_owned();
        let one = block_on(view.get(&ann).fresh(LONG)).unwrap();
        assert_eq!(one, block_on(stored.view::<Account>().get(&ann)).unwrap());
        assert_eq!(block_on(view.count()).unwrap(), 3);
        let status = block_on(view.projection().unwrap().status()).unwrap();
        assert_eq!((status.state, status.lag), (ProjectionState::CaughtUp, Lag::default()));
        let error = block_on(view.projection().unwrap().rebuild()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    });
}

#[test]
fn lists_go_on_over_pages_and_end_at_their_limit() {
    on_each_store(|site| {
        let db = site.tables();
        let events: Vec<_> = (0..450).map(|i| deposited(&format!("a{i:03}"), i)).collect();
        append(&*site.backend, &events);
        let app = start(&site, &db, Run::background());
        let view = app.view::<Account>();
        block_on(view.fresh(LONG)).unwrap();
        let keys: Vec<_> = block_on(view.keys(u64::MAX).try_collect()).unwrap();
        let expected: Vec<_> = (0..450).map(|i| format!("a{i:03}")).collect();
        assert_eq!(keys, expected);
        let some: Vec<_> = block_on(view.all(205).try_collect()).unwrap();
        assert_eq!((some.len(), some[204].1.cents), (205, 204));
        assert!(block_on(view.all(0).next()).is_none());
        assert_eq!(block_on(view.count()).unwrap(), 450);
    });
}

/// Something to execute commands on.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Till;

#[aggregate(stream = "till", key = String)]
impl Aggregate for Till {
    type Event = BankEvent;

    fn apply(&mut self, _: &BankEvent) {}
}

#[test]
fn a_command_waits_for_views_that_are_stored_or_live() {
    on_each_store(|site| {
        let db = site.tables();
        let builder =
            Annals::builder().view::<Account>(&db, Run::background()).live_view::<Tally>();
        let app = builder.build(site.backend.clone()).unwrap();
        let (till, ann) = ("1".to_owned(), "ann".to_owned());
        for cents in 1..=10 {
            let deposit = app.transact::<Till, _, BankEvent, _>(&till, |changes| {
                changes.emit(deposited("ann", 1));
                Ok(())
            });
            block_on(deposit.wait_for::<Account>().wait_for::<Tally>()).unwrap();
            let read = block_on(app.view::<Account>().get(&ann)).unwrap();
            assert_eq!(read.unwrap().cents, cents);
        }
    });
}

#[test]
fn racing_writers_read_their_own_writes() {
    on_each_store(|site| {
        let db = site.tables();
        let app = start(
            &site,
            &db,
            Run::background()
                .partitions(2, |event: &Recorded<BankEvent>| event.account().to_owned()),
        );
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let (app, backend) = (&app, &site.backend);
                scope.spawn(move || {
                    let account = format!("writer{writer}");
                    for written in 1..=15 {
                        append(&**backend, &[deposited(&account, 1)]);
                        let read = app.view::<Account>();
                        let read = block_on(read.get(&account).fresh(LONG)).unwrap().unwrap();
                        assert_eq!(read.cents, written);
                    }
                });
            }
        });
        assert_eq!(documents(&app), replayed(&app));
    });
}
