//! Idempotency keys: twice in a row, at once, after a restart, for something else.

use std::thread;

use annals::*;

use crate::{
    bank::*,
    stores::{all_events, block_on, on_each_store},
};

fn deposits(backend: &dyn Backend) -> usize {
    let events = all_events(backend);
    events.iter().filter(|event| event.event_type.as_str() == "bank.deposited").count()
}

#[test]
fn the_same_key_twice_takes_effect_once_and_answers_alike() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        let first = block_on(app.execute(Deposit { id: "ann", cents: 5 }).idempotent("k")).unwrap();
        // What came in between does not show in the answer.
        block_on(app.execute(Deposit { id: "ann", cents: 100 })).unwrap();
        for app in [&app, &site.app()] {
            let again = block_on(app.execute(Deposit { id: "ann", cents: 5 }).idempotent("k"));
            assert_eq!(again.unwrap(), Committed { is_replayed: true, ..first });
        }
        let other = block_on(app.execute(Deposit { id: "ann", cents: 5 }).idempotent("l")).unwrap();
        assert_eq!((other.output, other.is_replayed), (110, false));
        assert_eq!(deposits(site.backend.as_ref()), 3);
    });
}

#[test]
fn the_same_key_after_a_restart_takes_no_effect() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        let first = block_on(app.execute(Deposit { id: "ann", cents: 5 }).idempotent("k")).unwrap();
        drop(app);
        let site = site.restart();
        let app = site.app();
        let again = block_on(app.execute(Deposit { id: "ann", cents: 5 }).idempotent("k")).unwrap();
        assert_eq!(again, Committed { is_replayed: true, ..first });
        assert_eq!(deposits(site.backend.as_ref()), 1);
    });
}

#[test]
fn racers_with_one_key_take_effect_once_and_are_answered_alike() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        let racers: Vec<_> = (0..8)
            .map(|_| {
                let app = app.clone();
                thread::spawn(move || {
                    block_on(app.execute(Deposit { id: "ann", cents: 5 }).idempotent("k")).unwrap()
                })
            })
            .collect();
        let answers: Vec<_> = racers.into_iter().map(|racer| racer.join().unwrap()).collect();
        assert!(
            answers
                .iter()
                .all(|answer| answer.output == 5 && answer.position == answers[0].position)
        );
        assert_eq!(answers.iter().filter(|answer| !answer.is_replayed).count(), 1);
        assert_eq!(deposits(site.backend.as_ref()), 1);
    });
}

#[test]
fn a_key_for_another_command_is_an_error() {
    on_each_store(|site| {
        let app = site.app();
        for (id, owner) in [("ann", "Ann"), ("bob", "Bob")] {
            block_on(app.execute(Open { id, owner })).unwrap();
        }
        block_on(app.execute(Deposit { id: "ann", cents: 5 }).idempotent("k")).unwrap();
        let refused = |error: ExecuteError<BankError>| {
            let error = error.failure().expect("not a refusal").clone();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.to_string().contains("idempotency key"), "{error}");
        };
        refused(
            block_on(app.execute(Deposit { id: "ann", cents: 6 }).idempotent("k")).unwrap_err(),
        );
        refused(
            block_on(app.execute(Deposit { id: "bob", cents: 5 }).idempotent("k")).unwrap_err(),
        );
        refused(
            block_on(app.execute(Withdraw { id: "ann", cents: 0 }).idempotent("k")).unwrap_err(),
        );
        // Refused at the state of then, so it cannot have been this one.
        refused(
            block_on(app.execute(Withdraw { id: "ann", cents: 5 }).idempotent("k")).unwrap_err(),
        );
        let empty = block_on(app.execute(Deposit { id: "ann", cents: 5 }).idempotent(""));
        assert_eq!(empty.unwrap_err().failure().unwrap().kind(), ErrorKind::InvalidArgument);
        assert_eq!(deposits(site.backend.as_ref()), 1);
    });
}

#[test]
fn what_is_drawn_at_random_or_from_the_clock_is_no_other_command() {
    on_each_store(|site| {
        let app = site.app();
        let open = || {
            block_on(
                app.transact(&"ann".into(), |state: &mut Changes<'_, Account>| {
                    state.emit(Opened { owner: EventId::random().to_string() });
                    Ok::<_, BankError>(state.now())
                })
                .idempotent("k"),
            )
            .unwrap()
        };
        let first = open();
        site.clock.advance_micros(1_000_000);
        let again = open();
        assert_eq!((again.output, again.is_replayed), (first.output, true));
        assert_eq!(all_events(site.backend.as_ref()).len(), 1);
    });
}

#[test]
fn the_clock_of_then_is_known_when_events_happened_at_other_times() {
    on_each_store(|site| {
        let app = site.app();
        let backdate = || {
            block_on(
                app.transact(&"ann".into(), |state: &mut Changes<'_, Account>| {
                    let yesterday = Timestamp::from_micros(state.now().as_micros() - 1_000);
                    state.emit_happened(yesterday, Opened { owner: "Ann".into() });
                    Ok::<_, BankError>(state.now())
                })
                .idempotent("k"),
            )
            .unwrap()
        };
        let first = backdate();
        site.clock.advance_micros(1_000_000);
        assert_eq!(backdate().output, first.output);
    });
}

#[test]
fn a_transfer_under_a_key_is_made_once() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        block_on(app.execute(Deposit { id: "ann", cents: 50 })).unwrap();
        let transfer = || Transfer { from: "ann".into(), to: "bob".into(), cents: 30 };
        let first = block_on(app.execute(transfer()).idempotent("t")).unwrap();
        let again = block_on(app.execute(transfer()).idempotent("t")).unwrap();
        assert_eq!(again, Committed { is_replayed: true, ..first });
        let balance = block_on(app.load::<Account>(&"ann".into(), At::Latest)).unwrap().balance;
        assert_eq!(balance, 20);
    });
}
