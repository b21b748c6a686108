//! How a projection is run.

use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

use annals_core::{Error, ErrorKind, Position, Result, SubscribeStart};

use crate::Recorded;

const BATCH_DEFAULT: u32 = 500;
const RETRIES_DEFAULT: u32 = 5;
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(30);
const PARTITIONS_MAX: u32 = 256;

/// Where a reactor or a subscription begins: with the first event, after a position, or with the
/// next event to be written.
pub type Start = SubscribeStart<Position>;

/// How a projection of events `E` is run, and what happens when an event cannot be applied.
///
/// Unless said otherwise: in the background, one partition, batches of at most 500 events, 5
/// retries after 0.1 s, 0.2 s, 0.4 s and so on (at most 30 s), then a pause.
///
/// ```
/// use std::time::Duration;
///
/// # use annals::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Serialize, Deserialize)]
/// # #[event(prefix = "bank")]
/// # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
/// let run = Run::<BankEvent>::background()
///     .partitions(4, |event| event.stream().clone())
///     .batch(200)
///     .retry(3)
///     .backoff(Duration::from_millis(50), Duration::from_secs(5))
///     .then_dead_letter();
/// # assert!(format!("{run:?}").contains("200"));
/// ```
#[must_use]
pub struct Run<E> {
    pub(super) mode: Mode,
    pub(super) partitions: u32,
    key: Option<KeyOf<E>>,
    pub(super) batch: u32,
    pub(super) retries: u32,
    backoff: (Duration, Duration),
    pub(super) then: Then,
    pub(super) start: Start,
    pub(super) checkpoint_every: u32,
}

type KeyOf<E> = Arc<dyn Fn(&Recorded<E>) -> String + Send + Sync>;

/// When a projection is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// When it is read.
    Live,
    /// In the transaction of the append.
    Inline,
    /// After the commit, by threads of its own.
    Background,
}

/// What becomes of an event that cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The partition stops before it until somebody says to resume.
    Pause,
    /// It is left out.
    Skip,
    /// It is set aside, with later events of its key.
    DeadLetter,
}

impl<E> Run<E> {
    fn in_mode(mode: Mode) -> Self {
        Self {
            mode,
            partitions: 1,
            key: None,
            batch: BATCH_DEFAULT,
            retries: RETRIES_DEFAULT,
            backoff: (BACKOFF_FIRST, BACKOFF_MAX),
            then: Then::Pause,
            start: Start::Beginning,
            checkpoint_every: 1,
        }
    }

    /// Computed when it is read; for views, which are documents. The other settings mean nothing
    /// then.
    pub fn live() -> Self {
        Self::in_mode(Mode::Live)
    }

    /// In the transaction of the append, where the store can: what an append writes and what the
    /// projection makes of it are there from one moment to the next. An event that it cannot apply
    /// refuses the append.
    ///
    /// It is so for every append through the store that the application was built on, from the
    /// moment in which the read model has caught up. A model that is new, and one that a rebuild or
    /// a new version makes, is first filled in the background as the other settings say, from the
    /// first event up to that moment; no append waits for it, and none is refused by it. The moment
    /// has come when [`switched`](crate::ProjectionHandle::switched) returns. From then on the
    /// first position of the promise is that of the next append.
    ///
    /// What others append who do not have the projection is applied in the background, or by the
    /// next append that has it, whichever comes first. It has one partition.
    pub fn inline() -> Self {
        Self::in_mode(Mode::Inline)
    }

    /// After the commit, on threads of its own.
    pub fn background() -> Self {
        Self::in_mode(Mode::Background)
    }

    /// Divided into `n` partitions (at most 256) by a key: events of one key keep their order,
    /// and each partition goes on by itself. A read model keeps its number of partitions; for
    /// another one raise the version.
    pub fn partitions<K: fmt::Display>(
        mut self,
        n: u32,
        key: impl Fn(&Recorded<E>) -> K + Send + Sync + 'static,
    ) -> Self {
        self.partitions = n;
        self.key = Some(Arc::new(move |event| key(event).to_string()));
        self
    }

    /// Where a reactor begins when it runs for the first time; with the first event unless said
    /// otherwise. A projection is made of all events, so it refuses anything else.
    pub fn from(self, start: Start) -> Self {
        Self { start, ..self }
    }

