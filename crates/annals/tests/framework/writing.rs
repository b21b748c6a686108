//! Load, decide, append: one account, conflicts, refusals, transfers, panics.

use std::{num::NonZeroU32, sync::Arc, thread};

use annals::*;
use serde::{Deserialize, Serialize};

use crate::{
    bank::*,
    spy::Spy,
    stores::{all_events, block_on, on_each_store},
};

#[test]
fn deposit_a_hundred_withdraw_thirty_reload_seventy() {
    on_each_store(|site| {
        let app = site.app();
        block_on(async {
            assert!(!app.exists::<Account>(&"ann".into()).await.unwrap());
            app.execute(Open { id: "ann", owner: "Ann" }).await.unwrap();
            app.execute(Deposit { id: "ann", cents: 100 }).await.unwrap();
            let done = app.execute(Withdraw { id: "ann", cents: 30 }).await.unwrap();
            assert_eq!((done.output, done.events, done.is_replayed), (70, 1, false));
            assert_eq!(
                (done.version, done.position),
                (Some(Version::new(2)), Some(Position::new(2)))
            );
            assert!(app.exists::<Account>(&"ann".into()).await.unwrap());
            let reloaded = site.app().load::<Account>(&"ann".into(), At::Latest).await.unwrap();
            assert_eq!(
                reloaded.state(),
                &Account { owner: "Ann".into(), balance: 70, is_closed: false }
            );
            assert_eq!(reloaded.version(), Some(Version::new(2)));
        });
        assert_eq!(all_events(site.backend.as_ref()).len(), 3);
    });
}

#[test]
fn a_closure_decides_like_a_command() {
    on_each_store(|site| {
        let app = site.app();
        let done = block_on(app.transact(&"ann".to_owned(), |state: &mut Changes<'_, Account>| {
            state.emit(Opened { owner: "Ann".into() }).emit(Deposited { cents: 5 });
            Ok::<_, BankError>(state.balance)
        }));
        let done = done.unwrap();
        assert_eq!((done.output, done.events, done.version), (5, 2, Some(Version::new(1))));
    });
}

#[test]
fn a_refused_command_writes_nothing() {
    on_each_store(|site| {
        let app = site.app();
        block_on(async {
            app.execute(Open { id: "ann", owner: "Ann" }).await.unwrap();
            let refused = app.execute(Withdraw { id: "ann", cents: 30 }).await.unwrap_err();
            assert_eq!(refused.rejection(), Some(&BankError::Insufficient { short: 30 }));
        });
        // What was emitted before the refusal is not written either.
        let refused = block_on(app.transact(&"ann".into(), |state: &mut Changes<'_, Account>| {
            state.emit(Deposited { cents: 1 });
            Err::<(), _>(BankError::NotOpen)
        }));
        assert!(refused.unwrap_err().rejection().is_some());
        assert_eq!(all_events(site.backend.as_ref()).len(), 1);
    });
}

#[test]
fn after_a_conflict_only_the_tail_is_read() {
    on_each_store(|site| {
        let spy = Spy::on(&site.backend);
        let app = site.app_on(spy.clone());
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        for _ in 0..5 {
            deposit_behind(site.backend.as_ref(), "ann", 10);
        }
        let mut once = true;
        spy.before_append(move |backend| {
            if std::mem::take(&mut once) {
                deposit_behind(backend, "ann", 10);
            }
        });
        spy.take_reads();
        let done = block_on(app.execute(Withdraw { id: "ann", cents: 50 })).unwrap();
        assert_eq!((done.output, done.version), (10, Some(Version::new(7))));
        // Warm at version 0; then from the last known version 5 on.
        assert_eq!(spy.take_stretches(), [(Some(0), None), (Some(5), None)]);
        // Nothing new: nothing is read.
        spy.before_append(|_| {});
        block_on(app.execute(Deposit { id: "ann", cents: 1 })).unwrap();
        assert_eq!(spy.take_stretches(), []);
    });
}

#[test]
fn when_others_are_always_faster_the_conflict_is_the_error() {
    on_each_store(|site| {
        let spy = Spy::on(&site.backend);
        let app = site.app_on(spy.clone());
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        spy.before_append(|backend| deposit_behind(backend, "ann", 1));
        let attempts = NonZeroU32::new(3).unwrap();
        let failed = block_on(app.execute(Deposit { id: "ann", cents: 50 }).attempts(attempts));
        let failed = failed.unwrap_err();
        assert!(failed.is_conflict());
        let facts = failed.failure().unwrap().wrong_expected_version().unwrap();
        assert_eq!(facts.actual, Some(Version::new(3)));
        assert_eq!(all_events(site.backend.as_ref()).len(), 4, "three deposits of somebody else");
    });
}

