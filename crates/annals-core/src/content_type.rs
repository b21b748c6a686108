//! What the data of an event is written in.

use bytestring::ByteString;

use crate::{Result, limits, name::check};

/// The media type of an event's data. The store never looks inside.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum ContentType {
    /// `application/json`
    #[default]
    Json,
    /// `application/octet-stream`
    Binary,
    /// Any other media type, such as `application/cbor`.
    Other(ByteString),
}

const JSON: &str = "application/json";
const BINARY: &str = "application/octet-stream";

impl ContentType {
    /// Checks a media type.
    ///
    /// # Errors
    /// Empty, longer than [`limits::CONTENT_TYPE_BYTES_MAX`], or with a control character.
    pub fn new(media_type: impl Into<ByteString>) -> Result<Self> {
        let media_type = media_type.into();
        check("the content type", &media_type, limits::CONTENT_TYPE_BYTES_MAX)?;
        Ok(Self::from_stored(media_type))
    }

    /// Takes a media type that was checked when it was stored.
    #[must_use]
    pub fn from_stored(media_type: ByteString) -> Self {
        match &*media_type {
            JSON => Self::Json,
            BINARY => Self::Binary,
            _ => Self::Other(media_type),
        }
    }

    /// The media type.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Json => JSON,
            Self::Binary => BINARY,
            Self::Other(media_type) => media_type,
        }
    }
}

impl std::fmt::Display for ContentType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
