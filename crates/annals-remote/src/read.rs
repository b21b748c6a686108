//! Reads that end. One that loses its connection goes on behind the last event it gave.

use std::{sync::Arc, vec};

use annals_client::{Failed, Patience, late, place};
use annals_core::{BoxStream, Position, Read, RecordedEvent, Result};
use annals_proto::annals::ReadResponse;
use futures_lite::stream;
use tonic::Streaming;

use crate::{
    connect::Shared,
    failure::failed,
    wire::{event::from_wire, read as convert},
};

/// The events of a read.
pub(crate) fn read(shared: &Arc<Shared>, read: Read) -> BoxStream<'static, Result<RecordedEvent>> {
    let reading = Box::new(Reading {
        shared: Arc::clone(shared),
        left: Some(read),
        head: None,
        bound: None,
        seen: None,
        messages: None,
        ready: Vec::new().into_iter(),
        patience: Patience::default(),
    });
    shared.stream_here(stream::unfold(Some(reading), |reading| async {
        let mut reading = reading?;
        match reading.next().await {
            Ok(event) => event.map(|event| (Ok(event), Some(reading))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

struct Reading {
    shared: Arc<Shared>,
    /// What has not come yet; nothing when all has.
    left: Option<Read>,
    /// The newest position when it began.
    head: Option<Position>,
    /// On another connection than the first: what is newer is not part of the read.
    bound: Option<Position>,
    /// The newest position that was given.
    seen: Option<Position>,
    messages: Option<Streaming<ReadResponse>>,
    ready: vec::IntoIter<RecordedEvent>,
    patience: Patience,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<RecordedEvent>> {
        loop {
            if let Some(event) = self.ready.next() {
                return Ok(Some(event));
            }
            let Some(read) = self.left.clone() else { return Ok(None) };
            match self.message(&read).await {
                Ok(Some(message)) => {
                    self.patience.renew();
                    self.take(message, read)?;
                }
                Ok(None) => self.left = None,
                Err(Failed::Answered(error)) => return Err(error),
                Err(Failed::Unreached(error) | Failed::Lost(error)) => {
                    self.messages = None;
                    self.bound =
                        self.seen.map(|seen| self.head.map_or(seen, |head| head.max(seen)));
                    self.patience.again(&self.shared, error).await?;
                }
            }
        }
    }

    async fn message(&mut self, read: &Read) -> Result<Option<ReadResponse>, Failed> {
        let messages = match &mut self.messages {
            Some(messages) => messages,
            None => {
                self.shared.check_open().map_err(Failed::Answered)?;
                let mut client = self.shared.streams.clone();
                let call = client.read(convert::read(read));
                self.messages.insert(self.shared.attempt(call).await?)
            }
        };
        let limit = self.shared.options.timeout;
        match tokio::time::timeout(limit, messages.message()).await {
            Ok(message) => message.map_err(|status| failed(&status)),
            Err(_) => Err(late(limit)),
        }
    }

    fn take(&mut self, message: ReadResponse, read: Read) -> Result<()> {
        // Only the first message of a call has the head, and only that may have no event.
        let head = message.head.map(Position::new);
        let is_first = head.is_some() || message.events.is_empty();
        if is_first && self.bound.is_some() {
            place::check_same(head, self.seen)?;
        } else if is_first {
            self.head = head;
        }
        let mut given = message.events.into_iter().map(from_wire).collect::<Result<Vec<_>>>()?;
        if let Some(end) = self.bound {
            given.retain(|event| event.position <= end);
        }
        self.seen = std::cmp::max(self.seen, given.iter().map(|event| event.position).max());
        self.left = match given.last() {
            Some(last) => place::rest(read, last, given.len() as u64),
            None => Some(read),
        };
        self.ready = given.into_iter();
        Ok(())
    }
}
