//! The task of one group: it moves events between the store, the group and its consumers.
//!
//! It decides nothing; what is given to whom and when something is written is the part of
//! `group/`. It never waits for a consumer: who does not take what it is sent has to go. It waits
//! for no write either: writes run beside, at most one of each kind.

mod jobs;
mod parked;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use annals_core::{BoxFuture, BoxStream, Error, ErrorKind, Name, Result};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{sync::mpsc, task::JoinHandle, time};
use tonic::Status;

use self::{
    jobs::{Done, Job},
    parked::{Cut, Replay},
};
use super::{
    command::{Command, Handle, Told},
    consumer::{self, Delivered, Sink, Who},
    error::{Refused, too_slow},
    fence::Fence,
    group::{Begin, ConsumerId, Group, Moment, Origin},
    parked::{Bounds, ParkedStream},
    settings::Definition,
    source::{self, Pulled},
    watch::Progress,
};
use crate::{derived::Index, links::Entry};

/// Commands that may wait; more hold up those who send them.
const COMMANDS_MAX: usize = 256;
/// How long to wait before the store is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// A group that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) handle: Handle,
    task: JoinHandle<()>,
}

impl Running {
    /// Ends the group: its consumers are told, this word or else that it was dropped, and its
    /// progress is written.
    pub(super) async fn stop(self, word: Option<Status>) {
        drop(self.handle.send(Command::Stop(word)).await);
        if let Err(error) = self.task.await {
            tracing::error!(group = %self.handle.definition.id, %error, "a group ended badly");
        }
    }
}

/// Starts a group where it left off.
///
/// # Errors
/// What reading its progress met.
pub(super) async fn start(
    index: &Index,
    fence: Fence,
    definition: Arc<Definition>,
) -> Result<Running> {
    let store = &index.store;
    let checkpoint = definition.id.checkpoint()?;
    let parked = ParkedStream::new(Arc::clone(store), fence, definition.id.parked_stream()?);
    let bounds = parked.bounds().await?;
    let reached = store.checkpoint(&checkpoint).await?;
    let source = reached.map_or(definition.begin, |reached| reached.next().get());
    let rules = definition.settings.rules();
    let group = Group::new(rules, Begin { source, parked: bounds.first }, Instant::now());
    let (commands, received) = mpsc::channel(COMMANDS_MAX);
    let driver = Driver {
        definition: Arc::clone(&definition),
        index: index.clone(),
        fence,
        checkpoint,
        is_saved: reached.is_some(),
        parked,
        bounds,
        group,
        sinks: BTreeMap::new(),
        source: None,
        open_at: Some(Instant::now()),
        park_at: None,
        replay: None,
        cut: None,
        jobs: FuturesUnordered::new(),
        under_way: BTreeSet::new(),
    };
    let task = tokio::spawn(driver.run(received));
    Ok(Running { handle: Handle { definition, commands }, task })
}

struct Driver {
    definition: Arc<Definition>,
    index: Index,
    fence: Fence,
    checkpoint: Name,
    is_saved: bool,
    parked: ParkedStream,
    bounds: Bounds,
    group: Group<Arc<Entry>>,
    sinks: BTreeMap<ConsumerId, Sink>,
    source: Option<BoxStream<'static, Result<Pulled>>>,
    /// When to follow the source again.
    open_at: Option<Instant>,
    /// Not to park before, because the store could not do it.
    park_at: Option<Instant>,
    replay: Option<Replay>,
    cut: Option<Cut>,
    jobs: FuturesUnordered<BoxFuture<'static, Done>>,
    under_way: BTreeSet<Job>,
}

