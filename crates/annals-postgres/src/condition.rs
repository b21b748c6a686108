//! Append conditions in the words of the function `violations`.

use annals_core::{AppendCondition, QueryItem, StreamSelector};
use serde_json::{Value, json};

use crate::{text, values::stored};

pub(crate) fn to_json(condition: &AppendCondition) -> Value {
    let after = condition.after.map_or(-1, |after| stored(after.get()));
    let mut items: Vec<Value> = condition.query.items().iter().map(item).collect();
    if items.is_empty() {
        // An item that asks for nothing matches everything.
        items.push(json!({}));
    }
    json!({ "after": after, "items": items })
}

fn item(item: &QueryItem) -> Value {
    let (streams, categories) = split(&item.streams);
    json!({
        "types": item.types.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "tags": item.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(),
        "streams": streams,
        "categories": categories,
        "correlation": item.correlation.as_ref().map(|id| text::correlation(id)),
    })
}

/// The streams and the categories among selectors.
pub(crate) fn split(selectors: &[StreamSelector]) -> (Vec<&str>, Vec<&str>) {
    let mut streams = Vec::new();
    let mut categories = Vec::new();
    for selector in selectors {
        match selector {
            StreamSelector::Stream(stream) => streams.push(stream.as_str()),
            StreamSelector::Category(category) => categories.push(category.as_str()),
        }
    }
    (streams, categories)
}