    /// After how many reactions a reactor stores how far it has come; after each unless said
    /// otherwise, and whenever there is nothing more to do. So many reactions may be repeated after
    /// a crash. It means nothing for projections.
    pub fn checkpoint_every(self, reactions: u32) -> Self {
        Self { checkpoint_every: reactions, ..self }
    }

    /// At most this many events in one transaction. It never waits to fill one.
    pub fn batch(self, events: u32) -> Self {
        Self { batch: events, ..self }
    }

    /// How often to try an event again that cannot be applied.
    pub fn retry(self, times: u32) -> Self {
        Self { retries: times, ..self }
    }

    /// How long to wait before the first retry. The time doubles with each, up to `max`.
    pub fn backoff(self, first: Duration, max: Duration) -> Self {
        Self { backoff: (first, max), ..self }
    }

    /// Then stop before the event until [`resume`](crate::ProjectionHandle::resume) or a restart.
    pub fn then_pause(self) -> Self {
        Self { then: Then::Pause, ..self }
    }

    /// Then leave the event out. The read model differs from a replay from then on.
    pub fn then_skip(self) -> Self {
        Self { then: Then::Skip, ..self }
    }

    /// Then set the event aside as a dead letter, and with a partition key also the later ones of
    /// its key, so that these keep their order.
    pub fn then_dead_letter(self) -> Self {
        Self { then: Then::DeadLetter, ..self }
    }

    /// The partition key of an event, when there are partitions.
    pub(super) fn key(&self, event: &Recorded<E>) -> Option<String> {
        self.key.as_ref().map(|key| key(event))
    }

    /// How long to wait before the retry with this number, from 1.
    pub(super) fn wait_before(&self, retry: u32) -> Duration {
        let (first, max) = self.backoff;
        let doublings = retry.saturating_sub(1).min(31);
        first.saturating_mul(1 << doublings).min(max)
    }

    pub(super) fn check(&self, name: &str) -> Result<()> {
        let refuse = |what: &str| Err(Error::invalid(format!("the run of `{name}`: {what}")));
        if NonZeroU32::new(self.batch).is_none() {
            return refuse("a batch of 0 events never gets anywhere; give it at least 1");
        }
        if !(1..=PARTITIONS_MAX).contains(&self.partitions) {
            return refuse("the number of partitions is 1 to 256");
        }
        Ok(())
    }

    /// The error for a projection that would not begin at the beginning.
    pub(super) fn check_start(&self, name: &str) -> Result<()> {
        match self.start {
            Start::Beginning => Ok(()),
            Start::After(_) | Start::End => Err(Error::invalid(format!(
                "projection `{name}`: a read model is made of all events, or a rebuild would give \
                 something else; leave out where to begin"
            ))),
        }
    }

    /// The error for a mode that does not fit the store of events and the database of tables.
    pub(super) fn check_mode(&self, name: &str, can_inline: bool, joins: bool) -> Result<()> {
        let why = match self.mode {
            Mode::Background => return Ok(()),
            Mode::Inline if can_inline && joins && self.partitions == 1 => return Ok(()),
            Mode::Inline if can_inline && joins => {
                "in the transaction of an append it has one partition"
            }
            Mode::Live => "a projection writes tables, so it cannot be computed when it is read",
            Mode::Inline if !can_inline => "this store has no transactions that reach a read model",
            Mode::Inline => "its read model is in another database than the events",
        };
        let message = format!(
            "projection `{name}`: {why}; use `Run::background()`, and `fresh` or `wait_for` to \
             read your own writes"
        );
        Err(Error::new(ErrorKind::Unsupported, message))
    }
}

impl<E> fmt::Debug for Run<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("mode", &self.mode)
            .field("partitions", &self.partitions)
            .field("batch", &self.batch)
            .field("retries", &self.retries)
            .field("then", &self.then)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let run = Run::<()>::background()
            .backoff(Duration::from_millis(10), Duration::from_millis(35))
            .retry(9);
        let waits: Vec<_> = (1..=4).map(|retry| run.wait_before(retry).as_millis()).collect();
        assert_eq!(waits, [10, 20, 35, 35]);
        assert_eq!(run.wait_before(u32::MAX).as_millis(), 35);
    }

    #[test]
    fn nothing_to_do_at_a_time_is_refused() {
        let none = Run::<()>::background().batch(0).check("p").unwrap_err();
        assert_eq!(none.kind(), ErrorKind::InvalidArgument);
        let none = Run::<()>::background().partitions(0, |_| "").check("p").unwrap_err();
        assert!(none.to_string().contains("partitions"), "{none}");
    }
}
