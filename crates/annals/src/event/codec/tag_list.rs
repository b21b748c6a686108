//! Collects the tags of one event.

use std::fmt::Display;

use annals_core::{Result, Tag, Tags};

/// The tags of one event while they are being collected.
#[derive(Debug, Default)]
pub struct TagList(Vec<Tag>);

impl TagList {
    /// No tags yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds the tag `name:value`.
    ///
    /// # Errors
    /// The tag is too long or holds a control character.
    pub fn add(&mut self, name: &str, value: &dyn Display) -> Result<()> {
        self.0.push(Tag::new(format!("{name}:{value}"))?);
        Ok(())
    }

    /// All of them, each once.
    ///
    /// # Errors
    /// There are too many.
    pub fn finish(self) -> Result<Tags> {
        Tags::new(self.0)
    }
}
