//! Subscriptions, as the server feeds them.

use std::sync::Arc;

use annals_client::{Failed, Feed};
use annals_core::{
    BoxFuture, Delivery, Position, Result, StreamName, Subscribe, SubscribeSource, Version,
};
use annals_proto::kurrentdb::streams::{ReadResp, read_resp::Content};
use tonic::Streaming;

use crate::{
    connect::{Client, Shared},
    filter::Wanted,
    info,
    wire::{event::recorded, request},
};

/// The subscriptions of a handle to what is wanted.
pub(crate) struct Subscription {
    shared: Arc<Shared>,
    /// Of the whole store; none for a stream.
    wanted: Option<Wanted>,
}

impl Subscription {
    /// Finds the filter.
    ///
    /// # Errors
    /// `Unsupported` for a query that the server cannot answer.
    pub(crate) fn new(shared: &Arc<Shared>, subscribe: &Subscribe) -> Result<Self> {
        let wanted = match &subscribe.source {
            SubscribeSource::Stream { .. } => None,
            SubscribeSource::All { query, .. } => Some(Wanted::of(query.clone())?),
        };
        Ok(Self { shared: Arc::clone(shared), wanted })
    }

    /// The newest position at a mark. Those for streams, and those of older servers, have none.
    async fn caught_up(&self, told: Option<u64>) -> Result<Option<Position>, Failed> {
        match (told, &self.wanted) {
            (Some(told), _) => Ok(Some(told).filter(|told| *told > 0).map(Position::new)),
            (None, None) => info::head(&self.shared).await,
            // What came in between would be passed over by who goes on from there.
            (None, Some(_)) => Ok(None),
        }
    }
}

impl Feed for Subscription {
    type Client = Client;
    type Message = ReadResp;

    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn open<'a>(
        &'a self,
        subscribe: &'a Subscribe,
    ) -> BoxFuture<'a, Result<Streaming<ReadResp>, Failed>> {
        Box::pin(async move {
            let filter = self.wanted.as_ref().and_then(|wanted| wanted.filter.as_ref());
            let request = request::subscription(subscribe, filter);
            self.shared.attempt(self.shared.streams.clone().read(request)).await
        })
    }

    fn deliveries<'a>(
        &'a self,
        _subscribe: &'a Subscribe,
        message: ReadResp,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, Failed>> {
        Box::pin(async move {
            Ok(match message.content {
                Some(Content::Event(message)) => {
                    let event = message.link.or(message.event).map(recorded).transpose();
                    let event = event.map_err(Failed::Answered)?;
                    let wanted = self.wanted.as_ref();
                    let event = event.filter(|e| wanted.is_none_or(|wanted| wanted.wants(e)));
                    event.into_iter().map(Delivery::Event).collect()
                }
                Some(Content::Checkpoint(checkpoint)) => {
                    vec![Delivery::Checkpoint(Position::new(checkpoint.commit_position))]
                }
                Some(Content::CaughtUp(mark)) => {
                    let told = mark.position.map(|position| position.commit_position);
                    vec![Delivery::CaughtUp { position: self.caught_up(told).await? }]
                }
                Some(Content::FellBehind(mark)) => {
                    let position = mark.position.map(|p| Position::new(p.commit_position));
                    vec![Delivery::FellBehind { position }]
                }
                // That it begins, and where a stream does.
                _ => Vec::new(),
            })
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>, Failed>> {
        Box::pin(info::head(&self.shared))
    }

    fn last_of<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<Version>, Failed>> {
        Box::pin(info::last_of(&self.shared, stream))
    }
}
