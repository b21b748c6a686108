//! A server that is managed.

use std::future::Future;

use annals_proto::kurrentdb::{
    persistent_subscriptions::persistent_subscriptions_client::PersistentSubscriptionsClient,
    streams::streams_client::StreamsClient, users::users_client::UsersClient,
};
use annals_remote::{Dialect, Options, ServerChannel};
use tokio::time::timeout;
use tonic::{Response, Status};

use crate::{Refused, Result};

/// The largest message that is taken: that of an event of the largest size, and then some.
const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A server that is managed. What is asked of it is asked once: an answer that is lost is an error.
#[derive(Debug, Clone)]
pub struct Server {
    channel: ServerChannel,
    dialect: Dialect,
    options: Options,
}

impl Server {
    /// The server that a URL names: `annals:`, or a connection string of KurrentDB's clients. It has
    /// to be called in the context of a Tokio runtime, which drives the connection; the first call
    /// makes it.
    ///
    /// # Errors
    /// `InvalidArgument` for a URL or certificates that cannot be used, `Unsupported` for a cluster.
    pub fn connect(url: &str) -> Result<Self> {
        let server: annals_remote::Server = url.parse()?;
        let options = server.options(Options::default());
        let channel = server.channel(options.clone())?;
        Ok(Self { channel, dialect: server.dialect(), options })
    }

    pub(crate) fn groups_client(&self) -> PersistentSubscriptionsClient<ServerChannel> {
        PersistentSubscriptionsClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn streams_client(&self) -> StreamsClient<ServerChannel> {
        StreamsClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn users_client(&self) -> UsersClient<ServerChannel> {
        UsersClient::new(self.channel.clone())
    }

    /// The answer to a call, within the time that one may take.
    pub(crate) async fn answer<A>(
        &self,
        call: impl Future<Output = Result<Response<A>, Status>>,
    ) -> Result<A> {
        match timeout(self.options.timeout, call).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(Refused::of(&status)),
            Err(_) => {
                let why = format!("the server did not answer within {:?}", self.options.timeout);
                Err(annals_core::Error::new(annals_core::ErrorKind::Timeout, why).into())
            }
        }
    }

    /// A position as the store counts, from the wire.
    pub(crate) const fn position_from(&self, wire: u64) -> u64 {
        match self.dialect {
            Dialect::Annals => wire.saturating_sub(1),
            Dialect::KurrentDb => wire,
        }
    }

    /// A position as the wire counts.
    pub(crate) const fn position_to(&self, position: u64) -> u64 {
        match self.dialect {
            Dialect::Annals => position.saturating_add(1),
            Dialect::KurrentDb => position,
        }
    }
}
