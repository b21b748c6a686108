//! A connection on which nothing is waited for without end.
//!
//! PostgreSQL ends what takes longer than `statement_timeout`, and a network that is down shows in
//! unanswered probes. A server that is stopped, or something in between that takes bytes and passes
//! none on, answers nothing at all. So every call notes when its answer is due, and whoever drives
//! the connection gives it up when one is overdue. The call then ends as on any lost connection.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use deadpool_postgres::ClientWrapper;
use parking_lot::Mutex;
use tokio::{
    task::JoinHandle,
    time::{Instant, interval_at},
};
use tokio_postgres::{Client, Error, Row, Statement, ToStatement};

use crate::transaction::Params;

/// How long answers may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// What the server gives each statement; zero for any time.
    pub(crate) statement: Duration,
    /// What may come on top of it.
    pub(crate) grace: Duration,
}

/// When answers on one connection are due.
#[derive(Debug)]
pub(crate) struct Answers {
    limit: Limit,
    due: Mutex<Due>,
}

#[derive(Debug, Default)]
struct Due {
    next: u64,
    at: BTreeMap<u64, Instant>,
}

/// An answer that is waited for until this is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Expected {
    answers: Arc<Answers>,
    number: u64,
}

impl Answers {
    pub(crate) fn new(limit: Limit) -> Arc<Self> {
        Arc::new(Self { limit, due: Mutex::default() })
    }

    /// The answer to so many statements is waited for from now on.
    pub(crate) fn expect(self: &Arc<Self>, statements: u32) -> Expected {
        let Limit { statement, grace } = self.limit;
        let at = Instant::now() + statement.saturating_mul(statements) + grace;
        let mut due = self.due.lock();
        let number = due.next;
        due.next += 1;
        due.at.insert(number, at);
        Expected { answers: Arc::clone(self), number }
    }

    /// Ends when an answer is overdue.
    pub(crate) async fn overdue(&self) {
        let Limit { statement, grace } = self.limit;
        if statement.is_zero() {
            return std::future::pending().await;
        }
        loop {
            // Nothing that is asked later is due before.
            let soonest = self.due.lock().at.values().min().copied();
            let next = soonest.unwrap_or_else(|| Instant::now() + statement + grace);
            if next <= Instant::now() {
                break;
            }
            interval_at(next, grace + statement).tick().await;
        }
        tracing::warn!(
            statement_timeout = ?statement,
            answer_grace = ?grace,
            "PostgreSQL has not answered in time; the connection is given up"
        );
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.answers.due.lock().at.remove(&self.number);
    }
}

/// A connection whose answers are waited for as long as its [`Limit`] says.
pub(crate) struct Session {
    client: ClientWrapper,
    answers: Arc<Answers>,
}

impl Session {
    pub(crate) fn new(client: Client, driver: JoinHandle<()>, answers: Arc<Answers>) -> Self {
        Self { client: ClientWrapper::new(client, driver), answers }
    }

    /// For calls that are made on [`client`](Self::client) itself.
    pub(crate) fn expect(&self, statements: u32) -> Expected {
        self.answers.expect(statements)
    }

    /// The client without deadlines.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The client without deadlines.
    pub(crate) fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    pub(crate) async fn prepare(&self, sql: &str) -> Result<Statement, Error> {
        let _expected = self.expect(1);
        self.client.prepare(sql).await
    }

    pub(crate) async fn prepare_cached(&self, sql: &str) -> Result<Statement, Error> {
        let _expected = self.expect(1);
        self.client.prepare_cached(sql).await
    }

    pub(crate) async fn query<T: ?Sized + ToStatement>(
        &self,
        statement: &T,
        params: Params<'_>,
    ) -> Result<Vec<Row>, Error> {
        let _expected = self.expect(1);
        self.client.query(statement, params).await
    }

    pub(crate) async fn query_one<T: ?Sized + ToStatement>(
        &self,
        statement: &T,
        params: Params<'_>,
    ) -> Result<Row, Error> {
        let _expected = self.expect(1);
        self.client.query_one(statement, params).await
    }

    pub(crate) async fn query_opt<T: ?Sized + ToStatement>(
        &self,
        statement: &T,
        params: Params<'_>,
    ) -> Result<Option<Row>, Error> {
        let _expected = self.expect(1);
        self.client.query_opt(statement, params).await
    }

    pub(crate) async fn execute<T: ?Sized + ToStatement>(
        &self,
        statement: &T,
        params: Params<'_>,
    ) -> Result<u64, Error> {
        let _expected = self.expect(1);
        self.client.execute(statement, params).await
    }

    /// Statements one after another, each of which may take its time.
    pub(crate) async fn batch_execute(&self, sql: &str) -> Result<(), Error> {
        let statements = sql.matches(';').count().saturating_add(1);
        let _expected = self.expect(u32::try_from(statements).unwrap_or(u32::MAX));
        self.client.batch_execute(sql).await
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::{block_on, poll_once};

    use super::*;

    fn answers(statement: Duration) -> (tokio::runtime::Runtime, Arc<Answers>) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().build().unwrap();
        (runtime, Answers::new(Limit { statement, grace: Duration::from_millis(1) }))
    }

    #[test]
    fn an_answer_is_overdue_when_its_time_and_the_grace_are_over() {
        let (runtime, answers) = answers(Duration::from_millis(1));
        let begun = Instant::now();
        let _expected = answers.expect(2);
        runtime.block_on(answers.overdue());
        assert!(begun.elapsed() >= Duration::from_millis(3));
    }

    #[test]
    fn what_has_no_time_limit_or_is_answered_is_never_overdue() {
        let (runtime, answers) = answers(Duration::ZERO);
        let _entered = runtime.enter();
        let _expected = answers.expect(1);
        assert!(block_on(poll_once(answers.overdue())).is_none());
        drop(answers.expect(1));
        assert_eq!(answers.due.lock().at.len(), 1);
    }
}
