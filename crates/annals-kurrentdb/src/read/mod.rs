//! Reads that end. One that loses its connection goes on behind the last event it gave.

mod all;
mod of_stream;

use std::sync::Arc;

use annals_client::{Failed, Patience, late};
use annals_core::{BoxStream, Error, Position, Read, RecordedEvent, Result, Version};
use annals_proto::kurrentdb::streams::{ReadReq, ReadResp, read_resp::Content};
use futures_lite::stream;
use tonic::Streaming;

use crate::{connect::Shared, failure::failed, info, wire::event::recorded};
use all::All;
use of_stream::OfStream;

/// The events of a read.
pub(crate) fn read(shared: &Arc<Shared>, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
    let limit = match &read {
        Read::Stream(read) => read.limit,
        Read::All(read) => read.limit,
    };
    let source = match read {
        Read::Stream(read) => Ok(Source::Stream(OfStream(read))),
        Read::All(read) => All::new(read).map(Source::All),
    };
    let reading = source.map(|source| {
        Box::new(Reading {
            shared: Arc::clone(shared),
            source,
            limit: limit.unwrap_or(u64::MAX),
            progress: Progress::default(),
            messages: None,
            patience: Patience::default(),
        })
    });
    shared.stream_here(stream::unfold(Some(reading), |reading| async {
        let mut reading = match reading? {
            Ok(reading) => reading,
            Err(error) => return Some((Err(error), None)),
        };
        match reading.next().await {
            Ok(event) => event.map(|event| (Ok(event), Some(Ok(reading)))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

/// What was given already.
#[derive(Debug, Default)]
struct Progress {
    given: u64,
    last: Option<(Version, Position)>,
}

/// What to do with an event that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Give,
    /// It is not part of the read.
    Skip,
    /// It is behind the end.
    End,
}

/// Where a read goes on when the server has nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// With another request.
    More,
    End,
}

enum Source {
    Stream(OfStream),
    All(All),
}

struct Reading {
    shared: Arc<Shared>,
    source: Source,
    limit: u64,
    progress: Progress,
    messages: Option<Streaming<ReadResp>>,
    patience: Patience,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<RecordedEvent>> {
        loop {
            // A read of nothing is asked for all the same: its stream may be closed.
            if self.progress.given > 0 && self.progress.given >= self.limit {
                return Ok(None);
            }
            match self.step().await {
                Ok(Step::Event(event)) => match self.verdict(&event) {
                    Verdict::Give => return Ok(Some(self.give(*event))),
                    Verdict::Skip => {}
                    Verdict::End => return Ok(None),
                },
                Ok(Step::Nothing) => {}
                Ok(Step::End) => {
                    self.messages = None;
                    if self.source.after() == After::End {
                        return Ok(None);
                    }
                }
                Err(Failed::Answered(error)) => {
                    self.messages = None;
                    self.source.refused(error, &self.progress)?;
                }
                Err(Failed::Unreached(error) | Failed::Lost(error)) => {
                    self.messages = None;
                    self.patience.again(&self.shared, error).await?;
                }
            }
        }
    }

    fn verdict(&self, event: &RecordedEvent) -> Verdict {
        if self.progress.given >= self.limit {
            return Verdict::End;
        }
        match &self.source {
            Source::Stream(stream) => stream.verdict(event),
            Source::All(all) => all.verdict(event, &self.progress),
        }
    }

    fn give(&mut self, event: RecordedEvent) -> RecordedEvent {
        self.patience.renew();
        self.progress.given += 1;
        self.progress.last = Some((event.version, event.position));
        event
    }

    async fn step(&mut self) -> Result<Step, Failed> {
        let messages = match &mut self.messages {
            Some(messages) => messages,
            None => {
                self.shared.check_open().map_err(Failed::Answered)?;
                let left = self.limit.saturating_sub(self.progress.given);
                let request = self.source.request(&self.shared, &self.progress, left).await?;
                let Some(request) = request else { return Ok(Step::End) };
                let mut client = self.shared.streams.clone();
                self.messages.insert(self.shared.attempt(client.read(request)).await?)
            }
        };
        let limit = self.shared.options.timeout;
        let message = tokio::time::timeout(limit, messages.message()).await;
        let message = message.map_err(|_| late(limit))?.map_err(|status| failed(&status))?;
        match message {
            Some(message) => self.source.step(message).map_err(Failed::Answered),
            None => Ok(Step::End),
        }
    }
}

enum Step {
    Event(Box<RecordedEvent>),
    Nothing,
    End,
}

impl Source {
    /// What is left, as it is asked for; nothing when nothing can be left.
    async fn request(
        &mut self,
        shared: &Shared,
        progress: &Progress,
        left: u64,
    ) -> Result<Option<ReadReq>, Failed> {
        match self {
            Self::Stream(stream) => Ok(stream.request(progress, left)),
            Self::All(all) => {
                if all.needs_head() {
                    all.set_head(info::head(shared).await?);
                }
                Ok(all.request(progress, left))
            }
        }
    }

    fn step(&self, message: ReadResp) -> Result<Step> {
        match (message.content, self) {
            (Some(Content::Event(message)), _) => match message.link.or(message.event) {
                // Not resolved, so there is one of them.
                Some(event) => Ok(Step::Event(Box::new(recorded(event)?))),
                None => Ok(Step::Nothing),
            },
            (Some(Content::StreamNotFound(_)), Self::Stream(OfStream(read))) => {
                Err(Error::stream_not_found(&read.stream))
            }
            // Where the stream begins and ends.
            _ => Ok(Step::Nothing),
        }
    }

    fn after(&mut self) -> After {
        match self {
            Self::Stream(_) => After::End,
            Self::All(all) => all.after(),
        }
    }

    /// The server refused; there may be another way to ask for the same.
    fn refused(&mut self, error: Error, progress: &Progress) -> Result<()> {
        match self {
            Self::Stream(_) => Err(error),
            Self::All(all) => all.refused(error, progress),
        }
    }
}
