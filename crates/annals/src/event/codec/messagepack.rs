//! Event data as MessagePack, with field names.

use annals_core::Result;
use bytes::Bytes;
use rmp_serde::{Deserializer, Serializer, decode, encode as encoding};
use serde::{Serialize, de::DeserializeSeed};

use super::{fault, fault::Fault};
use crate::EventSchema;

/// How deep values may be nested, as in JSON.
const DEPTH_MAX: usize = 128;

/// The value as MessagePack.
///
/// # Errors
/// `Undecodable` when the value itself cannot be serialized.
pub fn encode<T: Serialize>(value: &T, schema: &EventSchema) -> Result<Bytes> {
    let mut serializer = Serializer::new(Vec::new()).with_struct_map();
    match value.serialize(&mut serializer) {
        Ok(()) => Ok(serializer.into_inner().into()),
        Err(error) => Err(fault::unwritable(schema, Fault::new(why_unwritable(&error, schema)))),
    }
}

pub(super) fn decode<'de, S: DeserializeSeed<'de>>(
    data: &'de [u8],
    seed: S,
    schema: &EventSchema,
) -> Result<S::Value, Fault> {
    let mut rest = data;
    let mut deserializer = Deserializer::new(&mut rest);
    deserializer.set_max_depth(DEPTH_MAX);
    let value = seed.deserialize(&mut deserializer).map_err(|error| describe(&error, schema))?;
    fault::at_end(rest, data).map(|()| value)
}

fn why_unwritable(error: &encoding::Error, schema: &EventSchema) -> String {
    match error {
        encoding::Error::Syntax(message) => fault::without_values(message, schema),
        encoding::Error::DepthLimitExceeded => fault::TOO_DEEP.to_owned(),
        _ => "a value has no form in MessagePack".to_owned(),
    }
}

/// The markers that the format's own messages show hold small numbers.
fn describe(error: &decode::Error, schema: &EventSchema) -> Fault {
    use decode::Error as E;
    match error {
        E::InvalidMarkerRead(_) | E::InvalidDataRead(_) => Fault::new(fault::TOO_SHORT),
        E::TypeMismatch(_) => Fault::new("invalid type"),
        E::OutOfRange => Fault::new("a number is out of range"),
        E::LengthMismatch(_) => Fault::new("invalid length"),
        E::Utf8Error(_) => Fault::new("a string is not UTF-8"),
        E::DepthLimitExceeded => Fault::new(fault::TOO_DEEP),
        E::Uncategorized(message) | E::Syntax(message) => {
            Fault::new(fault::without_values(message, schema))
        }
    }
}
