//! The log in NATS JetStream: one stream with one subject.
//!
//! It needs a tokio runtime around it, and owns none. Clones share one connection.

pub(crate) mod api;
mod connect;
mod consumer;
mod direct;
mod extent;
mod follow;
mod limits;
pub(crate) mod link;
mod order;
mod place;
mod publish;
mod search;
mod silence;
mod tell;
mod turn;

use std::{fmt, sync::Arc, time::Instant};

use annals_core::{BoxFuture, BoxStream, Error, ErrorKind, Result};
use async_nats::Client;
use bytes::Bytes;

use super::{Extent, Logged, OrderedLog, PublishError};
use crate::{pause::pause, url::Target};
use api::Api;
pub(crate) use connect::connect;
use link::Link;

/// A connection to the log of a store.
#[derive(Clone)]
pub struct JetStreamLog {
    pub(crate) api: Api,
}

impl JetStreamLog {
    /// Connects to any of the servers of a target, under the name of a node. The stream need not
    /// be there yet.
    ///
    /// # Errors
    /// `Unavailable` when no server answers (within 1 s each), `Unauthenticated` when one does
    /// not accept the login, `InvalidArgument` for certificates and credentials that cannot be
    /// used.
    pub async fn connect(target: &Target, node: &str) -> Result<Self> {
        let link = Arc::new(Link::new());
        let store = target.store().clone();
        let client = connect(target, &format!("annals {store} {node}"), &link).await?;
        let stream = Arc::from(store.stream());
        Ok(Self { api: Api { client, link, store, stream } })
    }

    /// The same, where the servers may only be starting: for some seconds it tries again while none
    /// takes a connection.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub(crate) async fn connect_to_starting(target: &Target, node: &str) -> Result<Self> {
        let begun = Instant::now();
        loop {
            match Self::connect(target, node).await {
                Err(error) if is_away(&error) && begun.elapsed() < limits::STARTED => {
                    pause(limits::STARTED_PAUSE).await;
                }
                connected => return connected,
            }
        }
    }

    /// The connection, for what nodes say to each other beside the log.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.api.client
    }
}

fn is_away(error: &Error) -> bool {
    error.kind() == ErrorKind::Unavailable
}

impl OrderedLog for JetStreamLog {
    fn message_bytes_max(&self) -> usize {
        publish::message_bytes_max(&self.api)
    }

    /// Messages that are on their way at the same time may get into the log in any order.
    fn publish(&self, message: Bytes) -> BoxFuture<'_, Result<u64, PublishError>> {
        Box::pin(publish::publish(&self.api, message))
    }

    fn follow(&self, from: u64) -> BoxStream<'static, Result<Logged>> {
        follow::follow(self.api.clone(), from)
    }

    fn extent(&self) -> BoxFuture<'_, Result<Extent>> {
        Box::pin(extent::extent(&self.api))
    }

    fn tell(&self, what: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(tell::tell(&self.api, what))
    }

    fn hear(&self) -> BoxStream<'static, Bytes> {
        tell::hear(self.api.clone())
    }
}

impl fmt::Debug for JetStreamLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamLog").field("stream", &self.api.stream).finish_non_exhaustive()
    }
}
