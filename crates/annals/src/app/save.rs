//! Saving: the events emitted on a state, guarded by what the state was made from.

use annals_core::{
    Append, AppendCondition, Appended, Error, ErrorKind, EventType, ExpectedVersion, Position,
    Result, StreamName, StreamWrite, Tag, Tags, Timestamp,
};

use super::{Annals, Context, Store};
use crate::{
    At, Boundary, Root,
    aggregate::{
        part::{self, Part},
        root::Pending,
        snapshot,
    },
    trace::Operation,
};

impl Annals {
    /// Saves what was emitted on a state. With nothing emitted there is nothing to do.
    ///
    /// # Errors
    /// `WrongExpectedVersion` or `ConditionFailed` when there are events the state does not know,
    /// `InvalidArgument` for a state that was not loaded at [`At::Latest`], and those of an append.
    pub async fn save<B: Boundary>(&self, root: &mut Root<B>) -> Result<Option<Position>> {
        if root.pending().is_empty() {
            return Ok(None);
        }
        let append = self.store.to_append(root, &self.context, None)?;
        Ok(self.store.commit(root, append).await?.position)
    }

    /// Whether what was emitted could be saved as far as its form goes.
    pub(crate) fn check_writable<B: Boundary>(&self, root: &Root<B>) -> Result<()> {
        if root.pending().is_empty() {
            return Ok(());
        }
        self.store.to_append(root, &self.context, None)?.check()
    }
}

/// Where the metadata say when something was decided, in microseconds, when that is not the time
/// of the events.
pub(crate) const DECIDED_AT: &str = "$decidedAt";

/// What makes a decision that is written recognisable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark<'a> {
    /// Its idempotency key.
    pub(crate) tag: &'a Tag,
    /// When it was decided.
    pub(crate) now: Timestamp,
}

impl Store {
    /// The append for what was emitted. It can be sent again as it is.
    pub(crate) fn to_append<B: Boundary>(
        &self,
        root: &Root<B>,
        context: &Context,
        mark: Option<Mark<'_>>,
    ) -> Result<Append> {
        if root.at != At::Latest {
            return Err(Error::invalid(
                "this state is one of the past, and events follow only on the latest; load it at \
                 `At::Latest`",
            ));
        }
        let mut context = context.clone();
        context.traceparent = context.traceparent.or_else(self.traceparent);
        let has_own_time = |pending: &Pending| pending.event.time.is_some();
        if let Some(Mark { now, .. }) = mark
            && root.pending().iter().any(has_own_time)
        {
            context.extra.insert(DECIDED_AT.to_owned(), now.as_micros().into());
        }
        let metadata = context.to_metadata();
        let lone = root.lone_stream().is_some();
        if !lone && !self.backend.capabilities().append_conditions {
            return Err(no_conditions());
        }
        let expected = match root.version() {
            _ if !lone => ExpectedVersion::Any,
            Some(version) => ExpectedVersion::Exact(version),
            None => ExpectedVersion::NoStream,
        };
        let mut append = Append::default();
        let mut order = Vec::new();
        for pending in root.pending() {
            let Some(Part { stream, .. }) = root.parts.get(pending.part) else { continue };
            let mut event = pending.event.clone();
            self.upcasters.check_new(&event.event_type, event.schema_version)?;
            event.metadata = metadata.clone();
            if let Some(Mark { tag, now }) = mark {
                event.tags = Tags::new(event.tags.into_iter().chain([tag]).cloned())?;
                event.time = event.time.or(Some(now));
            }
            let index = write_to(&mut append, stream, expected);
            order.push(index as u32);
            if let Some(write) = append.writes.get_mut(index) {
                write.events.push(event);
            }
        }
        if append.writes.len() > 1 {
            append.interleaving = order;
        }
        if !lone {
            let query =
                part::guard_query(&root.parts, |part| self.upcasters.stored_types(part.types))?;
            append.conditions.push(AppendCondition { query, after: root.position() });
        }
        Ok(append)
    }

    /// Appends, takes the new place in, and keeps a snapshot when one is due.
    pub(crate) async fn commit<B: Boundary>(
        &self,
        root: &mut Root<B>,
        append: Append,
    ) -> Result<Appended> {
        let types: Vec<EventType> =
            root.pending().iter().map(|pending| pending.event.event_type.clone()).collect();
        let span = Operation::Append.span(root.stream());
        span.append(&append);
        let appended = span.run(self.backend.append(append)).await?;
        span.position(appended.position);
        root.settle(&appended);
        snapshot::keep_if_due(self, root, &types).await;
        Ok(appended)
    }
}

/// The index of the write to a stream, which may be new.
fn write_to(append: &mut Append, stream: &StreamName, expected: ExpectedVersion) -> usize {
    let known = append.writes.iter().position(|write| write.stream == *stream);
    known.unwrap_or_else(|| {
        append.writes.push(StreamWrite { stream: stream.clone(), expected, events: Vec::new() });
        append.writes.len() - 1
    })
}

fn no_conditions() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "this store has no append conditions, which decisions on tags or on several aggregates \
         need; decide on one aggregate with a stream, or use another store",
    )
}
