//! Data that is bytes already: the one field of the variant, as it is.

use annals_core::{ContentType, Result};
use bytes::Bytes;

use super::{fault, version};
use crate::{EventSchema, RawEvent};

/// The bytes of the field.
pub fn encode<F: Clone + Into<Bytes>>(field: &F) -> Bytes {
    field.clone().into()
}

/// The field out of its bytes.
///
/// # Errors
/// `Undecodable` when the stored data is not called bytes, is of another schema version, or the
/// field does not take it.
pub fn decode<F: TryFrom<Bytes>>(raw: RawEvent<'_>, schema: &EventSchema) -> Result<F> {
    version::check(raw, schema)?;
    if *raw.content_type != ContentType::Binary {
        return Err(fault::wrong_content_type(raw));
    }
    F::try_from(raw.data.clone())
        .map_err(|_| fault::undecodable_as(raw, "the field does not take these bytes"))
}
