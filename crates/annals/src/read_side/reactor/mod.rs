//! Reactors: side effects driven by events, each at least once, never replayed by a rebuild.
//!
//! A reactor needs no database: how far it has come is a checkpoint in the event store, and what
//! it gave up is a stream there. A checkpoint is stored after the effect, so a crash in between
//! repeats effects and never loses one.

mod begin;
mod checkpoint;
mod entry;
mod handle;
mod lead;
mod letters;
mod nack;
mod partition;
mod record;
mod retry;
mod status;

pub(crate) use entry::RegisteredReactor;
pub use handle::{ReactorHandle, ReactorLetters};
pub use letters::SetAside;
pub use nack::Nack;
pub use status::ReactorStatus;

use std::future::Future;

use crate::{Annals, Event, Recorded};

/// Does something outside because of events: sends mail, calls a service, executes commands.
///
/// Every event is given at least once, in the order of positions; with partitions, those of one
/// key are. It is given again when the process is killed before the checkpoint is stored, and
/// that is after each event, unless [`Run::checkpoint_every`](crate::Run::checkpoint_every) says
/// otherwise. Give the receiver the event's [id](Recorded::id) and [part](Recorded::part) to
/// recognise a repetition by.
///
/// When the application is stopped, the reaction under way is finished, and no retry is begun; so
/// a reaction that never ends keeps the application from stopping.
///
/// ```
/// use annals::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(prefix = "shop")]
/// enum ShopEvent {
///     Ordered { order: String },
/// }
///
/// struct Mailer(std::sync::mpsc::Sender<String>);
///
/// impl Reactor for Mailer {
///     type Event = ShopEvent;
///     const NAME: &'static str = "mailer";
///
///     async fn react(&self, event: &Recorded<ShopEvent>, _app: &Annals) -> Result<(), Nack> {
///         let ShopEvent::Ordered { order } = &event.event;
///         self.0.send(format!("thanks for {order}"))?;
///         Ok(())
///     }
/// }
///
/// # futures_lite::future::block_on(async {
/// let (sender, mails) = std::sync::mpsc::channel();
/// let app = Annals::builder()
///     .reactor(Mailer(sender), Run::background().from(Start::Beginning))
///     .open("memory:")
///     .await?;
/// # let event = ShopEvent::Ordered { order: "tea".to_owned() };
/// # let new = NewEvent::new(EventType::new("shop.ordered")?, event.encode()?);
/// # let stream = StreamName::new("order-1")?;
/// # app.backend().append(Append::to(stream, ExpectedVersion::Any, [new])).await?;
/// assert_eq!(mails.recv().as_deref(), Ok("thanks for tea"));
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
pub trait Reactor: Send + Sync + 'static {
    /// The events it wants; others are skipped.
    type Event: Event;

    /// Its name, under which its checkpoint is kept: lower case letters, digits and `_`, beginning
    /// with a letter.
    const NAME: &'static str;

    /// Does what follows from an event. Commands executed through `app` have the event as their
    /// cause, so correlation and trace go on; with
    /// [`idempotent_by`](crate::Execute::idempotent_by) they take effect once.
    ///
    /// # Errors
    /// What is to be done now; any error means to try again, as often as the run says. A panic is
    /// such an error.
    fn react(
        &self,
        event: &Recorded<Self::Event>,
        app: &Annals,
    ) -> impl Future<Output = Result<(), Nack>> + Send;
}
