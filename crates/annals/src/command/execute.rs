//! Executing a decision: load, decide, append; when somebody was faster, once more on the rest.

use std::{future::IntoFuture, mem, num::NonZeroU32, time::Duration};

use annals_core::{
    Append, AppendCondition, Appended, BoxFuture, Error, ErrorKind, EventId, ExpectedVersion,
    Result, Timestamp, Version,
};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    Changes, Committed, ExecuteError, changes::MustBeUnchanged, decision::Decision,
    error::is_conflict, idempotency::IdempotencyKey, wait::Wait,
};
use crate::{
    Annals, At, Boundary, Context, Recorded, Root,
    app::{Store, save::Mark},
    guard::guard,
    trace::Operation,
};

/// How often a decision is made on ever newer states before giving up.
const ATTEMPTS: NonZeroU32 = NonZeroU32::new(8).unwrap();

/// A decision about to be executed. Set the details, then await it.
///
/// When it gives `Ok`, its events are written, durably where the store is durable. When it is
/// dropped before, they may be written or not; with an [idempotency key](Self::idempotent) it can
/// be executed again.
///
/// ```
/// # use annals::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Serialize, Deserialize)]
/// # #[event(prefix = "bank")]
/// # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
/// # #[derive(Debug, Default, Clone, Serialize, Deserialize)]
/// # struct Account { cents: u64 }
/// # #[aggregate(stream = "account", key = String)]
/// # impl Aggregate for Account {
/// #     type Event = BankEvent;
/// #     fn apply(&mut self, event: &BankEvent) {
/// #         match event {
/// #             BankEvent::Deposited { cents } => self.cents += cents,
/// #             BankEvent::Withdrawn { cents } => self.cents -= cents,
/// #         }
/// #     }
/// # }
/// # futures_lite::future::block_on(async {
/// # let app = Annals::open("memory:").await?;
/// # let ann = String::from("ann");
/// # let deposit = |account: &mut Changes<'_, Account>| {
/// #     account.emit(BankEvent::Deposited { cents: 100 });
/// #     Ok::<_, std::convert::Infallible>(account.cents)
/// # };
/// let once = || app.transact(&ann, deposit).by("clerk").idempotent("request-4711");
/// assert_eq!(once().await.unwrap().output, 100);
/// assert!(once().await.unwrap().is_replayed);
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
///
/// # Errors
/// [`ExecuteError::Rejected`] when the decision refuses;
/// [`ExecuteError::Failed`] with `WrongExpectedVersion` or
/// `ConditionFailed` when others were faster each time, `Application` when code of the application
/// panics, `Undecodable` when an event cannot be written or read, `InvalidArgument` for a key that
/// names no stream or an idempotency key that was used for something else, `Unsupported` when the
/// store lacks append conditions, and those of reading and appending.
#[derive(Debug)]
#[must_use = "nothing is done until this is awaited"]
pub struct Execute<'a, B: Boundary, D> {
    pub(super) app: &'a Annals,
    pub(super) key: B::Key,
    pub(super) decision: D,
    pub(super) context: Context,
    pub(super) idempotency: Option<String>,
    expected: Option<Option<Version>>,
    attempts: NonZeroU32,
    unless: Option<AppendCondition>,
    wait: Wait,
}

impl<'a, B: Boundary, D: Decision<B>> Execute<'a, B, D> {
    pub(crate) fn new(app: &'a Annals, key: B::Key, decision: D) -> Self {
        let (context, idempotency, expected) = (Context::new(), None, None);
        let (attempts, unless, wait) = (ATTEMPTS, None, Wait::default());
        Self { app, key, decision, context, idempotency, expected, attempts, unless, wait }
    }

    /// Who acts.
    pub fn by(self, user: impl Into<String>) -> Self {
        Self { context: self.context.by(user), ..self }
    }

    /// Because of an event; its correlation and trace go on.
    pub fn cause<E>(self, event: &Recorded<E>) -> Self {
        Self { context: self.context.cause(event), ..self }
    }

