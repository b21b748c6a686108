//! Events as Rust types: what a type can hold, and how it becomes bytes and comes back.

pub mod codec;
mod raw;
mod recorded;
mod schema;

pub use raw::RawEvent;
pub use recorded::Recorded;
pub use schema::{EventSchema, FieldSchema, Format};

use annals_core::{EventType, NewEvent, Result, Tags, Timestamp};
use bytes::Bytes;

/// A Rust type whose values are events; derive it for enums and structs.
///
/// A type lists the event types it can hold and skips all others, so each consumer declares an
/// enum of its own with just the events it wants, whoever wrote them and in whatever stream.
///
/// ```
/// use annals::Event;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(prefix = "bank")]
/// enum BankEvent {
///     Opened { #[tag] account: u64, owner: String },
///     Deposited { #[tag] account: u64, cents: u64 },
/// }
///
/// let event = BankEvent::Deposited { account: 7, cents: 995 };
/// assert_eq!(event.schema().name, "bank.deposited");
/// assert_eq!(event.tags()?.as_slice()[0].as_str(), "account:7");
/// assert_eq!(&event.encode()?[..], br#"{"account":7,"cents":995}"#);
/// # Ok::<(), annals::Error>(())
/// ```
///
/// The attributes are listed with the [derive macro](macro@crate::Event). An event that cannot be
/// read back is refused when it is written. Its limits stand in [`limits`](crate::limits): 16 MiB
/// an event, 128 tags.
pub trait Event: Sized + Send + Sync + 'static {
    /// The event types a value can hold, each in its present schema version.
    const TYPES: &'static [EventSchema];

    /// Which of [`TYPES`](Self::TYPES) this value is.
    fn schema(&self) -> &'static EventSchema;

    /// Strings to find the event by across streams.
    ///
    /// # Errors
    /// A tag that is empty, too long or holds a control character.
    fn tags(&self) -> Result<Tags> {
        Ok(Tags::none())
    }

    /// The data, in the [`Format`] of the schema.
    ///
    /// # Errors
    /// `Undecodable` when the value has no form in that format.
    fn encode(&self) -> Result<Bytes>;

    /// Reads an event back; `None` when its type is not one of [`TYPES`](Self::TYPES).
    ///
    /// # Errors
    /// `Undecodable` when the data, its format or its schema version is not one this type reads.
    fn decode(raw: RawEvent<'_>) -> Result<Option<Self>>;
}

/// An event on its way into a stream.
pub(crate) fn to_new_event<E: Event>(event: &E, time: Option<Timestamp>) -> Result<NewEvent> {
    let schema = event.schema();
    Ok(NewEvent {
        schema_version: schema.version,
        content_type: schema.format.content_type(),
        tags: event.tags()?,
        time,
        ..NewEvent::new(EventType::new(schema.name)?, event.encode()?)
    })
}
