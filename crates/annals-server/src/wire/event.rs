//! Events: as clients propose them, and as they read them.

use std::collections::BTreeMap;

use annals_core::{
    ContentType, Error, EventType, Metadata, NewEvent, RecordedEvent, Result, Tags, limits,
};
use annals_proto::kurrentdb::{Uuid as WireUuid, streams::read_resp::read_event};
use bytes::Bytes;
use tonic::{Code, Status};

use super::{
    ids::{self, UuidForm},
    position,
    status::{exception, status},
};

const TYPE: &str = "type";
const CONTENT_TYPE: &str = "content-type";
const CREATED: &str = "created";

/// An event as a client proposes it, in whichever message it came.
#[derive(Debug)]
pub(crate) struct Proposed {
    pub(crate) id: Option<WireUuid>,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) custom_metadata: Bytes,
    pub(crate) data: Bytes,
}

/// Why a proposed event is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// A property that every event must have is not there.
    Missing(&'static str),
    /// The event is over the limit.
    TooLarge { id: String, size: usize },
    /// Anything else.
    Invalid(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Invalid(error)
    }
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Missing(property) => exception(
                Code::InvalidArgument,
                "missing-required-metadata-property",
                format!("Required Metadata Property '{property}' is missing"),
                &[("required-metadata-properties", "type,content-type")],
            ),
            Refused::TooLarge { id, size } => {
                let (size, limit) = (size.to_string(), limits::EVENT_BYTES_MAX.to_string());
                exception(
                    Code::InvalidArgument,
                    "maximum-append-event-size-exceeded",
                    format!(
                        "Event with Id: {id}, Size: {size}, exceeds Maximum Append Event Size of \
                         {limit}."
                    ),
                    &[
                        ("maximum-append-event-size", &limit),
                        ("event-id", &id),
                        ("proposed-append-event-size", &size),
                    ],
                )
            }
            Refused::Invalid(error) => status(&error),
        }
    }
}

/// The event that a client proposes.
pub(crate) fn new_event(mut proposed: Proposed) -> Result<NewEvent, Refused> {
    let event_type = proposed.properties.remove(TYPE).ok_or(Refused::Missing(TYPE))?;
    let content_type =
        proposed.properties.remove(CONTENT_TYPE).ok_or(Refused::Missing(CONTENT_TYPE))?;
    let id = ids::event_id(proposed.id)?;
    let tags = Tags::in_metadata(&proposed.custom_metadata)?;
    let event = NewEvent {
        id,
        event_type: EventType::new(event_type)?,
        schema_version: 1,
        data: proposed.data,
        content_type: ContentType::new(content_type)?,
        metadata: Metadata::new(proposed.custom_metadata),
        tags,
        time: None,
    };
    let size = event.size();
    if size > limits::EVENT_BYTES_MAX {
        return Err(Refused::TooLarge { id: id.to_string(), size });
    }
    Ok(event)
}

/// An event as clients read it.
pub(crate) fn recorded(event: &RecordedEvent, form: UuidForm) -> read_event::RecordedEvent {
    let position = position::to_wire(event.position);
    read_event::RecordedEvent {
        id: Some(ids::uuid_to_wire(event.id.as_uuid(), form)),
        stream_identifier: Some(ids::stream_to_wire(&event.stream)),
        stream_revision: event.version.get(),
        prepare_position: position,
        commit_position: position,
        metadata: properties(event),
        custom_metadata: event.metadata.as_bytes().clone(),
        data: event.data.clone(),
    }
}

/// What the store knows of an event beside its data.
pub(crate) fn properties(event: &RecordedEvent) -> BTreeMap<String, String> {
    // Clients decide by it how to decode, and know two of them.
    let content_type = match event.content_type {
        ContentType::Json => ContentType::Json.as_str(),
        ContentType::Binary | ContentType::Other(_) => ContentType::Binary.as_str(),
    };
    let ticks = event.recorded_at.as_micros().saturating_mul(10);
    BTreeMap::from([
        (CONTENT_TYPE.to_owned(), content_type.to_owned()),
        (CREATED.to_owned(), ticks.to_string()),
        (TYPE.to_owned(), event.event_type.as_str().to_owned()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn proposed() -> Proposed {
        let id = ids::uuid_to_wire(Uuid::from_u128(7), UuidForm::Text);
        let properties = [(TYPE, "opened"), (CONTENT_TYPE, "application/json")];
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Proposed {
            id: Some(id),
            properties: properties.map(owned).into(),
            custom_metadata: Bytes::new(),
            data: Bytes::from_static(b"{}"),
        }
    }

    #[test]
    fn an_event_needs_a_type_and_a_content_type() {
        for property in [TYPE, CONTENT_TYPE] {
            let mut proposed = proposed();
            proposed.properties.remove(property);
            let status = Status::from(new_event(proposed).unwrap_err());
            assert_eq!(status.code(), Code::InvalidArgument);
            assert!(status.message().contains(property), "{}", status.message());
        }
    }

    #[test]
    fn tags_are_found_in_the_metadata() {
        let with = |metadata: &'static str| {
            new_event(Proposed {
                custom_metadata: Bytes::from_static(metadata.as_bytes()),
                ..proposed()
            })
        };
        let event = with(r#"{"$tags":["a:1","b"],"x":1}"#).unwrap();
        let tags: Vec<_> = event.tags.into_iter().map(|tag| tag.as_str().to_owned()).collect();
        assert_eq!(tags, ["a:1", "b"]);
        assert!(with("$tags, but no JSON").unwrap().tags.into_iter().next().is_none());
        assert!(with(r#"{"$tags":"a"}"#).is_err());
        assert!(with(r#"{"$tags":[7]}"#).is_err());
    }

    #[test]
    fn an_event_over_the_limit_is_named() {
        let data = Bytes::from(vec![0; limits::EVENT_BYTES_MAX]);
        let status = Status::from(new_event(Proposed { data, ..proposed() }).unwrap_err());
        let trailer = status.metadata().get("event-id").unwrap().to_str().unwrap();
        assert_eq!(trailer, Uuid::from_u128(7).to_string());
    }
}
