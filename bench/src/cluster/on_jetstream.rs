//! Bare JetStream: what a program does that publishes to a stream by itself.

use std::{collections::HashMap, sync::Mutex};

use annals_core::{Append, StreamWrite};
use async_nats::{
    Client,
    jetstream::{self, message::PublishMessage, stream},
};
use bytes::{BufMut, Bytes, BytesMut};

use crate::{
    contest::store::{Deed, Store, Work},
    problem::Result,
};

/// How events become messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// All events of an append in one message, without an expectation: the bytes alone.
    OneMessage,
    /// One message for each event, to the subject of its stream, expecting the version before.
    OneForEach,
}

/// A stream on the same servers, with as many replicas.
pub(super) struct OnJetstream {
    context: jetstream::Context,
    form: Form,
    /// The sequence of the last message of each subject.
    last: Mutex<HashMap<String, u64>>,
}

impl OnJetstream {
    pub(super) async fn make(client: Client, form: Form) -> Result<Self> {
        let context = jetstream::new(client);
        let name = match form {
            Form::OneMessage => "RAW",
            Form::OneForEach => "EACH",
        };
        let config = stream::Config {
            name: name.to_owned(),
            subjects: vec![format!("{name}.>")],
            num_replicas: 3,
            storage: stream::StorageType::File,
            ..Default::default()
        };
        context.create_stream(config).await?;
        Ok(Self { context, form, last: Mutex::default() })
    }

    async fn publish(&self, subject: String, payload: Bytes) -> Result<()> {
        let message = PublishMessage::build().payload(payload);
        self.context.send_publish(subject, message).await?.await?;
        Ok(())
    }

    /// Publishes to the subject of a stream that nobody else writes.
    async fn publish_next(&self, subject: String, payload: Bytes) -> Result<()> {
        let after = self.last.lock().map_err(|_| "a writer panicked")?.get(&subject).copied();
        let message = PublishMessage::build().payload(payload);
        let message = message.expected_last_subject_sequence(after.unwrap_or(0));
        let answer = self.context.send_publish(subject.clone(), message).await?.await?;
        self.last.lock().map_err(|_| "a writer panicked")?.insert(subject, answer.sequence);
        Ok(())
    }
}

impl Store for OnJetstream {
    fn name(&self) -> &'static str {
        match self.form {
            Form::OneMessage => "a bare publish of the same bytes",
            Form::OneForEach => "a message an event, with expectations",
        }
    }

    fn target(&self, deed: Deed) -> Option<f64> {
        match (self.form, deed) {
            (Form::OneMessage, Deed::Lone) => Some(1.0 / 3.0),
            (Form::OneForEach, Deed::Crowd) => Some(5.0),
            _ => None,
        }
    }

    fn lacks(&self, deed: Deed) -> Option<&'static str> {
        let can = match self.form {
            Form::OneMessage => matches!(deed, Deed::Lone | Deed::Crowd | Deed::Bulk),
            Form::OneForEach => matches!(deed, Deed::Lone | Deed::Crowd),
        };
        (!can).then_some("it keeps messages, not events that can be asked for")
    }

    /// Events of streams of their own, so that what is expected is known.
    fn append(&self, append: Append) -> Result<Work<'_>> {
        let count = append.event_count() as u64;
        match self.form {
            Form::OneMessage => {
                let payload = bytes_of(&append);
                Ok(Box::pin(async move {
                    self.publish("RAW.events".to_owned(), payload).await?;
                    Ok(count)
                }))
            }
            Form::OneForEach => {
                let messages: Vec<_> = append.writes.iter().flat_map(messages_of).collect();
                Ok(Box::pin(async move {
                    for (subject, payload) in messages {
                        self.publish_next(subject, payload).await?;
                    }
                    Ok(count)
                }))
            }
        }
    }
}

/// The events of a write with the subject of its stream.
fn messages_of(write: &StreamWrite) -> impl Iterator<Item = (String, Bytes)> {
    let subject = format!("EACH.{}", write.stream.as_str().replace('.', "_"));
    write.events.iter().map(move |event| (subject.clone(), bytes_of_event(event)))
}

fn bytes_of(append: &Append) -> Bytes {
    let mut out = BytesMut::new();
    for write in &append.writes {
        out.put_slice(write.stream.as_str().as_bytes());
        for event in &write.events {
            out.put_slice(&bytes_of_event(event));
        }
    }
    out.freeze()
}

/// Everything of an event that a store keeps.
fn bytes_of_event(event: &annals_core::NewEvent) -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(&event.id.to_bytes());
    out.put_slice(event.event_type.as_str().as_bytes());
    for tag in event.tags.as_slice() {
        out.put_slice(tag.as_str().as_bytes());
    }
    out.put_slice(event.metadata.as_bytes());
    out.put_slice(&event.data);
    out.freeze()
}
