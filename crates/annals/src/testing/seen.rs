//! Events as a test sees them: what they hold, and how they are shown.

use std::fmt::Debug;

use annals_core::{ContentType, EventType, NewEvent, Tags};
use bytes::Bytes;
use serde_json::Value;

use crate::{Event, RawEvent, event::to_new_event};

/// An event by what it holds. Equal events may be shown in different words.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    event_type: EventType,
    schema_version: u32,
    content_type: ContentType,
    data: Bytes,
    /// Unknown where nothing says which an event would have.
    tags: Option<Tags>,
    pub(super) text: String,
}

impl Seen {
    /// An event that is expected.
    #[track_caller]
    pub(super) fn expected<E: Event + Debug>(event: &E) -> Self {
        let new = super::must("an expected event", to_new_event(event, None));
        Self { text: format!("{event:?}"), ..Self::of_new(&new) }
    }

    /// An event that was emitted, in the words of `E` if it is one.
    pub(super) fn emitted<E: Event + Debug>(event: &NewEvent) -> Self {
        let raw = RawEvent {
            event_type: &event.event_type,
            schema_version: event.schema_version,
            content_type: &event.content_type,
            data: &event.data,
        };
        let seen = Self::of_new(event);
        Self { text: text::<E>(raw).unwrap_or(seen.text), ..seen }
    }

    /// An event as upcasters leave it.
    pub(super) fn upcast<E: Event + Debug>(raw: RawEvent<'_>) -> Self {
        let seen = Self::of(raw, None);
        Self { text: text::<E>(raw).unwrap_or(seen.text), ..seen }
    }

    fn of_new(event: &NewEvent) -> Self {
        let raw = RawEvent {
            event_type: &event.event_type,
            schema_version: event.schema_version,
            content_type: &event.content_type,
            data: &event.data,
        };
        Self::of(raw, Some(event.tags.clone()))
    }

    fn of(raw: RawEvent<'_>, tags: Option<Tags>) -> Self {
        let data = String::from_utf8_lossy(raw.data);
        Self {
            event_type: raw.event_type.clone(),
            schema_version: raw.schema_version,
            content_type: raw.content_type.clone(),
            data: raw.data.clone(),
            tags,
            text: format!("{} {data}", raw.event_type),
        }
    }

    /// The data, so that the order of fields does not matter.
    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.data).ok()
    }
}

fn text<E: Event + Debug>(raw: RawEvent<'_>) -> Option<String> {
    E::decode(raw).ok().flatten().map(|event| format!("{event:?}"))
}

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        let same_tags = self.tags.is_none() || other.tags.is_none() || self.tags == other.tags;
        self.event_type == other.event_type
            && self.schema_version == other.schema_version
            && self.content_type == other.content_type
            && same_tags
            && (self.data == other.data
                || self.json().is_some_and(|json| other.json() == Some(json)))
    }
}
