//! The names of streams: a server lists none, so all events are gone through.

use std::{collections::HashSet, sync::Arc};

use annals_core::{BoxStream, Category, Query, QueryItem, Read, ReadAll, Result, StreamName};
use futures_lite::StreamExt;

use crate::{connect::Shared, read::read};

/// The names in the order of their first event. Names that were given are remembered, so the memory
/// this takes grows with their number.
pub(crate) fn streams(
    shared: &Arc<Shared>,
    category: Option<Category>,
) -> BoxStream<'static, Result<StreamName>> {
    let query = match category {
        Some(category) => Query::any_of([QueryItem::category(category)]),
        None => Ok(Query::all()),
    };
    let query = match query {
        Ok(query) => query,
        Err(error) => return futures_lite::stream::once(Err(error)).boxed(),
    };
    let mut known = HashSet::new();
    let events = read(shared, Read::All(ReadAll::new(query)));
    let names = events.filter_map(move |event| match event {
        Ok(event) => known.insert(event.stream.clone()).then_some(Ok(event.stream)),
        Err(error) => Some(Err(error)),
    });
    names.boxed()
}
