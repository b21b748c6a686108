//! A server that is managed.

use std::future::Future;

use annals_client::{Connection, MESSAGE_BYTES_MAX, Options};
use annals_proto::kurrentdb::{
    persistent_subscriptions::persistent_subscriptions_client::PersistentSubscriptionsClient,
    streams::streams_client::StreamsClient, users::users_client::UsersClient,
};
use tokio::time::timeout;
use tonic::{Response, Status};

use crate::{Refused, Result};

/// How a server is named.
#[derive(Debug, Clone, Copy)]
pub enum At<'a> {
    /// By a URL of ours: the position of an event is what the store says, one less than on the
    /// wire.
    Annals(&'a annals_remote::Target),
    /// By the connection string of KurrentDB's clients: positions are what stands on the wire.
    KurrentDb(&'a annals_kurrentdb::Target),
}

/// A server that is managed. What is asked of it is asked once: an answer that is lost is an error.
#[derive(Debug, Clone)]
pub struct Server {
    connection: Connection,
    counts: Counts,
    options: Options,
}

/// How positions are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    AsTheStore,
    AsTheWire,
}

impl Server {
    /// The server at a place, which is looked for where the place says so. It has to be called in
    /// the context of a Tokio runtime, which drives the connection; the first call makes it.
    ///
    /// # Errors
    /// `InvalidArgument` for certificates that cannot be used, `Unavailable` where no server of a
    /// cluster is suited.
    pub async fn connect(at: At<'_>) -> Result<Self> {
        Ok(match at {
            At::Annals(target) => {
                let options = target.options(Options::default());
                let connection = target.connection(&options)?;
                Self { connection, counts: Counts::AsTheStore, options }
            }
            At::KurrentDb(target) => {
                let options = target.options(Options::default());
                let connection = target.connection(&options).await?;
                Self { connection, counts: Counts::AsTheWire, options }
            }
        })
    }

    pub(crate) fn groups_client(&self) -> PersistentSubscriptionsClient<Connection> {
        PersistentSubscriptionsClient::new(self.connection.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn streams_client(&self) -> StreamsClient<Connection> {
        StreamsClient::new(self.connection.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn users_client(&self) -> UsersClient<Connection> {
        UsersClient::new(self.connection.clone())
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
        match self.counts {
            Counts::AsTheStore => wire.saturating_sub(1),
            Counts::AsTheWire => wire,
        }
    }

    /// A position as the wire counts.
    pub(crate) const fn position_to(&self, position: u64) -> u64 {
        match self.counts {
            Counts::AsTheStore => position.saturating_add(1),
            Counts::AsTheWire => position,
        }
    }
}
