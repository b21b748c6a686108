//! An account as the framework sees it: events, a fold, requests, and a table of balances.

use annals::{
    Aggregate, BoxError, Changes, Command, Event, Projection, Recorded, Sqlite, SqliteTx,
    aggregate, projection,
};
use serde::{Deserialize, Serialize};

/// What happens to an account.
#[derive(Debug, Clone, Event, Serialize, Deserialize)]
#[event(prefix = "bank")]
pub(super) enum Moved {
    Deposited { account: String, cents: u64 },
    Withdrawn { account: String, cents: u64 },
}

/// The state of an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Balance {
    pub(super) cents: u64,
    pub(super) moves: u64,
}

#[aggregate(stream = "balance", key = String, snapshot(every = 50))]
impl Aggregate for Balance {
    type Event = Moved;

    fn apply(&mut self, event: &Moved) {
        self.moves += 1;
        match event {
            Moved::Deposited { cents, .. } => self.cents += cents,
            Moved::Withdrawn { cents, .. } => self.cents -= cents,
        }
    }
}

/// Money is to come or go.
#[derive(Debug, Clone)]
pub(super) enum Move {
    Deposit(u64),
    Withdraw(u64),
}

/// The account is not good for that much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{short} cents are missing")]
pub(super) struct Insufficient {
    pub(super) short: u64,
}

/// The account of the demo.
pub(super) fn dora() -> String {
    String::from("dora")
}

impl Command for Move {
    type Aggregate = Balance;
    type Output = u64;
    type Error = Insufficient;

    fn key(&self) -> String {
        dora()
    }

    fn decide(&self, state: &mut Changes<'_, Balance>) -> Result<u64, Insufficient> {
        let account = dora();
        state.emit(match *self {
            Self::Withdraw(cents) if cents > state.cents => {
                return Err(Insufficient { short: cents - state.cents });
            }
            Self::Deposit(cents) => Moved::Deposited { account, cents },
            Self::Withdraw(cents) => Moved::Withdrawn { account, cents },
        });
        Ok(state.cents)
    }
}

/// A table of all balances.
#[derive(Debug)]
pub(super) struct Balances;

#[projection(name = "balances", version = 1)]
impl Projection for Balances {
    type Event = Moved;
    type Store = Sqlite;
    const TABLES: &'static [&'static str] = &["balances"];

    async fn create(&self, tx: &mut SqliteTx) -> Result<(), BoxError> {
        let table = tx.table("balances");
        let columns = "(account TEXT PRIMARY KEY, cents INTEGER, moves INTEGER)";
        tx.execute(&format!("CREATE TABLE {table} {columns}"), ())?;
        Ok(())
    }

    async fn apply(&self, event: &Recorded<Moved>, tx: &mut SqliteTx) -> Result<(), BoxError> {
        let (account, change) = match &event.event {
            Moved::Deposited { account, cents } => (account, i64::try_from(*cents)?),
            Moved::Withdrawn { account, cents } => (account, -i64::try_from(*cents)?),
        };
        let sql = format!(
            "INSERT INTO {} VALUES (?, ?, 1) ON CONFLICT (account)
             DO UPDATE SET cents = cents + excluded.cents, moves = moves + 1",
            tx.table("balances")
        );
        tx.execute(&sql, (account, change))?;
        Ok(())
    }
}
