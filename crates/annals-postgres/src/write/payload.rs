//! Which payloads PostgreSQL can hold as `json`, so that they can be read in SQL.
//!
//! `json` keeps the text as it was written, `jsonb` would not. Looked at on the caller's thread.

use annals_core::{ContentType, NewEvent};
use serde::de::IgnoredAny;

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As text that PostgreSQL reads as JSON.
    Json,
    /// As bytes.
    Bytes,
}

/// The forms of one event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forms {
    pub(crate) data: Form,
    pub(crate) metadata: Form,
}

/// Deeper nesting is stored as bytes: PostgreSQL's own limit follows from its stack.
const DEPTH_MAX: usize = 256;

impl Forms {
    pub(crate) fn of(event: &NewEvent) -> Self {
        let says_json = match &event.content_type {
            ContentType::Json => true,
            ContentType::Binary => false,
            ContentType::Other(media_type) => media_type.ends_with("+json"),
        };
        let data = if says_json { form(&event.data) } else { Form::Bytes };
        Self { data, metadata: form(event.metadata.as_bytes()) }
    }

    /// What is always possible.
    pub(crate) const BYTES: Self = Self { data: Form::Bytes, metadata: Form::Bytes };
}

fn form(bytes: &[u8]) -> Form {
    if depth(bytes) > DEPTH_MAX || serde_json::from_slice::<IgnoredAny>(bytes).is_err() {
        return Form::Bytes;
    }
    // The parser above passes over text without looking at its encoding.
    if std::str::from_utf8(bytes).is_err() { Form::Bytes } else { Form::Json }
}

/// The deepest nesting, or more where brackets stand in text.
fn depth(bytes: &[u8]) -> usize {
    let mut deepest = 0;
    let mut depth = 0_usize;
    for byte in bytes {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = std::cmp::max(deepest, depth);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_stored_as_json() {
        for json in
            [&b"{}"[..], b" [1, 2.50e1] ", b"\"\\u0000\"", b"null", b"7", b"{\"a\":1,\"a\":2}"]
        {
            assert_eq!(form(json), Form::Json, "{}", String::from_utf8_lossy(json));
        }
        for other in
            [&b""[..], b"{", b"{}{}", b"01", b"nul", b"\"\x01\"", b"\"\xff\"", b"\xef\xbb\xbf{}"]
        {
            assert_eq!(form(other), Form::Bytes, "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn deep_nesting_is_stored_as_bytes() {
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert_eq!(form(nested(DEPTH_MAX).as_bytes()), Form::Json);
        assert_eq!(form(nested(DEPTH_MAX + 1).as_bytes()), Form::Bytes);
        assert_eq!(form(nested(1_000_000).as_bytes()), Form::Bytes);
    }
}
