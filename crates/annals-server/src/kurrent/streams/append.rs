//! One append: options first, then the events.

use annals_core::Version;
use annals_core::{Append, Appended, Error, ErrorKind, ExpectedVersion, StreamName, limits};
use annals_proto::kurrentdb::{
    Empty,
    streams::{
        AppendReq, AppendResp,
        append_req::{Content, Options, options::ExpectedStreamRevision},
        append_resp::{
            self, Position, Success, WrongExpectedVersion,
            success::{CurrentRevisionOption, PositionOption},
            wrong_expected_version as conflict,
        },
    },
};
use tonic::{Status, Streaming};

use crate::{
    access::{Caller, StreamRight},
    derived::refuse_write,
    node::Node,
    wire::{
        event::{Proposed, new_event},
        ids, position,
        status::{exception, status},
    },
};

/// Appends what a client sends.
pub(super) async fn append(
    node: &Node,
    caller: &Caller,
    mut requests: Streaming<AppendReq>,
) -> Result<AppendResp, Status> {
    let first = requests.message().await?.and_then(|request| request.content);
    let Some(Content::Options(options)) = first else {
        return Err(Status::invalid_argument("the options of the append must come first"));
    };
    let (stream, expected) = target(options).map_err(|error| status(&error))?;
    let right =
        if stream.is_metastream() { StreamRight::MetadataWrite } else { StreamRight::Write };
    node.access.stream(caller, &stream, right).await.map_err(|error| status(&error))?;
    let mut events = Vec::new();
    let mut size = 0;
    while let Some(request) = requests.message().await? {
        let Some(Content::ProposedMessage(message)) = request.content else {
            return Err(Status::invalid_argument("an append has its options once, then events"));
        };
        let event = new_event(Proposed {
            id: message.id,
            properties: message.metadata,
            custom_metadata: message.custom_metadata,
            data: message.data,
        })?;
        // Refused as soon as it is known, so that no client fills the memory.
        size += event.size();
        if size > limits::APPEND_BYTES_MAX || events.len() == limits::APPEND_EVENTS_MAX {
            return Err(too_large());
        }
        events.push(event);
    }
    match node.store.append(Append::to(stream, expected, events)).await {
        Ok(appended) => Ok(stored(&appended)),
        Err(error) if error.kind() == ErrorKind::WrongExpectedVersion => {
            Ok(refused(expected, error.wrong_expected_version().and_then(|facts| facts.actual)))
        }
        Err(error) => Err(status(&error)),
    }
}

fn too_large() -> Status {
    let limit = limits::APPEND_BYTES_MAX.to_string();
    exception(
        tonic::Code::InvalidArgument,
        "maximum-append-size-exceeded",
        format!("Maximum Append Size of {limit} Exceeded."),
        &[("maximum-append-size", &limit)],
    )
}

fn target(options: Options) -> Result<(StreamName, ExpectedVersion), Error> {
    let stream = ids::stream_name(options.stream_identifier)?;
    refuse_write(&stream)?;
    let expected = match options.expected_stream_revision {
        Some(ExpectedStreamRevision::Revision(revision)) => {
            ExpectedVersion::Exact(Version::new(revision))
        }
        Some(ExpectedStreamRevision::NoStream(_)) => ExpectedVersion::NoStream,
        Some(ExpectedStreamRevision::Any(_)) => ExpectedVersion::Any,
        Some(ExpectedStreamRevision::StreamExists(_)) => ExpectedVersion::StreamExists,
        None => return Err(Error::invalid("'expected_stream_revision' is a required argument")),
    };
    Ok((stream, expected))
}

fn stored(appended: &Appended) -> AppendResp {
    let last = appended.streams.first().and_then(|stream| stream.last_version);
    let revision = last.map_or(CurrentRevisionOption::NoStream(Empty {}), |version| {
        CurrentRevisionOption::CurrentRevision(version.get())
    });
    let position = appended.position.map_or(PositionOption::NoPosition(Empty {}), |position| {
        let at = position::to_wire(position);
        PositionOption::Position(Position { commit_position: at, prepare_position: at })
    });
    AppendResp {
        result: Some(append_resp::Result::Success(Success {
            current_revision_option: Some(revision),
            position_option: Some(position),
        })),
    }
}

/// The fields of today and those of version 20.6 say the same.
fn refused(expected: ExpectedVersion, actual: Option<Version>) -> AppendResp {
    use conflict::{
        CurrentRevisionOption as Current, CurrentRevisionOption2060 as OldCurrent,
        ExpectedRevisionOption as Expected, ExpectedRevisionOption2060 as OldExpected,
    };
    let (expected, old_expected) = match expected {
        ExpectedVersion::Any => (Expected::ExpectedAny(Empty {}), OldExpected::Any2060(Empty {})),
        ExpectedVersion::StreamExists => {
            (Expected::ExpectedStreamExists(Empty {}), OldExpected::StreamExists2060(Empty {}))
        }
        // The old fields have no word for it; the number stood for it.
        ExpectedVersion::NoStream => {
            (Expected::ExpectedNoStream(Empty {}), OldExpected::ExpectedRevision2060(u64::MAX))
        }
        ExpectedVersion::Exact(version) => (
            Expected::ExpectedRevision(version.get()),
            OldExpected::ExpectedRevision2060(version.get()),
        ),
    };
    let (current, old_current) = match actual {
        Some(version) => (
            Current::CurrentRevision(version.get()),
            OldCurrent::CurrentRevision2060(version.get()),
        ),
        None => (Current::CurrentNoStream(Empty {}), OldCurrent::NoStream2060(Empty {})),
    };
    AppendResp {
        result: Some(append_resp::Result::WrongExpectedVersion(WrongExpectedVersion {
            current_revision_option_20_6_0: Some(old_current),
            expected_revision_option_20_6_0: Some(old_expected),
            current_revision_option: Some(current),
            expected_revision_option: Some(expected),
        })),
    }
}
