//! What a backend can do beyond the least that all do.

/// What a backend can do. What it cannot do it answers with
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
///
/// Fields are named `subject_feature`; `true` means it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// Events survive the end of the process.
    pub store_durable: bool,
    /// One append may write several streams.
    pub append_multi_stream: bool,
    /// Appends may carry conditions, and events tags.
    pub append_conditions: bool,
    /// One process at a time has the store for itself.
    pub store_exclusive: bool,
    /// Positions have no gaps until something is scavenged.
    pub position_dense: bool,
    /// Events and state of another store can be stored exactly as they are recorded there.
    pub store_restore: bool,
    /// Projections may run in the append's own transaction.
    pub projection_inline: bool,
}
