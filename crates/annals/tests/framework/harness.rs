//! The test harness itself: what it accepts, and how it says what does not hold.

use std::panic::{AssertUnwindSafe, catch_unwind};

use annals::{testing::*, *};
use serde::{Deserialize, Serialize};

use crate::{
    bank::*,
    stores::{DAY_MICROS, day},
};

/// The message with which a test fails.
fn failing(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).unwrap_err();
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap()
}

fn opened() -> BankEvent {
    Opened { owner: "Ann".into() }
}

fn rich() -> Given {
    given([opened(), Deposited { cents: 100 }])
}

const fn withdraw(cents: u64) -> Withdraw {
    Withdraw { id: "ann", cents }
}

#[test]
fn what_happened_is_looked_at_from_all_sides() {
    rich()
        .when(withdraw(30))
        .then([Withdrawn { cents: 30 }])
        .then_output(70)
        .then_state(|account| assert_eq!(account.balance, 70));
    given_nothing().when(withdraw(1)).then_rejected(BankError::NotOpen);
    rich()
        .when(withdraw(101))
        .then_rejected_with(|error| assert_eq!(*error, BankError::Insufficient { short: 1 }))
        .then_state(|account| assert_eq!(account.balance, 100));
    given_nothing()
        .when_deciding("ann".into(), |_: &mut Changes<'_, Account>| Ok::<_, BankError>(()))
        .then_nothing();
}

#[test]
fn what_differs_stands_side_by_side() {
    let message = failing(|| {
        rich().when(withdraw(30)).then([Withdrawn { cents: 31 }, Closed]);
    });
    assert_eq!(
        message,
        "other events happened\n    \
             expected                | actual\n  \
           ! Withdrawn { cents: 31 } | Withdrawn { cents: 30 }\n  \
           - Closed                  |\n"
    );
    let message = failing(|| drop(rich().when(withdraw(30)).then_output(71)));
    assert!(message.contains("! 71       | 70"), "{message}");
    let message = failing(|| drop(rich().when(withdraw(101)).then_rejected(BankError::NotOpen)));
    assert!(message.contains("! NotOpen  | Insufficient { short: 1 }"), "{message}");
}

#[test]
fn an_unexpected_turn_is_named() {
    let message = failing(|| drop(rich().when(withdraw(101)).then([Closed])));
    assert_eq!(message, "the command was refused: Insufficient { short: 1 }");
    let message = failing(|| drop(rich().when(withdraw(1)).then_rejected(BankError::NotOpen)));
    assert!(message.ends_with("but it was accepted: [bank.withdrawn]"), "{message}");
    let message = failing(|| drop(rich().when(withdraw(1)).then_nothing()));
    assert!(message.ends_with("but this happened: bank.withdrawn"), "{message}");
    let message = failing(|| drop(rich().when(withdraw(1)).then_failed_with(|_| ())));
    assert_eq!(message, "the command was expected to fail, but did not");
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(name = "weather.rained")]
struct Rained {
    millimeters: u32,
}

#[test]
fn an_event_that_nobody_reads_back_is_a_failure() {
    let rain = |state: &mut Changes<'_, Account>| {
        state.emit(Rained { millimeters: 3 });
        Ok::<_, BankError>(())
    };
    given_nothing().when_deciding("ann".into(), rain).then_failed_with(|error| {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    });
    let message =
        failing(|| drop(given_nothing().when_deciding("ann".into(), rain).then([Closed])));
    assert!(message.starts_with("the command failed: "), "{message}");
}

