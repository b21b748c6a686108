//! Records for many streams in one order, guarded by checks of streams that may be others.
//!
//! What the store itself can expect of a stream it is asked to: any version, no stream, an existing
//! stream, or an exact version, of the streams that are written; and that an unwritten stream
//! exists. For the rest the store has no word, or a check without events would bring a deleted
//! stream back. Those streams are guarded: their states are read, and the append is made on the
//! condition that nothing has been stored in them, nor in their settings, since before that. Every
//! change of a stream's state is an event in one of the two, so the states hold at the moment of the
//! append, or it is begun anew. No check is left open to a race.

use std::collections::HashSet;

use annals_core::{
    Append, Appended, Error, ErrorKind, ExpectedVersion, Position, Query, QueryItem, Result,
    StreamName, StreamSelector, StreamWrite, Version, limits,
};
use annals_proto::kurrentdb_v2::{
    AppendRecordsRequest, AppendRecordsResponse, StreamRevision, errors::ConsistencyViolation,
};
use tonic::Status;

use super::{
    error, may_write, number,
    record::new_event,
    session::within,
    state::{Check, Expected, Use},
    stream_name, wire_position,
};
use crate::{
    access::{Caller, StreamRight},
    node::Node,
};

/// How often an append is begun anew because a guarded stream changed meanwhile.
const ATTEMPTS: u32 = 16;

/// An append with its checks.
#[derive(Debug)]
struct Checked {
    /// The writes, without conditions.
    append: Append,
    /// The checks as they came, then one for each written stream without.
    checks: Vec<(Check, Use)>,
}

/// How an attempt ended that did not store anything.
enum Ended {
    /// A stream changed meanwhile.
    Overtaken(Error),
    Refused(Status),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Refused(error::of_error(&error))
    }
}

/// Appends what a client sends.
pub(super) async fn append(
    node: &Node,
    caller: &Caller,
    request: AppendRecordsRequest,
) -> Result<AppendRecordsResponse, Status> {
    let checked = Checked::new(request)?;
    checked.may(node, caller).await.map_err(|e| error::of_error(&e))?;
    let mut attempts = 1;
    loop {
        match checked.attempt(node).await {
            Ok(appended) => return Ok(answer(&appended, checked.append.writes.len())),
            Err(Ended::Refused(status)) => return Err(status),
            Err(Ended::Overtaken(error)) if attempts == ATTEMPTS => {
                return Err(error::of_error(&error));
            }
            Err(Ended::Overtaken(_)) => attempts += 1,
        }
    }
}

impl Checked {
    fn new(request: AppendRecordsRequest) -> Result<Self, Status> {
        if request.records.is_empty() {
            return Err(error::bad_request("records", "an append needs at least one record"));
        }
        let (mut bytes, mut events) = (0, Vec::new());
        for mut record in request.records {
            let stream = stream_name(record.stream.take())?;
            let event = new_event(record, &stream)?;
            bytes += event.size();
            events.push((stream, event));
            within(bytes, events.len())?;
        }
        let mut append = Append::interleaved(ExpectedVersion::Any, events);
        let streams = append.writes.len().max(request.checks.len());
        if streams > limits::APPEND_STREAMS_MAX {
            let max = limits::APPEND_STREAMS_MAX;
            let why = Error::too_large("the number of streams", streams, max);
            return Err(error::of_error(&why));
        }
        let mut seen = HashSet::new();
        let mut checks = Vec::new();
        for check in request.checks {
            let check = Check::new(check)?;
            if !seen.insert(check.stream.as_str().to_lowercase()) {
                let why = format!("stream '{}' is checked twice", check.stream);
                return Err(error::bad_request("checks", &why));
            }
            let write = append.writes.iter_mut().find(|write| write.stream == check.stream);
            let used = if write.is_some() { Use::Written } else { Use::CheckedOnly };
            if let Some((write, expected)) = write.zip(check.expected.version()) {
                write.expected = expected;
            }
            checks.push((check, used));
        }
        let named: HashSet<_> = checks.iter().map(|(check, _)| check.stream.clone()).collect();
        let unchecked = append.writes.iter().filter(|write| !named.contains(&write.stream));
        checks.extend(unchecked.map(|write| {
            (Check { stream: write.stream.clone(), expected: Expected::Any }, Use::Written)
        }));
        Ok(Self { append, checks })
    }

    async fn may(&self, node: &Node, caller: &Caller) -> Result<()> {
        for (Check { stream, .. }, used) in &self.checks {
            match used {
                Use::Written => may_write(node, caller, stream).await?,
                Use::CheckedOnly if stream.is_metastream() => {
                    node.access.stream(caller, stream, StreamRight::MetadataRead).await?;
                }
                Use::CheckedOnly => {
                    node.access.stream(caller, stream, StreamRight::Read).await?;
                }
            }
        }
        Ok(())
    }

