//! Many appends over one call, each under an id of the client's and answered when it is done.
//!
//! The events of an append may come in parts. Appends are begun in the order in which they become
//! whole, many at a time; one that fails leaves the others alone.

use std::{collections::HashMap, sync::Arc, time::Duration};

use annals_core::{Append, Appended, Error, ErrorKind, NewEvent, Result, StreamName, limits};
use annals_core::{ExpectedVersion, Version};
use annals_proto::kurrentdb::{
    AllStreamPosition, StreamIdentifier, Uuid as WireUuid,
    streams::{
        BatchAppendReq, BatchAppendResp,
        batch_append_req::{
            Options, ProposedMessage,
            options::{DeadlineOption, ExpectedStreamPosition},
        },
        batch_append_resp::{
            self, Success,
            success::{CurrentRevisionOption, PositionOption},
        },
    },
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{sync::mpsc, time};
use tonic::{Status, Streaming};
use uuid::Uuid;

use super::{
    ResponseStream,
    batch_error::{self, Failed},
};
use crate::{
    access::{Caller, StreamRight},
    derived::refuse_write,
    node::Node,
    wire::{
        event::{Proposed, new_event},
        ids::{self, UuidForm},
        position,
    },
};

/// Appends that are under way for one call. More have to wait, and with them whoever sends.
const UNDER_WAY_MAX: usize = 1_024;
/// Appends that one call may have begun to send and not finished.
const OPEN_MAX: usize = 1_024;
/// The longest that an append may take, whatever its client allows.
const DEADLINE: Duration = Duration::from_secs(30);

/// Answers until the client has ended its side and everything is done.
pub(super) fn respond(
    node: Arc<Node>,
    caller: Caller,
    requests: Streaming<BatchAppendReq>,
) -> ResponseStream<BatchAppendResp> {
    let (answers, receiver) = mpsc::channel(UNDER_WAY_MAX);
    tokio::spawn(async move {
        let ended = run(&node, &caller, requests, &answers).await;
        if let Err(status) = ended {
            // Whoever is gone needs no answer.
            drop(answers.send(Err(status)).await);
        }
    });
    futures_util::stream::unfold(receiver, |mut receiver| async {
        let answer = receiver.recv().await?;
        Some((answer, receiver))
    })
    .boxed()
}

async fn run(
    node: &Arc<Node>,
    caller: &Caller,
    mut requests: Streaming<BatchAppendReq>,
    answers: &mpsc::Sender<Result<BatchAppendResp, Status>>,
) -> Result<(), Status> {
    let mut open = Open::default();
    let mut under_way = FuturesUnordered::new();
    let mut is_ended = false;
    while !is_ended || !under_way.is_empty() {
        tokio::select! {
            Some(answer) = under_way.next() => {
                if answers.send(Ok(answer)).await.is_err() {
                    // What was begun is finished by the store.
                    return Ok(());
                }
            }
            request = requests.message(), if !is_ended && under_way.len() < UNDER_WAY_MAX => {
                match request? {
                    Some(request) => {
                        let id = ids::uuid_from_wire(request.correlation_id.clone(), "the correlation id")
                            .map_err(|error| Status::invalid_argument(error.to_string()))?;
                        match open.take(id, request) {
                            Taken::Part => {}
                            Taken::Whole(batch) => {
                                under_way.push(Box::pin(answer(Arc::clone(node), caller.clone(), id, *batch)));
                            }
                            Taken::Refused(stream, failed) => {
                                drop(answers.send(Ok(batch_error::answer(id, stream, &failed))).await);
                            }
                        }
                    }
                    None => is_ended = true,
                }
            }
        }
    }
    Ok(())
}

/// The appends of which only a part has come.
#[derive(Debug, Default)]
struct Open {
    batches: HashMap<Uuid, Batch>,
    bytes: usize,
}

/// An append as far as it has come.
#[derive(Debug)]
struct Batch {
    stream: StreamName,
    expected: ExpectedVersion,
    deadline: Duration,
    events: Vec<NewEvent>,
    bytes: usize,
}

enum Taken {
    Part,
    Whole(Box<Batch>),
    Refused(Option<StreamIdentifier>, Failed),
}

impl Open {
    /// Takes the next part of an append.
    fn take(&mut self, id: Uuid, request: BatchAppendReq) -> Taken {
        let named = request.options.as_ref().and_then(|options| options.stream_identifier.clone());
        let mut batch = match self.batches.remove(&id) {
            Some(batch) => batch,
            None => match begin(request.options) {
                Ok(batch) => batch,
                Err(error) => return Taken::Refused(named, Failed::Error(error)),
            },
        };
        self.bytes -= batch.bytes;
        if let Err(failed) = batch.add(request.proposed_messages) {
            return Taken::Refused(Some(ids::stream_to_wire(&batch.stream)), failed);
        }
        if request.is_final {
            return Taken::Whole(Box::new(batch));
        }
        self.bytes += batch.bytes;
        if self.batches.len() == OPEN_MAX || self.bytes > limits::APPEND_BYTES_MAX {
            self.bytes -= batch.bytes;
            let stream = Some(ids::stream_to_wire(&batch.stream));
            return Taken::Refused(stream, Failed::TooLarge);
        }
        self.batches.insert(id, batch);
        Taken::Part
    }
}

fn begin(options: Option<Options>) -> Result<Batch> {
    let options =
        options.ok_or_else(|| Error::invalid("the first part of an append has no options"))?;
    let expected = match options.expected_stream_position {
        Some(ExpectedStreamPosition::StreamPosition(version)) => {
            ExpectedVersion::Exact(Version::new(version))
        }
        Some(ExpectedStreamPosition::NoStream(())) => ExpectedVersion::NoStream,
        Some(ExpectedStreamPosition::Any(())) => ExpectedVersion::Any,
        Some(ExpectedStreamPosition::StreamExists(())) => ExpectedVersion::StreamExists,
        None => return Err(Error::invalid("'expected_stream_position' is a required argument")),
    };
    let stream = ids::stream_name(options.stream_identifier)?;
    refuse_write(&stream)?;
    Ok(Batch {
        stream,
        expected,
        deadline: deadline(options.deadline_option),
        events: Vec::new(),
        bytes: 0,
    })
}

/// How long the append may take. Clients send times far in the future for "as long as it takes".
fn deadline(asked: Option<DeadlineOption>) -> Duration {
    let asked = match asked {
        None => return DEADLINE,
        Some(DeadlineOption::Deadline(duration)) => (duration.seconds, duration.nanos),
        Some(DeadlineOption::Deadline21100(at)) => {
            let now = prost_types::Timestamp::from(std::time::SystemTime::now());
            (at.seconds.saturating_sub(now.seconds), 0)
        }
    };
    let seconds = u64::try_from(asked.0).unwrap_or(0);
    let nanos = u32::try_from(asked.1).unwrap_or(0).min(999_999_999);
    Duration::new(seconds, nanos).min(DEADLINE)
}

impl Batch {
    fn add(&mut self, messages: Vec<ProposedMessage>) -> Result<(), Failed> {
        for message in messages {
            let event = new_event(Proposed {
                id: message.id,
                properties: message.metadata,
                custom_metadata: message.custom_metadata,
                data: message.data,
            })?;
            self.bytes += event.size();
            if self.bytes > limits::APPEND_BYTES_MAX
                || self.events.len() == limits::APPEND_EVENTS_MAX
            {
                return Err(Failed::TooLarge);
            }
            self.events.push(event);
        }
        Ok(())
    }
}

async fn answer(node: Arc<Node>, caller: Caller, id: Uuid, batch: Batch) -> BatchAppendResp {
    let Batch { stream, expected, deadline, events, .. } = batch;
    let named = ids::stream_to_wire(&stream);
    let right =
        if stream.is_metastream() { StreamRight::MetadataWrite } else { StreamRight::Write };
    let work = async {
        node.access.stream(&caller, &stream, right).await?;
        node.store.append(Append::to(stream.clone(), expected, events)).await
    };
    match time::timeout(deadline, work).await {
        Ok(Ok(appended)) => stored(id, named, &appended),
        Ok(Err(error)) => batch_error::answer(id, Some(named), &Failed::Error(error)),
        Err(_) => {
            let why = "the append was not done within its deadline, and may be done yet";
            let failed = Failed::Error(Error::new(ErrorKind::Timeout, why));
            batch_error::answer(id, Some(named), &failed)
        }
    }
}

fn stored(id: Uuid, stream: StreamIdentifier, appended: &Appended) -> BatchAppendResp {
    let last = appended.streams.first().and_then(|stream| stream.last_version);
    let revision = last.map_or(CurrentRevisionOption::NoStream(()), |version| {
        CurrentRevisionOption::CurrentRevision(version.get())
    });
    let position = appended.position.map_or(PositionOption::NoPosition(()), |position| {
        let at = position::to_wire(position);
        PositionOption::Position(AllStreamPosition { commit_position: at, prepare_position: at })
    });
    let success =
        Success { current_revision_option: Some(revision), position_option: Some(position) };
    BatchAppendResp {
        correlation_id: Some(correlation(id)),
        stream_identifier: Some(stream),
        expected_stream_position: None,
        result: Some(batch_append_resp::Result::Success(success)),
    }
}

/// The id of an append in an answer.
pub(super) fn correlation(id: Uuid) -> WireUuid {
    ids::uuid_to_wire(id, UuidForm::Structured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_what_was_asked_for_within_reason() {
        let asked = |seconds, nanos| {
            deadline(Some(DeadlineOption::Deadline(prost_types::Duration { seconds, nanos })))
        };
        assert_eq!(asked(1, 500_000_000), Duration::from_millis(1_500));
        assert_eq!(asked(315_576_000_000, 0), DEADLINE);
        assert_eq!(asked(-1, -7), Duration::ZERO);
        assert_eq!(asked(i64::MAX, i32::MAX), DEADLINE);
        let long_ago = prost_types::Timestamp { seconds: 0, nanos: 0 };
        assert_eq!(deadline(Some(DeadlineOption::Deadline21100(long_ago))), Duration::ZERO);
    }
}
