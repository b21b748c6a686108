//! From stored data to a value: the stored content type says which format it is in.

use annals_core::{ContentType, Result};
use serde::de::{DeserializeOwned, DeserializeSeed};

use super::{adaptor::VariantSeed, fault, json, version};
use crate::{EventSchema, RawEvent};

/// Reads a variant's fields as the enum `T`; `index` counts its variants from 0.
///
/// # Errors
/// `Undecodable` when the schema version, the content type or the data does not fit.
pub fn decode_variant<T: DeserializeOwned>(
    raw: RawEvent<'_>,
    schema: &EventSchema,
    index: u32,
) -> Result<T> {
    decode(raw, schema, VariantSeed::new(index))
}

/// Reads the struct `T`.
///
/// # Errors
/// `Undecodable` when the schema version, the content type or the data does not fit.
pub fn decode_struct<T: DeserializeOwned>(raw: RawEvent<'_>, schema: &EventSchema) -> Result<T> {
    decode(raw, schema, std::marker::PhantomData)
}

fn decode<'de, S: DeserializeSeed<'de>>(
    raw: RawEvent<'de>,
    schema: &EventSchema,
    seed: S,
) -> Result<S::Value> {
    version::check(raw, schema)?;
    let decoded = match raw.content_type {
        ContentType::Json => json::decode(raw.data, seed, schema),
        _ => return Err(fault::wrong_content_type(raw)),
    };
    decoded.map_err(|fault| fault.of_event(raw))
}
