//! The call of a consumer: events go out, and what it says of them comes in.

use std::sync::Arc;

use annals_core::{BoxStream, Error, EventId, Result};
use annals_proto::kurrentdb::{
    Uuid as WireUuid,
    persistent_subscriptions::{
        ReadReq, ReadResp,
        read_req::{
            Content, Nack, Options,
            nack::Action,
            options::{StreamOption, uuid_option},
        },
    },
};
use futures_util::{StreamExt, stream};
use tokio::sync::oneshot;
use tonic::{Request, Status, Streaming, metadata::MetadataMap};

use super::{
    answer,
    command::{Command, Handle},
    consumer::{Joined, Who},
    error::Refused,
    group::{ConsumerId, Refusal},
    identity::{GroupId, Source},
    request::{group, required, stream as stream_source},
    settings::buffer,
};
use crate::{
    access::{Caller, StreamRight, caller},
    node::{Node, Peer},
    wire::{
        ids::{self, UuidForm},
        status::status,
    },
};

/// What a consumer asks for first.
struct Asked {
    group: GroupId,
    slots: usize,
    form: UuidForm,
}

/// Lets a consumer join a group.
pub(super) async fn read(
    node: &Arc<Node>,
    request: Request<Streaming<ReadReq>>,
) -> Result<BoxStream<'static, Result<ReadResp, Status>>, Status> {
    let caller = caller(&request);
    let who = who(&request);
    let mut requests = request.into_inner();
    let first = requests.message().await?.and_then(|request| request.content);
    let Some(Content::Options(options)) = first else {
        return Err(Status::invalid_argument("the options of the subscription must come first"));
    };
    let asked = asked(options).map_err(|error| status(&error))?;
    may_read(node, &caller, &asked.group.source).await.map_err(|error| status(&error))?;
    node.drives_groups().await?;
    let joined = async {
        let handle = node.persistent.group(&asked.group)?;
        Ok((handle.join(asked.slots, who).await?, handle))
    };
    let (joined, handle) = joined.await.map_err(|refused: Refused| refused.of(&asked.group))?;
    let (open, closed) = oneshot::channel();
    tokio::spawn(listen(handle, joined.id, requests, closed));
    Ok(node.stopping.end(answers(asked, joined, open)).boxed())
}

fn who(request: &Request<Streaming<ReadReq>>) -> Who {
    let peer =
        request.extensions().get::<Peer>().map_or_else(String::new, |peer| peer.0.to_string());
    Who {
        from: peer,
        user: caller(request).name().to_owned(),
        connection: connection_name(request.metadata()),
    }
}

fn connection_name(metadata: &MetadataMap) -> String {
    let name = metadata.get("connection-name").and_then(|name| name.to_str().ok());
    name.unwrap_or_default().to_owned()
}

fn asked(options: Options) -> Result<Asked> {
    let source = match options.stream_option {
        Some(StreamOption::StreamIdentifier(stream)) => stream_source(Some(stream))?,
        Some(StreamOption::All(_)) => Source::All,
        None => return Err(required("stream_option")),
    };
    let form = match options.uuid_option.and_then(|option| option.content) {
        Some(uuid_option::Content::Structured(_)) => UuidForm::Structured,
        Some(uuid_option::Content::String(_)) => UuidForm::Text,
        None => return Err(required("uuid_option")),
    };
    if options.buffer_size <= 0 {
        return Err(Error::invalid("'buffer_size' must be greater than zero"));
    }
    let slots = buffer(options.buffer_size);
    Ok(Asked { group: group(source, options.group_name)?, slots, form })
}

async fn may_read(node: &Node, caller: &Caller, source: &Source) -> Result<()> {
    match source {
        Source::Stream(stream) => node.access.stream(caller, stream, StreamRight::Read).await,
        Source::All => node.access.all(caller).await,
    }
}

/// The answers to a consumer, until the group ends them. `open` tells by being dropped that the
/// client is gone.
fn answers(
    asked: Asked,
    joined: Joined,
    open: oneshot::Sender<()>,
) -> impl stream::Stream<Item = Result<ReadResp, Status>> + Send + 'static {
    let Asked { group, form, .. } = asked;
    let confirmation = answer::confirmation(&group);
    let events = stream::unfold(Some((joined, open)), move |state| {
        let group = group.clone();
        async move {
            let (mut joined, open) = state?;
            tokio::select! {
                biased;
                word = &mut joined.end => {
                    let word = word.unwrap_or_else(|_| Refused::Dropped.of(&group));
                    Some((Err(word), None))
                }
                Some(delivered) = joined.events.recv() => {
                    Some((Ok(answer::event(&delivered, form)), Some((joined, open))))
                }
            }
        }
    });
    stream::once(async { Ok(confirmation) }).chain(events)
}

/// Tells the group what the consumer says, until it is gone.
async fn listen(
    handle: Handle,
    consumer: ConsumerId,
    mut requests: Streaming<ReadReq>,
    mut closed: oneshot::Receiver<()>,
) {
    let word = loop {
        let request = tokio::select! {
            _ = &mut closed => break None,
            request = requests.message() => request,
        };
        let said = match request {
            Ok(Some(request)) => said(consumer, request),
            // It has nothing more to say, but may still be there.
            Ok(None) => {
                drop(closed.await);
                break None;
            }
            Err(_) => break None,
        };
        match said {
            Ok(command) => {
                if handle.send(command).await.is_err() {
                    return;
                }
            }
            Err(error) => break Some(status(&error)),
        }
    };
    // A group that has ended needs to know nothing.
    drop(handle.send(Command::Leave { consumer, word }).await);
}

fn said(consumer: ConsumerId, request: ReadReq) -> Result<Command> {
    match request.content {
        Some(Content::Ack(ack)) => Ok(Command::Ack { consumer, ids: event_ids(ack.ids)? }),
        Some(Content::Nack(nack)) => {
            let refusal = refusal(&nack);
            Ok(Command::Refuse { consumer, ids: event_ids(nack.ids)?, refusal })
        }
        Some(Content::Options(_)) => {
            Err(Error::invalid("the options of the subscription were given already"))
        }
        None => Err(required("content")),
    }
}

fn event_ids(ids: Vec<WireUuid>) -> Result<Vec<EventId>> {
    ids.into_iter().map(|id| ids::event_id(Some(id))).collect()
}

fn refusal(nack: &Nack) -> Refusal {
    match nack.action() {
        Action::Park => Refusal::Park(match nack.reason.as_str() {
            "" => "the consumer parked the event".to_owned(),
            reason => reason.to_owned(),
        }),
        Action::Unknown | Action::Retry => Refusal::Retry,
        // Neither is tried again.
        Action::Skip | Action::Stop => Refusal::Skip,
    }
}
