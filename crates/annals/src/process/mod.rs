//! Process managers: what follows from events, as commands, events and deadlines.
//!
//! Each instance keeps one stream, `process_NAME-KEY`, which is its inbox, outbox, timers and
//! audit at once. What is written there:
//!
//! | Event type | Written by | Says |
//! | --- | --- | --- |
//! | `annals.process.reacted` | the inbox, one append for each input | which input, the state after it, commands sent, deadlines set and cancelled |
//! | the application's own | the inbox, in the same append | what [`Effects::emit`] was given |
//! | `annals.process.answered` | the outbox | what became of a command that was sent |
//! | the application's own, with `$deadline` in the metadata | the outbox | a deadline that passed |
//!
//! Two threads serve each process manager. The inbox ([`inbox`]) takes inputs in the order of
//! positions; the append that says what it did carries its checkpoint, so an input is taken exactly
//! once. The outbox ([`outbox`]) does what is still open according to the streams: it executes
//! commands under an idempotency key and writes deadlines that have passed. Nothing else is kept,
//! so a crash between any two steps only makes one of them run again, to the same effect.

mod board;
mod effects;
mod execute;
mod fire;
mod home;
mod in_flight;
mod inbox;
mod input;
mod instance;
mod ledger;
mod outbox;
pub(crate) mod react;
mod reaction;
mod records;
mod rejected;
mod saved;
mod sends;
mod status;

pub(crate) use board::Board;
pub use effects::{Deadline, Effect, Effects, SentCommand};
pub(crate) use inbox::Inbox;
pub(crate) use outbox::Outbox;
pub use rejected::Rejected;
pub use sends::{Contains, Index, Message, Sends};
pub use status::{ProcessStatus, Processes, Stuck};

use std::fmt::Display;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Event, Recorded};

/// A process manager: it waits for events, and sends commands, emits events and sets deadlines
/// because of them.
///
/// `#[process(name = "checkout")]` on the impl fills in the constants. The value is the state of
/// one instance. It is stored after each reaction and is the truth, not a cache: give new fields
/// a serde default, so that instances begun by an older program can go on.
///
/// ```
/// use std::time::Duration;
///
/// use annals::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(prefix = "order")]
/// enum OrderEvent {
///     Placed { order: u32 },
///     Paid { order: u32 },
///     Overdue { order: u32 },
/// }
/// use OrderEvent::{Overdue, Paid, Placed};
///
/// #[derive(Default, Clone, Serialize, Deserialize)]
/// struct Checkout;
///
/// #[process(name = "checkout")]
/// impl Process for Checkout {
///     type Key = u32;
///     type Event = OrderEvent;
///     type Sends = ();
///
///     fn route(event: &Recorded<OrderEvent>) -> Route<u32> {
///         match event.event {
///             Placed { order } => Route::Start(order),
///             Paid { order } => Route::Continue(order),
///             Overdue { .. } => Route::Ignore, // A deadline finds its instance by itself.
///         }
///     }
///
///     fn react(&mut self, event: &Recorded<OrderEvent>, effects: &mut Effects<'_, Self>) {
///         match event.event {
///             Placed { order } => {
///                 effects.after("payment", Duration::from_secs(900), Overdue { order });
///             }
///             Paid { .. } | Overdue { .. } => effects.finish(),
///         }
///     }
/// }
///
/// # futures_lite::future::block_on(async {
/// let app = Annals::builder().process::<Checkout>().open("memory:").await?;
/// app.processes().settled().await?;
/// app.stop().await?;
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
///
/// Events come in the order of positions, each once, whatever is killed when. One that cannot be
/// read, or a panic, stops the process manager before it; see [`ProcessStatus`].
pub trait Process: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names one instance. Its text is the id in the stream name `process_NAME-KEY`.
    type Key: Display;
    /// The events it may react to, from any stream.
    type Event: Event;
    /// The commands it may send, as a tuple: `(TakePayment, ShipOrder)`, or `()` for none.
    type Sends: Sends;

    /// Its name, unique among process managers, without a `-`. It is stored, so it stays.
    const NAME: &'static str;
    /// The version of the state's form; stored with each state for error messages.
    const VERSION: u32 = 1;
    /// Which code this is; stored with each reaction, for audits.
    const FINGERPRINT: u64 = 0;

    /// Which instance an event is for. It must follow from the event alone.
    fn route(event: &Recorded<Self::Event>) -> Route<Self::Key>;

    /// Takes in an event and says what follows from it. It must follow from state and event
    /// alone: no clock, no randomness, no I/O.
    fn react(&mut self, event: &Recorded<Self::Event>, effects: &mut Effects<'_, Self>);

    /// A command was refused: compensate here. Refusals arrive in order with the events, and also
    /// after the instance has finished; unless it was begun anew since.
    fn rejected(&mut self, refusal: &Rejected, effects: &mut Effects<'_, Self>) {
        let _ = (refusal, effects);
    }
}

/// Which instance an event is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route<K> {
    /// This one, which begins with the event unless it is running already. One that has finished
    /// begins anew.
    Start(K),
    /// This one, if it is running. Otherwise the event is ignored, without a trace.
    Continue(K),
    /// None.
    Ignore,
}
