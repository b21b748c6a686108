//! Reading from copies of the database that follow it some time later.
//!
//! * Appends, keyed state, and questions about the store and its streams always go to the primary;
//!   a replica only gives pages of events.
//! * How old a page may be is the user's explicit choice. Every page says how new it is, so a page
//!   that is too old is read again from the primary instead of being waited for.
//! * Pages of one read never go back behind its first page, and a subscription never takes an old
//!   page for the end: the news that would wake it may have come already.
//! * What goes wrong with a replica is never the caller's error.

use std::time::Duration;

use annals_core::{Position, Result};
use deadpool::managed::HookError;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{
    connect::Connector,
    pool::{self, Hook, Object, Pool, no_pool},
    shared::Shared,
    sql::Sql,
    url::Staleness,
};

/// How long replicas are left alone after none of them took a connection.
const REST: Duration = Duration::from_secs(1);
/// How long a connection to a replica may take, when the primary could answer meanwhile.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// The replicas of a store.
#[derive(Debug)]
pub(crate) struct Replicas {
    pool: Pool,
    staleness: Staleness,
    resting: Mutex<Option<Instant>>,
}

/// What a page is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum For {
    /// A read whose first page had this head.
    Read(Option<Position>),
    /// A subscription.
    Following,
}

/// How new a page is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Age {
    /// The newest position of the store when it was read.
    pub(crate) head: Option<Position>,
    /// Whether the page ended before the stretch may have.
    pub(crate) is_full: bool,
}

impl Replicas {
    pub(crate) fn new(
        connector: Connector,
        staleness: Staleness,
        pool_size: usize,
        pool_timeout: Duration,
        store_id: String,
    ) -> Result<Self> {
        let head = Sql::new(&connector.schema).head;
        let pool = pool::builder(connector, pool_size, pool_timeout)
            .create_timeout(Some(CONNECT_MAX))
            .post_create(Hook::async_fn(move |client, _| {
                let (head, store_id) = (head.clone(), store_id.clone());
                Box::pin(async move {
                    let row = client.query_one(&head, &[]).await;
                    let row = row.map_err(|error| HookError::Backend(error.into()))?;
                    if row.get::<_, &str>(1) == store_id {
                        return Ok(());
                    }
                    Err(HookError::message("it has another store in the schema"))
                })
            }))
            .build()
            .map_err(no_pool)?;
        Ok(Self { pool, staleness, resting: Mutex::new(None) })
    }

    /// A connection, if a replica takes one.
    async fn reader(&self) -> Option<Object> {
        if self.resting.lock().is_some_and(|until| Instant::now() < until) {
            return None;
        }
        match self.pool.get().await {
            Ok(client) => Some(client),
            Err(error) => {
                tracing::warn!(%error, "no replica can be read; the primary is read instead");
                *self.resting.lock() = Some(Instant::now() + REST);
                None
            }
        }
    }
}

impl Shared {
    /// Reads a page from a replica if there is one and it is new enough, else from the primary.
    pub(crate) async fn page<T, R: Future<Output = Result<T>>>(
        &self,
        purpose: For,
        read: impl Fn(Object) -> R,
        age: impl Fn(&T) -> Age,
    ) -> Result<T> {
        let Some(replicas) = &self.replicas else { return read(self.reader().await?).await };
        self.check_open()?;
        // Taken before, so that whoever waits for news is woken by what comes later.
        let known = self.newest();
        let found = match replicas.reader().await {
            Some(client) => Some(read(client).await),
            None => None,
        };
        let page = match found {
            Some(Ok(page)) if is_new_enough(replicas.staleness, purpose, known, age(&page)) => page,
            Some(Err(error)) => {
                tracing::debug!(%error, "a replica failed; the primary is read instead");
                read(self.reader().await?).await?
            }
            Some(Ok(_)) | None => read(self.reader().await?).await?,
        };
        // What was read once is not to be missing later.
        if let Some(head) = age(&page).head {
            self.advance(head);
        }
        Ok(page)
    }
}

/// Whether a page of a replica may be given out, by the newest position that was known before.
fn is_new_enough(staleness: Staleness, purpose: For, known: Option<Position>, page: Age) -> bool {
    let wanted = match (staleness, purpose) {
        (Staleness::Own, For::Read(first)) => std::cmp::max(known, first),
        (Staleness::Own, For::Following) => known,
        (Staleness::Any, For::Read(first)) => first,
        // There is more to ask for after a full page.
        (Staleness::Any, For::Following) if page.is_full => None,
        (Staleness::Any, For::Following) => known,
    };
    page.head >= wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(staleness: Staleness, purpose: For, known: u64, head: u64, is_full: bool) -> bool {
        let (known, head) = (Some(Position::new(known)), Some(Position::new(head)));
        is_new_enough(staleness, purpose, known, Age { head, is_full })
    }

    #[test]
    fn own_is_never_behind_what_is_known() {
        for purpose in [For::Read(None), For::Following] {
            for is_full in [false, true] {
                assert!(is_taken(Staleness::Own, purpose, 5, 5, is_full));
                assert!(!is_taken(Staleness::Own, purpose, 5, 4, is_full));
            }
        }
    }

    #[test]
    fn any_takes_old_pages_but_no_read_goes_back() {
        assert!(is_taken(Staleness::Any, For::Read(None), 5, 0, false));
        for staleness in [Staleness::Any, Staleness::Own] {
            let after_first = For::Read(Some(Position::new(7)));
            assert!(is_taken(staleness, after_first, 5, 7, true));
            assert!(!is_taken(staleness, after_first, 5, 6, true));
        }
        let empty = Age { head: None, is_full: false };
        assert!(is_new_enough(Staleness::Own, For::Read(None), None, empty));
    }

    #[test]
    fn a_subscription_takes_no_old_page_for_the_end() {
        assert!(is_taken(Staleness::Any, For::Following, 5, 4, true));
        assert!(!is_taken(Staleness::Any, For::Following, 5, 4, false));
        assert!(is_taken(Staleness::Any, For::Following, 5, 5, false));
    }
}
