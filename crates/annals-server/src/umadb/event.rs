//! Events of UmaDB as events of the store and back.
//!
//! The metadata of UmaDB is a map from text to text; here it becomes a JSON object. In that object
//! the tags stand once more under `$tags`, where writers of KurrentDB's protocol put theirs and
//! readers look for them, and the source that an event was made from stands under `$tracking`.

use annals_core::{
    ContentType, Error, EventId, EventType, Metadata, NewEvent, RecordedEvent, Result, Tag, Tags,
};
use annals_proto::umadb::{Event, MetadataEntry, SequencedEvent, TrackingInfo};
use serde_json::{Map, Value, json};

use crate::wire::position;

const TAGS: &str = "$tags";
const TRACKING: &str = "$tracking";
/// The one entry that stands for metadata that is text and no JSON object.
const WHOLE: &str = "$metadata";

/// An event that a client appends.
///
/// # Errors
/// `InvalidArgument` and `TooLarge` for a type, tags or an id that the store does not take, and for
/// metadata with a key twice or with one of the server's own.
pub(super) fn new_event(event: Event, tracking: Option<&TrackingInfo>) -> Result<NewEvent> {
    let id = if event.uuid.is_empty() { EventId::random() } else { event.uuid.parse()? };
    let tags = Tags::new(event.tags.into_iter().map(Tag::new).collect::<Result<Vec<_>>>()?)?;
    Ok(NewEvent {
        id,
        event_type: EventType::new(event.event_type)?,
        schema_version: 1,
        data: event.data,
        // Nobody says what the bytes are.
        content_type: ContentType::Binary,
        metadata: metadata(event.metadata, &tags, tracking)?,
        tags,
        time: None,
    })
}

fn metadata(
    entries: Vec<MetadataEntry>,
    tags: &Tags,
    tracking: Option<&TrackingInfo>,
) -> Result<Metadata> {
    let mut object = Map::new();
    for MetadataEntry { key, value } in entries {
        if key == TAGS || key == TRACKING {
            return Err(Error::invalid(format!(
                "the metadata key `{key}` is set by the server; give tags and tracking in their \
                 own fields"
            )));
        }
        if object.insert(key, Value::String(value)).is_some() {
            return Err(Error::invalid("a metadata key is given twice"));
        }
    }
    let tags: Vec<_> = tags.into_iter().map(Tag::as_str).collect();
    if !tags.is_empty() {
        object.insert(TAGS.to_owned(), json!(tags));
    }
    if let Some(TrackingInfo { source, position }) = tracking {
        object.insert(TRACKING.to_owned(), json!({ "source": source, "position": position }));
    }
    if object.is_empty() {
        return Ok(Metadata::none());
    }
    Ok(Metadata::new(Value::Object(object).to_string()))
}

/// An event that a client reads, whoever wrote it.
pub(super) fn sequenced(event: &RecordedEvent) -> SequencedEvent {
    let metadata = event.metadata.as_bytes();
    let (metadata, tracking_info) =
        if are_tags_alone(metadata, &event.tags) { (Vec::new(), None) } else { told(metadata) };
    let tags = event.tags.into_iter().map(|tag| tag.as_str().to_owned());
    SequencedEvent {
        position: position::to_wire(event.position),
        event: Some(Event {
            event_type: event.event_type.as_str().to_owned(),
            tags: tags.collect(),
            data: event.data.clone(),
            uuid: event.id.to_string(),
            metadata,
        }),
        tracking_info,
    }
}

/// Whether the metadata are what this service writes for an event that has only tags: they need not
/// be parsed. Where it cannot be said by comparing, the answer is no.
fn are_tags_alone(metadata: &[u8], tags: &Tags) -> bool {
    let Some(mut rest) = metadata.strip_prefix(b"{\"$tags\":[\"") else {
        return metadata.is_empty();
    };
    let mut separator: &[u8] = b"";
    for tag in tags {
        let tag = tag.as_str().as_bytes();
        // What JSON writes in another way is not compared.
        let is_plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
        let after = rest.strip_prefix(separator).and_then(|rest| rest.strip_prefix(tag));
        match after.filter(|_| tag.iter().all(is_plain)) {
            Some(after) => rest = after,
            None => return false,
        }
        separator = b"\",\"";
    }
    rest == b"\"]}"
}