#[test]
fn time_stands_where_it_is_put() {
    let age = |state: &mut Changes<'_, Account>| Ok::<_, BankError>(state.now());
    let decide = |given: Given| given.when_deciding("ann".into(), age);
    decide(given_nothing().now(day(5))).then_output(day(5));
    decide(given_at(day(1), [opened()]).now(day(2))).then_output(day(2));
    decide(given_nothing()).then_output("2020-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(day(1).as_micros() - day(0).as_micros(), DAY_MICROS);
}

#[test]
fn a_transfer_is_given_and_looked_at_by_account() {
    let transfer = || Transfer { from: "ann".into(), to: "bob".into(), cents: 30 };
    rich()
        .and_to(1, [Opened { owner: "Bob".into() }])
        .and_in("account-cyd", [Deposited { cents: 5_000 }])
        .when(transfer())
        .then([Withdrawn { cents: 30 }, Deposited { cents: 30 }])
        .then_to(0, [Withdrawn { cents: 30 }])
        .then_to(1, [Deposited { cents: 30 }])
        .then_state(|(from, to)| assert_eq!((from.balance, to.balance), (70, 30)));
    given_nothing()
        .and_to(1, [Deposited { cents: 100 }])
        .when(transfer())
        .then_rejected(BankError::Insufficient { short: 30 });
    let message = failing(|| drop(given_nothing().and_to(2, [Closed]).when(transfer())));
    assert!(message.contains("an aggregate that the command is not about"), "{message}");
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(name = "enrolled")]
struct Enrolled {
    #[tag]
    course: String,
    #[tag]
    student: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Count(u32);

#[aggregate(tag = "course", key = String)]
impl Aggregate for Count {
    type Event = Enrolled;

    fn apply(&mut self, _: &Enrolled) {
        self.0 += 1;
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Load(u32);

#[aggregate(tag = "student", key = String)]
impl Aggregate for Load {
    type Event = Enrolled;

    fn apply(&mut self, _: &Enrolled) {
        self.0 += 1;
    }
}

#[test]
fn tags_say_which_aggregate_reads_an_event() {
    let enrolled =
        |course: &str, student: &str| Enrolled { course: course.into(), student: student.into() };
    given([enrolled("c1", "s1"), enrolled("c1", "s2"), enrolled("c2", "s1"), enrolled("c2", "s2")])
        .and_in("elsewhere-1", [enrolled("c1", "s3")])
        .when_deciding(("c1".into(), "s1".into()), |state: &mut Changes<'_, (Count, Load)>| {
            state.emit(enrolled("c1", "s1"));
            Ok::<_, BankError>((state.0.0, state.1.0))
        })
        .then_output((4, 3))
        .then([enrolled("c1", "s1")]);
    let message = failing(|| {
        given_nothing()
            .when_deciding("c1".into(), |state: &mut Changes<'_, Count>| {
                state.emit(enrolled("c1", "s1"));
                Ok::<_, BankError>(())
            })
            .then([enrolled("c1", "s2")]);
    });
    assert!(message.contains("! Enrolled"), "{message}");
}

#[test]
fn upcasters_are_applied_to_what_was_given_and_tested_by_themselves() {
    #[derive(Debug, Serialize, Deserialize, Event)]
    #[event(name = "bank.saved")]
    struct Saved {
        euros: u64,
    }
    let upcasters = Upcasters::new()
        .rename("bank.saved", "bank.deposited")
        .lift("bank.paid", 1, |_, mut json| {
            json["cents"] = json["cents"].as_u64().ok_or("no cents")?.into();
            Ok(json)
        })
        .split("bank.moved", 1, [("bank.withdrawn", 1), ("bank.deposited", 1)], |_, json| {
            Ok(vec![("bank.withdrawn", json.clone()), ("bank.deposited", json)])
        })
        .drop("bank.heartbeat");
    upcasting(r#"{"cents":3}"#, "bank.saved", 1)
        .through(&upcasters)
        .gives([Deposited { cents: 3 }]);
    upcasting(serde_json::json!({ "cents": 3 }), "bank.moved", 1)
        .through(&upcasters)
        .gives([Withdrawn { cents: 3 }, Deposited { cents: 3 }]);
    upcasting("{}", "bank.heartbeat", 1).through(&upcasters).gives_nothing();
    upcasting("{}", "bank.closed", 1).gives([Closed]);
    let failed = upcasting("{}", "bank.paid", 1).through(&upcasters).fails();
    assert_eq!(failed.kind(), ErrorKind::Undecodable);
    let message = failing(|| {
        let moved = upcasting(r#"{"cents":3}"#, "bank.moved", 1).through(&upcasters);
        moved.gives([Deposited { cents: 3 }]);
    });
    assert!(message.contains("+                        | Withdrawn { cents: 3 }"), "{message}");
    assert!(message.contains("= Deposited { cents: 3 } | Deposited { cents: 3 }"), "{message}");
    let message = failing(|| {
        upcasting("{}", "bank.paid", 2).through(&upcasters).gives([Closed]);
    });
    assert!(message.contains("`bank.paid`, which is not one of the expected"), "{message}");
    let euros = Upcasters::new().split("bank.saved", 1, [("bank.deposited", 1)], |_, json| {
        let cents = json["euros"].as_u64().ok_or("no euros")? * 100;
        Ok(vec![("bank.deposited", serde_json::json!({ "cents": cents }))])
    });
    given([Saved { euros: 7 }])
        .upcasters(&euros)
        .when_deciding("ann".into(), |state: &mut Changes<'_, Account>| {
            Ok::<_, BankError>(state.balance)
        })
        .then_output(700);
}

mod projections {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::{failing, opened};
    use crate::bank::{BankEvent, BankEvent::*};
    use annals::{testing::projection, *};

    /// What makes a projection go wrong.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Wrong {
        Nothing,
        /// It counts in itself, and not in its tables.
        CountsInside,
        /// It does not take withdrawals.
        Fails,
    }

    struct Total(Wrong, AtomicI64);

    #[annals::projection(name = "totals", version = 1)]
    impl Projection for Total {
        type Event = BankEvent;
        type Store = Sqlite;
        const TABLES: &'static [&'static str] = &["totals", "log"];

        async fn create(&self, tx: &mut SqliteTx) -> Result<(), BoxError> {
            let (totals, log) = (tx.table("totals"), tx.table("log"));
            tx.connection().execute_batch(&format!(
                "CREATE TABLE {totals} (id INTEGER PRIMARY KEY, cents INTEGER); \
                 CREATE TABLE {log} (stream TEXT, version INTEGER)"
            ))?;
            Ok(())
        }

        async fn apply(
            &self,
            event: &Recorded<BankEvent>,
            tx: &mut SqliteTx,
        ) -> Result<(), BoxError> {
            let change = match event.event {
                Deposited { cents } => cents as i64,
                Withdrawn { .. } if self.0 == Wrong::Fails => return Err("not this one".into()),
                Withdrawn { cents } => -(cents as i64),
                Opened { .. } | Closed => 0,
            };
            let inside = self.1.fetch_add(change, Ordering::SeqCst) + change;
            let sum = if self.0 == Wrong::CountsInside { inside } else { change };
            let set = if self.0 == Wrong::CountsInside { "" } else { "cents + " };
            let totals = tx.table("totals");
            let sql = format!(
                "INSERT INTO {totals} VALUES (1, ?1) \
                 ON CONFLICT DO UPDATE SET cents = {set}excluded.cents"
            );
            tx.execute(&sql, [sum])?;
            let version = event.version().get() as i64;
            let sql = format!("INSERT INTO {} VALUES (?1, ?2)", tx.table("log"));
            tx.execute(&sql, (event.stream().as_str(), version))?;
            Ok(())
        }
    }

    fn events() -> Vec<BankEvent> {
        let deposits = (1..=7).map(|cents| Deposited { cents });
        [opened()].into_iter().chain(deposits).chain([Withdrawn { cents: 8 }, Closed]).collect()
    }

    #[test]
    fn a_projection_is_applied_in_several_ways_and_looked_at() {
        projection(Total(Wrong::Nothing, AtomicI64::new(0)))
            .given(events())
            .given_in("account-bob", [Deposited { cents: 100 }])
            .then(|sqlite| {
                let read =
                    |sql: &str| sqlite.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
                assert_eq!(read("SELECT cents FROM totals"), 120);
                assert_eq!(read("SELECT count(*) FROM log"), 11);
                assert_eq!(read("SELECT version FROM log WHERE stream = 'account-bob'"), 0);
            });
    }

    #[test]
    fn a_projection_that_keeps_something_to_itself_is_found_out() {
        let total = Total(Wrong::CountsInside, AtomicI64::new(0));
        let message = failing(|| projection(total).given(events()).then(|_| ()));
        assert!(message.starts_with("applied in batches of 2, the tables differ"), "{message}");
        assert!(message.contains("! totals [Integer(1), Integer(20)]"), "{message}");
    }

    #[test]
    fn a_projection_that_fails_says_so() {
        let total = Total(Wrong::Fails, AtomicI64::new(0));
        let message = failing(|| projection(total).given(events()).then(|_| ()));
        assert_eq!(message, "applied one by one: not this one");
    }

    #[test]
    fn looking_and_not_finding_is_the_tests_own_failure() {
        let total = Total(Wrong::Nothing, AtomicI64::new(0));
        let message = failing(|| projection(total).given(events()).then(|_| panic!("as I said")));
        assert_eq!(message, "as I said");
    }
}