    /// Who acts and why, all at once.
    pub fn context(self, context: Context) -> Self {
        Self { context: context.or(&self.context), ..self }
    }

    /// Under the same key the decision takes effect once, however often it is executed. A
    /// repetition gives what the first one gave. A decision without events leaves no trace and is
    /// made anew.
    pub fn idempotent(self, key: impl Into<String>) -> Self {
        Self { idempotency: Some(key.into()), ..self }
    }

    /// Takes effect once for an event and the aggregate, however often it is executed: for
    /// commands that a reactor executes because of the event. Several commands on one aggregate
    /// because of one event need [keys](Self::idempotent) of their own.
    pub fn idempotent_by<E>(self, event: &Recorded<E>) -> Self {
        let by = self.app.consumer.unwrap_or("app");
        let mut streams = String::new();
        // A key that makes no stream is reported when the command is executed.
        for part in Root::<B>::new(&self.key).iter().flat_map(|root| &root.parts) {
            streams.push_str(part.stream.as_str());
            streams.push('\n');
        }
        let on = xxh3_64(streams.as_bytes());
        let key = format!("{by}/{}/{}/{on:016x}", event.id(), event.part);
        self.idempotent(key)
    }

    /// Only if the stream is at this version (`None`: has no events). There is no second attempt.
    pub fn expect(self, version: Option<Version>) -> Self {
        Self { expected: Some(version), ..self }
    }

    /// How often to decide, at most, when others are faster each time; 8 unless said otherwise.
    pub fn attempts(self, attempts: NonZeroU32) -> Self {
        Self { attempts, ..self }
    }

    /// Only while no event matches a condition.
    pub(crate) fn unless(self, condition: AppendCondition) -> Self {
        Self { unless: Some(condition), ..self }
    }

