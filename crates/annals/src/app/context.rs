//! Who acts and why: what goes into the metadata of every event.

use annals_core::{EventId, Metadata, RecordedEvent};
use bytestring::ByteString;
use serde_json::{Map, Value};

use crate::Recorded;

const CORRELATION: &str = "$correlationId";
const CAUSATION: &str = "$causationId";
const USER: &str = "userId";
const TRACEPARENT: &str = "traceparent";

/// Who acts and why. Parts that are not set are taken from the handle that is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Who acts.
    pub user: Option<String>,
    /// What all of this belongs to.
    pub correlation: Option<String>,
    /// The event that led to this.
    pub causation: Option<EventId>,
    /// The W3C trace context.
    pub traceparent: Option<String>,
    /// Anything else to keep with the events.
    pub extra: Map<String, Value>,
}

impl Context {
    /// Nobody and nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Who acts.
    #[must_use]
    pub fn by(self, user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..self }
    }

    /// What all of this belongs to.
    #[must_use]
    pub fn correlation(self, id: impl Into<String>) -> Self {
        Self { correlation: Some(id.into()), ..self }
    }

    /// Because of an event: it is the cause, its correlation goes on (or begins with it), and so
    /// does its trace.
    #[must_use]
    pub fn cause<E>(self, event: &Recorded<E>) -> Self {
        self.caused_by(&event.record)
    }

    /// What the metadata of an event say, as far as they are JSON and its values are texts.
    pub(crate) fn from_metadata(metadata: &Metadata) -> Self {
        let stored: Map<String, Value> =
            serde_json::from_slice(metadata.as_bytes()).unwrap_or_default();
        let text = |key| stored.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            user: text(USER),
            correlation: text(CORRELATION),
            causation: text(CAUSATION).and_then(|id| id.parse().ok()),
            traceparent: text(TRACEPARENT),
            extra: Map::new(),
        }
    }

    pub(crate) fn caused_by(self, record: &RecordedEvent) -> Self {
        let stored = Self::from_metadata(&record.metadata);
        Self {
            correlation: stored.correlation.or_else(|| Some(record.id.to_string())),
            causation: Some(record.id),
            traceparent: stored.traceparent.or(self.traceparent),
            user: self.user.or(stored.user),
            extra: self.extra,
        }
    }

    /// A note to keep with the events, under a key of your own.
    #[must_use]
    pub fn note(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(key.into(), value.into());
        self
    }

    /// This context, and from another what it leaves open.
    pub(crate) fn or(self, other: &Self) -> Self {
        let mut extra = other.extra.clone();
        extra.extend(self.extra);
        Self {
            user: self.user.or_else(|| other.user.clone()),
            correlation: self.correlation.or_else(|| other.correlation.clone()),
            causation: self.causation.or(other.causation),
            traceparent: self.traceparent.or_else(|| other.traceparent.clone()),
            extra,
        }
    }

    /// As the metadata of an event. Without anything to say there are no bytes.
    pub(crate) fn to_metadata(&self) -> Metadata {
        let mut object = self.extra.clone();
        let mut set = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                object.insert(key.to_owned(), Value::String(value));
            }
        };
        set(CORRELATION, self.correlation.clone());
        set(CAUSATION, self.causation.map(|id| id.to_string()));
        set(USER, self.user.clone());
        set(TRACEPARENT, self.traceparent.clone());
        if object.is_empty() {
            return Metadata::none();
        }
        let correlation = self.correlation.as_deref().filter(|id| is_indexable(id));
        let bytes = Value::Object(object).to_string();
        Metadata::from_stored(bytes.into(), correlation.map(ByteString::from))
    }
}

fn is_indexable(correlation: &str) -> bool {
    (1..=annals_core::limits::CORRELATION_BYTES_MAX).contains(&correlation.len())
}
