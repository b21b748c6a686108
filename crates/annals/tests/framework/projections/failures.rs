//! Handlers that fail, and what the run says to do about it.

use annals::*;
use futures_lite::future::block_on;

use super::bank::*;

fn quick() -> Run<BankEvent> {
    Run::background().backoff(SHORT.0, SHORT.1)
}

/// 20 small deposits with a bad one (over 1,000) after the tenth.
fn with_a_bad_one(bad: i64) -> Vec<NewEvent> {
    let mut events: Vec<_> = deposits(20).collect();
    events.insert(10, deposited("bob", bad));
    events
}

/// An event that cannot be decoded.
fn undecodable() -> NewEvent {
    let mut event = deposited("ann", 1);
    event.data = "{".into();
    event
}

#[test]
fn a_handler_that_fails_or_panics_once_is_tried_again() {
    for bad in [5_000, 10_000] {
        for (backend, sqlite, _dir) in stores() {
            append(&*backend, with_a_bad_one(bad));
            let faults = Faults::default();
            faults.set(3);
            let app = start(&backend, &sqlite, &faults, quick().retry(3));
            fresh(&app);
            assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
            assert_eq!(status(&app).errors, 3);
        }
    }
}

#[test]
fn a_handler_that_always_fails_pauses_before_the_event_and_resumes() {
    for (backend, sqlite, _dir) in stores() {
        let last = append(&*backend, with_a_bad_one(5_000));
        let faults = Faults::default();
        faults.set(u32::MAX);
        let app = start(&backend, &sqlite, &faults, quick().retry(2));
        let reason = paused(&app);
        assert!(reason.contains("the handler does not like this"), "{reason}");
        assert!(reason.contains("tried 3 times"), "{reason}");
        // What came before the event is there, and nothing of it or after it.
        let before: i64 = rows(&sqlite).values().map(|row| row.1).sum();
        assert_eq!(before, 10);
        assert_eq!(status(&app).lag.events, last.get() - 10 + 1);
        faults.set(0);
        let handle = app.projection_named("balances").unwrap();
        handle.resume().unwrap();
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
    }
}

#[test]
fn a_restart_tries_a_paused_event_again() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, with_a_bad_one(5_000));
        let faults = Faults::default();
        faults.set(u32::MAX);
        let app = start(&backend, &sqlite, &faults, quick().retry(0));
        paused(&app);
        stop(&app);
        faults.set(0);
        let app = start(&backend, &sqlite, &faults, quick());
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
    }
}

#[test]
fn skipping_leaves_out_the_event_and_nothing_else() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, with_a_bad_one(5_000));
        append(&*backend, [undecodable()]);
        append(&*backend, with_a_bad_one(10_000));
        let faults = Faults::default();
        faults.set(u32::MAX);
        let app = start(&backend, &sqlite, &faults, quick().retry(1).then_skip());
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |change| change > 1_000));
        assert_eq!(status(&app).dead_letters, 0);
    }
}

#[test]
fn an_undecodable_event_pauses_at_once() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, [deposited("ann", 1), undecodable(), deposited("ann", 2)]);
        // It would wait for ever if it were tried again.
        let run = Run::background().backoff(LONG, LONG);
        let app = start(&backend, &sqlite, &Faults::default(), run);
        let reason = paused(&app);
        assert!(reason.contains("position 1"), "{reason}");
        assert_eq!(rows(&sqlite)["ann"], (1, 1, "1 ".to_owned()));
    }
}

#[test]
fn dead_letters_are_listed_retried_and_discarded() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, with_a_bad_one(5_000));
        append(&*backend, [undecodable()]);
        append(&*backend, with_a_bad_one(6_000));
        let faults = Faults::default();
        faults.set(u32::MAX);
        let app = start(&backend, &sqlite, &faults, quick().retry(2).then_dead_letter());
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |change| change > 1_000));

        let handle = app.projection_named("balances").unwrap();
        let letters = handle.dead_letters();
        let list = block_on(letters.list()).unwrap();
        let shown: Vec<_> =
            list.iter().map(|one| (one.position.get(), one.part, one.attempts)).collect();
        assert_eq!(shown, [(10, Some(0), 3), (21, None, 1), (32, Some(0), 3)]);
        assert!(list[0].reason.contains("does not like this"), "{}", list[0].reason);

        let still = block_on(letters.retry(&list[0])).unwrap_err();
        assert_eq!(still.kind(), ErrorKind::Application);
        assert_eq!(rows(&sqlite), replayed(&*backend, |change| change > 1_000));
        assert_eq!(block_on(letters.retry(&list[1])).unwrap_err().kind(), ErrorKind::Undecodable);

        faults.set(0);
        // Without a key they are independent.
        block_on(letters.retry(&list[2])).unwrap();
        block_on(letters.retry(&list[0])).unwrap();
        block_on(letters.discard(&list[1])).unwrap();
        let gone = block_on(letters.retry(&list[0])).unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::InvalidArgument);
        assert_eq!(status(&app).dead_letters, 0);
        let sum = |rows: &std::collections::BTreeMap<String, Row>| {
            rows.values().map(|row| (row.0, row.1)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
        };
        assert_eq!(sum(&rows(&sqlite)), sum(&replayed(&*backend, |_| false)));
    }
}

#[test]
fn with_a_key_later_events_wait_behind_a_dead_letter() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, with_a_bad_one(5_000));
        append(&*backend, with_a_bad_one(6_000));
        let faults = Faults::default();
        faults.set(u32::MAX);
        let key = |event: &Recorded<BankEvent>| event.account().to_owned();
        let run = quick().retry(0).then_dead_letter().partitions(3, key);
        let app = start(&backend, &sqlite, &faults, run);
        fresh(&app);
        let (seen, all) = (rows(&sqlite), replayed(&*backend, |_| false));
        assert_eq!((&seen["ann"], &seen["eve"]), (&all["ann"], &all["eve"]));
        assert_ne!(seen["bob"], all["bob"]);

        let handle = app.projection_named("balances").unwrap();
        let letters = handle.dead_letters();
        let list = block_on(letters.list()).unwrap();
        assert!(list.iter().all(|letter| letter.key.as_deref() == Some("bob")));
        // Only the first was tried.
        let attempts: Vec<_> = list.iter().map(|letter| letter.attempts).collect();
        assert_eq!((attempts[0], attempts[1..].iter().sum::<u32>()), (1, 0));
        let early = block_on(letters.retry(&list[1])).unwrap_err();
        assert_eq!(early.kind(), ErrorKind::InvalidArgument);
        assert!(early.to_string().contains("retry_key"), "{early}");

        faults.set(0);
        assert_eq!(block_on(letters.retry_key("bob")).unwrap(), list.len());
        append(&*backend, [deposited("bob", 1)]);
        fresh(&app);
        // In order, with nothing missing and nothing twice.
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
    }
}

#[test]
fn a_stop_does_not_wait_for_a_retry() {
    for (backend, sqlite, _dir) in stores() {
        append(&*backend, with_a_bad_one(5_000));
        let faults = Faults::default();
        faults.set(u32::MAX);
        let hour = std::time::Duration::from_secs(3_600);
        let app = start(&backend, &sqlite, &faults, Run::background().backoff(hour, hour));
        while status(&app).errors == 0 {
            std::thread::yield_now();
        }
        stop(&app);
        assert_eq!(status(&app).state, ProjectionState::Stopped);
        faults.set(0);
        let app = start(&backend, &sqlite, &faults, Run::background());
        fresh(&app);
        assert_eq!(rows(&sqlite), replayed(&*backend, |_| false));
    }
}
