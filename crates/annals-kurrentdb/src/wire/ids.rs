//! UUIDs and stream names in messages.

use annals_core::{Error, ErrorKind, EventId, Result, StreamName};
use annals_proto::kurrentdb::{
    StreamIdentifier, Uuid as WireUuid,
    uuid::{Structured, Value},
};
use bytestring::ByteString;
use uuid::Uuid;

/// An id as it is sent.
pub(crate) fn uuid_to_wire(uuid: Uuid) -> WireUuid {
    let (high, low) = uuid.as_u64_pair();
    WireUuid {
        value: Some(Value::Structured(Structured {
            most_significant_bits: high.cast_signed(),
            least_significant_bits: low.cast_signed(),
        })),
    }
}

/// The id of a stored event, in whatever form it comes.
pub(crate) fn event_id(uuid: Option<WireUuid>) -> Result<EventId> {
    let uuid = match uuid.and_then(|uuid| uuid.value) {
        Some(Value::Structured(halves)) => Uuid::from_u64_pair(
            halves.most_significant_bits.cast_unsigned(),
            halves.least_significant_bits.cast_unsigned(),
        ),
        Some(Value::String(text)) => Uuid::parse_str(&text).map_err(|_| unreadable("an id"))?,
        None => return Err(unreadable("no id")),
    };
    Ok(EventId::from_stored(uuid.into_bytes()))
}

/// A stream's name as it is sent.
pub(crate) fn stream_to_wire(stream: &StreamName) -> StreamIdentifier {
    StreamIdentifier { stream_name: stream.as_shared().clone().into_bytes() }
}

/// The name of a stream that has an event.
pub(crate) fn stream_name(stream: Option<StreamIdentifier>) -> Result<StreamName> {
    let name = stream.map(|stream| stream.stream_name).unwrap_or_default();
    let name = ByteString::try_from(name).map_err(|_| unreadable("a stream name"))?;
    StreamName::new(name)
}

/// A message that does not say what it must.
pub(crate) fn unreadable(what: &str) -> Error {
    let why = format!("the server sent {what} that cannot be read; it may be a newer one");
    Error::new(ErrorKind::Internal, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_from_both_forms() {
        let uuid = Uuid::from_u128(0xf1f2_f3f4_f5f6_4708_890a_0b0c_0d0e_0f10);
        let text = WireUuid { value: Some(Value::String(uuid.to_string())) };
        for wire in [uuid_to_wire(uuid), text] {
            assert_eq!(event_id(Some(wire)).unwrap().as_uuid(), uuid);
        }
        assert!(event_id(None).is_err());
    }
}
