//! What a measurement gives back when it cannot be done.

/// The result of everything here. A benchmark only ever shows its errors.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