    async fn attempt(&self, node: &Node) -> Result<Appended, Ended> {
        // Read before the states, so that whatever changes them later is behind it.
        let head = node.store.head().await?;
        let guarded: Vec<_> = self.checks.iter().filter(|(c, used)| is_guarded(c, *used)).collect();
        for (index, (check, used)) in guarded.iter().enumerate() {
            let info = node.store.stream_info(&check.stream).await?;
            if check.expected.violation(index, &info, *used).is_some() {
                return self.repeated(node).await;
            }
        }
        let mut append = self.append.clone();
        append.writes.extend(self.existing());
        if let Some(query) = changes_of(&guarded)? {
            append = append.unless(query, head);
        }
        let refused = match node.store.append(append).await {
            Ok(appended) => return Ok(appended),
            Err(error) => error,
        };
        match refused.kind() {
            ErrorKind::ConditionFailed => Err(Ended::Overtaken(refused)),
            ErrorKind::WrongExpectedVersion | ErrorKind::StreamDeleted => {
                let violations = self.violations(node).await?;
                if violations.is_empty() {
                    return Err(Ended::Overtaken(refused));
                }
                Err(Ended::Refused(error::violations(violations)))
            }
            _ => Err(refused.into()),
        }
    }

    /// The checks that the store makes itself, of streams that must exist.
    fn existing(&self) -> impl Iterator<Item = StreamWrite> {
        let checks = self.checks.iter().filter(|(check, used)| {
            *used == Use::CheckedOnly && check.expected == Expected::Exists
        });
        checks.map(|(check, _)| StreamWrite {
            stream: check.stream.clone(),
            expected: ExpectedVersion::StreamExists,
            events: Vec::new(),
        })
    }

    /// The first answer, if a check fails because all of this was stored before.
    ///
    /// The store recognises that whatever checks say, so it gets one that no stream can meet:
    /// nothing is ever written here.
    async fn repeated(&self, node: &Node) -> Result<Appended, Ended> {
        let never = ExpectedVersion::Exact(Version::DELETED);
        let mut append = self.append.clone();
        append.writes.push(StreamWrite {
            stream: StreamName::new(format!("$never-{}", uuid::Uuid::new_v4()))?,
            expected: never,
            events: Vec::new(),
        });
        if let Ok(appended) = node.store.append(append).await {
            return Ok(appended);
        }
        let violations = self.violations(node).await?;
        if violations.is_empty() {
            let why = "the streams that are checked keep changing; try again";
            return Err(Ended::Overtaken(Error::new(ErrorKind::ConditionFailed, why)));
        }
        Err(Ended::Refused(error::violations(violations)))
    }

    /// All checks that do not hold now.
    async fn violations(&self, node: &Node) -> Result<Vec<ConsistencyViolation>> {
        let mut violations = Vec::new();
        for (index, (check, used)) in self.checks.iter().enumerate() {
            let info = node.store.stream_info(&check.stream).await?;
            violations.extend(check.expected.violation(index, &info, *used));
        }
        Ok(violations)
    }
}

/// Whether a check needs a guard, because the store alone cannot make it.
fn is_guarded(check: &Check, used: Use) -> bool {
    match used {
        Use::Written => check.expected.version().is_none(),
        Use::CheckedOnly => check.expected != Expected::Exists,
    }
}

/// All events that change the states of these streams; `None` without streams.
fn changes_of(guarded: &[&(Check, Use)]) -> Result<Option<Query>> {
    let streams: Vec<_> = guarded
        .iter()
        .flat_map(|(check, _)| {
            let other = check.stream.metastream().or_else(|| check.stream.metastream_of());
            [Some(check.stream.clone()), other]
        })
        .flatten()
        .map(StreamSelector::Stream)
        .collect();
    if streams.is_empty() {
        return Ok(None);
    }
    let items = streams
        .chunks(limits::QUERY_ITEM_TERMS_MAX)
        .map(|streams| QueryItem { streams: streams.to_vec(), ..QueryItem::default() });
    Query::any_of(items).map(Some)
}

/// The streams that were written come first; what follows was only checked.
fn answer(appended: &Appended, written: usize) -> AppendRecordsResponse {
    let revisions = appended.streams.iter().take(written).map(|stream| StreamRevision {
        stream: Some(stream.stream.to_string()),
        revision: stream.last_version.map(|version| number(version.get())),
    });
    let position: Option<Position> = appended.position;
    AppendRecordsResponse { revisions: revisions.collect(), position: position.map(wire_position) }
}
