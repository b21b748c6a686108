//! Reads that end: a stretch of a stream or of the whole store.

use std::sync::Arc;

use annals_core::{
    BoxStream, Direction, Error, ErrorKind, Position, Query, Read, ReadAll, ReadStream,
    RecordedEvent, Result, StreamName, Version,
};
use annals_proto::kurrentdb::streams::{ReadResp, read_resp::Content};
use futures_lite::{StreamExt, stream};
use tonic::Status;

use super::{
    ResponseStream, answer,
    request::{Asked, Bounds, From, What},
};
use crate::{
    access::Caller, derived::Derived, kurrent::all, node::Node, shown::Shown, wire::status::status,
};

/// Answers a read.
///
/// The first event is looked for before anything is answered, so that a stream that is closed for
/// good fails the call itself; some clients look there only.
pub(super) async fn respond(
    node: &Arc<Node>,
    caller: &Caller,
    asked: Asked,
    count: u64,
    direction: Direction,
) -> Result<ResponseStream, Status> {
    let tail = match (&asked.what, asked.bounds) {
        (What::Stream { stream, .. }, Bounds::Told) => Some(stream.clone()),
        _ => None,
    };
    let name = match &asked.what {
        What::Stream { stream, .. } => Some(stream.clone()),
        What::All { .. } => None,
    };
    let (mut events, filter) = match asked.what {
        What::Stream { stream, from } => {
            let events = of_stream(node, stream, from, count, direction);
            (events.await.unwrap_or_else(|error| stream::once(Err(error)).boxed()), None)
        }
        What::All { from, filter } => {
            let filter = Shown::new(node, caller, filter.map(|(filter, _)| filter));
            (of_all(node, from, filter.as_ref(), count, direction).map_err(|e| status(&e))?, filter)
        }
    };
    if let Some(filter) = filter {
        events = filter.pick(events).take(usize::try_from(count).unwrap_or(usize::MAX)).boxed();
    }
    let mut events = events.fuse();
    let first = match events.next().await {
        Some(Err(error)) if error.kind() == ErrorKind::StreamNotFound => {
            return Ok(not_found(name.as_ref()));
        }
        Some(Err(error)) => return Err(status(&error)),
        first => first,
    };
    let is_empty = first.is_none();
    let answers =
        answer::entries(node, caller, stream::iter(first).chain(events).boxed(), asked.links);
    let form = asked.form;
    let answers =
        answers.map(move |entry| Ok(answer::event(&entry.map_err(|e| status(&e))?, form)));
    match tail {
        None => Ok(answers.boxed()),
        Some(stream) => {
            let bounds = bounds(node, stream, direction, is_empty).await.map_err(|e| status(&e))?;
            Ok(answers.chain(stream::iter(bounds.into_iter().map(Ok))).boxed())
        }
    }
}

async fn of_stream(
    node: &Node,
    stream: StreamName,
    from: From<Version>,
    count: u64,
    direction: Direction,
) -> Result<BoxStream<'static, Result<RecordedEvent>>> {
    let from = match (from, direction) {
        (From::At(version), _) => Some(version),
        (From::Start, Direction::Forward) | (From::End, Direction::Backward) => None,
        (From::Start, Direction::Backward) => Some(Version::FIRST),
        (From::End, Direction::Forward) => Some(Version::DELETED),
    };
    let derived = Derived::of(&stream);
    let read = ReadStream { stream, direction, from, to: None, limit: Some(count) };
    match derived {
        Some(derived) => derived.read(&node.index, &read).await,
        None => Ok(node.store.read(Read::Stream(read))),
    }
}

fn of_all(
    node: &Node,
    from: From<Option<Position>>,
    filter: Option<&Shown>,
    count: u64,
    direction: Direction,
) -> Result<BoxStream<'static, Result<RecordedEvent>>> {
    let from = match (from, direction) {
        (From::Start | From::At(None), Direction::Forward) | (From::End, Direction::Backward) => {
            None
        }
        (From::At(Some(position)), Direction::Forward) => Some(position),
        // Backwards, a position is left out itself.
        (From::At(Some(position)), Direction::Backward) => match position.get().checked_sub(1) {
            Some(before) => Some(Position::new(before)),
            None => return Ok(stream::empty().boxed()),
        },
        (From::Start | From::At(None), Direction::Backward) | (From::End, Direction::Forward) => {
            return Ok(stream::empty().boxed());
        }
    };
    let query = filter.map_or_else(|| Ok(Query::all()), Shown::query)?;
    // What a filter still leaves out must not count.
    let limit = filter.is_none().then_some(count);
    let read = ReadAll { query, direction, from, to: None, limit };
    Ok(all::read(&node.store, read))
}

fn not_found(stream: Option<&StreamName>) -> ResponseStream {
    let content = stream.map(answer::not_found);
    stream::iter(content.map(Ok)).boxed()
}

/// Where the stream begins, if that is not where the reader began, and where it ends.
async fn bounds(
    node: &Node,
    stream: StreamName,
    direction: Direction,
    is_empty: bool,
) -> Result<Vec<ReadResp>, Error> {
    if let Some(derived) = Derived::of(&stream) {
        let last = derived.last(&node.index).await?;
        let last = last.map(|last| answer::of(Content::LastStreamPosition(last.get())));
        return Ok(last.into_iter().collect());
    }
    let info = node.store.stream_info(&stream).await?;
    let begins_later =
        is_empty && direction == Direction::Forward && info.first_version > Version::FIRST;
    let first = begins_later.then_some(Content::FirstStreamPosition(info.first_version.get()));
    let last = info.last_version.map(|last| Content::LastStreamPosition(last.get()));
    Ok(first.into_iter().chain(last).map(answer::of).collect())
}
