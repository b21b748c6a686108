//! The history of an aggregate: every event with what it changed, and the state after each.

use annals_core::{Error, ErrorKind, Read, ReadAll, ReadStream, RecordedEvent, Result};
use futures_lite::StreamExt;
use serde_json::Value;

use super::{
    At, Blame, FieldChange, Place, StateDiff,
    blame::{Blamed, LastChanges},
    landmarks::Landmarks,
};
use crate::{
    Aggregate, Annals, Boundary, Recorded, Root, aggregate::part, app::Store, guard::guard,
};

/// The history of an aggregate, as it was when it was read.
///
/// It holds the events and what each changed, and of the states at most 64, spread over the whole
/// history; others are folded again from the nearest one before when they are asked for. Making it
/// costs the size of the state as JSON for each event. Collections should be written in the same
/// order each time (a `BTreeSet`, not a `HashSet`), or they seem to change.
///
/// ```
/// use annals::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(prefix = "bank")]
/// enum BankEvent {
///     Opened { owner: String },
///     Deposited { cents: u64 },
/// }
///
/// #[derive(Debug, Default, Clone, Serialize, Deserialize)]
/// struct Account {
///     owner: String,
///     balance: u64,
/// }
///
/// #[aggregate(stream = "account", key = u32)]
/// impl Aggregate for Account {
///     type Event = BankEvent;
///
///     fn apply(&mut self, event: &BankEvent) {
///         match event {
///             BankEvent::Opened { owner } => self.owner.clone_from(owner),
///             BankEvent::Deposited { cents } => self.balance += cents,
///         }
///     }
/// }
///
/// # futures_lite::future::block_on(async {
/// let app = Annals::open("memory:").await?;
/// let mut account = app.load::<Account>(&1, At::Latest).await?;
/// account.emit(&BankEvent::Opened { owner: "Ann".into() })?;
/// account.emit(&BankEvent::Deposited { cents: 100 })?;
/// account.emit(&BankEvent::Deposited { cents: 30 })?;
/// app.save(&mut account).await?;
///
/// let history = app.history::<Account>(&1).await?;
/// let balances: Vec<u64> = history.steps().map(|step| step.state.balance).collect();
/// assert_eq!(balances, [0, 100, 130]);
///
/// let diff = history.diff(At::Version(Version::new(1)), At::Latest)?;
/// assert_eq!(diff.to_string(), "/balance  100  ->  130\n");
///
/// let blame = history.blame();
/// let by = blame.of("/owner").and_then(|line| line.by.as_ref());
/// assert_eq!(by.map(|event| event.event_type.as_str()), Some("bank.opened"));
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct History<A: Aggregate> {
    /// Whether versions say which event came before which.
    is_one_stream: bool,
    steps: Vec<(Recorded<A::Event>, Vec<FieldChange>)>,
    landmarks: Landmarks<A>,
    present: (A, Value),
    last_changes: LastChanges,
}

/// One event of a [`History`].
#[derive(Debug)]
pub struct Step<'a, A: Aggregate> {
    /// What happened.
    pub event: &'a Recorded<A::Event>,
    /// The fields of the state that it changed.
    pub changes: &'a [FieldChange],
    /// The state after it.
    pub state: A,
}

impl Annals {
    /// The whole history of an aggregate.
    ///
    /// # Errors
    /// Those of [`load`](Self::load), and `Application` when a state has no form as JSON.
    pub async fn history<A: Aggregate>(&self, key: &A::Key) -> Result<History<A>> {
        let root = Root::<A>::new(key)?;
        let mut history = History::new(root.lone_stream().is_some())?;
        let Some(read) = self.store.read_of(&root).await? else { return Ok(history) };
        let mut records = self.store.backend.read(read);
        loop {
            match records.try_next().await {
                Ok(Some(record)) => history.take(&self.store, record).await?,
                Err(error) if error.kind() != ErrorKind::StreamNotFound => return Err(error),
                Ok(None) | Err(_) => return Ok(history),
            }
        }
    }
}

impl Store {
    /// What to read for all events of an aggregate; `None` where there is nothing.
    async fn read_of<A: Aggregate>(&self, root: &Root<A>) -> Result<Option<Read>> {
        if let Some(stream) = root.lone_stream() {
            return Ok(Some(ReadStream::new(stream.clone()).into()));
        }
        let query = part::query(&root.parts, |part| self.upcasters.stored_types(part.types))?;
        let head = self.backend.head().await?;
        Ok(head.map(|head| ReadAll { to: Some(head), ..ReadAll::new(query) }.into()))
    }
}

