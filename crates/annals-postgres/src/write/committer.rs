//! The committer: one task that sends group after group over a connection of its own.
//!
//! While a group is on its way the next one gathers, so that many callers share a transaction and
//! its sync without waiting for one another. What was sent over a connection that is lost is
//! looked for and sent again: an event that is stored is recognised by its id.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use annals_core::{Error, ErrorKind, Result};
use async_channel::Receiver;
use futures_lite::future;

use super::{
    apply::{Applied, Stored},
    group::{Group, Member},
    inline::{self, Done},
    job::{Job, Stage},
    look::Looked,
    settle::{Settled, Violation, settle},
};
use crate::{
    blockers::explain,
    failure::{failed, is_about_data, is_about_request, is_cancelled, is_lost},
    link::Link,
    shared::Shared,
};

/// Most requests in hand.
const WAITING_MAX: usize = 2_048;
/// How often a request is tried while others change what it depends on.
const ATTEMPTS_MAX: u32 = 1_000;

#[derive(Debug)]
pub(crate) struct Committer {
    shared: Arc<Shared>,
    jobs: Receiver<Box<Job>>,
    waiting: VecDeque<Box<Job>>,
    link: Option<Arc<Link>>,
}

/// What a committer waits for.
enum Event {
    /// A request; `None` when there will be no more.
    Asked(Option<Box<Job>>),
    /// The link has ended, or there is a new one.
    Linked(Option<Arc<Link>>),
}

impl Committer {
    pub(crate) fn new(shared: Arc<Shared>, jobs: Receiver<Box<Job>>, link: Link) -> Self {
        Self { shared, jobs, waiting: VecDeque::new(), link: Some(Arc::new(link)) }
    }

