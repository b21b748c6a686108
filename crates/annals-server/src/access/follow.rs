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
    let mut is_followed = false;
    while let Some(delivery) = deliveries.next().await {
        match delivery? {
            Delivery::Event(event) => changes.note_written(&event.stream),
            // The second time, all that was written in between has been given.
            Delivery::CaughtUp { .. } if !is_followed => {
                changes.follow();
                is_followed = true;
            }
            Delivery::CaughtUp { .. } | Delivery::FellBehind { .. } | Delivery::Checkpoint(_) => {}
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

#[cfg(test)]
mod tests {
    use annals_core::{Append, ExpectedVersion, MemoryBackend, NewEvent, StreamMetadata};

    use super::*;

    async fn until(mut is_so: impl FnMut() -> bool) {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn users_keys_lists_and_settings_are_noticed_and_nothing_else() {
        let store = Arc::new(MemoryBackend::new());
        let changes = Arc::new(Changes::new());
        let following = tokio::spawn(follow(Arc::clone(&store) as _, Arc::clone(&changes)));
        until(|| changes.is_following()).await;
        let begin = changes.total();
        let stream = |name: &str| StreamName::new(name.to_owned()).unwrap();
        let event = || NewEvent::new(EventType::new("changed").unwrap(), "{}");
        let any = ExpectedVersion::Any;
        for (count, name) in (1..).zip(["$user-ann", "$api-key-shop", SETTINGS]) {
            store.append(Append::to(stream(name), any, [event()])).await.unwrap();
            until(|| changes.total() == begin + count).await;
        }
        store.append(Append::to(stream("account-1"), any, [event()])).await.unwrap();
        let metadata = StreamMetadata::default();
        store.set_stream_metadata(&stream("account-1"), any, &metadata).await.unwrap();
        until(|| changes.total() > begin + 3).await;
        assert_eq!(changes.total(), begin + 4);
        following.abort();
    }

    #[tokio::test]
    async fn nothing_is_trusted_once_the_store_is_closed() {
        let store = Arc::new(MemoryBackend::new());
        let changes = Arc::new(Changes::new());
        let following = tokio::spawn(follow(Arc::clone(&store) as _, Arc::clone(&changes)));
        until(|| changes.is_following()).await;
        store.close().await.unwrap();
        until(|| !changes.is_following()).await;
        following.abort();
    }
}
