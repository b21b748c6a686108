//! What is known about an event type at compile time.

use annals_core::ContentType;
use bytestring::ByteString;

/// One event type that a Rust type can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventSchema {
    /// The event type, prefix included: `bank.deposited`.
    pub name: &'static str,
    /// The schema version, from 1. Older ones are brought here by upcasters.
    pub version: u32,
    /// What the data is written in.
    pub format: Format,
    /// The fields, for the schema lock file.
    pub fields: &'static [FieldSchema],
}

/// A field of an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSchema {
    /// The name as it is stored.
    pub name: &'static str,
    /// The Rust type as it stands in the source, without spaces.
    pub type_name: &'static str,
    /// Whether data without the field can be read.
    pub is_optional: bool,
    /// Whether it is also a tag.
    pub is_tag: bool,
}

/// What event data is written in. Reading goes by the stored content type instead, so a format
/// can change without an upcaster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `application/json`.
    Json,
    /// `application/cbor`, RFC 8949; with the feature `cbor`.
    Cbor,
    /// `application/vnd.msgpack`, with field names.
    MessagePack,
    /// `application/octet-stream`: the bytes of the one field.
    Raw,
}

const CBOR: &str = "application/cbor";
const MESSAGE_PACK: &str = "application/vnd.msgpack";

impl Format {
    /// The content type that events of this format are stored with.
    #[must_use]
    pub fn content_type(self) -> ContentType {
        match self {
            Self::Json => ContentType::Json,
            Self::Cbor => ContentType::from_stored(ByteString::from_static(CBOR)),
            Self::MessagePack => ContentType::from_stored(ByteString::from_static(MESSAGE_PACK)),
            Self::Raw => ContentType::Binary,
        }
    }

    /// The format that a content type stands for.
    #[must_use]
    pub fn of(content_type: &ContentType) -> Option<Self> {
        match content_type {
            ContentType::Json => Some(Self::Json),
            ContentType::Binary => Some(Self::Raw),
            ContentType::Other(other) => match &**other {
                CBOR => Some(Self::Cbor),
                MESSAGE_PACK => Some(Self::MessagePack),
                _ => None,
            },
        }
    }
}