/// What the metadata of an event say in this protocol. Values that are no text are told as JSON;
/// bytes that are no text at all cannot be told.
fn told(metadata: &[u8]) -> (Vec<MetadataEntry>, Option<TrackingInfo>) {
    if metadata.is_empty() {
        return (Vec::new(), None);
    }
    let Ok(mut object) = serde_json::from_slice::<Map<String, Value>>(metadata) else {
        let text = std::str::from_utf8(metadata).ok();
        let whole = text.map(|text| entry(WHOLE.to_owned(), text.to_owned()));
        return (whole.into_iter().collect(), None);
    };
    object.remove(TAGS);
    let tracking = object.get(TRACKING).and_then(tracking_info);
    if tracking.is_some() {
        object.remove(TRACKING);
    }
    let entries = object.into_iter().map(|(key, value)| match value {
        Value::String(text) => entry(key, text),
        other => entry(key, other.to_string()),
    });
    (entries.collect(), tracking)
}

const fn entry(key: String, value: String) -> MetadataEntry {
    MetadataEntry { key, value }
}

fn tracking_info(value: &Value) -> Option<TrackingInfo> {
    let source = value.get("source")?.as_str()?.to_owned();
    Some(TrackingInfo { source, position: value.get("position")?.as_u64()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(metadata: &[(&str, &str)]) -> Event {
        let entries = metadata.iter().map(|(k, v)| entry((*k).to_owned(), (*v).to_owned()));
        Event {
            event_type: "opened".to_owned(),
            tags: vec!["a:1".to_owned(), "b".to_owned(), "a:1".to_owned()],
            data: "x".into(),
            uuid: String::new(),
            metadata: entries.collect(),
        }
    }

    #[test]
    fn metadata_tags_and_tracking_come_back() {
        let tracking = TrackingInfo { source: "upstream".to_owned(), position: u64::MAX };
        let new =
            new_event(event(&[("k", "v"), ("$correlationId", "c")]), Some(&tracking)).unwrap();
        assert_eq!(new.metadata.correlation().map(|id| &**id), Some("c"));
        let (entries, told_tracking) = told(new.metadata.as_bytes());
        let expected = [("$correlationId", "c"), ("k", "v")];
        assert_eq!(entries, expected.map(|(k, v)| entry(k.to_owned(), v.to_owned())));
        assert_eq!(told_tracking, Some(tracking));
        let tags: Vec<_> = new.tags.into_iter().map(Tag::as_str).map(str::to_owned).collect();
        assert_eq!(tags, ["a:1", "b"]);
    }

    #[test]
    fn metadata_of_tags_alone_are_known_without_parsing() {
        for tags in [vec![], vec!["a:1"], vec!["a:1", "b", "\u{e4}"]] {
            let new =
                Event { tags: tags.iter().map(|tag| (*tag).to_owned()).collect(), ..event(&[]) };
            let new = new_event(new, None).unwrap();
            assert!(are_tags_alone(new.metadata.as_bytes(), &new.tags), "{tags:?}");
        }
        let tags =
            |tags: &[&str]| Tags::new(tags.iter().map(|tag| Tag::new(*tag).unwrap())).unwrap();
        for (metadata, tags) in [
            (r#"{"$tags":["a"],"k":"v"}"#, tags(&["a"])),
            (r#"{"$tags":["a"],"k":["v"]}"#, tags(&[r#"a"],"k":["v"#])),
            (r#"{"$tags":["a","b"]}"#, tags(&["a"])),
            (r#"{"$tags":["ab"]}"#, tags(&["a", "b"])),
            (r#"{"$tags":[]}"#, tags(&[])),
            (r#"{"k":"v"}"#, tags(&[])),
        ] {
            assert!(!are_tags_alone(metadata.as_bytes(), &tags), "{metadata}");
        }
    }

    #[test]
    fn metadata_of_others_are_told_as_far_as_text_can() {
        let entries = |metadata: &[u8]| told(metadata).0;
        let object = br#"{"$tags":["a"],"n":7,"t":"x"}"#;
        let expected = [("n", "7"), ("t", "x")].map(|(k, v)| entry(k.to_owned(), v.to_owned()));
        assert_eq!(entries(object), expected);
        assert_eq!(entries(b"plain"), [entry(WHOLE.to_owned(), "plain".to_owned())]);
        assert_eq!(entries(b"\xff"), []);
    }

    #[test]
    fn keys_twice_or_of_the_server_are_refused() {
        for metadata in [[("k", "1"), ("k", "2")], [("k", "1"), (TAGS, "2")]] {
            assert!(new_event(event(&metadata), None).is_err(), "{metadata:?}");
        }
        assert!(new_event(Event { uuid: "nonsense".to_owned(), ..event(&[]) }, None).is_err());
    }
}
