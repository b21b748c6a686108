//! An aggregate held by hand: state, version, and events that are not saved yet.

use std::ops::Deref;

use annals_core::{
    Appended, Error, ErrorKind, EventId, NewEvent, Position, RecordedEvent, Result, StreamName,
    Timestamp, Version,
};

use super::{
    Boundary,
    part::{Part, Reach},
    snapshot::SnapshotMark,
};
use crate::{
    At, Event, RawEvent,
    event::to_new_event,
    guard::guard,
    upcast::{Upcasters, Upcasting},
};

/// A state as it was loaded, with the events emitted since. It dereferences to the state.
///
/// Loaded at [`At::Latest`] it can emit and be saved; nobody else's events get lost, because
/// saving is refused when there are new ones.
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
/// let mut account = app.load::<Account>(&"ann".into(), At::Latest).await?;
/// account.emit(&BankEvent::Deposited { cents: 100 })?;
/// assert_eq!((account.cents, account.uncommitted()), (100, 1));
/// app.save(&mut account).await?;
/// assert_eq!(account.version(), Some(Version::new(0)));
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Root<B: Boundary> {
    state: B,
    pub(crate) parts: Vec<Part>,
    pub(crate) folded: Folded,
    pub(crate) at: At,
    /// The snapshot this state was loaded from, or the one made of it since.
    pub(crate) snapshot: Option<SnapshotMark>,
    pending: Vec<Pending>,
}

/// How much of the store a state stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Folded {
    /// The version of the first event; only for one aggregate with a stream.
    pub(crate) first: Option<Version>,
    /// The last version of its stream; only for one aggregate with a stream.
    pub(crate) version: Option<Version>,
    /// Everything up to here has been looked at.
    pub(crate) position: Option<Position>,
    /// The last event.
    pub(crate) last: Option<(EventId, Position)>,
    /// When the store took the last event.
    pub(crate) recorded_at: Option<Timestamp>,
    /// The latest time at which one of the events happened.
    pub(crate) latest_time: Option<Timestamp>,
    /// How many events were folded.
    pub(crate) events: u64,
}

/// An event on its way.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) event: NewEvent,
    /// Whose stream takes it.
    pub(crate) part: usize,
}

impl<B: Boundary> Root<B> {
    /// The state before any event.
    ///
    /// # Errors
    /// `InvalidArgument` when the key makes no valid stream name or tag.
    pub fn new(key: &B::Key) -> Result<Self> {
        let mut parts = Vec::new();
        B::parts(key, &mut parts)?;
        let folded = Folded::default();
        let (state, at) = (B::empty(key), At::Latest);
        Ok(Self { state, parts, folded, at, snapshot: None, pending: Vec::new() })
    }

    /// The version of its stream, `None` before the first event, and for several aggregates
    /// together.
    #[must_use]
    pub const fn version(&self) -> Option<Version> {
        self.folded.version
    }

