//! Queries.

use annals_core::{
    Category, Error, EventType, Query, QueryItem, Result, StreamName, StreamSelector, Tag,
};
use annals_proto::annals::{self as wire, stream_selector::Selector};
use bytestring::ByteString;

/// The query that a client sends; none means every event.
///
/// # Errors
/// `InvalidArgument` for names that are none, and for a selector that is not set or is newer than
/// the server: what it leaves out must not be taken for everything.
pub(crate) fn query(query: Option<wire::Query>) -> Result<Query> {
    let items = query.unwrap_or_default().items.into_iter().map(item);
    Query::any_of(items.collect::<Result<Vec<_>>>()?)
}

fn item(item: wire::QueryItem) -> Result<QueryItem> {
    Ok(QueryItem {
        types: item.types.into_iter().map(EventType::new).collect::<Result<_>>()?,
        tags: item.tags.into_iter().map(Tag::new).collect::<Result<_>>()?,
        streams: item.streams.into_iter().map(selector).collect::<Result<_>>()?,
        correlation: item.correlation.map(ByteString::from),
    })
}

fn selector(selector: wire::StreamSelector) -> Result<StreamSelector> {
    match selector.selector {
        Some(Selector::Stream(stream)) => StreamName::new(stream).map(StreamSelector::Stream),
        Some(Selector::Category(category)) => Category::new(category).map(StreamSelector::Category),
        None => Err(Error::invalid("a selector of streams is not set, or newer than the server")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_keeps_all_of_its_parts() {
        let item = wire::QueryItem {
            types: vec!["opened".to_owned()],
            tags: vec!["a:1".to_owned()],
            streams: vec![
                wire::StreamSelector { selector: Some(Selector::Stream("s".to_owned())) },
                wire::StreamSelector { selector: Some(Selector::Category("c".to_owned())) },
            ],
            correlation: Some("x".to_owned()),
        };
        let found = query(Some(wire::Query { items: vec![item] })).unwrap();
        let [item] = found.items() else { panic!("one item") };
        assert_eq!((item.types.len(), item.tags.len(), item.streams.len()), (1, 1, 2));
        assert_eq!(item.correlation.as_deref(), Some("x"));
        assert!(query(None).unwrap().is_all());
    }

    #[test]
    fn a_selector_that_is_not_known_is_not_taken_for_everything() {
        let streams = vec![wire::StreamSelector { selector: None }];
        let item = wire::QueryItem { streams, ..Default::default() };
        assert!(query(Some(wire::Query { items: vec![item] })).is_err());
    }
}
