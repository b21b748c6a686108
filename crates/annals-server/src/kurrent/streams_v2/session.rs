//! A session: one request for each stream, stored together when the client has said all.

use std::collections::HashSet;

use annals_core::{Append, Appended, Error, ExpectedVersion, StreamWrite, Version, limits};
use annals_proto::kurrentdb_v2::{AppendRequest, AppendResponse, AppendSessionResponse};
use tonic::{Status, Streaming};

use super::{error, may_write, number, record::new_event, stream_name, wire_position};
use crate::{access::Caller, node::Node};

/// What a client has sent so far.
#[derive(Debug, Default)]
struct Session {
    append: Append,
    /// Names in lower case: two that differ in nothing else are taken for a mistake.
    streams: HashSet<String>,
    bytes: usize,
    events: usize,
}

/// Appends what a client sends.
pub(super) async fn append(
    node: &Node,
    caller: &Caller,
    mut requests: Streaming<AppendRequest>,
) -> Result<AppendSessionResponse, Status> {
    let mut session = Session::default();
    while let Some(request) = requests.message().await? {
        let write = session.take(request)?;
        may_write(node, caller, &write.stream).await.map_err(|e| error::of_error(&e))?;
        session.append.writes.push(write);
    }
    if session.append.writes.is_empty() {
        return Err(error::no_requests());
    }
    let appended = node.store.append(session.append).await;
    appended.map(|appended| answer(&appended)).map_err(|e| error::of_error(&e))
}

impl Session {
    fn take(&mut self, request: AppendRequest) -> Result<StreamWrite, Status> {
        let stream = stream_name(request.stream)?;
        if !self.streams.insert(stream.as_str().to_lowercase()) {
            return Err(error::already_in_session(&stream));
        }
        if request.records.is_empty() {
            return Err(error::bad_request("records", "a request needs at least one record"));
        }
        let expected = expected(request.expected_revision)?;
        let mut events = Vec::with_capacity(request.records.len().min(limits::APPEND_EVENTS_MAX));
        for record in request.records {
            let event = new_event(record, &stream)?;
            // Refused as soon as it is known, so that no client fills the memory.
            self.bytes += event.size();
            self.events += 1;
            within(self.bytes, self.events)?;
            events.push(event);
        }
        Ok(StreamWrite { stream, expected, events })
    }
}

/// Checks what an append has so far against the limits.
pub(super) fn within(bytes: usize, events: usize) -> Result<(), Status> {
    if bytes > limits::APPEND_BYTES_MAX {
        return Err(error::transaction_too_large(bytes));
    }
    if events > limits::APPEND_EVENTS_MAX {
        let max = limits::APPEND_EVENTS_MAX;
        let error = Error::too_large("the number of records", events, max);
        return Err(error::of_error(&error));
    }
    Ok(())
}

fn expected(revision: Option<i64>) -> Result<ExpectedVersion, Status> {
    Ok(match revision {
        None | Some(-2) => ExpectedVersion::Any,
        Some(-1) => ExpectedVersion::NoStream,
        Some(-4) => ExpectedVersion::StreamExists,
        Some(revision) => {
            let version = u64::try_from(revision).map_err(|_| {
                let why = "expected revisions are numbers from 0, or -1, -2 or -4";
                error::bad_request("expected_revision", why)
            })?;
            ExpectedVersion::Exact(Version::new(version))
        }
    })
}

/// All streams get the position of the whole: it is one commit.
fn answer(appended: &Appended) -> AppendSessionResponse {
    let position = appended.position.map(wire_position);
    let output = appended.streams.iter().map(|stream| AppendResponse {
        stream: Some(stream.stream.to_string()),
        stream_revision: stream.last_version.map(|version| number(version.get())),
        position,
    });
    AppendSessionResponse { output: output.collect(), position }
}
