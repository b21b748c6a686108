//! Spans of what a call asks of the store. What the server reads for itself has none.

use annals_core::{
    Append, Appended, Error, Position, Read, Result, StreamName, Subscribe, SubscribeSource,
};
use tracing::{Span, field};

use super::{Spans, TARGET};

/// Where there is no one category.
const MANY: &str = "events";

/// One callsite for each operation, because `tracing` fixes names at compile time.
macro_rules! operation {
    ($name:literal, $collection:expr, $stream:expr) => {
        tracing::info_span!(
            target: TARGET,
            $name,
            otel.name = format_args!("{} {}", $name, $collection),
            otel.kind = "internal",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            db.system.name = "annals",
            db.operation.name = $name,
            db.collection.name = $collection,
            db.operation.batch.size = field::Empty,
            db.response.returned_rows = field::Empty,
            annals.stream = $stream.map(StreamName::as_str),
            annals.expected_version = field::Empty,
            annals.position = field::Empty,
        )
    };
}

fn collection(stream: Option<&StreamName>) -> &str {
    stream.and_then(StreamName::category_str).unwrap_or(MANY)
}

impl Spans {
    /// Whether this is the work of a call that has a span.
    fn is_in_call(self) -> bool {
        self.0.is_some() && !Span::current().is_none()
    }

    /// Begins the span of an append.
    pub(crate) fn append(self, append: &Append) -> Span {
        if !self.is_in_call() {
            return Span::none();
        }
        let only = match append.writes.as_slice() {
            [write] => Some(write),
            _ => None,
        };
        let stream = only.map(|write| &write.stream);
        let span = operation!("append", collection(stream), stream);
        span.record("db.operation.batch.size", append.event_count());
        if let Some(write) = only {
            span.record("annals.expected_version", field::display(write.expected));
        }
        span
    }

    /// Begins the span of a read.
    pub(crate) fn read(self, read: &Read) -> Asked {
        if !self.is_in_call() {
            return Asked { span: Span::none(), events: 0 };
        }
        let stream = match read {
            Read::Stream(read) => Some(&read.stream),
            Read::All(_) => None,
        };
        Asked { span: operation!("read", collection(stream), stream), events: 0 }
    }

    /// Begins the span of a subscription.
    pub(crate) fn subscribe(self, subscribe: &Subscribe) -> Asked {
        if !self.is_in_call() {
            return Asked { span: Span::none(), events: 0 };
        }
        let stream = match &subscribe.source {
            SubscribeSource::Stream { stream, .. } => Some(stream),
            SubscribeSource::All { .. } => None,
        };
        Asked { span: operation!("subscribe", collection(stream), stream), events: 0 }
    }
}

/// An append was answered.
pub(crate) fn appended(span: &Span, appended: &Result<Appended>) {
    match appended {
        Ok(appended) => {
            span.record("annals.position", appended.position.map(Position::get));
        }
        Err(error) => failed(span, error),
    }
}

/// Something that gives events, for as long as it does.
#[derive(Debug)]
pub(crate) struct Asked {
    span: Span,
    events: u64,
}

impl Asked {
    /// One more event was given.
    pub(crate) const fn gave_one(&mut self) {
        self.events += 1;
    }

    /// It ended by an error.
    pub(crate) fn failed(&self, error: &Error) {
        failed(&self.span, error);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.span.record("db.response.returned_rows", self.events);
    }
}

fn failed(span: &Span, error: &Error) {
    span.record("error.type", error.kind().code()).record("otel.status_code", "ERROR");
}
