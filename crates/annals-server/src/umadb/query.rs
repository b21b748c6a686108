//! Queries and conditions.

use annals_core::{AppendCondition, EventType, Query, QueryItem, Result, Tag};
use annals_proto::umadb::{AppendCondition as WireCondition, Query as WireQuery};

use crate::wire::position;

/// The query of a reader; without one, and with an item that asks for nothing, it is for all events.
///
/// # Errors
/// `InvalidArgument` and `TooLarge` for types and tags that no event can have, and over the limits
/// of a query.
pub(super) fn query(query: Option<WireQuery>) -> Result<Query> {
    let items = query.into_iter().flat_map(|query| query.items).map(|item| {
        let types = item.types.into_iter().map(EventType::new).collect::<Result<Vec<_>>>()?;
        let tags = item.tags.into_iter().map(Tag::new).collect::<Result<Vec<_>>>()?;
        Ok(QueryItem { types, tags, ..QueryItem::default() })
    });
    Query::any_of(items.collect::<Result<Vec<_>>>()?)
}

/// What must not be there. Without a query, no newer event at all.
pub(super) fn condition(condition: WireCondition) -> Result<AppendCondition> {
    Ok(AppendCondition {
        query: query(condition.fail_if_events_match)?,
        after: condition.after.and_then(position::from_wire),
    })
}
