//! Plain rows and objects, taken apart by the templates of the mapping.
//!
//! Columns that the stream, the type, the time or the metadata use up are not repeated in the
//! data; all others are, in their order.

use std::borrow::Cow;

use annals::{
    ContentType, Error, EventId, EventType, Metadata, NewEvent, Result as StoreResult, StreamName,
    Tag, Tags,
};
use bytes::Bytes;

use super::{Mapping, Record, Template, fields::Fields, native::checked};

/// The templates, with columns named in the way rows know them.
#[derive(Debug)]
struct Templates<F> {
    stream: Template<F>,
    event_type: Template<F>,
    time: Option<Template<F>>,
    metadata: Vec<(String, Template<F>)>,
    tags: Vec<Template<F>>,
}

/// A CSV table: which cell goes where.
#[derive(Debug)]
pub(super) struct Table {
    templates: Templates<usize>,
    /// The columns of the data: where, how named, and whether a number.
    data: Vec<(usize, String, Kind)>,
    columns: usize,
}

/// JSON objects: which field goes where.
#[derive(Debug)]
pub(super) struct Objects {
    templates: Templates<String>,
    mapping: Mapping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
}

impl<F> Templates<F> {
    fn new(mapping: &Mapping, find: impl Fn(&String) -> StoreResult<F>) -> StoreResult<Self> {
        let (Some(stream), Some(event_type)) = (&mapping.stream, &mapping.event_type) else {
            return Err(Error::invalid(
                "the records are no events yet: say with `--stream` and `--type` what becomes of \
                 their columns",
            ));
        };
        let resolve = |template: &Template| template.resolve(&find);
        let metadata = mapping.metadata.iter();
        Ok(Self {
            stream: resolve(stream)?,
            event_type: resolve(event_type)?,
            time: mapping.time.as_ref().map(resolve).transpose()?,
            metadata: metadata
                .map(|(key, template)| Ok((key.clone(), resolve(template)?)))
                .collect::<StoreResult<_>>()?,
            tags: mapping.tags.iter().map(resolve).collect::<StoreResult<_>>()?,
        })
    }

    fn record<'v>(
        &self,
        line: u64,
        id: EventId,
        data: Bytes,
        value: impl Fn(&F) -> Result<Cow<'v, str>, String>,
    ) -> Result<Record, String> {
        let mut metadata = Object::default();
        for (key, template) in &self.metadata {
            metadata.text_unless_empty(key, &template.expand(&value)?);
        }
        let time = self.time.as_ref().map(|template| checked(template.expand(&value)?.parse()));
        let event = NewEvent {
            id,
            event_type: checked(EventType::new(self.event_type.expand(&value)?))?,
            schema_version: 1,
            data,
            content_type: ContentType::Json,
            metadata: Metadata::new(metadata.end()),
            tags: tags(self.tags.iter(), &value)?,
            time: time.transpose()?,
        };
        let stream = checked(StreamName::new(self.stream.expand(&value)?))?;
        Ok(Record { line, stream, version: None, event })
    }
}

impl Table {
    /// Finds the columns of the templates.
    pub(super) fn new(mapping: &Mapping, columns: &[String]) -> StoreResult<Self> {
        let find = |name: &String| {
            columns.iter().position(|column| column == name).ok_or_else(|| {
                let known = columns.join("`, `");
                Error::invalid(format!("there is no column `{name}`; there are `{known}`"))
            })
        };
        for name in &mapping.numbers {
            find(name)?;
        }
        let data = columns.iter().enumerate().filter(|(_, name)| !mapping.uses_up(name));
        let kind = |name| if mapping.numbers.contains(name) { Kind::Number } else { Kind::Text };
        Ok(Self {
            templates: Templates::new(mapping, find)?,
            data: data.map(|(index, name)| (index, name.clone(), kind(name))).collect(),
            columns: columns.len(),
        })
    }

    pub(super) fn record(
        &self,
        line: u64,
        id: EventId,
        cells: &csv::ByteRecord,
    ) -> Result<Record, String> {
        if cells.len() != self.columns {
            return Err(format!("{} cells under {} columns", cells.len(), self.columns));
        }
        let cell = |index: &usize| {
            let cell = cells.get(*index).unwrap_or_default();
            str::from_utf8(cell).map_err(|_| format!("cell {} is not UTF-8 text", index + 1))
        };
        let mut data = Object::default();
        for (index, name, kind) in &self.data {
            match (kind, cell(index)?) {
                (Kind::Text, text) => data.text(name, text),
                (Kind::Number, "") => data.raw(name, "null"),
                (Kind::Number, text) if is_json_number(text) => data.raw(name, text),
                (Kind::Number, text) => return Err(format!("`{text}` in `{name}` is no number")),
            }
        }
        self.templates
            .record(line, id, data.end_with_braces(), |index| cell(index).map(Cow::Borrowed))
    }
}

impl Objects {
    pub(super) fn new(mapping: &Mapping) -> StoreResult<Self> {
        let templates = Templates::new(mapping, |name| Ok(name.clone()))?;
        Ok(Self { templates, mapping: mapping.clone() })
    }

    pub(super) fn record(
        &self,
        line: u64,
        id: EventId,
        fields: &Fields<'_>,
    ) -> Result<Record, String> {
        let mut data = Object::default();
        for (name, value) in fields.iter().filter(|(name, _)| !self.mapping.uses_up(name)) {
            data.raw(name, value.get());
        }
        let data = data.end_with_braces();
        self.templates.record(line, id, data, |name| fields.text(name))
    }
}

fn is_json_number(text: &str) -> bool {
    let is_value = serde_json::from_str::<&serde_json::value::RawValue>(text)
        .is_ok_and(|value| value.get().len() == text.len());
    is_value && text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// The tags that the templates give; empty ones are left out.
pub(super) fn tags<'t, 'v, F: 't>(
    templates: impl Iterator<Item = &'t Template<F>>,
    value: impl Fn(&F) -> Result<Cow<'v, str>, String>,
) -> Result<Tags, String> {
    let mut tags = Vec::new();
    for template in templates {
        let text = template.expand(&value)?;
        if !text.is_empty() {
            tags.push(checked(Tag::new(text))?);
        }
    }
    checked(Tags::new(tags))
}

/// A JSON object that is written field by field.
#[derive(Debug, Default)]
pub(super) struct Object {
    text: Vec<u8>,
}

impl Object {
    fn key(&mut self, key: &str) {
        self.text.push(if self.text.is_empty() { b'{' } else { b',' });
        self.string(key);
        self.text.push(b':');
    }

    fn string(&mut self, text: &str) {
        // A string always has a JSON form, and memory takes what is written to it.
        drop(serde_json::to_writer(&mut self.text, text));
    }

    /// A field with a text.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }

    /// A field with a text, if there is any.
    pub(super) fn text_unless_empty(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.text(key, text);
        }
    }

    /// A field with a JSON value.
    pub(super) fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.text.extend(json.as_bytes());
    }

    /// The object, or nothing when it has no fields.
    pub(super) fn end(mut self) -> Bytes {
        if !self.text.is_empty() {
            self.text.push(b'}');
        }
        self.text.into()
    }

    /// The object, `{}` when it has no fields.
    pub(super) fn end_with_braces(self) -> Bytes {
        let text = self.end();
        if text.is_empty() { Bytes::from_static(b"{}") } else { text }
    }
}
