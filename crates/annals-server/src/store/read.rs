//! Reads that end.

use annals_core::{Position, Read, Result};
use annals_proto::annals as wire;
use futures_lite::{StreamExt, future, stream};

use super::{Answers, batch::Batches, rights};
use crate::{
    access::Caller,
    node::Node,
    shown,
    wire::own::{
        error::status,
        event::recorded,
        read::{read, weight},
    },
};

/// Answers a read. What refuses it refuses the call itself.
pub(super) async fn respond(
    node: &Node,
    caller: &Caller,
    request: wire::ReadRequest,
) -> Result<Answers<wire::ReadResponse>> {
    let read: Read = read(request)?;
    rights::read(node, caller, &read).await?;
    let events = match read {
        Read::Stream(_) => node.store.read(read),
        Read::All(read) => shown::read_all(node, caller, read),
    };
    let mut batches = Batches::new(events, |event| (weight(&event), recorded(event)));
    let (head, first) = future::zip(node.store.head(), batches.next()).await;
    let head = head?.map(Position::get);
    let first = message(first.transpose()?.unwrap_or_default(), head);
    let rest = batches.map(|batch| match batch {
        Ok(events) => Ok(message(events, None)),
        Err(error) => Err(status(&error)),
    });
    Ok(stream::once(Ok(first)).chain(rest).boxed())
}

const fn message(events: Vec<wire::RecordedEvent>, head: Option<u64>) -> wire::ReadResponse {
    wire::ReadResponse { events, head }
}
