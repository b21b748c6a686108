//! Reading what there is, and following what comes.

use annals_core::{
    BoxStream, Delivery, Direction, Error, Position, Query, ReadAll, Result, Subscribe,
    SubscribeStart,
};
use annals_proto::umadb::{
    ReadRequest, ReadResponse, SequencedEvent, SubscribeRequest, SubscribeResponse,
};
use futures_lite::{StreamExt, stream};
use tonic::Status;

use super::{
    batches::{self, batches},
    error::status,
    query,
};
use crate::{access::Caller, node::Node, shown, wire::position};

/// What a message says of how far the reader is.
#[derive(Debug, Clone, Copy)]
enum Head {
    /// The newest event of the store when the read began: all before it were looked at.
    Store(Option<u64>),
    /// The last event of the message: there may be more.
    LastRead,
}

/// Answers a read, which ends at what was there when it began.
pub(super) async fn read(
    node: &Node,
    caller: &Caller,
    request: ReadRequest,
) -> Result<BoxStream<'static, Result<ReadResponse, Status>>> {
    if request.subscribe == Some(true) {
        return Err(Error::invalid("a read does not go on with new events; call `Subscribe`"));
    }
    let head = node.store.head().await?;
    let query = query::query(request.query.clone())?;
    let size = batches::size(request.batch_size);
    let told = match request.limit {
        None => Head::Store(head.map(position::to_wire)),
        Some(_) => Head::LastRead,
    };
    let events = match stretch(&request, query, head) {
        Some(read) => shown::read_all(node, caller, read),
        None => stream::empty().boxed(),
    };
    let answers = batches(events, size).map(move |batch| Ok(answer(batch?, told)));
    // A reader that finds nothing is told up to where.
    let mut answers = answers.fuse();
    let first = answers.next().await.unwrap_or_else(|| Ok(answer(Vec::new(), told)))?;
    let answers = stream::once(Ok(first)).chain(answers);
    Ok(answers.map(|answer: Result<_>| answer.map_err(|error| status(&error))).boxed())
}

/// What is to be read; `None` when that is nothing.
fn stretch(request: &ReadRequest, query: Query, head: Option<Position>) -> Option<ReadAll> {
    let head = head?;
    let limit = request.limit.map(u64::from);
    if limit == Some(0) {
        return None;
    }
    let start = request.start.map(position::from_wire);
    let read = ReadAll { limit, ..ReadAll::new(query) };
    Some(if request.backwards == Some(true) {
        let from = match start {
            None => head,
            Some(start) => start?.min(head),
        };
        ReadAll { direction: Direction::Backward, from: Some(from), ..read }
    } else {
        ReadAll { from: start.flatten(), to: Some(head), ..read }
    })
}

fn answer(events: Vec<SequencedEvent>, head: Head) -> ReadResponse {
    let head = match head {
        Head::Store(head) => head,
        Head::LastRead => events.last().map(|event| event.position),
    };
    ReadResponse { events, head }
}

/// Answers a subscription.
pub(super) fn subscribe(
    node: &Node,
    caller: &Caller,
    request: SubscribeRequest,
) -> Result<BoxStream<'static, Result<SubscribeResponse, Status>>> {
    let query = query::query(request.query)?;
    let start = match request.after {
        // Nothing comes after the last position that a number can name.
        Some(u64::MAX) => return Ok(stream::empty().boxed()),
        after => after
            .and_then(position::from_wire)
            .map_or(SubscribeStart::Beginning, SubscribeStart::After),
    };
    let deliveries = node.store.subscribe(Subscribe::all(query, start));
    let deliveries = shown::deliveries(node, caller, deliveries);
    let events = deliveries.filter_map(|delivery| match delivery {
        Ok(Delivery::Event(event)) => Some(Ok(event)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    });
    let answers = batches(events.boxed(), batches::size(request.batch_size))
        .map(|batch| Ok(SubscribeResponse { events: batch.map_err(|error| status(&error))? }));
    Ok(node.stopping.end(answers).boxed())
}
