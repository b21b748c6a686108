//! Subscriptions, as the server feeds them.

use std::sync::Arc;

use annals_client::{Failed, Feed};
use annals_core::{BoxFuture, Delivery, Position, Result, StreamName, Subscribe, Version};
use annals_proto::annals::{GetHeadRequest, GetStreamInfoRequest, SubscribeResponse};
use tonic::Streaming;

use crate::{
    connect::{Client, Shared},
    wire::read as convert,
};

/// The subscriptions of a handle.
pub(crate) struct Subscriptions(pub(crate) Arc<Shared>);

impl Feed for Subscriptions {
    type Client = Client;
    type Message = SubscribeResponse;

    fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    fn open<'a>(
        &'a self,
        subscribe: &'a Subscribe,
    ) -> BoxFuture<'a, Result<Streaming<SubscribeResponse>, Failed>> {
        Box::pin(async move {
            let mut client = self.0.streams.clone();
            self.0.attempt(client.subscribe(convert::subscribe(subscribe))).await
        })
    }

    fn deliveries<'a>(
        &'a self,
        _subscribe: &'a Subscribe,
        message: SubscribeResponse,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, Failed>> {
        let deliveries = convert::deliveries(message).map_err(Failed::Answered);
        Box::pin(std::future::ready(deliveries))
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<Position>, Failed>> {
        Box::pin(async move {
            let mut client = self.0.calls.clone();
            let head = self.0.attempt(client.get_head(GetHeadRequest {})).await?;
            Ok(head.position.map(Position::new))
        })
    }

    fn last_of<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<Version>, Failed>> {
        Box::pin(async move {
            let mut client = self.0.calls.clone();
            let request = GetStreamInfoRequest { stream: stream.to_string() };
            let info = self.0.attempt(client.get_stream_info(request)).await?;
            Ok(info.last_version.map(Version::new))
        })
    }
}
