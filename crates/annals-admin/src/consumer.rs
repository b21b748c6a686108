//! A consumer of a group: events come, and each is given a word of what became of it.

use std::time::Duration;

use annals_core::{Error, ErrorKind, RecordedEvent};
use annals_proto::kurrentdb::{
    Empty, Uuid,
    persistent_subscriptions::{
        ReadReq, ReadResp,
        read_req::{
            Ack, Content, Nack, Options,
            nack::Action,
            options::{StreamOption, UuidOption, uuid_option},
        },
        read_resp,
    },
};
use futures_lite::{Stream, StreamExt, stream};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    time::Instant,
};
use tonic::{Request, Response, Streaming};

use crate::{GroupName, Refused, Result, Server, Source, events, ids, leader::Groups};

/// A consumer of a group. It leaves when this is dropped; what it said nothing of goes to others.
#[derive(Debug)]
pub struct Consumer {
    server: Server,
    group: GroupName,
    /// By which the server's list of consumers knows this one.
    name: String,
    words: mpsc::Sender<ReadReq>,
    answers: Streaming<ReadResp>,
    judged: u64,
}

/// An event, and what is needed to say a word of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The event; where links are resolved, what the link leads to.
    pub event: RecordedEvent,
    /// How often it was tried before.
    pub retries: u32,
    /// The id by which the group knows it: that of the link, if it was one.
    id: Uuid,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is finished.
    Done,
    /// It is put aside, for this reason.
    Park(String),
    /// It is to be tried again; parked, if that was done too often.
    Retry,
    /// It is finished, without anything done.
    Skip,
}

/// How many words may wait to be sent, beyond one for each event that is here: there are no more,
/// unless the server gave up waiting for some.
const WORDS_MORE: usize = 64;
/// The most events that a consumer has at once.
const AT_ONCE_MAX: u32 = 10_000;
/// How long the server may take to have heard the last words.
const LAST_WORDS: Duration = Duration::from_secs(5);

impl Server {
    /// Joins a group, as a consumer that has at most `at_once` events it said nothing of, and 10,000
    /// whatever that is.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` when it has as many consumers as it may; what keeps the server from
    /// answering.
    pub async fn consume(&self, group: &GroupName, at_once: u32) -> Result<Consumer> {
        let at_once = at_once.clamp(1, AT_ONCE_MAX);
        let room = usize::try_from(at_once).unwrap_or(usize::MAX).saturating_add(WORDS_MORE);
        let buffer_size = i32::try_from(at_once).unwrap_or(i32::MAX);
        let uuid_option = UuidOption { content: Some(uuid_option::Content::String(Empty {})) };
        let options = Options {
            group_name: group.name.clone(),
            buffer_size,
            uuid_option: Some(uuid_option),
            stream_option: Some(match &group.source {
                Source::All => StreamOption::All(Empty {}),
                Source::Stream(stream) => StreamOption::StreamIdentifier(ids::stream(stream)),
            }),
        };
        let name = format!("annals-{}", uuid::Uuid::now_v7());
        let join = async |mut groups: Groups, options| {
            let (words, said) = mpsc::channel(room);
            let answers = groups.read(joining(options, said, &name)).await?;
            Ok(Response::new((words, answers.into_inner())))
        };
        let (words, mut answers) = self.ask_groups(options, join).await?;
        // The confirmation, or why there is none.
        answers.message().await.map_err(|status| Refused::of(&status))?;
        let (server, group) = (self.clone(), group.clone());
        Ok(Consumer { server, group, name, words, answers, judged: 0 })
    }
}

/// What joins a group: what is wanted, and then what is said.
fn joining(
    options: Options,
    said: mpsc::Receiver<ReadReq>,
    name: &str,
) -> Request<impl Stream<Item = ReadReq> + Send + 'static> {
    let first = ReadReq { content: Some(Content::Options(options)) };
    let next = |mut said: mpsc::Receiver<ReadReq>| async {
        let word = said.recv().await?;
        Some((word, said))
    };
    let words = stream::unfold(said, next);
    let mut request = Request::new(StreamExt::chain(stream::once(first), words));
    if let Ok(name) = name.parse() {
        request.metadata_mut().insert("connection-name", name);
    }
    request
}

impl Consumer {
    /// The next event, as soon as there is one. It can be dropped while it waits, and nothing is
    /// lost.
    ///
    /// # Errors
    /// `Closed` when the group was changed, deleted or started anew; what keeps the server from
    /// answering.
    pub async fn next(&mut self) -> Result<Received> {
        loop {
            let answer = self.answers.message().await.map_err(|status| Refused::of(&status))?;
            let answer = answer.ok_or_else(|| {
                Refused::Failed(Error::new(ErrorKind::Closed, "the server ended the subscription"))
            })?;
            if let Some(read_resp::Content::Event(event)) = answer.content {
                return self.received(event);
            }
        }
    }

    fn received(&self, read: read_resp::ReadEvent) -> Result<Received> {
        use read_resp::read_event::Count;
        let original = read.link.as_ref().or(read.event.as_ref());
        let id = original.and_then(|event| event.id.clone());
        let id = id.ok_or_else(|| Refused::unreadable("the id of an event"))?;
        // A link that leads nowhere is all there is.
        let event = read.event.or(read.link).ok_or_else(|| Refused::unreadable("an event"))?;
        let retries = match read.count {
            Some(Count::RetryCount(count)) => u32::try_from(count).unwrap_or_default(),
            Some(Count::NoRetryCount(Empty {})) | None => 0,
        };
        Ok(Received { event: events::consumed(&self.server, event)?, retries, id })
    }

    /// Says what became of an event. The runtime sends it.
    ///
    /// # Errors
    /// `Closed` when the subscription has ended, `Unavailable` when nothing is heard any more.
    pub fn say(&mut self, received: Received, verdict: Verdict) -> Result<()> {
        let ids = vec![received.id];
        let nack = |action: Action, reason: String| {
            Content::Nack(Nack {
                ids: ids.clone(),
                action: action.into(),
                reason,
                ..Nack::default()
            })
        };
        let content = match verdict {
            Verdict::Done => Content::Ack(Ack { ids, ..Ack::default() }),
            Verdict::Park(reason) => nack(Action::Park, reason),
            Verdict::Retry => nack(Action::Retry, String::new()),
            Verdict::Skip => nack(Action::Skip, String::new()),
        };
        let sent = self.words.try_send(ReadReq { content: Some(content) });
        sent.map_err(|unsent| match unsent {
            TrySendError::Closed(_) => Error::new(ErrorKind::Closed, "the subscription has ended"),
            TrySendError::Full(_) => {
                Error::new(ErrorKind::Unavailable, "the server hears nothing any more")
            }
        })?;
        self.judged += 1;
        Ok(())
    }

    /// Leaves the group once the server has heard everything that was said. No answer comes to a
    /// word, so the server's numbers are asked for; each question takes a way there and back, which
    /// is pause enough between two of them.
    ///
    /// # Errors
    /// `Timeout` when it does not hear it within 5 s: then some events may come again; what keeps
    /// the server from answering.
    pub async fn leave(self) -> Result<()> {
        let until = Instant::now() + LAST_WORDS;
        while Instant::now() < until {
            let info = self.server.group(&self.group).await?;
            let Some(this) = info.connections.iter().find(|consumer| consumer.name == self.name)
            else {
                return Ok(());
            };
            if this.total.saturating_sub(this.in_flight) >= self.judged {
                return Ok(());
            }
        }
        let why = "the server did not say that it heard of the last events; they may come again";
        Err(Error::new(ErrorKind::Timeout, why).into())
    }
}
