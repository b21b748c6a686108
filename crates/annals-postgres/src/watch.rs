//! Learning of commits that other processes make.
//!
//! Every append announces the new head. A connection of its own listens, and asks for the head
//! now and then, so that a lost announcement only delays.

use std::{future::poll_fn, sync::Arc, time::Duration};

use futures_lite::future;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_postgres::{AsyncMessage, Client};

use crate::{lookout::look_out, route::Driven, shared::Shared, sql::quoted, values::number};

/// The pause before a lost connection is made anew.
const PAUSE: Duration = Duration::from_millis(200);

/// Listens until the store closes.
pub(crate) async fn watch(shared: Arc<Shared>, poll_every: Duration) {
    shared.runtime.spawn(look_out(Arc::clone(&shared)));
    while shared.check_open().is_ok() {
        if let Err(error) = listen(&shared, poll_every).await {
            tracing::warn!(%error, "listening for commits of others was interrupted");
        }
        // The pause ends early when the store closes.
        drop(timeout(PAUSE, shared.changed.listen()).await);
    }
}

async fn listen(shared: &Arc<Shared>, poll_every: Duration) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = shared.connector.open().await?;
    let driven = drive(Arc::clone(shared), connection);
    let asked = async {
        client.batch_execute(&shared.connector.setup).await?;
        client.batch_execute(&format!("LISTEN {}", quoted(&shared.channel))).await?;
        let mut ticks = interval(poll_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shared.check_open().is_ok() {
            ticks.tick().await;
            ask(shared, &client).await?;
        }
        Ok(())
    };
    future::or(driven, asked).await
}

async fn ask(shared: &Shared, client: &Client) -> Result<(), tokio_postgres::Error> {
    let row = client.query_one(&shared.sql.head, &[]).await?;
    if let Some(head) = number(row.get(0)) {
        shared.advance(annals_core::Position::new(head));
    }
    Ok(())
}

/// Drives the connection and takes announcements in.
async fn drive(shared: Arc<Shared>, mut connection: Driven) -> Result<(), tokio_postgres::Error> {
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notification(notification) = message?
            && let Ok(head) = notification.payload().parse()
        {
            shared.advance(annals_core::Position::new(head));
        }
    }
    Ok(())
}