#[test]
fn an_expected_version_is_tried_once() {
    on_each_store(|site| {
        let spy = Spy::on(&site.backend);
        let app = site.app_on(spy.clone());
        block_on(app.execute(Open { id: "ann", owner: "Ann" }).expect(None)).unwrap();
        let refused = block_on(app.execute(Open { id: "ann", owner: "Bob" }).expect(None));
        assert_eq!(
            refused.unwrap_err().to_string(),
            "stream `account-ann`: expected no stream, but it is at version 0"
        );
        let first = Some(Version::FIRST);
        block_on(app.execute(Deposit { id: "ann", cents: 5 }).expect(first)).unwrap();
        spy.before_append(|backend| deposit_behind(backend, "ann", 1));
        let second = Some(Version::new(1));
        let raced = block_on(app.execute(Deposit { id: "ann", cents: 5 }).expect(second));
        assert!(raced.unwrap_err().is_conflict());
        let key = ("ann".to_owned(), "bob".to_owned());
        let two = block_on(
            app.transact(&key, |_: &mut Changes<'_, (Account, Account)>| Ok::<_, BankError>(()))
                .expect(None),
        );
        let error = two.unwrap_err();
        assert_eq!(error.failure().unwrap().kind(), ErrorKind::InvalidArgument);
    });
}

#[test]
fn nothing_to_do_can_be_made_to_hold_when_it_is_answered() {
    on_each_store(|site| {
        let app = site.app();
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        let backend = site.backend.clone();
        let deposited = std::sync::atomic::AtomicBool::new(false);
        let done = block_on(app.transact(&"ann".into(), |state: &mut Changes<'_, Account>| {
            state.require_unchanged();
            if !deposited.swap(true, std::sync::atomic::Ordering::SeqCst) {
                deposit_behind(backend.as_ref(), "ann", 7);
            }
            Ok::<_, BankError>(state.balance)
        }));
        let done = done.unwrap();
        assert_eq!((done.output, done.events, done.position), (7, 0, None));
    });
}

#[test]
fn racing_transfers_keep_the_money_together() {
    on_each_store(|site| {
        let app = site.app();
        let ids = ["ann", "bob", "cyd"];
        for id in ids {
            block_on(app.transact(&id.to_owned(), |state: &mut Changes<'_, Account>| {
                state.emit(Opened { owner: id.into() }).emit(Deposited { cents: 100 });
                Ok::<_, BankError>(())
            }))
            .unwrap();
        }
        let attempts = NonZeroU32::new(1_000).unwrap();
        thread::scope(|scope| {
            for racer in 0..6_usize {
                let app = app.clone();
                scope.spawn(move || {
                    for round in 0..10 {
                        let (from, to) = (ids[racer % 3], ids[(racer + 1 + round % 2) % 3]);
                        let transfer =
                            Transfer { from: from.into(), to: to.into(), cents: 30 + round as u64 };
                        match block_on(app.execute(transfer).attempts(attempts)) {
                            Ok(done) => assert_eq!((done.events, done.version), (2, None)),
                            Err(error) => assert!(error.rejection().is_some(), "{error}"),
                        }
                    }
                });
            }
        });
        let balances =
            block_on(app.load::<Vec<Account>>(&ids.map(String::from).to_vec(), At::Latest));
        let total: u64 = balances.unwrap().iter().map(|account| account.balance).sum();
        assert_eq!(total, 300);
        // Both sides of a transfer stand side by side.
        let events = all_events(site.backend.as_ref());
        let moves: Vec<_> = events.iter().skip(6).map(|event| event.event_type.as_str()).collect();
        assert!(
            moves.chunks(2).all(|pair| pair == ["bank.withdrawn", "bank.deposited"]),
            "{moves:?}"
        );
    });
}

/// An event that no account reads.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(name = "weather.rained")]
struct Rained {
    millimeters: u32,
}

/// An event that cannot be read back.
#[derive(Debug)]
struct Unreadable;

impl Event for Unreadable {
    const TYPES: &'static [EventSchema] =
        &[EventSchema { name: "bank.deposited", version: 1, format: Format::Json, fields: &[] }];

