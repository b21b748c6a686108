//! The metadata of an event: bytes, with the correlation id found in them.

use bytes::Bytes;
use bytestring::ByteString;

use crate::limits;

/// The writer's notes on an event, normally a JSON object with `$correlationId`, `$causationId`,
/// `userId`, `traceparent`. Comes back byte for byte.
///
/// The correlation id is looked up when this is made, on the writer's own thread, so that
/// storing an event parses nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    bytes: Bytes,
    correlation: Option<ByteString>,
}

/// The key of the correlation id.
const CORRELATION_KEY: &str = "$correlationId";

impl Metadata {
    /// No metadata.
    #[must_use]
    pub const fn none() -> Self {
        Self { bytes: Bytes::new(), correlation: None }
    }

    /// Takes any bytes. Where they are a JSON object with a string `$correlationId` of at most
    /// [`limits::CORRELATION_BYTES_MAX`] bytes, events can be found by it.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let correlation = find_correlation(&bytes);
        Self { bytes, correlation }
    }

    /// Takes bytes and the correlation id that was found in them when they were stored.
    #[must_use]
    pub fn from_stored(bytes: Bytes, correlation: Option<ByteString>) -> Self {
        Self { bytes, correlation }
    }

    /// The bytes as they were written.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The correlation id.
    #[must_use]
    pub fn correlation(&self) -> Option<&ByteString> {
        self.correlation.as_ref()
    }
}

fn find_correlation(bytes: &[u8]) -> Option<ByteString> {
    // Parsing is skipped for the many metadata without the key.
    let has_key = bytes.windows(CORRELATION_KEY.len()).any(|w| w == CORRELATION_KEY.as_bytes());
    if !has_key {
        return None;
    }
    let object: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let id = object.get(CORRELATION_KEY)?.as_str()?;
    let indexable = !id.is_empty() && id.len() <= limits::CORRELATION_BYTES_MAX;
    indexable.then(|| ByteString::from(id))
}

impl std::fmt::Debug for Metadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", String::from_utf8_lossy(&self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_correlation_id_is_found_in_a_json_object() {
        let found = |text: &'static str| Metadata::new(text).correlation().map(ToString::to_string);
        assert_eq!(found(r#"{"$correlationId":"a-1","x":2}"#).as_deref(), Some("a-1"));
        assert_eq!(found(r#"{"$correlationId":7}"#), None);
        assert_eq!(found(r#"{"note":"$correlationId"}"#), None);
        assert_eq!(found("$correlationId but not json"), None);
        assert_eq!(found(""), None);
    }
}
