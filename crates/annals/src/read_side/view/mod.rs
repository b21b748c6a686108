//! Views: documents by key, made from events.
//!
//! A stored view is a projection underneath: its documents and how far they have come are one
//! transaction, and everything a projection can do (partitions, dead letters, rebuilds) it can do
//! too. A live view stores nothing and is folded from the log when it is read.

mod documents;
mod fold;
mod folder;
mod get;
mod handle;
mod keys;
mod list;
mod live;
mod register;

pub use documents::{DocumentStore, DocumentTx};
pub(crate) use fold::{all as fold_all, one as fold_one, take as fold_into};
pub(crate) use folder::through_json;
pub use get::Get;
pub use handle::ViewHandle;
pub use keys::{Keep, Keys};
pub(crate) use register::RegisteredView;

use std::fmt::Display;

use annals_core::Query;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Event, Recorded};

/// A document made from events, one for each key.
///
/// `#[view(name = "balances", version = 1)]` on the impl fills in the constants. When
/// [`apply`](Self::apply) or the fields change, raise the version: the new documents are made
/// beside the old ones, which answer until the new ones have caught up. A change without a new
/// version is reported, in the log and in [`ProjectionStatus`](crate::ProjectionStatus), and
/// changes nothing by itself: documents are not made anew by surprise.
///
#[cfg_attr(feature = "sqlite", doc = "```")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use annals::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(prefix = "bank")]
/// enum BankEvent {
///     Deposited { #[tag] account: String, cents: u64 },
/// }
///
/// #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
/// struct Balance {
///     cents: u64,
/// }
///
/// #[view(name = "balances", version = 1)]
/// impl View for Balance {
///     type Key = String;
///     type Event = BankEvent;
///
///     fn route(event: &Recorded<BankEvent>) -> Keys<String> {
///         let BankEvent::Deposited { account, .. } = &event.event;
///         account.clone().into()
///     }
///
///     fn apply(&mut self, event: &Recorded<BankEvent>) -> Keep {
///         let BankEvent::Deposited { cents, .. } = &event.event;
///         self.cents += cents;
///         Keep::Keep
///     }
/// }
///
/// # futures_lite::future::block_on(async {
/// # use std::time::Duration;
/// let documents = Sqlite::in_memory()?;
/// let app = Annals::builder()
///     .view::<Balance>(&documents, Run::background())
///     .open("memory:")
///     .await?;
/// # let event = BankEvent::Deposited { account: "ann".to_owned(), cents: 100 };
/// # let new = NewEvent::new(EventType::new("bank.deposited")?, event.encode()?);
/// # let stream = StreamName::new("bank-1")?;
/// # app.backend().append(Append::to(stream, ExpectedVersion::Any, [new])).await?;
/// let timeout = Duration::from_secs(5);
/// let balance = app.view::<Balance>().get(&"ann".to_owned()).fresh(timeout).await?;
/// assert_eq!(balance, Some(Balance { cents: 100 }));
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
pub trait View: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names one document. Its text is what is stored, so different keys have different texts.
    type Key: Display + Clone + Send + Sync + 'static;
    /// The events it is made from; others are skipped.
    type Event: Event;

    /// Its name, which is that of its table too: lower case letters, digits and `_`, beginning
    /// with a letter.
    const NAME: &'static str;
    /// Counts up whenever fields or code change.
    const VERSION: u32 = 1;
    /// Changes when the code does; 0 when unknown.
    const FINGERPRINT: u64 = 0;

    /// Which documents an event is for: none, one or many. It must follow from the event alone.
    fn route(event: &Recorded<Self::Event>) -> Keys<Self::Key>;

    /// Takes an event in, or says to delete the document. A document that is not there begins as
    /// the default. Events come in the order of positions; with partitions, those of one
    /// partition do.
    fn apply(&mut self, event: &Recorded<Self::Event>) -> Keep;

    /// Where the events of one document are found, when that is less than everything: by tags or
    /// streams. Types need not be given. It makes folding from the log fast, for live views and
    /// for the past; it must find every event that [`route`](Self::route) gives this key for.
    fn query(key: &Self::Key) -> Option<Query> {
        let _ = key;
        None
    }
}
