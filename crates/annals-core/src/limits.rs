//! Every limit of the contract, in one place.
//!
//! All sizes are bytes of UTF-8 or of payload. Going over one of them is answered with
//! [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) or
//! [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument), naming the limit and the number.

/// Longest stream name.
pub const STREAM_NAME_BYTES_MAX: usize = 1_024;
/// Longest event type.
pub const EVENT_TYPE_BYTES_MAX: usize = 512;
/// Longest tag.
pub const TAG_BYTES_MAX: usize = 512;
/// Most tags on one event.
pub const TAGS_PER_EVENT_MAX: usize = 128;
/// Longest content type.
pub const CONTENT_TYPE_BYTES_MAX: usize = 128;
/// Longest correlation id that is indexed; longer ones stay readable in the metadata.
pub const CORRELATION_BYTES_MAX: usize = 512;
/// Largest event: data, metadata, type and tags together.
pub const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Largest append: the sum of its events.
pub const APPEND_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most events in one append.
pub const APPEND_EVENTS_MAX: usize = 65_536;
/// Most streams written by one append.
pub const APPEND_STREAMS_MAX: usize = 4_096;
/// Most conditions on one append.
pub const APPEND_CONDITIONS_MAX: usize = 64;
/// Most items in one query.
pub const QUERY_ITEMS_MAX: usize = 128;
/// Most types, tags or streams in one query item.
pub const QUERY_ITEM_TERMS_MAX: usize = 1_024;
/// Longest name of a checkpoint, lease or snapshot.
pub const STATE_NAME_BYTES_MAX: usize = 1_280;
/// Largest value of a checkpoint, lease or snapshot.
pub const STATE_VALUE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Events whose ids are remembered for retries that name no exact version: the newest this many
/// of the whole store. A retry that comes later than that is stored again.
pub const RETRY_WINDOW_EVENTS: u64 = 131_072;
