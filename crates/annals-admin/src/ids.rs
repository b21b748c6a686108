//! Ids and names in messages.

use annals_core::{EventId, StreamName};
use annals_proto::kurrentdb::{
    StreamIdentifier, Uuid as WireUuid,
    uuid::{Structured, Value},
};
use bytes::Bytes;
use bytestring::ByteString;
use uuid::Uuid;

use crate::{Refused, Result};

pub(crate) fn stream(name: &StreamName) -> StreamIdentifier {
    StreamIdentifier { stream_name: name.as_shared().clone().into_bytes() }
}

pub(crate) fn stream_from(name: Option<StreamIdentifier>) -> Result<StreamName> {
    let name = name.ok_or_else(|| Refused::unreadable("the name of a stream"))?;
    Ok(StreamName::from_stored(text(name.stream_name)?))
}

pub(crate) fn text(bytes: Bytes) -> Result<ByteString> {
    ByteString::try_from(bytes).map_err(|_| Refused::unreadable("names that are text"))
}

pub(crate) fn id_from(id: Option<&WireUuid>) -> Result<EventId> {
    let uuid = match id.and_then(|id| id.value.as_ref()) {
        Some(Value::Structured(Structured { most_significant_bits, least_significant_bits })) => {
            let halves =
                (most_significant_bits.cast_unsigned(), least_significant_bits.cast_unsigned());
            Some(Uuid::from_u64_pair(halves.0, halves.1))
        }
        Some(Value::String(text)) => Uuid::parse_str(text).ok(),
        None => None,
    };
    let uuid = uuid.ok_or_else(|| Refused::unreadable("the id of an event"))?;
    Ok(EventId::from_stored(uuid.into_bytes()))
}
