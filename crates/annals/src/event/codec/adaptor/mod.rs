//! Adaptors between a user's serde implementation and a format.

mod empty;
mod fields;
mod finite;
mod variant;

pub use empty::Empty;
pub use fields::Fields;
pub(super) use finite::Finite;
pub(super) use variant::VariantSeed;
