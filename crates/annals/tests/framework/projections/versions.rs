//! New versions and rebuilds beside the model in use, and the moment of the switch.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use annals::*;
use futures_lite::future::block_on;

use super::bank::*;
use crate::tables::Tables;

fn start_2(
    backend: &Arc<dyn Backend>,
    sqlite: &Tables,
    faults: &Faults,
    run: Run<BankEvent>,
) -> Annals {
    let balances = Balances::<2>(faults.clone());
    let builder = Annals::builder().projection(balances, sqlite, run);
    builder.build(Arc::clone(backend)).unwrap()
}

fn tables(tables: &Tables) -> Vec<String> {
    let names = tables.rows(
        "SELECT json_quote(name) FROM sqlite_schema WHERE name LIKE 'balances__%' \
         AND type = 'table' ORDER BY name",
        "SELECT to_json(table_name)::text FROM information_schema.tables \
         WHERE table_name LIKE 'balances\\_\\_%' AND table_schema = current_schema() \
         ORDER BY table_name COLLATE \"C\"",
    );
    names.into_iter().map(|name| serde_json::from_value(name).unwrap()).collect()
}

#[test]
fn a_new_version_takes_over_when_it_has_caught_up() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, deposits(30));
        let old = start(&backend, &sqlite, &Faults::default(), Run::background());
        fresh(&old);
        stop(&old);
        let seen = rows(&sqlite);

        // It cannot catch up as long as this event fails, and queries see the old one.
        append(&*backend, [deposited("bob", 5_000), deposited("ann", 7)]);
        let faults = Faults::default();
        faults.set(u32::MAX);
        let run = || Run::background().retry(0);
        let new = start_2(&backend, &sqlite, &faults, run());
        paused(&new);
        assert_eq!(rows(&sqlite), seen);
        assert_eq!(status(&new).live.unwrap().version, 1);

        faults.set(0);
        let handle = new.projection_named("balances").unwrap();
        handle.resume().unwrap();
        let model = status(&new).model.unwrap();
        while block_on(handle.switched(&model, LONG)).is_err() {}
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
        assert_eq!(tables(&sqlite), ["balances__1", "balances__2"]);
        let dropped = block_on(handle.drop_old()).unwrap();
        assert_eq!(dropped.len(), 1);
        assert_eq!(tables(&sqlite), ["balances__2"]);
        append(&*backend, deposits(3));
        fresh(&new);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
    }
}

#[test]
fn an_older_version_runs_beside_and_never_takes_over() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, deposits(10));
        let new = start_2(&backend, &sqlite, &Faults::default(), Run::background());
        fresh(&new);
        let old = start(&backend, &sqlite, &Faults::default(), Run::background());
        append(&*backend, deposits(10));
        while status(&old).lag != Lag::default() {
            std::thread::yield_now();
        }
        let status = status(&old);
        assert_eq!((status.version, status.live.unwrap().version), (1, 2));
        assert_eq!(status.model.unwrap().version, 1);
        // What queries see is kept up by the newer one.
        fresh(&old);
        stop(&old);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
    }
}

#[test]
fn a_rebuild_while_writing_switches_at_one_moment() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, deposits(400));
        let app = start(&backend, &sqlite, &Faults::default(), Run::background().batch(16));
        fresh(&app);
        let handle = app.projection_named("balances").unwrap();
        let is_over = AtomicBool::new(false);
        let over = Over(&is_over);
        std::thread::scope(|scope| {
            let over = over;
            scope.spawn(|| {
                // A rebuild overtakes only what is slower than itself: this writer waits until its
                // events are in the model that queries see.
                while !is_over.load(Ordering::SeqCst) {
                    append(&*backend, deposits(3));
                    fresh(&app);
                }
            });
            let reader = scope.spawn(|| {
                let mut most = 0;
                while !is_over.load(Ordering::SeqCst) {
                    let events: i64 = rows(&sqlite).values().map(|row| row.1).sum();
                    // A model that is not complete would have fewer events than were seen before.
                    assert!(events >= most, "{events} after {most}");
                    most = events;
                }
                most
            });
            for generation in 1..4 {
                let model = block_on(handle.rebuild()).unwrap();
                assert_eq!(model.generation, generation);
                block_on(handle.switched(&model, LONG)).unwrap();
            }
            drop(over);
            assert!(reader.join().unwrap() >= 400);
        });
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
        assert_eq!(block_on(handle.drop_old()).unwrap().len(), 3);
        assert_eq!(tables(&sqlite), ["balances__1_3"]);
        stop(&app);
        let app = start(&backend, &sqlite, &Faults::default(), Run::background());
        append(&*backend, deposits(3));
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
    }
}

/// Also when the test fails, or its threads would go on for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn partitions_together_give_what_one_gives() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, deposits(300));
        let key = |event: &Recorded<BankEvent>| event.account().to_owned();
        let run = || Run::background().batch(7);
        let app = start(&backend, &sqlite, &Faults::default(), run().partitions(4, key));
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
        append(&*backend, deposits(30));
        fresh(&app);
        let model = block_on(app.projection_named("balances").unwrap().rebuild()).unwrap();
        let handle = app.projection_named("balances").unwrap();
        block_on(handle.switched(&model, LONG)).unwrap();
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
        stop(&app);

        let other = start(&backend, &sqlite, &Faults::default(), run().partitions(5, key));
        let reason = paused(&other);
        assert!(
            reason.contains("4 partitions") && reason.contains("raise the version"),
            "{reason}"
        );
        stop(&other);
        let new = start_2(&backend, &sqlite, &Faults::default(), run().partitions(5, key));
        block_on(new.projection_named("balances").unwrap().switched(
            &Model { projection: "balances".to_owned(), version: 2, generation: 0 },
            LONG,
        ))
        .unwrap();
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
    }
}
