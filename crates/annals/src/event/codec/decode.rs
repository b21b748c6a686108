//! From stored data to a value: the stored content type says which format it is in.

use std::marker::PhantomData;

use annals_core::Result;
use serde::de::DeserializeOwned;

#[cfg(feature = "cbor")]
use super::cbor;
use super::{adaptor::VariantSeed, fault, json, messagepack, version};
use crate::{EventSchema, Format, RawEvent};

/// Reads a variant's fields as the enum `T`; `index` counts its variants from 0.
///
/// # Errors
/// `Undecodable` when the schema version, the content type or the data does not fit.
pub fn decode_variant<T: DeserializeOwned>(
    raw: RawEvent<'_>,
    schema: &EventSchema,
    index: u32,
) -> Result<T> {
    version::check(raw, schema)?;
    let seed = VariantSeed::new(index);
    let decoded = match Format::of(raw.content_type) {
        Some(Format::Json) => json::decode(raw.data, seed, schema),
        Some(Format::MessagePack) => messagepack::decode(raw.data, seed, schema),
        #[cfg(feature = "cbor")]
        Some(Format::Cbor) => cbor::decode_variant(raw.data, index, schema),
        _ => return Err(fault::wrong_content_type(raw)),
    };
    decoded.map_err(|fault| fault.of_event(raw))
}

/// Reads the struct `T`.
///
/// # Errors
/// `Undecodable` when the schema version, the content type or the data does not fit.
pub fn decode_struct<T: DeserializeOwned>(raw: RawEvent<'_>, schema: &EventSchema) -> Result<T> {
    version::check(raw, schema)?;
    let seed = PhantomData;
    let decoded = match Format::of(raw.content_type) {
        Some(Format::Json) => json::decode(raw.data, seed, schema),
        Some(Format::MessagePack) => messagepack::decode(raw.data, seed, schema),
        #[cfg(feature = "cbor")]
        Some(Format::Cbor) => cbor::decode_struct(raw.data, schema),
        _ => return Err(fault::wrong_content_type(raw)),
    };
    decoded.map_err(|fault| fault.of_event(raw))
}
