//! One append: options first, then the events.

use std::sync::atomic::{AtomicU64, Ordering};

use annals_client::Lost;
use annals_core::{
    Append, Appended, Error, ExpectedVersion, Position, Result, StreamAppended, StreamName,
    StreamWrite, Version,
};
use annals_proto::kurrentdb::{
    Empty,
    streams::{
        AppendReq, AppendResp,
        append_req::{Content, Options, options::ExpectedStreamRevision},
        append_resp::{
            self, Success, WrongExpectedVersion,
            success::{CurrentRevisionOption, PositionOption},
            wrong_expected_version::{
                CurrentRevisionOption as Current, CurrentRevisionOption2060 as OldCurrent,
            },
        },
    },
};
use futures_lite::stream;

use crate::{
    connect::Shared,
    unsupported::{no_state, unsupported},
    wire::{event::proposed, ids},
};

/// The newest position that appends through a handle were given.
///
/// The protocol does not say whether events had been there before. But positions grow, so events
/// that stand where somebody has been already were.
#[derive(Debug, Default)]
pub(crate) struct Newest(AtomicU64);

impl Newest {
    fn now(&self) -> Option<Position> {
        Some(self.0.load(Ordering::SeqCst)).filter(|at| *at > 0).map(Position::new)
    }

    fn reached(&self, position: Option<Position>) {
        self.0.fetch_max(position.map_or(0, Position::get), Ordering::SeqCst);
    }
}

/// Appends to a stream.
pub(crate) async fn append(shared: &Shared, newest: &Newest, append: Append) -> Result<Appended> {
    shared.check_open()?;
    append.check()?;
    let write = only_write(append)?;
    let (stream, expected) = (write.stream.clone(), write.expected);
    let count = write.events.len() as u64;
    let lost = match expected {
        // The server finds its events by their versions.
        ExpectedVersion::NoStream | ExpectedVersion::Exact(_) => Lost::Recognised,
        ExpectedVersion::Any | ExpectedVersion::StreamExists => Lost::Once,
    };
    let requests = requests(write)?;
    shared.starting.settled().await;
    let call = shared.call(lost, |mut client| {
        let requests = requests.clone();
        async move { client.append(stream::iter(requests)).await }
    });
    let before = newest.now();
    let mut appended = answer(call.await?, stream, expected, count)?;
    appended.duplicate = count > 0 && appended.position.is_some() && appended.position <= before;
    newest.reached(appended.position);
    Ok(appended)
}

/// The one write there may be.
fn only_write(append: Append) -> Result<StreamWrite> {
    if !append.conditions.is_empty() {
        return Err(unsupported(
            "a KurrentDB appends on no conditions; expect a version of the stream, or use a store \
             of ours",
        ));
    }
    if append.checkpoint.is_some() {
        return Err(no_state());
    }
    let mut writes = append.writes;
    match (writes.pop(), writes.len()) {
        (Some(write), 0) => Ok(write),
        (_, others) => Err(unsupported(format!(
            "an append through this protocol is for one stream, not for {}; append to each \
             stream by itself",
            others + 1
        ))),
    }
}

fn requests(write: StreamWrite) -> Result<Vec<AppendReq>> {
    let expected = match write.expected {
        ExpectedVersion::Any => ExpectedStreamRevision::Any(Empty {}),
        ExpectedVersion::NoStream => ExpectedStreamRevision::NoStream(Empty {}),
        ExpectedVersion::StreamExists => ExpectedStreamRevision::StreamExists(Empty {}),
        ExpectedVersion::Exact(version) => ExpectedStreamRevision::Revision(version.get()),
    };
    let options = Content::Options(Options {
        stream_identifier: Some(ids::stream_to_wire(&write.stream)),
        expected_stream_revision: Some(expected),
    });
    let events =
        write.events.into_iter().map(|event| Ok(Content::ProposedMessage(proposed(event)?)));
    let contents = std::iter::once(Ok(options)).chain(events);
    contents.map(|content| Ok(AppendReq { content: Some(content?) })).collect()
}

fn answer(
    answer: AppendResp,
    stream: StreamName,
    expected: ExpectedVersion,
    count: u64,
) -> Result<Appended> {
    match answer.result {
        Some(append_resp::Result::Success(success)) => appended(&success, stream, count),
        Some(append_resp::Result::WrongExpectedVersion(conflict)) => {
            let actual = actual(&conflict);
            Err(Error::wrong_expected_version_of(stream, expected, actual))
        }
        None => Err(ids::unreadable("an answer to an append")),
    }
}

fn appended(success: &Success, stream: StreamName, count: u64) -> Result<Appended> {
    let last_version = match success.current_revision_option {
        Some(CurrentRevisionOption::CurrentRevision(last)) => Some(Version::new(last)),
        Some(CurrentRevisionOption::NoStream(_)) | None => None,
    };
    let first = |last: Version| last.next().get().checked_sub(count).map(Version::new);
    let first_version = match (count, last_version) {
        (0, _) => None,
        (_, last) => {
            Some(last.and_then(first).ok_or_else(|| ids::unreadable("the version of an append"))?)
        }
    };
    let position = match &success.position_option {
        Some(PositionOption::Position(at)) => Some(at.commit_position).filter(|at| is_place(*at)),
        Some(PositionOption::NoPosition(_)) | None => None,
    };
    let position = position.map(Position::new);
    let streams = vec![StreamAppended { stream, first_version, last_version }];
    Ok(Appended { streams, position, duplicate: false })
}

/// Whether a number is a position: some servers have one for none.
const fn is_place(at: u64) -> bool {
    at > 0 && at < u64::MAX
}

/// The version of the stream. Older servers tell it in a field of its own.
fn actual(conflict: &WrongExpectedVersion) -> Option<Version> {
    match (&conflict.current_revision_option, &conflict.current_revision_option_20_6_0) {
        (Some(Current::CurrentRevision(last)), _)
        | (None, Some(OldCurrent::CurrentRevision2060(last))) => Some(Version::new(*last)),
        _ => None,
    }
}
