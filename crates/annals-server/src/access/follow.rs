//! Following the events that change users, keys and access lists, whoever writes them.

use std::{sync::Arc, time::Duration};

use annals_core::{
    Backend, Category, Delivery, EventType, Query, QueryItem, Result, StreamName, StreamSelector,
    Subscribe, SubscribeStart,
};
use futures_lite::StreamExt;
use tokio::time::{self, MissedTickBehavior};

use super::{acl::SETTINGS, changes::Changes};

/// How often following is begun anew when the store cannot be followed.
const PAUSE: Duration = Duration::from_secs(1);

/// Follows until it is dropped.
pub(crate) async fn follow(store: Arc<dyn Backend>, changes: Arc<Changes>) {
    let mut pause = time::interval(PAUSE);
    pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pause.tick().await;
        let ended = follow_once(store.as_ref(), &changes).await;
        changes.lose();
        if let Err(error) = ended {
            tracing::warn!(%error, "changes of users cannot be followed; each call looks them up");
        }
    }
}

async fn follow_once(store: &dyn Backend, changes: &Changes) -> Result<()> {
    let mut deliveries = store.subscribe(Subscribe::all(subjects()?, SubscribeStart::End));
    while let Some(delivery) = deliveries.next().await {
        match delivery? {
            Delivery::Event(event) => changes.note_written(&event.stream),
            Delivery::CaughtUp { .. } => changes.follow(),
            Delivery::FellBehind { .. } => changes.lose(),
            Delivery::Checkpoint(_) => {}
        }
    }
    Ok(())
}

/// Metadata, the default lists, users and keys.
fn subjects() -> Result<Query> {
    let settings = StreamSelector::Stream(StreamName::new(SETTINGS)?);
    Query::any_of([
        QueryItem::types([EventType::METADATA]),
        QueryItem { streams: vec![settings], ..QueryItem::default() },
        QueryItem::category(Category::new("$user")?),
        QueryItem::category(Category::new("$api")?),
    ])
}
