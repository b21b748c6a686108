//! Stored and declared schema versions must be equal by the time data is decoded.

use annals_core::Result;

use super::fault;
use crate::{EventSchema, RawEvent};

/// Refuses data of another schema version than the one that is read here.
///
/// # Errors
/// `Undecodable`, saying whether an upcaster is missing or this program is too old.
pub fn check(raw: RawEvent<'_>, schema: &EventSchema) -> Result<()> {
    let (name, stored, read) = (schema.name, raw.schema_version, schema.version);
    if stored == read {
        return Ok(());
    }
    let at = format!("event type `{name}` is stored in schema version {stored}");
    let message = if stored < read {
        format!("{at}, and version {read} is read here; register an upcaster")
    } else {
        format!(
            "{at}, and version {read} is read here: it was written by a newer program; \
             update this one"
        )
    };
    Err(fault::undecodable(raw, message))
}
