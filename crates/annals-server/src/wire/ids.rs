//! UUIDs and stream names in messages.

use annals_core::{Error, EventId, Result, StreamName};
use annals_proto::kurrentdb::{
    StreamIdentifier, Uuid as WireUuid,
    uuid::{Structured, Value},
};
use bytestring::ByteString;
use uuid::Uuid;

/// How a client wants its UUIDs written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UuidForm {
    /// Two numbers of 64 bits.
    Structured,
    /// Lower-case text with hyphens.
    Text,
}

/// A UUID in the form asked for.
pub(crate) fn uuid_to_wire(uuid: Uuid, form: UuidForm) -> WireUuid {
    let value = match form {
        UuidForm::Structured => {
            let (high, low) = uuid.as_u64_pair();
            Value::Structured(Structured {
                most_significant_bits: high.cast_signed(),
                least_significant_bits: low.cast_signed(),
            })
        }
        UuidForm::Text => Value::String(uuid.to_string()),
    };
    WireUuid { value: Some(value) }
}

/// A UUID in whatever form it came.
pub(crate) fn uuid_from_wire(uuid: Option<WireUuid>, what: &str) -> Result<Uuid> {
    match uuid.and_then(|uuid| uuid.value) {
        Some(Value::Structured(halves)) => Ok(Uuid::from_u64_pair(
            halves.most_significant_bits.cast_unsigned(),
            halves.least_significant_bits.cast_unsigned(),
        )),
        Some(Value::String(text)) => Uuid::parse_str(&text)
            .map_err(|error| Error::invalid(format!("{what} is not a UUID")).caused_by(error)),
        None => Err(Error::invalid(format!("{what} is missing"))),
    }
}

/// The id of an event that a client sends.
pub(crate) fn event_id(uuid: Option<WireUuid>) -> Result<EventId> {
    EventId::new(uuid_from_wire(uuid, "the event id")?)
}

/// The name of a stream that a client sends.
pub(crate) fn stream_name(stream: Option<StreamIdentifier>) -> Result<StreamName> {
    let Some(stream) = stream else {
        return Err(Error::invalid("'stream_identifier' is a required argument"));
    };
    StreamName::new(text(stream.stream_name)?)
}

fn text(bytes: bytes::Bytes) -> Result<ByteString> {
    ByteString::try_from(bytes).map_err(|_| Error::invalid("the stream name is not UTF-8"))
}

/// A stream's name in a message.
pub(crate) fn stream_to_wire(stream: &StreamName) -> StreamIdentifier {
    StreamIdentifier { stream_name: stream.as_shared().clone().into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_comes_back_from_both_forms() {
        let uuid = Uuid::from_u128(0xf1f2_f3f4_f5f6_4708_890a_0b0c_0d0e_0f10);
        for form in [UuidForm::Structured, UuidForm::Text] {
            let wire = uuid_to_wire(uuid, form);
            assert_eq!(uuid_from_wire(Some(wire), "it").unwrap(), uuid, "{form:?}");
        }
    }

    #[test]
    fn what_is_no_uuid_and_no_name_is_refused() {
        let text = WireUuid { value: Some(Value::String("nonsense".to_owned())) };
        assert!(uuid_from_wire(Some(text), "it").is_err());
        assert!(uuid_from_wire(None, "it").is_err());
        assert!(stream_name(None).is_err());
        let named =
            |name: &'static [u8]| stream_name(Some(StreamIdentifier { stream_name: name.into() }));
        assert!(named(b"\xff").is_err());
        assert!(named(b"").is_err());
        assert_eq!(named(b"account-1").unwrap().as_str(), "account-1");
    }
}