    /// The position up to which events were looked at, `None` before the first.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.folded.position
    }

    /// How many of its events came from a snapshot and were not read.
    #[must_use]
    pub fn events_from_snapshot(&self) -> u64 {
        self.snapshot.map_or(0, |mark| mark.events)
    }

    /// The stream that takes what the (first) aggregate emits.
    #[must_use]
    pub fn stream(&self) -> Option<&StreamName> {
        self.parts.first().map(|part| &part.stream)
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> &B {
        &self.state
    }

    /// The state alone.
    #[must_use]
    pub fn into_state(self) -> B {
        self.state
    }

    /// How many emitted events are not saved yet.
    #[must_use]
    pub fn uncommitted(&self) -> usize {
        self.pending.len()
    }

    /// Emits an event into the (first) aggregate's stream and applies it at once.
    ///
    /// # Errors
    /// `Undecodable` when it cannot be written or read back, `InvalidArgument` when no aggregate
    /// here reads it, `Application` when a fold panics. The state must not be used after an error.
    pub fn emit<E: Event>(&mut self, event: &E) -> Result<()> {
        self.emit_to(0, event, None)
    }

    /// Emits into the stream of one of several aggregates, counted from 0.
    pub(crate) fn emit_to<E: Event>(
        &mut self,
        part: usize,
        event: &E,
        time: Option<Timestamp>,
    ) -> Result<()> {
        let new = to_new_event(event, time)?;
        let Some(Part { stream, .. }) = self.parts.get(part) else {
            let count = self.parts.len();
            return Err(Error::invalid(format!(
                "there is no aggregate {part} here: the boundary has {count}, counted from 0"
            )));
        };
        let raw = RawEvent {
            event_type: &new.event_type,
            schema_version: new.schema_version,
            content_type: &new.content_type,
            data: &new.data,
        };
        let mut is_read_back = false;
        for (index, reader) in self.parts.iter().enumerate() {
            if reader.holds(stream, &new.tags) {
                let state = &mut self.state;
                is_read_back |= guard("applying an event", || state.fold(index, raw))??;
            }
        }
        if !is_read_back {
            return Err(not_read_back(&new, stream));
        }
        self.pending.push(Pending { event: new, part });
        Ok(())
    }

    /// Folds in an event read from the store, as part of a history.
    ///
    /// # Errors
    /// `InvalidArgument` for an event of another aggregate or one that is not newer than what was
    /// folded; those of decoding and folding; `Undecodable` also when a rule needs earlier events,
    /// which only loading fetches. The state must not be used after an error.
    pub fn replay(&mut self, record: &RecordedEvent, upcasters: &Upcasters) -> Result<()> {
        if !self.parts.iter().any(|part| part.reads(record)) {
            let own = self.stream().map_or("", StreamName::as_str);
            return Err(Error::invalid(format!(
                "event {} belongs to `{}`, not to `{own}`",
                record.id, record.stream
            )));
        }
        let is_newer = match self.lone_stream() {
            Some(_) => self.folded.version.is_none_or(|last| record.version > last),
            None => self.folded.position.is_none_or(|last| record.position > last),
        };
        if !is_newer {
            return Err(Error::invalid(format!(
                "event {} is version {} at position {}, which is not newer than what was folded",
                record.id, record.version, record.position
            )));
        }
        self.fold(&Upcasting::alone(record, upcasters))
    }

    /// Folds in the next event.
    pub(crate) fn fold(&mut self, upcasting: &Upcasting<'_>) -> Result<()> {
        self.fold_into(upcasting, |_, _| true).map(drop)
    }

    /// Folds an event into some of the parts. Says whether one of them knew it.
    pub(crate) fn fold_into(
        &mut self,
        upcasting: &Upcasting<'_>,
        wanted: impl Fn(usize, &Part) -> bool,
    ) -> Result<bool> {
        let (record, state, parts) = (upcasting.record(), &mut self.state, &self.parts);
        let mut is_known = false;
        let folding = || {
            upcasting.each(|_, raw| {
                for (index, part) in parts.iter().enumerate() {
                    if wanted(index, part) && part.reads(record) {
                        is_known |= state.fold(index, raw)?;
                    }
                }
                Ok(())
            })
        };
        guard("applying an event", folding).and_then(|folded| folded).map_err(|error| {
            error.with("stream", &record.stream).with("version", record.version)
        })?;
        self.folded.take(record, self.lone_stream().is_some());
        Ok(is_known)
    }

    /// The stream, when this is one aggregate with a stream.
    pub(crate) fn lone_stream(&self) -> Option<&StreamName> {
        match self.parts.as_slice() {
            [Part { stream, reach: Reach::Stream(_), .. }] => Some(stream),
            _ => None,
        }
    }

    /// The same aggregate with a state from elsewhere.
    pub(crate) fn with_state(self, state: B, folded: Folded, snapshot: SnapshotMark) -> Self {
        Self { state, folded, snapshot: Some(snapshot), ..self }
    }

    pub(crate) fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// The pending events are stored now. Nothing that the state is made of came in between: the
    /// append was guarded against that.
    pub(crate) fn settle(&mut self, appended: &Appended) {
        let pending = std::mem::take(&mut self.pending);
        let Some((last, position)) = pending.last().zip(appended.position) else { return };
        if self.lone_stream().is_some()
            && let Some(written) = appended.streams.first()
        {
            self.folded.first = self.folded.first.or(written.first_version);
            self.folded.version = written.last_version;
        }
        self.folded.events += pending.len() as u64;
        // The answer does not say which time the store gave them.
        self.folded.recorded_at = None;
        self.folded.latest_time = None;
        self.folded.position = Some(position);
        self.folded.last = Some((last.event.id, position));
    }
}

impl Folded {
    fn take(&mut self, record: &RecordedEvent, is_lone_stream: bool) {
        if is_lone_stream {
            self.first = self.first.or(Some(record.version));
            self.version = Some(record.version);
        }
        // Parts that need one event only are read after the others, so this may be an older one.
        if self.last.is_none_or(|(_, last)| record.position > last) {
            self.last = Some((record.id, record.position));
            self.recorded_at = Some(record.recorded_at);
        }
        self.position = self.position.max(Some(record.position));
        // Once one time is unknown, so is the latest.
        if self.events == 0 || self.latest_time.is_some() {
            self.latest_time = self.latest_time.max(Some(record.time));
        }
        self.events += 1;
    }
}

impl<B: Boundary> Deref for Root<B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.state
    }
}

fn not_read_back(event: &NewEvent, stream: &StreamName) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "an event of type `{}` in stream `{stream}` with tags {:?} is read by no aggregate of \
             this decision, so the next decision would not know of it; emit an event of the \
             aggregate's own type, with its tag",
            event.event_type, event.tags
        ),
    )
}
