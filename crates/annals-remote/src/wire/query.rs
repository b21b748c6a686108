//! Queries.

use annals_core::{Query, QueryItem, StreamSelector};
use annals_proto::annals::{self as wire, stream_selector::Selector};

/// A query as a message.
pub(crate) fn query(query: &Query) -> wire::Query {
    wire::Query { items: query.items().iter().map(item).collect() }
}

fn item(item: &QueryItem) -> wire::QueryItem {
    wire::QueryItem {
        types: item.types.iter().map(ToString::to_string).collect(),
        tags: item.tags.iter().map(ToString::to_string).collect(),
        streams: item.streams.iter().map(selector).collect(),
        correlation: item.correlation.as_ref().map(ToString::to_string),
    }
}

fn selector(selector: &StreamSelector) -> wire::StreamSelector {
    let selector = match selector {
        StreamSelector::Stream(stream) => Selector::Stream(stream.to_string()),
        StreamSelector::Category(category) => Selector::Category(category.to_string()),
    };
    wire::StreamSelector { selector: Some(selector) }
}
