//! Reading your own writes: `wait_for`, `fresh`, and what they say when it takes too long.

use std::time::Duration;

use annals::*;
use futures_lite::future::block_on;

use super::bank::*;

#[derive(Debug, Default, Clone, serde::Serialize, serde::Deserialize)]
struct Account;

#[aggregate(stream = "bank", key = String)]
impl Aggregate for Account {
    type Event = BankEvent;
    fn apply(&mut self, _event: &BankEvent) {}
}

struct Deposit {
    account: String,
    cents: i64,
}

impl Command for Deposit {
    type Aggregate = Account;
    type Output = ();
    type Error = Error;

    fn key(&self) -> String {
        self.account.clone()
    }

    fn decide(&self, tx: &mut Changes<'_, Account>) -> Result<(), Error> {
        tx.emit(BankEvent::Deposited { account: self.account.clone(), cents: self.cents });
        Ok(())
    }
}

fn deposit(app: &Annals, cents: i64) -> Execute<'_, Account, ByCommand<Deposit>> {
    app.execute(Deposit { account: "ann".to_owned(), cents })
}

#[test]
fn a_command_can_wait_until_queries_see_it() {
    for (backend, sqlite, _dir) in stores() {
        let app = start(&backend, &sqlite, &Faults::default(), Run::background());
        for cents in 1..30 {
            block_on(deposit(&app, cents).wait_for::<Balances<1>>().into_future()).unwrap();
            assert_eq!(rows(&sqlite)["ann"].1, cents);
        }
    }
}

#[test]
fn a_wait_that_is_too_long_says_that_the_command_was_done() {
    for (backend, sqlite, _dir) in stores() {
        let faults = Faults::default();
        faults.set(u32::MAX);
        let run = Run::background().backoff(LONG, LONG);
        let app = start(&backend, &sqlite, &faults, run);
        let soon = Duration::from_millis(30);
        let slow = deposit(&app, 5_000).wait_for::<Balances<1>>().wait_at_most(soon);
        let error = block_on(slow.into_future()).unwrap_err();
        let failure = error.failure().unwrap();
        assert_eq!(failure.kind(), ErrorKind::Timeout);
        assert!(failure.to_string().contains("was done"), "{failure}");
        assert!(failure.to_string().contains("1 events"), "{failure}");
        assert_eq!(block_on(backend.head()).unwrap(), Some(Position::FIRST));

        let lag = status(&app).lag;
        assert!(lag.events == 1 && lag.age > Duration::ZERO, "{lag}");
        let late = block_on(app.projection::<Balances<1>>().unwrap().fresh(soon)).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::Timeout);
    }
}

#[test]
fn waiting_for_what_is_not_registered_is_refused_before_anything_is_done() {
    let app = block_on(Annals::open("memory:")).unwrap();
    let error = block_on(deposit(&app, 1).wait_for::<Balances<1>>().into_future()).unwrap_err();
    assert_eq!(error.failure().unwrap().kind(), ErrorKind::InvalidArgument);
    assert_eq!(block_on(app.backend().head()).unwrap(), None);
}