    /// Works until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        loop {
            if self.waiting.is_empty() {
                match self.next().await {
                    Some(job) => self.waiting.push_back(job),
                    None => return,
                }
            }
            while self.waiting.len() < WAITING_MAX {
                let Ok(job) = self.jobs.try_recv() else { break };
                self.waiting.push_back(job);
            }
            self.round().await;
        }
    }

    /// Waits for a request, on a link that listens.
    async fn next(&mut self) -> Option<Box<Job>> {
        loop {
            let asked = async { Event::Asked(self.jobs.recv().await.ok()) };
            let event = match &self.link {
                Some(link) => {
                    let ended = async {
                        link.ended().await;
                        Event::Linked(None)
                    };
                    future::or(asked, ended).await
                }
                None => {
                    let shared = &self.shared;
                    let linked =
                        async { Event::Linked(Some(Arc::new(Link::open_at_last(shared).await))) };
                    future::or(asked, linked).await
                }
            };
            match event {
                Event::Asked(job) => return job,
                Event::Linked(link) => self.link = link,
            }
        }
    }

    /// Takes all that waits one step on.
    async fn round(&mut self) {
        let link = match self.link.take() {
            Some(link) => link,
            None => match Link::open_patiently(&self.shared).await {
                Ok(link) => Arc::new(link),
                Err(error) => return self.refuse_all(&error),
            },
        };
        let call = self.shared.calls.begin();
        let stepped = self.step(&link).await;
        drop(call);
        match stepped {
            Ok(()) => self.link = Some(link),
            Err(error) if is_lost(&error) => {
                tracing::warn!(error = %error, "the connection for appends was lost");
                self.refuse_lost(&failed("an append", error));
            }
            Err(error) => {
                self.link = Some(link);
                let error = explain(&self.shared, failed("an append", error)).await;
                self.refuse_all(&error);
            }
        }
    }

    /// Gives up on those that one connection after another was lost for: where each is taken and
    /// then says nothing, trying on would never end.
    fn refuse_lost(&mut self, error: &Error) {
        let patience = self.shared.connector.patience;
        let is_over = |job: &Job| job.lost_at.is_some_and(|at| at.elapsed() > patience);
        for job in std::mem::take(&mut self.waiting) {
            if is_over(&job) {
                job.refuse(error);
            } else {
                self.waiting.push_back(job);
            }
        }
    }

    fn refuse_all(&mut self, error: &Error) {
        for job in self.waiting.drain(..) {
            job.refuse(error);
        }
    }

    /// On an error everything is waiting again.
    async fn step(&mut self, link: &Arc<Link>) -> Result<(), tokio_postgres::Error> {
        self.look_first(link).await?;
        let mut group = Group::default();
        let mut deferred = VecDeque::new();
        for job in self.waiting.drain(..) {
            if let Err(mut job) = group.admit(job) {
                // What was known of its streams may be about to change.
                if matches!(job.stage, Stage::Known(_)) {
                    job.stage = Stage::Unknown;
                }
                deferred.push_back(job);
            }
        }
        self.waiting = deferred;
        if group.is_empty() {
            return Ok(());
        }
        match inline::call(&self.shared, link, &group).await {
            Ok(Done::Applied(Applied::Stored(stored))) => {
                self.answer(group, &stored);
                Ok(())
            }
            Ok(Done::Applied(Applied::Refused(violated))) => {
                self.sort_out(link, group, &violated).await
            }
            Ok(Done::Refused(error)) => {
                self.refuse(group, &error);
                Ok(())
            }
            Err(error) if is_about_request(&error) => {
                self.blame(group, error);
                Ok(())
            }
            Err(error) => {
                self.take_back(group, is_lost(&error));
                Err(error)
            }
        }
    }

    /// Looks at the streams of requests that cannot go on without.
    async fn look_first(&mut self, link: &Link) -> Result<(), tokio_postgres::Error> {
        let is_unknown = |job: &Job| matches!(job.stage, Stage::Unknown);
        if !self.waiting.iter().any(|job| is_unknown(job)) {
            return Ok(());
        }
        let unknown = self.waiting.iter().map(|job| &**job).filter(|job| is_unknown(job));
        let looked = Looked::at(link, &self.shared.sql, unknown).await?;
        let waiting = std::mem::take(&mut self.waiting);
        for job in waiting {
            if is_unknown(&job) {
                self.settle(job, &looked, None);
            } else {
                self.waiting.push_back(job);
            }
        }
        Ok(())
    }

    fn settle(&mut self, mut job: Box<Job>, looked: &Looked, violation: Violation) {
        job.attempts += 1;
        match settle(&mut job, looked, violation) {
            Settled::Answered(answer) => job.answer(answer),
            Settled::Open if job.attempts > ATTEMPTS_MAX => job.answer(Err(Error::new(
                ErrorKind::Unavailable,
                "others changed what the request depends on whenever it was tried; try it later",
            ))),
            Settled::Open => self.waiting.push_back(job),
        }
    }

    fn answer(&self, group: Group, stored: &Stored) {
        self.shared.work.committed(group.members.len(), group.events.len());
        if let Some(head) = stored.head(&group) {
            self.shared.advance(head);
        }
        for member in group.members {
            let answer = stored.receipt(&member);
            member.job.answer(answer);
        }
    }

    /// Finds out which requests of a refused group are to blame; the others wait again.
    async fn sort_out(
        &mut self,
        link: &Link,
        group: Group,
        violated: &[Option<annals_core::Position>],
    ) -> Result<(), tokio_postgres::Error> {
        let jobs = group.members.iter().map(|member| &*member.job);
        let looked = match Looked::at(link, &self.shared.sql, jobs).await {
            Ok(looked) => looked,
            Err(error) => {
                self.take_back(group, false);
                return Err(error);
            }
        };
        for member in group.members {
            let own = violated.get(member.conditions.clone()).unwrap_or_default();
            let violation = own.iter().enumerate().find_map(|(n, place)| Some((n, (*place)?)));
            self.settle(member.job, &looked, violation);
        }
        Ok(())
    }

    /// Something is wrong with one request of the group: each is tried alone, or each with
    /// conditions where the call took too long. One that was alone already is tried without `json`
    /// where a value may be to blame.
    fn blame(&mut self, group: Group, error: tokio_postgres::Error) {
        let was_alone = group.members.len() == 1;
        let has_conditions = |member: &Member| member.job.has_conditions();
        let only_conditions = is_cancelled(&error) && group.members.iter().any(has_conditions);
        let is_about_data = is_about_data(&error);
        let error = failed("an append", error);
        for member in group.members {
            let mut job = member.job;
            if !was_alone {
                job.is_alone = !only_conditions || job.has_conditions();
            } else if !is_about_data || !job.store_as_bytes() {
                job.refuse(&error);
                continue;
            }
            self.waiting.push_back(job);
        }
    }

    /// What is done because of the group failed: each request is tried alone, and one that was alone
    /// already is refused.
    fn refuse(&mut self, group: Group, error: &Error) {
        let is_alone = group.members.len() == 1;
        for member in group.members {
            let mut job = member.job;
            if is_alone {
                job.answer(Err(error.clone()));
            } else {
                job.is_alone = true;
                self.waiting.push_back(job);
            }
        }
    }

    fn take_back(&mut self, group: Group, may_be_done: bool) {
        for member in group.members.into_iter().rev() {
            let mut job = member.job;
            if may_be_done {
                job.is_resent = true;
                job.lost_at.get_or_insert_with(Instant::now);
                job.stage = Stage::Unknown;
            }
            self.waiting.push_front(job);
        }
    }
}
