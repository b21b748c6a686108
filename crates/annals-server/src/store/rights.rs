//! Which rights the calls of this service need.

use annals_core::{Append, Read, Result, StreamName, Subscribe, SubscribeSource};

use crate::{
    access::{Caller, StreamRight},
    node::Node,
};

/// An append needs the right to write each of its streams, to read the whole store for what its
/// conditions ask of it, and that of keyed state for a checkpoint.
pub(super) async fn append(node: &Node, caller: &Caller, append: &Append) -> Result<()> {
    for write in &append.writes {
        let right = of_stream(&write.stream, StreamRight::Write, StreamRight::MetadataWrite);
        node.access.stream(caller, &write.stream, right).await?;
    }
    if !append.conditions.is_empty() {
        node.access.all(caller).await?;
    }
    if append.checkpoint.is_some() {
        state(node, caller)?;
    }
    Ok(())
}

pub(super) async fn read(node: &Node, caller: &Caller, read: &Read) -> Result<()> {
    match read {
        Read::Stream(read) => read_stream(node, caller, &read.stream).await,
        Read::All(_) => node.access.all(caller).await,
    }
}

pub(super) async fn subscribe(node: &Node, caller: &Caller, subscribe: &Subscribe) -> Result<()> {
    match &subscribe.source {
        SubscribeSource::Stream { stream, .. } => read_stream(node, caller, stream).await,
        SubscribeSource::All { .. } => node.access.all(caller).await,
    }
}

/// What is known about a stream holds its settings.
pub(super) async fn stream_info(node: &Node, caller: &Caller, stream: &StreamName) -> Result<()> {
    read_stream(node, caller, stream).await?;
    node.access.stream(caller, stream, StreamRight::MetadataRead).await
}

/// Reading what concerns the store as a whole.
pub(super) async fn whole(node: &Node, caller: &Caller) -> Result<()> {
    node.access.all(caller).await
}

/// Reading and writing keyed state.
pub(super) fn state(node: &Node, caller: &Caller) -> Result<()> {
    node.access.state(caller)
}

/// Restoring.
pub(super) async fn store(node: &Node, caller: &Caller) -> Result<()> {
    node.access.store(caller).await
}

async fn read_stream(node: &Node, caller: &Caller, stream: &StreamName) -> Result<()> {
    let right = of_stream(stream, StreamRight::Read, StreamRight::MetadataRead);
    node.access.stream(caller, stream, right).await
}

/// The events of a metastream are the settings of another stream.
fn of_stream(stream: &StreamName, own: StreamRight, metadata: StreamRight) -> StreamRight {
    if stream.is_metastream() { metadata } else { own }
}
