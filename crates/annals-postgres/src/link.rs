//! The connection that appends go over, which also hears of those of others.
//!
//! A session is told of commits by others only between its own calls, and of its own commits
//! without a signal to anybody. So a process that appends alone announces nothing: `append` asks
//! whether another session listens, by the lock that each link shares.

use std::{fmt, future::poll_fn, ops::Deref, sync::Arc, time::Duration};

use annals_core::{ErrorKind, Position, Result};
use async_channel::{Receiver, Sender};
use tokio::time::{Instant, interval_at};
use tokio_postgres::{AsyncMessage, Statement};

use crate::{
    route::Driven,
    session::Session,
    shared::Shared,
    sql::{self, quoted},
    unreached::Unreached,
};

/// The pause after the first failed attempt; it doubles up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// A connection on which appends are prepared, and that listens.
pub(crate) struct Link {
    session: Session,
    pub(crate) append: Statement,
    pub(crate) append_event: Statement,
    /// Closed when the connection has ended.
    end: Receiver<()>,
}

impl Link {
    async fn open(shared: &Arc<Shared>) -> Result<Self, Unreached> {
        let connector = &shared.connector;
        let (ends, end) = async_channel::bounded(1);
        let driven = |connection| drive(Arc::clone(shared), connection, ends);
        let session = connector.driven_by(driven).await?;
        let schema = &connector.schema;
        session.batch_execute(&format!("SET search_path = {schema}, pg_catalog")).await?;
        let append = session.prepare(&sql::call(schema, "append", 42)).await?;
        let append_event = session.prepare(&sql::call_one(schema, "append_event", 19)).await?;
        session.batch_execute(&listen(&shared.channel)).await?;
        // What was committed before it listened.
        shared.ask(&session).await?;
        Ok(Self { session, append, append_event, end })
    }

    /// A link, tried for a while where trying can help.
    pub(crate) async fn open_patiently(shared: &Arc<Shared>) -> Result<Self> {
        let deadline = Instant::now() + shared.connector.patience;
        let mut pause = PAUSE_FIRST;
        loop {
            let error = match Self::open(shared).await {
                Ok(link) => return Ok(link),
                Err(error) => error.while_doing("connecting"),
            };
            if error.kind() != ErrorKind::Unavailable || Instant::now() + pause > deadline {
                return Err(error);
            }
            wait(&mut pause).await;
        }
    }

    /// A link as soon as there can be one: nobody waits for it.
    pub(crate) async fn open_at_last(shared: &Arc<Shared>) -> Self {
        let mut pause = PAUSE_FIRST;
        loop {
            match Self::open(shared).await {
                Ok(link) => return link,
                Err(error) => tracing::debug!(%error, "no connection for appends yet"),
            }
            wait(&mut pause).await;
        }
    }

    /// Waits until the connection has ended.
    pub(crate) async fn ended(&self) {
        while self.end.recv().await.is_ok() {}
    }
}

/// Listens, and lets those who append know that somebody does.
fn listen(channel: &str) -> String {
    format!(
        "SELECT pg_advisory_lock_shared(1634627180, 'store'::regclass::oid::integer); LISTEN {}",
        quoted(channel)
    )
}

async fn wait(pause: &mut Duration) {
    interval_at(Instant::now() + *pause, *pause).tick().await;
    *pause = std::cmp::min(*pause * 2, PAUSE_MAX);
}

/// Drives the connection and takes announcements in.
async fn drive(shared: Arc<Shared>, mut connection: Driven, _ends: Sender<()>) {
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notification(notification)) => {
                if let Ok(head) = notification.payload().parse() {
                    shared.advance(Position::new(head));
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "a connection to PostgreSQL ended");
                return;
            }
        }
    }
}

impl Deref for Link {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}