impl<A: Aggregate> History<A> {
    fn new(is_one_stream: bool) -> Result<Self> {
        let (state, landmarks) = (A::default(), Landmarks::default());
        let json = to_json(&state)?;
        let (steps, last_changes) = (Vec::new(), LastChanges::default());
        Ok(Self { is_one_stream, steps, landmarks, present: (state, json), last_changes })
    }

    async fn take(&mut self, store: &Store, record: RecordedEvent) -> Result<()> {
        let upcasting = store.upcast(&record).await?;
        let mut events = Vec::new();
        let state = &mut self.present.0;
        let decoding = || {
            upcasting.each(|part, raw| {
                match <A::Event as crate::Event>::decode(raw)? {
                    Some(event) => events.push(Recorded { event, record: record.clone(), part }),
                    // Says whether such an event may be skipped.
                    None => drop(state.fold(0, raw)?),
                }
                Ok(())
            })
        };
        let decoded = guard("decoding an event", decoding).and_then(|decoded| decoded);
        let taken =
            decoded.and_then(|()| events.into_iter().try_for_each(|event| self.push(event)));
        taken.map_err(|error| error.with("stream", &record.stream).with("version", record.version))
    }

    fn push(&mut self, event: Recorded<A::Event>) -> Result<()> {
        let (state, json) = &mut self.present;
        self.landmarks.pass(self.steps.len(), || state.clone());
        guard("applying an event", || state.apply(&event.event))?;
        let after = to_json(state)?;
        let StateDiff { changes } = StateDiff::between(json, &after);
        *json = after;
        self.last_changes.note(self.steps.len(), &changes);
        self.steps.push((event, changes));
        Ok(())
    }

    /// How many events.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is no event.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The state after the last event.
    #[must_use]
    pub const fn present(&self) -> &A {
        &self.present.0
    }

    /// The state after the event of this number, counted from 0; `None` beyond the last.
    #[must_use]
    pub fn at(&self, step: usize) -> Option<A> {
        (step < self.steps.len()).then(|| self.after(step + 1))
    }

    /// Every event with what it changed and the state after it, oldest first.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_, A>> {
        let mut state = A::default();
        self.steps.iter().map(move |(event, changes)| {
            state.apply(&event.event);
            Step { event, changes, state: state.clone() }
        })
    }

    /// The state at a moment, as loading at that moment gives it.
    ///
    /// # Errors
    /// `InvalidArgument` for a version when the events are not from one stream.
    pub fn state(&self, at: At) -> Result<A> {
        let place = |(event, _): &(Recorded<A::Event>, _)| at.place(&event.record);
        Ok(match at {
            At::Latest => self.present.0.clone(),
            At::Version(_) if !self.is_one_stream => return Err(At::no_version()),
            // Events of any place may be left out.
            At::Time(_) => {
                let mut state = A::default();
                for step in self.steps.iter().filter(|step| place(step) == Place::Counts) {
                    state.apply(&step.0.event);
                }
                state
            }
            _ => self.after(self.steps.partition_point(|step| place(step) == Place::Counts)),
        })
    }

    /// The fields that differ between the states at two moments.
    ///
    /// # Errors
    /// Those of [`state`](Self::state), and `Application` when a state has no form as JSON.
    pub fn diff(&self, from: At, to: At) -> Result<StateDiff> {
        let (old, new) = (to_json(&self.state(from)?)?, to_json(&self.state(to)?)?);
        Ok(StateDiff::between(&old, &new))
    }

    /// For every field of the present state the event that last set it.
    #[must_use]
    pub fn blame(&self) -> Blame {
        let event = |step: usize| self.steps.get(step).map(|(event, _)| Blamed::of(&event.record));
        self.last_changes.blame(&self.present.1, event)
    }

    /// The state after so many events.
    fn after(&self, count: usize) -> A {
        if count == self.steps.len() {
            return self.present.0.clone();
        }
        let (from, mut state) = self.landmarks.before(count);
        let rest = self.steps.iter().take(count).skip(from);
        rest.for_each(|(event, _)| state.apply(&event.event));
        state
    }
}

fn to_json<A: Aggregate>(state: &A) -> Result<Value> {
    guard("writing a state", || serde_json::to_value(state))?.map_err(|error| {
        let message = "a state has no form as JSON, so its fields cannot be compared";
        Error::new(ErrorKind::Application, message).caused_by(error)
    })
}