impl Driver {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let word = loop {
            let now = Instant::now();
            self.group.expire(now);
            self.open(now);
            self.send(now);
            self.begin_jobs(now);
            let wake = self.wake(now);
            tokio::select! {
                command = commands.recv() => match command {
                    None => break None,
                    Some(Command::Stop(word)) => break word,
                    Some(command) => self.obey(command),
                },
                pulled = next(&mut self.source), if self.group.wants_fresh() => self.take(pulled),
                Some(done) = self.jobs.next() => self.finish(done),
                () = until(wake) => {}
            }
        };
        self.stop(word).await;
    }

    /// Follows the source from where the group is, when it is time to.
    fn open(&mut self, now: Instant) {
        if self.open_at.is_none_or(|at| at > now) {
            return;
        }
        self.open_at = None;
        match source::follow(&self.index, &self.definition, self.group.next_place()) {
            Ok(source) => self.source = Some(source),
            Err(error) => self.lost(&error),
        }
    }

    fn take(&mut self, pulled: Option<Result<Pulled>>) {
        match pulled {
            Some(Ok(Pulled::Message(message))) => self.group.take(message),
            Some(Ok(Pulled::Passed(place))) => self.group.pass(Origin::Source(place)),
            Some(Ok(Pulled::Live(is_live))) => self.group.set_live(is_live),
            Some(Err(error)) => self.lost(&error),
            None => self.lost(&Error::new(ErrorKind::Closed, "the store is closed")),
        }
    }

    /// The source cannot be followed. Nothing ever comes in a stream that is closed for good; what
    /// else there may be is tried again.
    fn lost(&mut self, error: &Error) {
        self.source = None;
        if error.kind() != ErrorKind::StreamDeleted {
            tracing::warn!(group = %self.definition.id, %error, "a group cannot go on");
            self.open_at = Some(Instant::now() + PAUSE);
        }
    }

    /// Gives events to consumers.
    fn send(&mut self, now: Instant) {
        loop {
            let sent = self.group.dispatch(now);
            let mut gone = BTreeMap::new();
            for sent in sent {
                let Some(sink) = self.sinks.get(&sent.to) else { continue };
                let delivered = Delivered { entry: sent.event, retries: sent.retries };
                match sink.events.try_send(delivered) {
                    Ok(()) => {}
                    Err(mpsc::error::TrySendError::Full(_)) => {
                        gone.insert(sent.to, Some(too_slow()));
                    }
                    Err(mpsc::error::TrySendError::Closed(_)) => {
                        gone.entry(sent.to).or_insert(None);
                    }
                }
            }
            if gone.is_empty() {
                return;
            }
            for (consumer, word) in gone {
                self.leave(consumer, word);
            }
        }
    }

    fn leave(&mut self, consumer: ConsumerId, word: Option<Status>) {
        self.group.leave(consumer);
        if let (Some(sink), Some(word)) = (self.sinks.remove(&consumer), word) {
            // Whoever is gone needs no word.
            drop(sink.end.send(word));
        }
    }

    fn obey(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Join { slots, who, answer } => {
                let joined = self.group.join(slots, now).map_err(|_| Refused::Full).map(|id| {
                    let (sink, joined) = consumer::pair(id, slots, who);
                    self.sinks.insert(id, sink);
                    joined
                });
                if let Err(Ok(joined)) = answer.send(joined) {
                    self.leave(joined.id, None);
                }
            }
            Command::Ack { consumer, ids } => {
                ids.into_iter().for_each(|id| self.group.ack(consumer, id, now));
            }
            Command::Refuse { consumer, ids, refusal } => {
                ids.into_iter().for_each(|id| self.group.refuse(consumer, id, refusal.clone()));
            }
            Command::Leave { consumer, word } => self.leave(consumer, word),
            // Who asked and went away needs no answer; so below.
            Command::Tell(answer) => drop(answer.send(self.tell(now))),
            Command::Watch(answer) => drop(answer.send(self.progress())),
            Command::Replay { stop_at, answer } => drop(answer.send(self.replay(stop_at))),
            Command::Truncate { stop_at, answer } => self.cut(stop_at, answer),
            Command::Stop(_) => {}
        }
    }

    fn tell(&mut self, now: Instant) -> Told {
        let numbers = self.group.numbers(now);
        let who = |consumer: &super::group::ConsumerNumbers| {
            self.sinks.get(&consumer.id).map_or_else(Who::default, |sink| sink.who.clone())
        };
        Told {
            who: numbers.consumers.iter().map(who).collect(),
            parked: self.bounds.count(),
            is_replaying: self.replay.is_some(),
            is_saved: self.is_saved,
            numbers,
        }
    }

    fn progress(&self) -> Progress {
        let state = self.group.state();
        Progress {
            unfinished: state.unfinished as u64,
            next: state.next,
            waits: state.waits,
            oldest: self.group.oldest().map(|entry| entry.original().recorded_at),
            checkpoint: state.saved.checked_sub(1).filter(|_| self.is_saved),
            in_flight: state.held as u64,
            parked: self.bounds.count(),
        }
    }

    /// When there is something to do even if nothing happens; what runs already is waited for.
    fn wake(&self, now: Instant) -> Option<Instant> {
        let park = self.park_at.filter(|_| self.group.has_to_park());
        let save = self.group.save_at(now).filter(|_| self.is_idle(Job::Save));
        let truncate = self.group.truncate_at(now).filter(|_| self.is_idle(Job::Truncate));
        [self.group.deadline(), self.open_at, park, save, truncate].into_iter().flatten().min()
    }

    async fn stop(mut self, word: Option<Status>) {
        let word = word.unwrap_or_else(|| Refused::Dropped.of(&self.definition.id));
        for sink in std::mem::take(&mut self.sinks).into_values() {
            drop(sink.end.send(word.clone()));
        }
        while let Some(done) = self.jobs.next().await {
            self.finish(done);
        }
        let save = self.group.begin_save(Moment::Last).map(|floor| self.save(floor));
        let truncate = self.group.begin_truncate(Moment::Last).map(|before| self.truncate(before));
        for last in [save, truncate].into_iter().flatten() {
            let done = last.await;
            self.finish(done);
        }
    }
}

async fn next<T>(source: &mut Option<BoxStream<'static, T>>) -> Option<T> {
    match source {
        Some(source) => source.next().await,
        None => std::future::pending().await,
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        // Nothing is waited for but the time.
        Some(moment) => drop(time::timeout_at(moment.into(), std::future::pending::<()>()).await),
        None => std::future::pending().await,
    }
}
