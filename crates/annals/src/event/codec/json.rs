//! Event data as JSON, read straight from the slice.

use annals_core::Result;
use bytes::Bytes;
use serde::{Serialize, de::DeserializeSeed};

use super::{adaptor::Finite, fault, fault::Fault};
use crate::EventSchema;

/// The value as JSON.
///
/// # Errors
/// `Undecodable` for what JSON cannot hold: a map whose keys are no strings, a number that is
/// not finite.
pub fn encode<T: Serialize>(value: &T, schema: &EventSchema) -> Result<Bytes> {
    match serde_json::to_vec(&Finite(value)) {
        Ok(data) => Ok(data.into()),
        Err(error) => Err(fault::unwritable(schema, describe(&error, schema))),
    }
}

pub(super) fn decode<'de, S: DeserializeSeed<'de>>(
    data: &'de [u8],
    seed: S,
    schema: &EventSchema,
) -> Result<S::Value, Fault> {
    let mut deserializer = serde_json::Deserializer::from_slice(data);
    seed.deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| describe(&error, schema))
}

/// The words for errors of syntax are the format's own; those about values may quote them.
fn describe(error: &serde_json::Error, schema: &EventSchema) -> Fault {
    if error.is_syntax() || error.is_eof() {
        return Fault::new(error.to_string());
    }
    let what = fault::without_values(&error.to_string(), schema);
    if error.line() == 0 {
        return Fault::new(what);
    }
    Fault::new(format!("{what} at line {} column {}", error.line(), error.column()))
}
