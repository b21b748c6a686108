//! What a decision sees and does: the state, read-only, and events that change it at once.

use std::ops::Deref;

use annals_core::{Error, Position, Result, Timestamp, Version};

use crate::{Boundary, Event, Root};

/// The state a command is decided on. It dereferences to the state, which changes only by events:
/// each is applied as soon as it is emitted.
///
/// Events are written in the order in which they are emitted, all of them or none. One that cannot
/// be written does not end the decision at once; the command fails when it is over.
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
/// let decide = |account: &mut Changes<'_, Account>| {
///     account.emit(BankEvent::Deposited { cents: 100 });
///     assert_eq!(account.cents, 100);
///     account.emit(BankEvent::Withdrawn { cents: 30 });
///     Ok::<_, std::convert::Infallible>(account.cents)
/// };
/// let done = app.transact(&"ann".to_owned(), decide).await.unwrap();
/// assert_eq!((done.output, done.events), (70, 2));
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Changes<'a, B: Boundary> {
    root: &'a mut Root<B>,
    now: Timestamp,
    must_be_unchanged: bool,
    /// The first event that could not be emitted. It surfaces when the decision is written.
    failure: Option<Error>,
}

#[expect(clippy::needless_pass_by_value, reason = "an emitted event is given away: it happened")]
impl<'a, B: Boundary> Changes<'a, B> {
    pub(crate) const fn new(root: &'a mut Root<B>, now: Timestamp) -> Self {
        Self { root, now, must_be_unchanged: false, failure: None }
    }

    /// Emits an event into the (first) aggregate's stream, and applies it at once. An event that
    /// cannot be written or read back makes the whole command fail.
    pub fn emit<E: Event>(&mut self, event: E) -> &mut Self {
        self.take(0, &event, None)
    }

    /// Emits an event into the stream of one of several aggregates, counted from 0.
    pub fn emit_to<E: Event>(&mut self, aggregate: usize, event: E) -> &mut Self {
        self.take(aggregate, &event, None)
    }

    /// Emits an event that happened at another time than now.
    pub fn emit_happened<E: Event>(&mut self, time: Timestamp, event: E) -> &mut Self {
        self.take(0, &event, Some(time))
    }

    /// Decides "nothing to do", but only if that is still right when it is answered.
    pub const fn require_unchanged(&mut self) -> &mut Self {
        self.must_be_unchanged = true;
        self
    }

    /// The application's time. It stays the same while deciding.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The version of the aggregate's stream, `None` before its first event.
    #[must_use]
    pub const fn version(&self) -> Option<Version> {
        self.root.version()
    }

    /// The position up to which events were looked at.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.root.position()
    }

    fn take<E: Event>(&mut self, part: usize, event: &E, time: Option<Timestamp>) -> &mut Self {
        // After a failure the state can be anything.
        if self.failure.is_none() {
            self.failure = self.root.emit_to(part, event, time).err();
        }
        self
    }

    /// What became of the decision.
    pub(crate) fn finish(self) -> Result<MustBeUnchanged> {
        match self.failure {
            Some(error) => Err(error),
            None => Ok(MustBeUnchanged(self.must_be_unchanged)),
        }
    }
}

/// Whether a decision without events asked for the state to be unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MustBeUnchanged(pub(crate) bool);

impl<B: Boundary> Deref for Changes<'_, B> {
    type Target = B;

    fn deref(&self) -> &B {
        self.root.state()
    }
}
