//! Folding documents from the log, for live views and for the past. Nothing is kept.

use std::collections::BTreeMap;

use annals_core::{Error, Query, ReadAll, Result};
use futures_lite::StreamExt;

use super::{Keep, View};
use crate::{At, Recorded, app::Store, guard::guard, time::Place};

/// One document as of a moment.
pub(crate) async fn one<V: View>(store: &Store, key: &V::Key, at: At) -> Result<Option<V>> {
    let text = key.to_string();
    let narrowed = guard("asking a view for its query", || V::query(key))?;
    let query = store.query_for::<V::Event>(narrowed)?;
    let mut documents = fold(store, query, at, Some(&text)).await?;
    Ok(documents.remove(&text))
}

/// All documents as of a moment, by key.
pub(crate) async fn all<V: View>(store: &Store, at: At) -> Result<BTreeMap<String, V>> {
    fold(store, store.query_for::<V::Event>(None)?, at, None).await
}

async fn fold<V: View>(
    store: &Store,
    query: Query,
    at: At,
    only: Option<&str>,
) -> Result<BTreeMap<String, V>> {
    let to = match at {
        At::Version(_) => {
            return Err(Error::invalid(
                "a view has no versions, its events are of many streams; look at it at a position \
                 or a time",
            ));
        }
        At::Position(position) => Some(position),
        At::Latest | At::Recorded(_) | At::Time(_) => None,
    };
    let mut documents = BTreeMap::new();
    let mut records = store.backend.read(ReadAll { to, ..ReadAll::new(query) }.into());
    while let Some(record) = records.try_next().await? {
        match at.place(&record) {
            Place::Counts => {}
            Place::LeftOut => continue,
            Place::Past => break,
        }
        for event in store.decode::<V::Event>(record).await? {
            let folding = || take(&mut documents, &event, only);
            guard("folding a view", folding)?;
        }
    }
    Ok(documents)
}

/// Takes an event into the documents it is for.
pub(crate) fn take<V: View>(
    documents: &mut BTreeMap<String, V>,
    event: &Recorded<V::Event>,
    only: Option<&str>,
) {
    for key in V::route(event).texts() {
        if only.is_some_and(|only| only != key) {
            continue;
        }
        let mut document = documents.remove(&key).unwrap_or_default();
        if document.apply(event) == Keep::Keep {
            documents.insert(key, document);
        }
    }
}