    /// Afterwards wait until the projection or the view of a type has taken the events in, so that
    /// the next query sees them. When that takes longer than 5 seconds, or
    /// [`wait_at_most`](Self::wait_at_most), this fails with kind `Timeout`, and says that the
    /// command was done all the same. When the type is not registered, nothing is done.
    pub fn wait_for<R: 'static>(self) -> Self {
        Self { wait: self.wait.for_type::<R>(), ..self }
    }

    /// How long to wait, for all of them together.
    pub fn wait_at_most(mut self, time: Duration) -> Self {
        self.wait.at_most = time;
        self
    }

    async fn run(mut self) -> Result<Committed<D::Output>, ExecuteError<D::Error>> {
        let wait = mem::take(&mut self.wait);
        let handles = wait.handles(self.app)?;
        let committed = self.commit().await?;
        wait.until_reached(&handles, committed.position).await?;
        Ok(committed)
    }

    async fn commit(self) -> Result<Committed<D::Output>, ExecuteError<D::Error>> {
        let store = &*self.app.store;
        let once = self.idempotency.as_deref().map(IdempotencyKey::new).transpose()?;
        let mut root = store.load_warm::<B>(&self.key).await?;
        let mut left = self.attempts.get();
        loop {
            left -= 1;
            if let Some(key) = &once
                && let Some(first) = key.find(store).await?
            {
                return self.replay(first).await;
            }
            self.check_expected(&root)?;
            let mut next = root.clone();
            let now = store.clock.now();
            let (output, unchanged) = self.decide(&mut next, now)?;
            let written = if next.pending().is_empty() {
                store.confirm(&mut root, &self.key, unchanged).await.map(|()| None)
            } else {
                let append = self.to_append(&next, once.as_ref(), now)?;
                store.commit_surely(&mut next, append).await.map(Some)
            };
            match written {
                Ok(appended) => return Ok(self.committed(next, output, appended)),
                Err(error) if is_conflict(&error) && left > 0 && self.expected.is_none() => {
                    tracing::debug!(%error, "somebody was faster; deciding again");
                    store.catch_up(&mut root, &self.key).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn to_append(
        &self,
        root: &Root<B>,
        once: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Append> {
        let context = self.context.clone().or(&self.app.context);
        let mark = once.map(|key| Mark { tag: key.tag(), now });
        let mut append = self.app.store.to_append(root, &context, mark)?;
        append.conditions.extend(once.map(IdempotencyKey::condition));
        append.conditions.extend(self.unless.clone());
        Ok(append)
    }

    pub(super) fn decide(
        &self,
        root: &mut Root<B>,
        now: Timestamp,
    ) -> Result<(D::Output, MustBeUnchanged), ExecuteError<D::Error>> {
        let span = Operation::Decide.span(root.stream());
        let mut changes = Changes::new(root, now);
        let deciding = || guard("deciding a command", || self.decision.decide(&mut changes));
        let decided = span.enter(deciding).inspect_err(|error| span.failed(error))?;
        // An event that could not be emitted matters more than what was made of the rest.
        let unchanged = changes.finish().inspect_err(|error| span.failed(error))?;
        span.batch(root.pending().len());
        decided.map(|output| (output, unchanged)).map_err(|refusal| {
            span.failed_as("rejected");
            ExecuteError::Rejected(refusal)
        })
    }

    fn check_expected(&self, root: &Root<B>) -> Result<()> {
        let Some(expected) = self.expected else { return Ok(()) };
        let Some(stream) = root.lone_stream() else {
            return Err(Error::invalid(
                "a version is expected of several streams together; leave it out, they are \
                 guarded by what was read",
            ));
        };
        if root.version() == expected {
            return Ok(());
        }
        let expected = expected.map_or(ExpectedVersion::NoStream, ExpectedVersion::Exact);
        Err(Error::wrong_expected_version_of(stream.clone(), expected, root.version()))
    }

    fn committed(
        &self,
        root: Root<B>,
        output: D::Output,
        appended: Option<(Appended, usize)>,
    ) -> Committed<D::Output> {
        let version = root.version();
        self.app.store.cache.put(root);
        let (position, events) =
            appended.map_or((None, 0), |(appended, events)| (appended.position, events));
        Committed { output, version, position, events, is_replayed: false }
    }
}

impl Store {
    /// Loads a state, reading only what is new when it is warm.
    async fn load_warm<B: Boundary>(&self, key: &B::Key) -> Result<Root<B>> {
        let cold = Root::new(key)?;
        match self.cache.get(&cold) {
            Some(warm) => {
                let mut root = Root::clone(&warm);
                self.catch_up(&mut root, key).await?;
                Ok(root)
            }
            None => self.load(key, At::Latest).await,
        }
    }

    /// Answers a decision without events: when it asked for that, only if the state still stands.
    async fn confirm<B: Boundary>(
        &self,
        root: &mut Root<B>,
        key: &B::Key,
        unchanged: MustBeUnchanged,
    ) -> Result<()> {
        if !unchanged.0 {
            return Ok(());
        }
        let before = last_of(root);
        self.catch_up(root, key).await?;
        if last_of(root) == before {
            return Ok(());
        }
        let message = "the state changed while the command was decided";
        Err(Error::new(ErrorKind::ConditionFailed, message))
    }

    /// Commits; when the answer is lost, sends the same again, which is written once.
    async fn commit_surely<B: Boundary>(
        &self,
        root: &mut Root<B>,
        append: Append,
    ) -> Result<(Appended, usize)> {
        let events = append.event_count();
        let again = append.clone();
        let appended = match self.commit(root, append).await {
            Err(error) if error.kind() == ErrorKind::Timeout => self.commit(root, again).await,
            answered => answered,
        };
        Ok((appended?, events))
    }
}

fn last_of<B: Boundary>(root: &Root<B>) -> Option<EventId> {
    root.folded.last.map(|(id, _)| id)
}

impl<'a, B, D> IntoFuture for Execute<'a, B, D>
where
    B: Boundary,
    D: Decision<B> + 'a,
{
    type Output = Result<Committed<D::Output>, ExecuteError<D::Error>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
