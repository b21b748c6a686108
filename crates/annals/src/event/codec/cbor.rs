//! Event data as CBOR, RFC 8949.

use annals_core::Result;
use bytes::Bytes;
use ciborium::{de, ser};
use serde::{Serialize, de::DeserializeOwned};

use super::{adaptor::Indexed, fault, fault::Fault};
use crate::EventSchema;

/// The value as CBOR.
///
/// # Errors
/// `Undecodable` when the value itself cannot be serialized.
pub fn encode<T: Serialize>(value: &T, schema: &EventSchema) -> Result<Bytes> {
    let mut data = Vec::new();
    match ser::into_writer(value, &mut data) {
        Ok(()) => Ok(data.into()),
        Err(ser::Error::Io(_)) => Err(fault::unwritable(schema, Fault::new("out of memory"))),
        Err(ser::Error::Value(message)) => {
            let what = fault::without_values(&message, schema);
            Err(fault::unwritable(schema, Fault::new(what)))
        }
    }
}

pub(super) fn decode_struct<T: DeserializeOwned>(
    data: &[u8],
    schema: &EventSchema,
) -> Result<T, Fault> {
    let mut rest = data;
    let value = de::from_reader(&mut rest).map_err(|error| describe(error, 0, schema))?;
    fault::at_end(rest, data).map(|()| value)
}

/// The format has no deserializer to hand out, so the index is put in front of the data.
pub(super) fn decode_variant<T: DeserializeOwned>(
    data: &[u8],
    index: u32,
    schema: &EventSchema,
) -> Result<T, Fault> {
    let header = header(index);
    let mut reader = std::io::Read::chain(&header[..], data);
    let Indexed(value) =
        de::from_reader(&mut reader).map_err(|error| describe(error, header.len(), schema))?;
    fault::at_end(reader.get_ref().1, data).map(|()| value)
}

/// An array of two, and its first element.
fn header(index: u32) -> [u8; 6] {
    let [a, b, c, d] = index.to_be_bytes();
    [0x82, 0x1a, a, b, c, d]
}

fn describe<E>(error: de::Error<E>, before: usize, schema: &EventSchema) -> Fault {
    let at = |offset: usize| format!("at byte {}", offset.saturating_sub(before));
    match error {
        de::Error::Io(_) => Fault::new(fault::TOO_SHORT),
        de::Error::Syntax(offset) => Fault::new(format!("this is no CBOR {}", at(offset))),
        de::Error::RecursionLimitExceeded => Fault::new(fault::TOO_DEEP),
        de::Error::Semantic(offset, message) => {
            let what = fault::without_values(&message, schema);
            Fault::new(match offset {
                Some(offset) => format!("{what} {}", at(offset)),
                None => what,
            })
        }
    }
}
