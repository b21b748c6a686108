//! Records as events.
//!
//! The properties of a record become the metadata of its event, a JSON object with the schema
//! beside them, as readers of version 1 expect it: there is no other way to read.

use annals_core::{ContentType, EventId, EventType, Metadata, NewEvent, StreamName, Tags, limits};
use annals_proto::kurrentdb_v2::{AppendRecord, SchemaFormat, SchemaInfo};
use prost_types::value::Kind;
use serde_json::{Map, Number, Value};
use tonic::Status;
use unicode_normalization::is_nfc;
use uuid::Uuid;

use super::error;

/// Up to here a floating-point number names each integer exactly.
const INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

/// The event of a record.
pub(super) fn new_event(record: AppendRecord, stream: &StreamName) -> Result<NewEvent, Status> {
    let id = id(record.record_id.as_deref())?;
    let schema = Schema::new(record.schema)?;
    let mut metadata = Map::new();
    for (name, value) in record.properties {
        let value = json(value).ok_or_else(|| {
            error::bad_request("properties", "a property has a number that JSON cannot say")
        })?;
        metadata.insert(name, value);
    }
    let content_type = schema.content_type();
    let event_type = schema.tell(&mut metadata)?;
    let metadata = Value::Object(metadata).to_string();
    let refused = |why: annals_core::Error| error::bad_request("properties", &why.to_string());
    let event = NewEvent {
        id,
        event_type,
        schema_version: 1,
        data: record.data.unwrap_or_default(),
        content_type,
        tags: Tags::in_metadata(metadata.as_bytes()).map_err(refused)?,
        metadata: Metadata::new(metadata),
        time: None,
    };
    let size = event.size();
    if size > limits::EVENT_BYTES_MAX {
        return Err(error::record_too_large(stream, id.to_string(), size));
    }
    Ok(event)
}

fn id(record_id: Option<&str>) -> Result<EventId, Status> {
    match record_id {
        None | Some("") => Ok(EventId::random()),
        Some(id) => id
            .parse()
            .map_err(|why: annals_core::Error| error::bad_request("record_id", &why.to_string())),
    }
}

/// What the data of a record is.
struct Schema {
    format: SchemaFormat,
    name: String,
    id: Option<String>,
}

impl Schema {
    fn new(schema: Option<SchemaInfo>) -> Result<Self, Status> {
        let schema = schema.ok_or_else(|| error::bad_request("schema", "schema is required"))?;
        let format = match schema.format.map(SchemaFormat::try_from) {
            Some(Ok(format)) if format != SchemaFormat::Unspecified => format,
            _ => return Err(error::bad_request("schema.format", "the format must be said")),
        };
        let name = schema.name.unwrap_or_default();
        let allowed = |c: char| c.is_alphanumeric() || "_.$:-".contains(c);
        if name.is_empty() || !name.chars().all(allowed) || !is_nfc(&name) {
            let why = "the schema's name must be of letters, digits and `_ . $ : -`, in NFC";
            return Err(error::bad_request("schema.name", why));
        }
        let id = schema.id.filter(|id| !id.is_empty());
        if id.as_ref().is_some_and(|id| Uuid::parse_str(id).is_err()) {
            return Err(error::bad_request("schema.id", "the schema's id is not a UUID"));
        }
        Ok(Self { format, name, id })
    }

    fn content_type(&self) -> ContentType {
        match self.format {
            SchemaFormat::Json => ContentType::Json,
            SchemaFormat::Protobuf => ContentType::Other("application/protobuf".into()),
            SchemaFormat::Avro => ContentType::Other("application/avro".into()),
            SchemaFormat::Bytes | SchemaFormat::Unspecified => ContentType::Binary,
        }
    }

