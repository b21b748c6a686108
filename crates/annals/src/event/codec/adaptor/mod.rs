//! Adaptors between a user's serde implementation and a format.

mod empty;
mod fields;
mod finite;
#[cfg(feature = "cbor")]
mod indexed;
mod variant;

pub use empty::Empty;
pub use fields::Fields;
pub(crate) use finite::Finite;
#[cfg(feature = "cbor")]
pub(super) use indexed::Indexed;
pub(super) use variant::VariantSeed;
