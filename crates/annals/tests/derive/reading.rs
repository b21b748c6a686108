//! Writes an event the way a store would keep it, and reads it back.

use annals::{ContentType, Error, Event, EventType, RawEvent, Result};
use bytes::Bytes;

/// An event as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) event_type: String,
    pub(crate) version: u32,
    pub(crate) content_type: ContentType,
    pub(crate) data: Bytes,
}

impl Stored {
    pub(crate) fn of<E: Event>(event: &E) -> Self {
        let schema = event.schema();
        Self {
            event_type: schema.name.to_owned(),
            version: schema.version,
            content_type: schema.format.content_type(),
            data: event.encode().unwrap(),
        }
    }

    pub(crate) fn json(event_type: &str, data: &str) -> Self {
        Self {
            event_type: event_type.to_owned(),
            version: 1,
            content_type: ContentType::Json,
            data: Bytes::copy_from_slice(data.as_bytes()),
        }
    }

    pub(crate) fn read<E: Event>(&self) -> Result<Option<E>> {
        E::decode(RawEvent {
            event_type: &EventType::new(&*self.event_type)?,
            schema_version: self.version,
            content_type: &self.content_type,
            data: &self.data,
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.data).unwrap()
    }
}

/// The event comes back as it was.
#[track_caller]
pub(crate) fn check_round_trip<E: Event + PartialEq + std::fmt::Debug>(event: &E) {
    let stored = Stored::of(event);
    assert_eq!(stored.read::<E>().unwrap().as_ref(), Some(event), "{stored:?}");
}

/// The error and all its causes.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = format!("{error} {:?}", error.context());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
