//! Appending, guarded by a query and with the progress of a consumer.

use annals_core::{
    Append, AppendCondition, CheckpointWrite, Error, ErrorKind, EventId, ExpectedVersion, NewEvent,
    Position, Read, ReadAll, Result, StateExpected, StateKey, StatePut, StreamWrite,
};
use annals_proto::umadb::{AppendRequest, Event, TrackingInfo};
use futures_lite::StreamExt;

use super::{event::new_event, query, stream, tracking_name};
use crate::{
    access::{Caller, StreamRight},
    node::Node,
    wire::position,
};

/// Appends and gives the position of the last event as clients see it; 0 when there was none.
pub(super) async fn append(node: &Node, caller: &Caller, request: AppendRequest) -> Result<u64> {
    node.access.stream(caller, &stream(), StreamRight::Write).await?;
    let condition = request.condition.map(query::condition).transpose()?;
    if condition.is_some() {
        // Whether it fails says something about events of others.
        node.access.all(caller).await?;
    }
    let tracking = request.tracking_info;
    let checkpoint = tracking.as_ref().map(checkpoint).transpose()?;
    let named = ids_of(&request.events);
    let events = new_events(request.events, tracking.as_ref())?;
    let is_empty = events.is_empty();
    match (is_empty, &condition, &checkpoint) {
        (true, None, None) => return Ok(0),
        (true, None, Some(checkpoint)) => return advance(node, checkpoint).await.map(|()| 0),
        _ => {}
    }
    let append = Append {
        writes: vec![StreamWrite { stream: stream(), expected: ExpectedVersion::Any, events }],
        conditions: condition.iter().cloned().collect(),
        checkpoint,
        ..Append::default()
    };
    let refused = match node.store.append(append).await {
        Ok(_) if is_empty => return Ok(0),
        Ok(appended) => return Ok(appended.position.map_or(0, position::to_wire)),
        Err(error) => error,
    };
    match (condition, named) {
        (Some(condition), Some(ids)) if refused.condition_failed().is_some() => {
            let before = stored_before(node, condition, &ids).await?;
            before.map(position::to_wire).ok_or(refused)
        }
        _ => Err(refused),
    }
}

fn checkpoint(tracking: &TrackingInfo) -> Result<CheckpointWrite> {
    let name = tracking_name(&tracking.source)?;
    Ok(CheckpointWrite { name, position: Position::new(tracking.position) })
}

fn new_events(events: Vec<Event>, tracking: Option<&TrackingInfo>) -> Result<Vec<NewEvent>> {
    events.into_iter().map(|event| new_event(event, tracking)).collect()
}

/// The ids that the client gave, if it gave every event one.
fn ids_of(events: &[Event]) -> Option<Vec<EventId>> {
    events.iter().map(|event| event.uuid.parse().ok()).collect()
}

/// Stores the progress of a consumer that wrote no event. Two that claim the same position do not
/// both succeed, as they would with an append, to which a repetition without events is no mistake.
async fn advance(node: &Node, checkpoint: &CheckpointWrite) -> Result<()> {
    let key = StateKey::checkpoint(checkpoint.name.clone());
    let entry = node.store.state(&key).await?;
    if let Some(stored) = entry.as_ref().map(|entry| entry.checkpoint_position()).transpose()?
        && stored >= checkpoint.position
    {
        let why = format!("the tracking position is at {stored} already");
        return Err(Error::new(ErrorKind::ConditionFailed, why));
    }
    let expected =
        entry.map_or(StateExpected::Absent, |entry| StateExpected::Revision(entry.revision));
    let value = Some(StatePut::checkpoint_value(checkpoint.position));
    node.store.put_state(StatePut { key, expected, value }).await.map(drop)
}

/// Where the last of these events stands, if just they are the first that meet the condition: then
/// they were appended before, and this is a repetition from long ago. The store itself notices a
/// recent one.
async fn stored_before(
    node: &Node,
    condition: AppendCondition,
    ids: &[EventId],
) -> Result<Option<Position>> {
    let mut read = ReadAll::new(condition.query);
    read.from = condition.after.map(Position::next);
    read.limit = Some(ids.len() as u64);
    let mut events = node.store.read(Read::All(read));
    let mut last = None;
    for id in ids {
        match events.next().await.transpose()? {
            Some(event) if event.id == *id => last = Some(event.position),
            _ => return Ok(None),
        }
    }
    Ok(last)
}
