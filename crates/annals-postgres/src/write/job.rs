//! One caller's request on its way through the committer.

use std::{collections::HashMap, sync::Arc, time::Instant};

use annals_core::{
    Append, Appended, DeleteStream, Deleted, Error, ExpectedVersion, Result, StatePut, StreamName,
    rules::StreamHead,
};

use super::payload::{Form, Forms};
use crate::failure::may_be_done;

/// What a caller asks for.
#[derive(Debug)]
pub(crate) enum Request {
    Append(Append),
    Delete(DeleteStream),
    Put(StatePut),
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Receipt {
    Appended(Appended),
    Deleted(Deleted),
    Put { revision: u64 },
}

/// The heads of streams, by the stream that is no metastream.
pub(crate) type Heads = HashMap<StreamName, StreamHead>;

/// How much is known about the streams of a request.
#[derive(Debug, Clone)]
pub(crate) enum Stage {
    /// Nothing: what the request expects is taken for granted, and checked in the database.
    Blind,
    /// It cannot go on before the streams were looked at.
    Unknown,
    /// How the streams stood a moment ago.
    Known(Arc<Heads>),
}

/// A request with the place its answer goes to.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request: Request,
    /// For each write, how its events are stored.
    pub(crate) forms: Vec<Vec<Forms>>,
    pub(crate) bytes: usize,
    pub(crate) stage: Stage,
    /// Whether it was sent before, over a connection that was lost.
    pub(crate) is_resent: bool,
    /// When that was for the first time.
    pub(crate) lost_at: Option<Instant>,
    /// Whether it may share a call with others.
    pub(crate) is_alone: bool,
    /// How often it was found to depend on what others changed.
    pub(crate) attempts: u32,
    answer: oneshot::Sender<Result<Receipt>>,
}

impl Job {
    pub(crate) fn new(request: Request) -> (Box<Self>, oneshot::Receiver<Result<Receipt>>) {
        let (answer, answered) = oneshot::channel();
        let (forms, bytes) = match &request {
            Request::Append(append) => measure(append),
            Request::Delete(_) => (Vec::new(), 0),
            Request::Put(put) => (Vec::new(), put.value.as_ref().map_or(0, bytes::Bytes::len)),
        };
        let stage = first_stage(&request);
        let job = Self {
            request,
            forms,
            bytes,
            stage,
            is_resent: false,
            lost_at: None,
            is_alone: false,
            attempts: 0,
            answer,
        };
        (Box::new(job), answered)
    }

    pub(crate) fn answer(self, answer: Result<Receipt>) {
        // A caller that gave up does not want to know.
        drop(self.answer.send(answer));
    }

    /// Answers that it cannot be done now; where it was sent before, that it may be done.
    pub(crate) fn refuse(self, error: &Error) {
        let error = if self.is_resent { may_be_done(error) } else { error.clone() };
        self.answer(Err(error));
    }

    /// Whether it has conditions, which may take long to look at.
    pub(crate) fn has_conditions(&self) -> bool {
        matches!(&self.request, Request::Append(append) if !append.conditions.is_empty())
    }

    /// Gives up on payloads that can be read as JSON. Says whether that changed anything.
    pub(crate) fn store_as_bytes(&mut self) -> bool {
        let has_json = |forms: &Forms| forms.data == Form::Json || forms.metadata == Form::Json;
        let changed = self.forms.iter().flatten().any(has_json);
        self.forms.iter_mut().flatten().for_each(|forms| *forms = Forms::BYTES);
        changed
    }

    /// The number of its events.
    pub(crate) fn event_count(&self) -> usize {
        match &self.request {
            Request::Append(append) => append.event_count(),
            Request::Delete(_) => 1,
            Request::Put(_) => 0,
        }
    }

    /// The streams that decide about it; a metastream stands for its stream.
    pub(crate) fn streams(&self) -> Vec<StreamName> {
        match &self.request {
            Request::Append(append) => {
                append.writes.iter().map(|write| base(&write.stream)).collect()
            }
            Request::Delete(delete) => vec![base(&delete.stream)],
            Request::Put(_) => Vec::new(),
        }
    }
}

/// The stream that a stream's settings belong to.
pub(crate) fn base(stream: &StreamName) -> StreamName {
    stream.metastream_of().unwrap_or_else(|| stream.clone())
}

fn measure(append: &Append) -> (Vec<Vec<Forms>>, usize) {
    let mut bytes = 0;
    let forms = append.writes.iter().map(|write| {
        write
            .events
            .iter()
            .map(|event| {
                bytes += event.size();
                Forms::of(event)
            })
            .collect()
    });
    (forms.collect(), bytes)
}

/// Settings and deletions depend on more than a version.
pub(super) fn first_stage(request: &Request) -> Stage {
    match request {
        Request::Append(append) if append.writes.iter().any(|w| w.stream.is_metastream()) => {
            Stage::Unknown
        }
        Request::Delete(_) => Stage::Unknown,
        Request::Append(_) | Request::Put(_) => Stage::Blind,
    }
}

/// What the version of a stream must be, as the database checks it.
pub(super) fn wanted(expected: ExpectedVersion) -> Option<i64> {
    match expected {
        ExpectedVersion::Any => None,
        ExpectedVersion::NoStream => Some(super::rows::NONE),
        ExpectedVersion::StreamExists => Some(super::rows::SOME),
        ExpectedVersion::Exact(version) => Some(crate::values::stored(version.get())),
    }
}
