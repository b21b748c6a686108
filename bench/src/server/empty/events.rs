//! How many events a read gives, and what they are made of: as much as those of the workload.

/// Events of a stream.
pub(super) const OF_STREAM: u64 = crate::contest::fill::LONG;
/// Events of a tag.
pub(super) const OF_TAG: u64 = crate::contest::fill::TAG_EVENTS;

pub(super) const ID: [u8; 16] = [7; 16];
pub(super) const STREAM: &str = "account-a11a15-0000007";
pub(super) const TYPE: &str = "deposited";
pub(super) const TAGS: [&str; 2] = ["customer:12345", "order:a11a15-00000007"];
pub(super) const DATA: [u8; crate::workload::DATA_BYTES] = [b'x'; crate::workload::DATA_BYTES];
pub(super) const MICROS: i64 = 1_790_000_000_000_000;
