//! CloudEvents 1.0 in the JSON format, ours and others'.
//!
//! `subject` is the stream and `id` the event id; an id that is no UUID gives one that derives
//! from `source` and `id`, which together name the event. Unknown attributes go to the metadata.

use annals::{
    ContentType, EventId, EventType, Metadata, NewEvent, StreamName, Tags, Timestamp, Version,
};
use bytes::Bytes;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    Mapping, Record,
    fields::{Fields, string},
    native::{checked, copy, decode, tags},
    plain,
};

/// Namespace of ids derived from foreign ids; made once, at random.
const NAMESPACE: Uuid = Uuid::from_u128(0xb21d_71a4_58d7_4c5a_8f0e_55c0_9e0a_6d1f);

/// Reads a CloudEvent. Templates of the mapping go before its own attributes.
pub(super) fn parse(fields: &Fields<'_>, line: u64, mapping: &Mapping) -> Result<Record, String> {
    let text = |name: &str| fields.get(name).map(|raw| string(name, raw)).transpose();
    let required = |name: &str| text(name)?.ok_or_else(|| format!("attribute `{name}` is missing"));
    if required("specversion")? != "1.0" {
        return Err("only CloudEvents of specversion 1.0 can be read".to_owned());
    }
    let expand = |template: &super::Template| template.expand(|name| fields.text(name));
    let stream: StreamName = match &mapping.stream {
        Some(template) => checked(StreamName::new(expand(template)?))?,
        None => checked(required("subject")?.parse())?,
    };
    let event_type: EventType = match &mapping.event_type {
        Some(template) => checked(EventType::new(expand(template)?))?,
        None => checked(required("type")?.parse())?,
    };
    let time: Option<Timestamp> = match &mapping.time {
        Some(template) => Some(checked(expand(template)?.parse())?),
        None => text("time")?.map(|time| checked(time.parse())).transpose()?,
    };
    let content_type = match text("datacontenttype")? {
        Some(media_type) => checked(ContentType::new(media_type.into_owned()))?,
        None => ContentType::Json,
    };
    let event = NewEvent {
        id: id(&required("id")?, &required("source")?),
        event_type,
        schema_version: number(text("annalsschemaversion")?, "annalsschemaversion")?.unwrap_or(1),
        data: data(fields, &content_type)?,
        content_type,
        metadata: metadata(fields, mapping)?,
        tags: all_tags(fields, mapping)?,
        time,
    };
    let version = number(text("sequence")?, "sequence").ok().flatten().map(Version::new);
    Ok(Record { line, stream, version, event })
}

fn id(id: &str, source: &str) -> EventId {
    id.parse().unwrap_or_else(|_| {
        let mut name = source.as_bytes().to_vec();
        name.push(b'\n');
        name.extend(id.as_bytes());
        EventId::derived(NAMESPACE, &name)
    })
}

fn number<T: std::str::FromStr>(
    text: Option<std::borrow::Cow<'_, str>>,
    name: &str,
) -> Result<Option<T>, String> {
    let number = text.map(|text| text.parse().map_err(|_| format!("`{name}` must be a number")));
    number.transpose()
}

fn data(fields: &Fields<'_>, content_type: &ContentType) -> Result<Bytes, String> {
    match (fields.get("data"), fields.get("data_base64")) {
        (Some(_), Some(_)) => Err("`data` and `data_base64` exclude each other".to_owned()),
        (None, None) => Ok(Bytes::new()),
        (None, Some(raw)) => decode("data_base64", &string("data_base64", raw)?),
        // A string under a media type that is not JSON is the payload itself.
        (Some(raw), None) if !is_json(content_type) && raw.get().starts_with('"') => {
            Ok(string("data", raw)?.into_owned().into())
        }
        (Some(raw), None) => Ok(copy(raw)),
    }
}

fn is_json(content_type: &ContentType) -> bool {
    let media_type = content_type.as_str();
    let bare = media_type.split(';').next().unwrap_or_default().trim();
    bare.ends_with("/json") || bare.ends_with("+json")
}

/// Our own metadata byte for byte, or the attributes that have no other place here.
fn metadata(fields: &Fields<'_>, mapping: &Mapping) -> Result<Metadata, String> {
    if let Some(raw) = fields.get("annalsmetadata") {
        return Ok(Metadata::new(string("annalsmetadata", raw)?.into_owned()));
    }
    if let Some(raw) = fields.get("annalsmetadatabase64") {
        let name = "annalsmetadatabase64";
        return Ok(Metadata::new(decode(name, &string(name, raw)?)?));
    }
    // One of ours that has no metadata.
    if fields.get("annalsposition").is_some() {
        return Ok(Metadata::none());
    }
    let mut object = plain::Object::default();
    for (name, raw) in fields.iter() {
        match name {
            "correlationid" => object.raw("$correlationId", raw.get()),
            "causationid" => object.raw("$causationId", raw.get()),
            "specversion" | "id" | "type" | "subject" | "time" | "datacontenttype" | "data"
            | "data_base64" | "sequence" | "partitionkey" => {}
            _ if name.starts_with("annals") => {}
            _ => object.raw(name, raw.get()),
        }
    }
    for (key, template) in &mapping.metadata {
        object.text_unless_empty(key, &template.expand(|name| fields.text(name))?);
    }
    Ok(Metadata::new(object.end()))
}

fn all_tags(fields: &Fields<'_>, mapping: &Mapping) -> Result<Tags, String> {
    let own = match fields.get("annalstags") {
        Some(raw) => {
            let text = string("annalstags", raw)?;
            let list: &RawValue = serde_json::from_str(&text)
                .map_err(|_| "`annalstags` must be a JSON array in a string".to_owned())?;
            tags("annalstags", list)?
        }
        None => Tags::none(),
    };
    let added = plain::tags(mapping.tags.iter(), |name| fields.text(name))?;
    checked(Tags::new(own.into_iter().chain(&added).cloned()))
}
