//! Aggregates: state that is nothing but a fold over events.

mod boundary;
pub(crate) mod cache;
mod load;
mod load_query;
pub(crate) mod part;
pub(crate) mod root;
pub(crate) mod snapshot;
mod snapshots;

pub use boundary::Boundary;
pub use root::Root;
pub use snapshots::Snapshots;

use std::fmt::Display;

use serde::{Serialize, de::DeserializeOwned};

use crate::Event;

/// The state that decisions are made on, folded from its events.
///
/// `#[aggregate(stream = "account", key = AccountId)]` on the impl fills in everything but
/// [`Event`](Self::Event) and [`apply`](Self::apply).
///
/// ```
/// # use annals::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Serialize, Deserialize)]
/// # #[event(prefix = "bank")]
/// # enum BankEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
/// #[derive(Debug, Default, Clone, Serialize, Deserialize)]
/// struct Account {
///     cents: u64,
/// }
///
/// #[aggregate(stream = "account", key = String, snapshot(every = 50))]
/// impl Aggregate for Account {
///     type Event = BankEvent;
///
///     fn apply(&mut self, event: &BankEvent) {
///         match event {
///             BankEvent::Deposited { cents } => self.cents += cents,
///             BankEvent::Withdrawn { cents } => self.cents -= cents,
///         }
///     }
/// }
/// # assert_eq!(Account::SNAPSHOTS.every, Some(50));
/// ```
///
/// Events are applied in the order of their versions; with tags or types, of their positions. A
/// fold that panics makes loading fail with `Application` and harms nothing else.
pub trait Aggregate:
    Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Names one aggregate. Its text is the id in the stream name `category-id`.
    type Key: Display + Clone + Send + Sync + 'static;
    /// The events this state is folded from. Other events in its stream are skipped, unless
    /// [`UNKNOWN`](Self::UNKNOWN) says otherwise.
    type Event: Event;

    /// The category of its streams.
    const CATEGORY: &'static str;
    /// Which events belong to it.
    const SCOPE: Scope = Scope::Stream;
    /// How much of its history the state is made of.
    const NEEDS: Needs = Needs::Every;
    /// What to do with an event of a type that [`Event`](Self::Event) does not hold.
    const UNKNOWN: Unknown = Unknown::Skip;
    /// When to keep a snapshot.
    const SNAPSHOTS: Snapshots = Snapshots::NEVER;
    /// Changes whenever the fold does, so that a snapshot of another fold is never used. The
    /// attribute hashes the text of the impl; code that `apply` calls elsewhere it cannot see,
    /// so give `version = n` when that changes.
    const FINGERPRINT: u64;

    /// Takes in one event. It must follow from state and event alone, and cannot fail: what has
    /// happened has happened.
    fn apply(&mut self, event: &Self::Event);
}

/// Which events belong to an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those in its stream `category-id`.
    Stream,
    /// Those with the tag `category:id`, in any stream. What it emits goes to `category-id`.
    Tag,
    /// All of the types that [`Event`](Aggregate::Event) holds, in any stream. What it emits goes
    /// to `category-id`. Decisions on it conflict with every new event of these types, so it
    /// serves what is decided for the whole store at once, such as numbers without gaps.
    Types,
}

/// How much of its history a state is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Every event.
    Every,
    /// Only the last one: `apply` sets all of the state and looks at nothing that was there. Then
    /// loading reads a single event, however long the history is ([`Scope::Stream`] reads all the
    /// same).
    Last,
}

/// What to do with an event of a type that is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// It does not matter here.
    Skip,
    /// Loading fails: a decision without it could be wrong.
    Refuse,
}
