//! A server that is managed.

use std::{future::Future, sync::Arc};

pub(crate) use annals_client::Connection;
use annals_client::{MESSAGE_BYTES_MAX, Options};
use annals_proto::kurrentdb::{
    streams::streams_client::StreamsClient, users::users_client::UsersClient,
};
use parking_lot::Mutex;
use tokio::time::timeout;
use tonic::{Response, Status};

use crate::{Refused, Result, leader::Groups};

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
/// Of a cluster any server can be named; what is about groups goes to the one that drives them.
#[derive(Debug, Clone)]
pub struct Server {
    place: Place,
    connection: Connection,
    /// To the server that drives the groups, as far as that is known.
    leader: Arc<Mutex<Connection>>,
    options: Options,
}

/// How a server is reached, and how it tells positions.
#[derive(Debug, Clone)]
enum Place {
    /// As the store.
    Annals(annals_remote::Target),
    /// As the wire.
    KurrentDb(annals_kurrentdb::Target),
}

impl Server {
    /// The server at a place, which is looked for where the place says so. It has to be called in
    /// the context of a Tokio runtime, which drives the connection; the first call makes it.
    ///
    /// # Errors
    /// `InvalidArgument` for certificates that cannot be used, `Unavailable` where no server of a
    /// cluster is suited.
    pub async fn connect(at: At<'_>) -> Result<Self> {
        let (place, connection, options) = match at {
            At::Annals(target) => {
                let options = target.options(Options::default());
                let connection = target.connection(&options)?;
                (Place::Annals(target.clone()), connection, options)
            }
            At::KurrentDb(target) => {
                let options = target.options(Options::default());
                let connection = target.connection(&options).await?;
                (Place::KurrentDb(target.clone()), connection, options)
            }
        };
        let leader = Arc::new(Mutex::new(connection.clone()));
        Ok(Self { place, connection, leader, options })
    }

    /// From now on another server is asked about groups.
    pub(crate) fn move_to(&self, authority: &str) -> Result<()> {
        let connection = match &self.place {
            Place::Annals(target) => target.connection_to(authority, &self.options),
            Place::KurrentDb(target) => target.connection_to(authority, &self.options),
        };
        *self.leader.lock() = connection?;
        Ok(())
    }

    pub(crate) fn groups_client(&self) -> Groups {
        Groups::new(self.leader.lock().clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Of the server that drives the groups: what these have stored is known there first.
    pub(crate) fn streams_client(&self) -> StreamsClient<Connection> {
        StreamsClient::new(self.leader.lock().clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn users_client(&self) -> UsersClient<Connection> {
        UsersClient::new(self.connection.clone())
    }

    /// The answer to a call, within the time that one may take.
    pub(crate) async fn answer<A>(
        &self,
        call: impl Future<Output = Result<Response<A>, Status>>,
    ) -> Result<A> {
        let answer = self.within_time(call).await?;
        answer.map(Response::into_inner).map_err(|status| Refused::of(&status))
    }

    /// What a call comes to, within the time that one may take.
    pub(crate) async fn within_time<A>(
        &self,
        call: impl Future<Output = Result<A, Status>>,
    ) -> Result<Result<A, Status>> {
        timeout(self.options.timeout, call).await.map_err(|_| {
            let why = format!("the server did not answer within {:?}", self.options.timeout);
            annals_core::Error::new(annals_core::ErrorKind::Timeout, why).into()
        })
    }

    /// A position as the store counts, from the wire.
    pub(crate) const fn position_from(&self, wire: u64) -> u64 {
        match self.place {
            Place::Annals(_) => wire.saturating_sub(1),
            Place::KurrentDb(_) => wire,
        }
    }

    /// A position as the wire counts.
    pub(crate) const fn position_to(&self, position: u64) -> u64 {
        match self.place {
            Place::Annals(_) => position.saturating_add(1),
            Place::KurrentDb(_) => position,
        }
    }
}