    fn schema(&self) -> &'static EventSchema {
        &Self::TYPES[0]
    }

    fn encode(&self) -> Result<bytes::Bytes> {
        Ok(bytes::Bytes::from_static(br#"{"cents":"many"}"#))
    }

    fn decode(_: RawEvent<'_>) -> Result<Option<Self>> {
        Ok(Some(Self))
    }
}

#[test]
fn an_event_that_is_not_read_back_is_refused_and_nothing_is_written() {
    on_each_store(|site| {
        let app = site.app();
        let failed = |decide: fn(&mut Changes<'_, Account>)| {
            let done =
                block_on(app.transact(&"ann".into(), move |state: &mut Changes<'_, Account>| {
                    state.emit(Opened { owner: "Ann".into() });
                    decide(state);
                    state.emit(Deposited { cents: 1 });
                    Ok::<_, BankError>(())
                }));
            done.unwrap_err().failure().unwrap().kind()
        };
        let foreign = failed(|state| {
            state.emit(Rained { millimeters: 3 });
        });
        assert_eq!(foreign, ErrorKind::InvalidArgument);
        assert_eq!(
            failed(|state| {
                state.emit(Unreadable);
            }),
            ErrorKind::Undecodable
        );
        let nowhere = failed(|state| {
            state.emit_to(1, Deposited { cents: 1 });
        });
        assert_eq!(nowhere, ErrorKind::InvalidArgument);
        assert!(all_events(site.backend.as_ref()).is_empty());
    });
}

/// An account whose fold does not bear a withdrawal.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Brittle {
    balance: u64,
}

#[aggregate(stream = "account", key = String)]
impl Aggregate for Brittle {
    type Event = BankEvent;

    fn apply(&mut self, event: &BankEvent) {
        match event {
            Deposited { cents } => self.balance += cents,
            Withdrawn { .. } => panic!("no withdrawals here"),
            Opened { .. } | Closed => {}
        }
    }
}

#[test]
fn a_fold_that_panics_is_an_error_and_harms_nothing_else() {
    on_each_store(|site| {
        let app = site.app();
        block_on(async {
            app.execute(Open { id: "ann", owner: "Ann" }).await.unwrap();
            app.execute(Deposit { id: "ann", cents: 9 }).await.unwrap();
        });
        let deposit = |cents| {
            block_on(app.transact(&"ann".into(), move |state: &mut Changes<'_, Brittle>| {
                if cents == 0 {
                    state.emit(Withdrawn { cents: 1 });
                }
                state.emit(Deposited { cents });
                Ok::<_, BankError>(state.balance)
            }))
        };
        assert_eq!(deposit(1).unwrap().output, 10);
        // In the decision: nothing is written, and the warm state is as it was.
        let failed = deposit(0).unwrap_err();
        assert_eq!(failed.failure().unwrap().kind(), ErrorKind::Application);
        assert!(failed.to_string().contains("no withdrawals here"), "{failed}");
        assert_eq!(deposit(1).unwrap().output, 11);
        // In the history: loading fails, for this aggregate alone.
        block_on(app.execute(Withdraw { id: "ann", cents: 1 })).unwrap();
        let failed = block_on(app.load::<Brittle>(&"ann".into(), At::Latest)).unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Application);
        assert_eq!(deposit(1).unwrap_err().failure().unwrap().kind(), ErrorKind::Application);
        let done = block_on(app.execute(Deposit { id: "ann", cents: 1 })).unwrap();
        assert_eq!(done.output, 11);
    });
}

#[test]
fn a_decision_that_panics_is_an_error_and_writes_nothing() {
    on_each_store(|site| {
        let app = site.app();
        let failed = block_on(app.transact(
            &"ann".into(),
            |state: &mut Changes<'_, Account>| -> Result<(), BankError> {
                state.emit(Opened { owner: "Ann".into() });
                panic!("I cannot decide")
            },
        ));
        let failed = failed.unwrap_err();
        assert_eq!(failed.failure().unwrap().kind(), ErrorKind::Application);
        assert!(failed.to_string().contains("I cannot decide"), "{failed}");
        block_on(app.execute(Open { id: "ann", owner: "Ann" }).expect(None)).unwrap();
    });
}

#[test]
fn a_backend_without_conditions_takes_one_aggregate_and_refuses_two() {
    on_each_store(|site| {
        let app = site.app_on(Arc::new(crate::spy::Plain(Spy::on(&site.backend))));
        block_on(app.execute(Open { id: "ann", owner: "Ann" })).unwrap();
        block_on(app.execute(Deposit { id: "ann", cents: 1 })).unwrap();
        let transfer = Transfer { from: "ann".into(), to: "bob".into(), cents: 1 };
        let refused = block_on(app.execute(transfer)).unwrap_err();
        assert_eq!(refused.failure().unwrap().kind(), ErrorKind::Unsupported);
        let keyed = app.execute(Deposit { id: "ann", cents: 1 }).idempotent("k");
        assert_eq!(block_on(keyed).unwrap_err().failure().unwrap().kind(), ErrorKind::Unsupported);
    });
}
