//! What an event is, whoever stores it, one array for each column.

use std::borrow::Cow;

use annals_core::{ContentType, NewEvent, StreamName, Timestamp};

use super::payload::{Form, Forms};
use crate::{
    text,
    values::{Id, Json, stored},
};

/// The columns of events that do not depend on how they are stored.
#[derive(Default)]
pub(super) struct EventColumns<'a> {
    pub(super) id: Vec<Id>,
    pub(super) stream: Vec<&'a str>,
    pub(super) category: Vec<Option<&'a str>>,
    pub(super) event_type: Vec<&'a str>,
    pub(super) schema_version: Vec<i64>,
    pub(super) content_type: Vec<Option<&'a str>>,
    pub(super) data: Vec<Option<Json<&'a [u8]>>>,
    pub(super) bytes: Vec<Option<&'a [u8]>>,
    pub(super) metadata: Vec<Option<Json<&'a [u8]>>>,
    pub(super) metadata_bytes: Vec<Option<&'a [u8]>>,
    pub(super) correlation: Vec<Option<Cow<'a, str>>>,
    pub(super) tags: Vec<Option<String>>,
    pub(super) occurred: Vec<Option<i64>>,
    /// The tags with the number of their event; `None` when no event has tags.
    pub(super) tag: Option<Vec<&'a str>>,
    pub(super) tag_event: Option<Vec<i64>>,
}

impl<'a> EventColumns<'a> {
    /// Puts the tags in order, because an index takes neighbours faster.
    pub(super) fn sort_tags(&mut self) {
        let Some((tag, event)) = self.tag.take().zip(self.tag_event.take()) else { return };
        let mut rows: Vec<(&str, i64)> = tag.into_iter().zip(event).collect();
        rows.sort_unstable();
        let (tag, event) = rows.into_iter().unzip();
        (self.tag, self.tag_event) = (Some(tag), Some(event));
    }

    pub(super) fn push(
        &mut self,
        stream: &'a StreamName,
        event: &'a NewEvent,
        forms: Forms,
        number: u64,
    ) {
        self.id.push(Id(event.id.to_bytes()));
        self.stream.push(stream.as_str());
        self.category.push(stream.category_str());
        self.event_type.push(event.event_type.as_str());
        self.schema_version.push(i64::from(event.schema_version));
        let values = EventValues::of(event, forms);
        self.content_type.push(values.content_type);
        self.data.push(values.data.0);
        self.bytes.push(values.data.1);
        self.metadata.push(values.metadata.0);
        self.metadata_bytes.push(values.metadata.1);
        self.correlation.push(values.correlation);
        self.tags.push(values.tags.map(|_| text::array(&event.tags)));
        self.occurred.push(values.occurred);
        for tag in &event.tags {
            self.tag.get_or_insert_default().push(tag.as_str());
            self.tag_event.get_or_insert_default().push(stored(number));
        }
    }
}

/// A value in the column for its form; the other one is NULL.
fn split(bytes: &[u8], form: Form) -> Split<'_> {
    match form {
        Form::Json => (Some(Json(bytes)), None),
        Form::Bytes => (None, Some(bytes)),
    }
}

/// A value as JSON, or as bytes.
pub(super) type Split<'a> = (Option<Json<&'a [u8]>>, Option<&'a [u8]>);

/// What an event becomes in its columns.
pub(super) struct EventValues<'a> {
    pub(super) content_type: Option<&'a str>,
    pub(super) data: Split<'a>,
    pub(super) metadata: Split<'a>,
    pub(super) correlation: Option<Cow<'a, str>>,
    pub(super) tags: Option<Vec<&'a str>>,
    pub(super) occurred: Option<i64>,
}

impl<'a> EventValues<'a> {
    pub(super) fn of(event: &'a NewEvent, forms: Forms) -> Self {
        let is_json = event.content_type == ContentType::Json;
        let (json, bytes) = split(event.metadata.as_bytes(), forms.metadata);
        let has_tags = !event.tags.as_slice().is_empty();
        Self {
            content_type: (!is_json).then(|| event.content_type.as_str()),
            data: split(&event.data, forms.data),
            // Metadata that are empty are none.
            metadata: (json, bytes.filter(|bytes| !bytes.is_empty())),
            correlation: event.metadata.correlation().map(|id| text::correlation(id)),
            tags: has_tags.then(|| event.tags.into_iter().map(|tag| tag.as_str()).collect()),
            occurred: event.time.map(Timestamp::as_micros),
        }
    }
}
