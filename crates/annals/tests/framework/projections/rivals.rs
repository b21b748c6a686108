//! Several runners with one name: one works, and none does harm.

use std::sync::Arc;

use annals::*;
use futures_lite::future::block_on;

use super::bank::*;
use crate::stores::Home;

#[test]
fn of_two_runners_with_one_name_one_works_and_the_other_takes_over() {
    for (backend, sqlite, home) in stores() {
        append(&*backend, deposits(50));
        let run = || Run::background().batch(3);
        let first = start(&backend, &sqlite, &Faults::default(), run());
        fresh(&first);
        // Of a cluster they run on two nodes.
        let other = match &home {
            Home::Clustered(store) => store.another(),
            _ => Arc::clone(&backend),
        };
        let second = start(&other, &sqlite, &Faults::default(), run());
        let last = append(&*backend, deposits(50));
        block_on(other.catch_up(Freshness::Position(last))).unwrap();
        // It sees what the other does.
        fresh(&second);
        while status(&second).state == ProjectionState::Starting {
            std::thread::yield_now();
        }
        assert_eq!(status(&second).state, ProjectionState::Standby);
        let refused = block_on(second.projection_named("balances").unwrap().rebuild());
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
        stop(&first);
        append(&*other, deposits(50));
        fresh(&second);
        assert_eq!(rows(&sqlite), replayed(&*other, |_| false));
        stop(&second);
    }
}

#[test]
fn two_runners_that_both_believe_in_their_lease_apply_nothing_twice() {
    // Two handles on copies of one log: neither sees the lease of the other.
    for (backend, sqlite, home) in stores() {
        let Home::Folder(dir) = home else { continue };
        append(&*backend, deposits(2_000));
        block_on(backend.close()).unwrap();
        drop(backend);
        let logs = ["events", "copy"].map(|name| dir.path().join(name));
        super::troubles::copy(&logs[0], &logs[1]);
        let logs = logs.map(|path| super::troubles::open_at(&path));
        let run = || Run::background().batch(3).backoff(SHORT.0, SHORT.1);
        let apps = [&logs[0], &logs[1]].map(|log| start(log, &sqlite, &Faults::default(), run()));
        for app in &apps {
            // The one that was overtaken yields, and may meet the other's fence.
            while block_on(app.projection_named("balances").unwrap().fresh(LONG)).is_err() {}
        }
        assert_eq!(rows(&sqlite), replayed(&*logs[0], |_| false));
        for app in &apps {
            stop(app);
        }
        assert_eq!(rows(&sqlite), replayed(&*logs[0], |_| false));
    }
}

#[test]
fn a_holder_that_was_asleep_is_kept_out_by_the_fence() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, deposits(10));
        let app = start(&backend, &sqlite, &Faults::default(), Run::background());
        fresh(&app);
        stop(&app);
        let model = status(&app).model.unwrap();
        let step = |from: u64, fence| Advance {
            partition: 0,
            from: Some(Position::new(from)),
            to: Some(Position::new(from + 1)),
            last: None,
            is_caught_up: false,
            fence,
        };
        let advance = |step: &Advance| {
            block_on(async {
                let mut tx = sqlite.begin().await?;
                tx.advance(&model, step).await?;
                tx.commit().await
            })
        };
        let high = u64::from(u32::MAX);
        block_on(async {
            let mut tx = sqlite.begin().await?;
            tx.claim(&model, high).await?;
            tx.commit().await
        })
        .unwrap();
        // It stands at the right place, and has been replaced all the same.
        let refused = advance(&step(9, high - 1)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConditionFailed);
        assert!(refused.to_string().contains("has taken over"), "{refused}");
        advance(&step(9, high)).unwrap();
        let refused = advance(&step(9, high)).unwrap_err();
        assert!(refused.to_string().contains("another runner was here"), "{refused}");
        let late = block_on(async { sqlite.begin().await?.claim(&model, 1).await }).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::ConditionFailed);
    }
}
