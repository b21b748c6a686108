//! Lists of streams and of keyed state.

use annals_core::{Category, Result};
use annals_proto::annals as wire;
use futures_lite::StreamExt;

use super::{Answers, batch::Batches, rights};
use crate::{
    access::Caller,
    node::Node,
    wire::own::{error::status, state},
};

/// The names of streams.
pub(super) async fn streams(
    node: &Node,
    caller: &Caller,
    request: wire::ListStreamsRequest,
) -> Result<Answers<wire::ListStreamsResponse>> {
    rights::whole(node, caller).await?;
    let category = request.category.map(Category::new).transpose()?;
    let names = node.store.streams(category);
    let batches = Batches::new(names, |name| (name.as_str().len(), name.as_str().to_owned()));
    let answers = batches.map(|batch| match batch {
        Ok(streams) => Ok(wire::ListStreamsResponse { streams }),
        Err(error) => Err(status(&error)),
    });
    Ok(answers.boxed())
}

/// Keyed state.
pub(super) async fn states(
    node: &Node,
    caller: &Caller,
    request: wire::ListStatesRequest,
) -> Result<Answers<wire::ListStatesResponse>> {
    rights::state(node, caller)?;
    let entries = node.store.states(state::kind(request.kind)?, &request.prefix);
    let batches = Batches::new(entries, |entry| {
        (entry.value.len() + entry.key.name.as_str().len(), state::entry(entry))
    });
    let answers = batches.map(|batch| match batch {
        Ok(entries) => Ok(wire::ListStatesResponse { entries }),
        Err(error) => Err(status(&error)),
    });
    Ok(answers.boxed())
}
