//! The task of one group: it moves events between the store, the group and its consumers.
//!
//! It decides nothing; what is given to whom and when something is written is the part of
//! `group/`. It never waits for a consumer: who does not take what it is sent has to go. It waits
//! for no write either: writes run beside, at most one of each kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use annals_core::{
    Append, Backend, BoxFuture, BoxStream, Error, ErrorKind, Name, Position, Result,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{sync::mpsc, task::JoinHandle, time};

use super::{
    command::{Answer, Command, Handle, Told},
    consumer::{self, Delivered, Sink, Who},
    error::{Refused, too_slow},
    group::{Begin, ConsumerId, Failed, Group, Moment, Origin},
    parked::{Bounds, ParkedStream},
    settings::{Definition, buffer},
    source::{self, Pulled},
};
use crate::links::Entry;

/// Commands that may wait; more hold up those who send them.
const COMMANDS_MAX: usize = 256;
/// Events that are parked with one write.
const PARK_MAX: usize = 100;
/// How long to wait before the store is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// A group that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) handle: Handle,
    task: JoinHandle<()>,
}

impl Running {
    /// Ends the group: its consumers are told, and its progress is written.
    pub(super) async fn stop(self) {
        drop(self.handle.send(Command::Stop).await);
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
    store: &Arc<dyn Backend>,
    definition: Arc<Definition>,
) -> Result<Running> {
    let checkpoint = definition.id.checkpoint()?;
    let parked = ParkedStream::new(Arc::clone(store), definition.id.parked_stream()?);
    let bounds = parked.bounds().await?;
    let reached = store.checkpoint(&checkpoint).await?;
    let source = reached.map_or(definition.begin, |reached| reached.next().get());
    let rules = definition.settings.rules();
    let group = Group::new(rules, Begin { source, parked: bounds.first }, Instant::now());
    let (commands, received) = mpsc::channel(COMMANDS_MAX);
    let driver = Driver {
        definition: Arc::clone(&definition),
        store: Arc::clone(store),
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
    store: Arc<dyn Backend>,
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

/// Which parked events are still to be read to be tried again.
#[derive(Debug, Clone, Copy)]
struct Replay {
    next: u64,
    end: u64,
}

/// Before which version the parked stream is to be cut off, as somebody asked.
#[derive(Debug)]
struct Cut {
    before: u64,
    answer: Answer<Result<(), Refused>>,
}

/// What runs beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Job {
    Park,
    Save,
    Truncate,
    ReadParked,
}

/// What came of it.
enum Done {
    Park(Vec<Failed<Arc<Entry>>>, Result<u64>),
    Save(u64, Result<()>),
    Truncate(u64, Result<()>),
    ReadParked(u64, Result<Vec<Entry>>),
}

impl Driver {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            let now = Instant::now();
            self.group.expire(now);
            self.open(now);
            self.send(now);
            self.begin_jobs(now);
            let wake = self.wake(now);
            tokio::select! {
                command = commands.recv() => match command {
                    None | Some(Command::Stop) => break,
                    Some(command) => self.obey(command),
                },
                pulled = next(&mut self.source), if self.group.wants_fresh() => self.take(pulled),
                Some(done) = self.jobs.next() => self.finish(done),
                () = until(wake) => {}
            }
        }
        self.stop().await;
    }

    /// Follows the source from where the group is, when it is time to.
    fn open(&mut self, now: Instant) {
        if self.open_at.is_none_or(|at| at > now) {
            return;
        }
        self.open_at = None;
        match source::follow(&self.store, &self.definition, self.group.next_place()) {
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

    fn leave(&mut self, consumer: ConsumerId, word: Option<tonic::Status>) {
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
            Command::Replay { stop_at, answer } => drop(answer.send(self.replay(stop_at))),
            Command::Truncate { stop_at, answer } => self.cut(stop_at, answer),
            Command::Stop => {}
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

    /// Where to stop in the parked stream.
    fn stop_at(&self, stop_at: Option<u64>) -> u64 {
        let Bounds { first, end } = self.bounds;
        stop_at.map_or(end, |count| first.saturating_add(count).min(end))
    }

    fn replay(&mut self, stop_at: Option<u64>) -> Result<(), Refused> {
        if self.replay.is_some() || self.cut.is_some() {
            return Err(busy());
        }
        let end = self.stop_at(stop_at);
        if end > self.bounds.first {
            self.replay = Some(Replay { next: self.bounds.first, end });
            self.bounds.first = end;
        }
        Ok(())
    }

    fn cut(&mut self, stop_at: Option<u64>, answer: Answer<Result<(), Refused>>) {
        if self.replay.is_some() || self.cut.is_some() {
            return drop(answer.send(Err(busy())));
        }
        let before = self.stop_at(stop_at);
        if let Some(last) = before.checked_sub(1) {
            self.group.pass(Origin::Parked(last));
        }
        self.bounds.first = before;
        self.cut = Some(Cut { before, answer });
    }

    fn begin_jobs(&mut self, now: Instant) {
        if self.group.has_to_park() && self.park_at.is_none_or(|at| at <= now) {
            self.begin(Job::Park, Self::park);
        }
        if self.is_idle(Job::Save)
            && let Some(floor) = self.group.begin_save(Moment::At(now))
        {
            self.begin(Job::Save, |driver| driver.save(floor));
        }
        if self.is_idle(Job::Truncate) {
            let asked = self.cut.as_ref().map(|cut| cut.before);
            if let Some(before) = asked.or_else(|| self.group.begin_truncate(Moment::At(now))) {
                self.begin(Job::Truncate, |driver| driver.truncate(before));
            }
        }
        if let Some(replay) = self.replay
            && self.group.wants_parked()
        {
            self.begin(Job::ReadParked, |driver| driver.read_parked(replay));
        }
    }

    fn is_idle(&self, job: Job) -> bool {
        !self.under_way.contains(&job)
    }

    fn begin(&mut self, job: Job, work: impl FnOnce(&mut Self) -> BoxFuture<'static, Done>) {
        if self.under_way.insert(job) {
            let work = work(self);
            self.jobs.push(work);
        }
    }

    fn park(&mut self) -> BoxFuture<'static, Done> {
        self.park_at = None;
        let (parked, failed) = (self.parked.clone(), self.group.park(PARK_MAX));
        Box::pin(async move {
            let end = parked.add(&failed).await;
            Done::Park(failed, end)
        })
    }

    fn save(&mut self, floor: u64) -> BoxFuture<'static, Done> {
        let (store, name) = (Arc::clone(&self.store), self.checkpoint.clone());
        let last = Position::new(floor.saturating_sub(1));
        Box::pin(async move {
            let saved = match store.append(Append::default().checkpoint(name, last)).await {
                // Somebody else is further already.
                Err(error) if error.kind() == ErrorKind::ConditionFailed => Ok(()),
                saved => saved.map(|_| ()),
            };
            Done::Save(floor, saved)
        })
    }

    fn truncate(&mut self, before: u64) -> BoxFuture<'static, Done> {
        let parked = self.parked.clone();
        Box::pin(async move { Done::Truncate(before, parked.truncate(before).await) })
    }

