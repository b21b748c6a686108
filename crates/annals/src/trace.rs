//! Spans around the steps of the framework, with the names and attributes of OpenTelemetry's
//! database conventions.
//!
//! A span is named after its step alone; `otel.name` adds the category and never the id of a
//! stream, so that there are few names. Without a subscriber a span costs a check of one flag.

use annals_core::{Append, Error, Position, Result, StreamName};
use tracing::{Instrument, Span, field};

/// A step that has a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Reading and folding the events of a state.
    Load,
    /// The application's decision.
    Decide,
    /// Storing what was decided.
    Append,
    /// Keeping a snapshot.
    Snapshot,
    /// Taking events into a read model.
    Project,
    /// A side effect, or a step of a process manager.
    React,
}

/// The span of one step.
#[derive(Debug, Clone)]
pub(crate) struct Step(Span);

/// One callsite for each name, because `tracing` fixes names at compile time.
macro_rules! step {
    ($name:literal, $kind:literal, $on:expr, $stream:expr) => {
        tracing::info_span!(
            target: "annals",
            $name,
            otel.name = format_args!("{} {}", $name, $on),
            otel.kind = $kind,
            otel.status_code = field::Empty,
            error.type = field::Empty,
            db.system.name = "annals",
            db.operation.name = $name,
            db.collection.name = $on,
            db.operation.batch.size = field::Empty,
            annals.stream = $stream.map(field::display),
            annals.expected_version = field::Empty,
            annals.position = field::Empty,
            annals.snapshot = field::Empty,
        )
    };
}

impl Operation {
    /// A span for a step on a stream.
    pub(crate) fn span(self, stream: Option<&StreamName>) -> Step {
        let category = stream.and_then(|stream| stream.category_str());
        self.span_on(category.unwrap_or("events"), stream)
    }

    /// A span for a step on what has a name of its own, such as a projection.
    pub(crate) fn span_on(self, name: &str, stream: Option<&StreamName>) -> Step {
        Step(match self {
            Self::Load => step!("load", "client", name, stream),
            Self::Decide => step!("decide", "internal", name, stream),
            Self::Append => step!("append", "client", name, stream),
            Self::Snapshot => step!("snapshot", "client", name, stream),
            Self::Project => step!("project", "consumer", name, stream),
            Self::React => step!("react", "consumer", name, stream),
        })
    }
}

impl Step {
    /// Runs asynchronous work inside the span, and notes its error.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let done = work.instrument(self.0.clone()).await;
        done.inspect_err(|error| self.failed(error))
    }

    /// Runs asynchronous work inside the span, whose errors the caller notes.
    pub(crate) async fn within<T>(&self, work: impl Future<Output = T>) -> T {
        work.instrument(self.0.clone()).await
    }

    /// Runs work inside the span.
    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.in_scope(work)
    }

    /// Notes an error.
    pub(crate) fn failed(&self, error: &Error) {
        self.failed_as(error.kind().code());
    }

    /// Notes an error that is not the store's.
    pub(crate) fn failed_as(&self, error_type: &str) {
        self.0.record("error.type", error_type).record("otel.status_code", "ERROR");
    }

    /// Notes how many events a step is about.
    pub(crate) fn batch(&self, events: usize) {
        self.0.record("db.operation.batch.size", events);
    }

    /// Notes the position a step ends at.
    pub(crate) fn position(&self, position: Option<Position>) {
        if let Some(position) = position {
            self.0.record("annals.position", position.get());
        }
    }

    /// Notes what is going to be appended.
    pub(crate) fn append(&self, append: &Append) {
        self.batch(append.event_count());
        if let [write] = append.writes.as_slice() {
            self.0.record("annals.expected_version", field::display(write.expected));
        }
    }
}
