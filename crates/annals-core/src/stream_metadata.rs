//! The settings of a stream: retention, access, and the user's own fields.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{
    Error, EventId, EventType, ExpectedVersion, NewEvent, Result, StreamName, StreamWrite, Version,
};

/// The settings of a stream, kept as JSON in the last event of its metastream `$$stream`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamMetadata {
    /// Events older than this many seconds are no longer read (`$maxAge`).
    pub max_age_seconds: Option<u64>,
    /// Only this many of the newest events are read (`$maxCount`).
    pub max_count: Option<u64>,
    /// Events before this version are no longer read (`$tb`).
    pub truncate_before: Option<Version>,
    /// How many seconds answers may be cached (`$cacheControl`).
    pub cache_control_seconds: Option<u64>,
    /// Who may do what (`$acl`).
    pub acl: Option<Acl>,
    /// Everything else, as given.
    pub custom: Map<String, Value>,
}

/// Who may do what with a stream: user or group names. `None` leaves it to the defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acl {
    /// Read events (`$r`).
    pub read: Option<Vec<String>>,
    /// Append events (`$w`).
    pub write: Option<Vec<String>>,
    /// Delete the stream (`$d`).
    pub delete: Option<Vec<String>>,
    /// Read the metadata (`$mr`).
    pub metadata_read: Option<Vec<String>>,
    /// Write the metadata (`$mw`).
    pub metadata_write: Option<Vec<String>>,
}

const MAX_AGE: &str = "$maxAge";
const MAX_COUNT: &str = "$maxCount";
const TRUNCATE_BEFORE: &str = "$tb";
const CACHE_CONTROL: &str = "$cacheControl";
const ACL: &str = "$acl";

impl StreamMetadata {
    /// The metadata of a soft-deleted stream.
    #[must_use]
    pub fn deleted() -> Self {
        Self { truncate_before: Some(Version::DELETED), ..Self::default() }
    }

    /// Whether this metadata means that the stream is deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.truncate_before.is_some_and(|before| before >= Version::DELETED)
    }

    /// Reads the JSON object. Settings that are zero, negative or of another type are ignored,
    /// as KurrentDB does; unknown keys are kept.
    ///
    /// # Errors
    /// `InvalidArgument` when the bytes are no JSON object.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let mut custom: Map<String, Value> = serde_json::from_slice(json).map_err(|error| {
            Error::invalid("stream metadata is not a JSON object").caused_by(error)
        })?;
        let mut positive = |key: &str| custom.remove(key)?.as_u64().filter(|number| *number > 0);
        Ok(Self {
            max_age_seconds: positive(MAX_AGE),
            max_count: positive(MAX_COUNT),
            truncate_before: positive(TRUNCATE_BEFORE).map(Version::new),
            cache_control_seconds: positive(CACHE_CONTROL),
            acl: custom.remove(ACL).as_ref().and_then(Acl::parse),
            custom,
        })
    }

    /// Reads what was stored; what cannot be read counts as no settings, as KurrentDB does.
    #[must_use]
    pub fn parse_stored(json: &[u8]) -> Self {
        Self::parse(json).unwrap_or_default()
    }

    /// The JSON object.
    #[must_use]
    pub fn to_json(&self) -> Bytes {
        let mut object = self.custom.clone();
        let mut set = |key: &str, number: Option<u64>| {
            if let Some(number) = number {
                object.insert(key.to_owned(), number.into());
            }
        };
        set(MAX_AGE, self.max_age_seconds);
        set(MAX_COUNT, self.max_count);
        set(TRUNCATE_BEFORE, self.truncate_before.map(Version::get));
        set(CACHE_CONTROL, self.cache_control_seconds);
        if let Some(acl) = &self.acl {
            object.insert(ACL.to_owned(), acl.to_value());
        }
        Value::Object(object).to_string().into()
    }

    /// The event that records this metadata.
    #[must_use]
    pub fn to_event(&self, id: EventId) -> NewEvent {
        NewEvent::new(EventType::METADATA, self.to_json()).with_id(id)
    }

    /// The write that gives a stream this metadata.
    ///
    /// # Errors
    /// `InvalidArgument` for a metastream, which has no metadata of its own.
    pub fn to_write(&self, stream: &StreamName, expected: ExpectedVersion) -> Result<StreamWrite> {
        let Some(metastream) = stream.metastream() else {
            return Err(Error::invalid(format!(
                "`{stream}` holds the metadata of another stream and has none of its own"
            )));
        };
        let events = vec![self.to_event(EventId::random())];
        Ok(StreamWrite { stream: metastream, expected, events })
    }
}

impl Acl {
    fn parse(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let names = |key: &str| match object.get(key)? {
            Value::String(name) => Some(vec![name.clone()]),
            Value::Array(names) => {
                Some(names.iter().filter_map(|name| name.as_str().map(ToOwned::to_owned)).collect())
            }
            _ => None,
        };
        Some(Self {
            read: names("$r"),
            write: names("$w"),
            delete: names("$d"),
            metadata_read: names("$mr"),
            metadata_write: names("$mw"),
        })
    }

    fn to_value(&self) -> Value {
        let parts = [
            ("$r", &self.read),
            ("$w", &self.write),
            ("$d", &self.delete),
            ("$mr", &self.metadata_read),
            ("$mw", &self.metadata_write),
        ];
        let present = parts.into_iter().filter_map(|(key, names)| {
            Some((key.to_owned(), Value::from(names.as_ref()?.clone())))
        });
        Value::Object(present.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_unknown_keys_survive_a_round_trip() {
        let json = r#"{"$maxAge":60,"$maxCount":2,"$tb":7,"$cacheControl":9,
            "$acl":{"$r":"ann","$w":["bob","$admins"]},"mine":{"a":[1]}}"#;
        let metadata = StreamMetadata::parse(json.as_bytes()).unwrap();
        assert_eq!(metadata.max_age_seconds, Some(60));
        assert_eq!(metadata.truncate_before, Some(Version::new(7)));
        assert_eq!(metadata.acl.as_ref().unwrap().read, Some(vec!["ann".to_owned()]));
        assert_eq!(StreamMetadata::parse(&metadata.to_json()).unwrap(), metadata);
    }

    #[test]
    fn zero_negative_and_wrongly_typed_settings_are_ignored() {
        let json = r#"{"$maxAge":0,"$maxCount":-1,"$tb":"seven","$acl":5}"#;
        assert_eq!(StreamMetadata::parse(json.as_bytes()).unwrap(), StreamMetadata::default());
    }

    #[test]
    fn anything_but_an_object_is_refused_and_counts_as_empty_when_stored() {
        for json in ["", "[1]", "7", "{", "null"] {
            assert!(StreamMetadata::parse(json.as_bytes()).is_err(), "{json}");
            assert_eq!(StreamMetadata::parse_stored(json.as_bytes()), StreamMetadata::default());
        }
    }

    #[test]
    fn the_deleted_mark_is_recognised() {
        let metadata = StreamMetadata::parse(br#"{"$tb":9223372036854775807}"#).unwrap();
        assert!(metadata.is_deleted());
        assert_eq!(metadata, StreamMetadata::deleted());
    }
}