    fn read_parked(&mut self, replay: Replay) -> BoxFuture<'static, Done> {
        let parked = self.parked.clone();
        let limit = buffer(self.definition.settings.read_batch_size) as u64;
        Box::pin(async move {
            let page = parked.page(replay.next, replay.end, limit).await;
            Done::ReadParked(replay.end, page)
        })
    }

    fn finish(&mut self, done: Done) {
        let now = Instant::now();
        let (job, error) = match done {
            Done::Park(failed, Ok(end)) => {
                self.bounds.end = end;
                self.group.parked(failed.into_iter().map(|failed| failed.message.origin));
                (Job::Park, None)
            }
            Done::Park(failed, Err(error)) => {
                self.group.not_parked(failed);
                self.park_at = Some(now + PAUSE);
                (Job::Park, Some(error))
            }
            Done::Save(floor, Ok(())) => {
                self.group.saved(floor, now);
                self.is_saved = true;
                (Job::Save, None)
            }
            Done::Save(_, Err(error)) => {
                self.group.not_saved(now);
                (Job::Save, Some(error))
            }
            Done::Truncate(before, Ok(())) => {
                self.group.truncated(before, now);
                self.answer_cut(before, Ok(()));
                (Job::Truncate, None)
            }
            Done::Truncate(before, Err(error)) => {
                self.group.not_truncated(now);
                self.answer_cut(before, Err(error.clone().into()));
                (Job::Truncate, Some(error))
            }
            Done::ReadParked(end, Ok(entries)) => {
                self.try_parked(end, entries);
                (Job::ReadParked, None)
            }
            Done::ReadParked(_, Err(error)) => {
                // What was not read is parked as before.
                if let Some(replay) = self.replay.take() {
                    self.bounds.first = replay.next;
                }
                (Job::ReadParked, Some(error))
            }
        };
        self.under_way.remove(&job);
        if let Some(error) = error {
            tracing::warn!(group = %self.definition.id, ?job, %error, "a group could not write");
        }
    }

    fn answer_cut(&mut self, before: u64, done: Result<(), Refused>) {
        if let Some(cut) = self.cut.take_if(|cut| cut.before <= before) {
            drop(cut.answer.send(done));
        }
    }

    /// Takes in parked events that are to be tried again.
    fn try_parked(&mut self, end: u64, entries: Vec<Entry>) {
        let next = entries.last().map_or(end, |last| last.original().version.next().get());
        for entry in entries {
            let origin = Origin::Parked(entry.original().version.get());
            let strategy = self.definition.settings.strategy;
            self.group.take(source::message(entry, origin, strategy));
        }
        if next >= end {
            self.replay = None;
            self.group.pass(Origin::Parked(end.saturating_sub(1)));
        } else if let Some(replay) = &mut self.replay {
            replay.next = next;
        }
    }

    /// When there is something to do even if nothing happens; what runs already is waited for.
    fn wake(&self, now: Instant) -> Option<Instant> {
        let park = self.park_at.filter(|_| self.group.has_to_park());
        let save = self.group.save_at(now).filter(|_| self.is_idle(Job::Save));
        let truncate = self.group.truncate_at(now).filter(|_| self.is_idle(Job::Truncate));
        [self.group.deadline(), self.open_at, park, save, truncate].into_iter().flatten().min()
    }

    async fn stop(mut self) {
        for sink in std::mem::take(&mut self.sinks).into_values() {
            drop(sink.end.send(Refused::Dropped.of(&self.definition.id)));
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

fn busy() -> Refused {
    Refused::Failed("parked messages are being replayed or truncated; try again later".to_owned())
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
