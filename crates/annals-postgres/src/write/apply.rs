//! Sending a group to the database, and reading what came of it.

use annals_core::{Appended, Deleted, Error, ErrorKind, Position, Result, StreamAppended, Version};
use tokio_postgres::Row;

use super::{
    columns::{Columns, OneEvent},
    group::{Group, Member},
    job::{Receipt, Request},
};
use crate::{
    link::Link,
    values::{Time, number},
};

/// What the database did.
#[derive(Debug)]
pub(super) enum Applied {
    /// Everything is stored.
    Stored(Stored),
    /// Something is not as it was taken for granted; nothing is stored. Per condition, the first
    /// event that violates it, when conditions were looked at.
    Refused(Vec<Option<Position>>),
}

/// Where the store stood before.
#[derive(Debug)]
pub(super) struct Stored {
    /// The position of the first new event.
    next: u64,
    revision: u64,
    /// Per row, the version of its next event.
    versions: Vec<u64>,
}

/// Calls the function that stores the group.
pub(super) async fn call(
    link: &Link,
    group: &Group,
    now: Option<Time>,
    channel: &str,
) -> Result<Applied, tokio_postgres::Error> {
    if let Some(event) = OneEvent::of(group, now, channel) {
        let row = link.query_one(&link.append_event, &event.arguments()).await?;
        return Ok(read_one(row.try_get(0)?));
    }
    let columns = Columns::of(group, now, channel);
    read(&link.query_one(&link.append, &columns.arguments()).await?)
}

/// What became of a single event, as `append_event` says it.
fn read_one(result: Vec<Option<i64>>) -> Applied {
    match *result.as_slice() {
        [Some(1), Some(head), Some(last)] => Applied::Stored(Stored {
            next: next(head),
            // Keyed state is written by the other function.
            revision: 0,
            versions: vec![next(last)],
        }),
        _ => Applied::Refused(places(result.into_iter().skip(1))),
    }
}

fn read(row: &Row) -> Result<Applied, tokio_postgres::Error> {
    let violated: Option<Vec<Option<i64>>> = row.try_get("violated")?;
    if !row.try_get::<_, bool>("is_done")? {
        return Ok(Applied::Refused(places(violated.into_iter().flatten())));
    }
    let last: Option<Vec<i64>> = row.try_get("last_before")?;
    Ok(Applied::Stored(Stored {
        next: next(row.try_get("head_before")?),
        revision: number(row.try_get("revision_before")?).unwrap_or_default(),
        versions: last.into_iter().flatten().map(next).collect(),
    }))
}

/// Per condition, the event that violates it.
fn places(violated: impl Iterator<Item = Option<i64>>) -> Vec<Option<Position>> {
    violated.map(|place| place.and_then(number).map(Position::new)).collect()
}

/// The number after one that was stored, -1 for none.
fn next(last: i64) -> u64 {
    number(last.saturating_add(1)).unwrap_or_default()
}

impl Stored {
    /// The position of the first event of the group.
    pub(super) const fn first(&self) -> u64 {
        self.next
    }

    /// The position of the last event of the group, if it has any.
    pub(super) fn head(&self, group: &Group) -> Option<Position> {
        let count = group.events.len() as u64;
        (count > 0).then(|| Position::new(self.next + count - 1))
    }

    /// The answer for a request.
    pub(super) fn receipt(&self, member: &Member) -> Result<Receipt> {
        let events = &member.events;
        let last = events.end.checked_sub(1).filter(|last| *last >= events.start);
        let position = last.map(|last| Position::new(self.next + last as u64));
        match &member.job.request {
            Request::Append(append) => {
                let writes = append.writes.iter().zip(&member.writes);
                let streams = writes.map(|(write, written)| {
                    let next = self.versions.get(written.row).copied().unwrap_or_default();
                    let places = &written.places;
                    StreamAppended {
                        stream: write.stream.clone(),
                        first_version: (!places.is_empty())
                            .then(|| Version::new(next + places.start)),
                        last_version: (next + places.end).checked_sub(1).map(Version::new),
                    }
                });
                Ok(Receipt::Appended(Appended {
                    streams: streams.collect(),
                    position,
                    duplicate: false,
                }))
            }
            Request::Delete(_) => {
                let position = position.ok_or_else(|| internal("a deletion wrote no event"))?;
                Ok(Receipt::Deleted(Deleted { position }))
            }
            Request::Put(_) => {
                let number =
                    member.put.ok_or_else(|| internal("a write of state got no number"))?;
                Ok(Receipt::Put { revision: self.revision + number as u64 })
            }
        }
    }
}

fn internal(message: &str) -> Error {
    Error::new(ErrorKind::Internal, message)
}
