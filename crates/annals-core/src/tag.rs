//! Tags: opaque strings for queries across streams.

use bytestring::ByteString;

use crate::{
    Error, Result, limits,
    name::{check, checked_string},
};

/// An opaque string on an event, such as `account:123`. Compared byte by byte.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(ByteString);

checked_string!(Tag);

impl Tag {
    /// Checks the tag.
    ///
    /// # Errors
    /// Empty, longer than [`limits::TAG_BYTES_MAX`], or with a control character.
    pub fn new(tag: impl Into<ByteString>) -> Result<Self> {
        let tag = tag.into();
        check("the tag", &tag, limits::TAG_BYTES_MAX)?;
        Ok(Self(tag))
    }
}

/// Where in the metadata of an event a writer puts tags that knows no other place for them.
const KEY: &str = "$tags";

/// The tags of one event: a set that keeps the writer's order.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Tags(Vec<Tag>);

impl Tags {
    /// No tags.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Checks the count and drops repeats.
    ///
    /// # Errors
    /// More than [`limits::TAGS_PER_EVENT_MAX`] different tags.
    pub fn new(tags: impl IntoIterator<Item = Tag>) -> Result<Self> {
        let mut unique: Vec<Tag> = Vec::new();
        for tag in tags {
            if !unique.contains(&tag) {
                unique.push(tag);
            }
            if unique.len() > limits::TAGS_PER_EVENT_MAX {
                let max = limits::TAGS_PER_EVENT_MAX;
                return Err(Error::too_large("the number of tags of one event", max + 1, max));
            }
        }
        Ok(Self(unique))
    }

    /// The tags that a writer put in the metadata of an event, as an array of strings called
    /// `$tags`. Metadata that is no JSON object has none.
    ///
    /// # Errors
    /// `InvalidArgument` for a `$tags` of another shape, which would be lost without a word; those
    /// of a tag, and of too many.
    pub fn in_metadata(metadata: &[u8]) -> Result<Self> {
        // Parsing is skipped for the many metadata without the key.
        if !metadata.windows(KEY.len()).any(|window| window == KEY.as_bytes()) {
            return Ok(Self::none());
        }
        let Ok(object) = serde_json::from_slice::<serde_json::Map<_, _>>(metadata) else {
            return Ok(Self::none());
        };
        let Some(tags) = object.get(KEY) else {
            return Ok(Self::none());
        };
        let wrong = || Error::invalid("`$tags` in the metadata is not an array of strings");
        let tags = tags.as_array().ok_or_else(wrong)?;
        let tags = tags.iter().map(|tag| Tag::new(tag.as_str().ok_or_else(wrong)?.to_owned()));
        Self::new(tags.collect::<Result<Vec<_>>>()?)
    }

    /// Takes tags that were checked when they were stored; for backends reading them back.
    #[must_use]
    pub fn from_stored(tags: Vec<Tag>) -> Self {
        Self(tags)
    }

    /// The tags in the writer's order.
    #[must_use]
    pub fn as_slice(&self) -> &[Tag] {
        &self.0
    }

    /// Whether the tag is one of them.
    #[must_use]
    pub fn contains(&self, tag: &Tag) -> bool {
        self.0.contains(tag)
    }
}

impl<'a> IntoIterator for &'a Tags {
    type Item = &'a Tag;
    type IntoIter = std::slice::Iter<'a, Tag>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl std::fmt::Debug for Tags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_100_kb_is_refused_with_the_limit() {
        let error = Tag::new("t".repeat(100_000)).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::TooLarge);
        assert!(error.to_string().contains("512"), "{error}");
    }

    #[test]
    fn repeated_tags_count_once_and_keep_their_order() {
        let tag = |text: &'static str| Tag::new(text).unwrap();
        let tags = Tags::new([tag("b"), tag("a"), tag("b")]).unwrap();
        assert_eq!(tags.as_slice(), [tag("b"), tag("a")]);
    }
}
