//! A periodic look at who holds the store up, while a call takes long.
//!
//! It costs nothing while calls are fast: a connection is made for the first look and given up
//! when there is nothing to look for any more.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::{
    blockers::{self, Blocker},
    session::Session,
    shared::Shared,
    unreached::Unreached,
};

/// From when on a call takes long, and how often to look then.
const LONG: Duration = Duration::from_secs(1);
/// How often the same session is warned of.
const REPEAT: Duration = Duration::from_secs(10);

/// Looks until the store closes.
pub(crate) async fn look_out(shared: Arc<Shared>) {
    let mut lookout = Lookout { shared, session: None, warned: Vec::new() };
    let mut ticks = interval(LONG);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while lookout.shared.check_open().is_ok() {
        ticks.tick().await;
        if lookout.shared.calls.longest().is_some_and(|longest| longest >= LONG) {
            lookout.look().await;
        } else {
            lookout.rest();
        }
    }
}

struct Lookout {
    shared: Arc<Shared>,
    session: Option<Session>,
    /// Who was warned of, and when.
    warned: Vec<(Blocker, Instant)>,
}

impl Lookout {
    async fn look(&mut self) {
        // Neither looking nor connecting may hang where the call already does.
        match timeout(LONG, self.find()).await {
            Ok(Ok(blockers)) => self.warn(blockers),
            Ok(Err(error)) => {
                tracing::debug!(%error, "could not look for who holds the store up");
                self.session = None;
            }
            Err(_) => self.session = None,
        }
    }

    async fn find(&mut self) -> Result<Vec<Blocker>, Unreached> {
        let session = match self.session.take() {
            Some(session) => session,
            None => self.shared.connector.connect().await?,
        };
        let found = blockers::find(&self.shared, &session, LONG).await?;
        self.session = Some(session);
        Ok(found)
    }

    fn warn(&mut self, blockers: Vec<Blocker>) {
        self.warned.retain(|(_, at)| at.elapsed() < REPEAT);
        for blocker in &blockers {
            let is_same = |(warned, _): &(Blocker, Instant)| {
                warned.pid == blocker.pid && warned.since == blocker.since
            };
            if self.warned.iter().any(is_same) {
                continue;
            }
            tracing::warn!(
                pid = blocker.pid,
                application_name = blocker.application,
                user = blocker.user,
                state = blocker.state,
                since = blocker.since,
                "the store waits for {blocker}; commit it, roll it back or end it"
            );
            self.warned.push((blocker.clone(), Instant::now()));
        }
        *self.shared.seen.lock() = blockers;
    }

    fn rest(&mut self) {
        self.session = None;
        self.shared.seen.lock().clear();
    }
}