    /// Writes the schema down in the metadata, and gives the type of the event.
    fn tell(self, metadata: &mut Map<String, Value>) -> Result<EventType, Status> {
        let format = match self.format {
            SchemaFormat::Json => "Json",
            SchemaFormat::Protobuf => "Protobuf",
            SchemaFormat::Avro => "Avro",
            SchemaFormat::Bytes | SchemaFormat::Unspecified => "Bytes",
        };
        metadata.insert("$schema.name".to_owned(), self.name.as_str().into());
        metadata.insert("$schema.format".to_owned(), format.into());
        if let Some(id) = self.id {
            metadata.insert("$schema.id".to_owned(), id.into());
        }
        EventType::new(self.name).map_err(|why| error::bad_request("schema.name", &why.to_string()))
    }
}

/// A property as JSON; `None` for a number that is none or has no end.
fn json(value: prost_types::Value) -> Option<Value> {
    Some(match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => Value::Bool(value),
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::NumberValue(number)) => Value::Number(json_number(number)?),
        Some(Kind::ListValue(list)) => {
            Value::Array(list.values.into_iter().map(json).collect::<Option<_>>()?)
        }
        Some(Kind::StructValue(fields)) => {
            let fields = fields.fields.into_iter().map(|(name, value)| Some((name, json(value)?)));
            Value::Object(fields.collect::<Option<_>>()?)
        }
    })
}

fn json_number(number: f64) -> Option<Number> {
    if number.fract() == 0.0 && number.abs() <= INTEGER_MAX {
        // Written as it was most likely meant: without a fraction.
        return serde_json::from_str(&format!("{number:.0}")).ok();
    }
    Number::from_f64(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_core::Tag;

    fn record(properties: &[(&str, Kind)]) -> AppendRecord {
        let schema = SchemaInfo {
            format: Some(SchemaFormat::Json as i32),
            name: Some("account.opened".to_owned()),
            id: None,
        };
        let properties = properties.iter().map(|(name, kind)| {
            ((*name).to_owned(), prost_types::Value { kind: Some(kind.clone()) })
        });
        AppendRecord {
            record_id: None,
            properties: properties.collect(),
            schema: Some(schema),
            data: Some("{}".into()),
            stream: None,
        }
    }

    fn made(record: AppendRecord) -> Result<NewEvent, Status> {
        new_event(record, &StreamName::new("a").unwrap())
    }

    #[test]
    fn properties_and_schema_become_metadata() {
        let tags = prost_types::ListValue {
            values: vec![prost_types::Value { kind: Some(Kind::StringValue("a:1".to_owned())) }],
        };
        let event = made(record(&[
            ("$tags", Kind::ListValue(tags)),
            ("n", Kind::NumberValue(-7.0)),
            ("x", Kind::NumberValue(0.5)),
        ]));
        let event = event.unwrap();
        let metadata: Value = serde_json::from_slice(event.metadata.as_bytes()).unwrap();
        let expected = serde_json::json!({
            "$schema.format": "Json", "$schema.name": "account.opened", "$tags": ["a:1"],
            "n": -7, "x": 0.5,
        });
        assert_eq!(metadata, expected);
        let tags: Vec<_> = (&event.tags).into_iter().map(Tag::as_str).collect();
        assert_eq!((tags.as_slice(), event.event_type.as_str()), (&["a:1"][..], "account.opened"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let schema = |format, name: &str, id: Option<&str>| SchemaInfo {
            format: Some(format),
            name: Some(name.to_owned()),
            id: id.map(str::to_owned),
        };
        let wrong = [
            schema(0, "opened", None),
            schema(99, "opened", None),
            schema(1, "", None),
            schema(1, "has space", None),
            // Two ways to write a syllable, and the second is not the normal one.
            schema(1, "\u{1100}\u{1161}", None),
            schema(1, "opened", Some("nonsense")),
        ];
        for schema in wrong {
            let refused = AppendRecord { schema: Some(schema.clone()), ..record(&[]) };
            assert!(made(refused).is_err(), "{schema:?}");
        }
        assert!(made(AppendRecord { schema: None, ..record(&[]) }).is_err());
        let id = Some("nonsense".to_owned());
        assert!(made(AppendRecord { record_id: id, ..record(&[]) }).is_err());
        assert!(made(record(&[("n", Kind::NumberValue(f64::NAN))])).is_err());
    }
}
