//! Stream names and the category in front of their first `-`.

use bytestring::ByteString;

use crate::{
    Error, Result, limits,
    name::{check, checked_string},
};

/// The name of a stream: `category-id`.
///
/// Names that begin with `$` are the system's. `$$s` is the metastream of stream `s` and holds
/// its metadata; a metastream has none of its own.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(ByteString);

checked_string!(StreamName);

const METASTREAM_PREFIX: &str = "$$";

impl StreamName {
    /// Checks the name.
    ///
    /// # Errors
    /// Empty, longer than [`limits::STREAM_NAME_BYTES_MAX`], with a control character, or one of
    /// the reserved names `$all`, `$$` and `$$$$…`.
    pub fn new(name: impl Into<ByteString>) -> Result<Self> {
        let name = name.into();
        check("the stream name", &name, limits::STREAM_NAME_BYTES_MAX)?;
        if &*name == "$all" {
            return Err(Error::invalid(
                "`$all` is not a stream but the whole store; it can be read, not named as a stream",
            ));
        }
        let reserved = match name.strip_prefix(METASTREAM_PREFIX) {
            Some(of) => of.is_empty() || of.starts_with(METASTREAM_PREFIX) || of == "$all",
            None => false,
        };
        if reserved {
            return Err(Error::invalid(format!(
                "`{name}` is reserved: `$$` stands in front of a stream's name to mean its metadata"
            )));
        }
        Ok(Self(name))
    }

    /// The part before the first `-`, if there is one and it is not empty.
    #[must_use]
    pub fn category(&self) -> Option<Category> {
        self.category_str().map(|category| Category(self.0.slice_ref(category)))
    }

    /// Like [`category`](Self::category), borrowed.
    #[must_use]
    pub fn category_str(&self) -> Option<&str> {
        let end = self.0.find('-').filter(|end| *end > 0)?;
        self.0.get(..end)
    }

    /// Whether this is the metastream of another stream.
    #[must_use]
    pub fn is_metastream(&self) -> bool {
        self.0.starts_with(METASTREAM_PREFIX)
    }

    /// Whether the name is the system's own.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.0.starts_with('$')
    }

    /// The stream that holds this stream's metadata, `None` for a metastream.
    #[must_use]
    pub fn metastream(&self) -> Option<Self> {
        (!self.is_metastream()).then(|| Self(format!("{METASTREAM_PREFIX}{}", self.0).into()))
    }

    /// The stream whose metadata this stream holds, `None` when it is no metastream.
    #[must_use]
    pub fn metastream_of(&self) -> Option<Self> {
        let of = self.0.strip_prefix(METASTREAM_PREFIX)?;
        Some(Self(self.0.slice_ref(of)))
    }
}

/// The part of a stream name before its first `-`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Category(ByteString);

checked_string!(Category);

impl Category {
    /// Checks the category.
    ///
    /// # Errors
    /// Empty, too long, with a control character, or with a `-`.
    pub fn new(category: impl Into<ByteString>) -> Result<Self> {
        let category = category.into();
        check("the category", &category, limits::STREAM_NAME_BYTES_MAX)?;
        if category.contains('-') {
            return Err(Error::invalid(format!(
                "category `{category}` contains a `-`; a category ends at the first one"
            )));
        }
        Ok(Self(category))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_refused_with_a_reason() {
        for name in ["", "$all", "$$", "$$$$x", "$$$all", "a\nb"] {
            let error = StreamName::new(name).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument, "{name:?}");
        }
        assert!(StreamName::new("$$account-1").is_ok());
        assert!(StreamName::new("$settings").is_ok());
    }

    #[test]
    fn length_is_limited() {
        assert!(StreamName::new("a".repeat(1024)).is_ok());
        let error = StreamName::new("a".repeat(1025)).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::TooLarge);
        assert!(error.to_string().contains("1024"));
    }

    #[test]
    fn category_ends_at_the_first_dash() {
        let category = |name: &str| {
            StreamName::new(name.to_owned()).unwrap().category().map(|c| c.as_str().to_owned())
        };
        assert_eq!(category("account-1-2").as_deref(), Some("account"));
        assert_eq!(category("account"), None);
        assert_eq!(category("-1"), None);
    }

    #[test]
    fn metastreams_pair_up() {
        let stream = StreamName::new("account-1").unwrap();
        let meta = stream.metastream().unwrap();
        assert_eq!(meta.as_str(), "$$account-1");
        assert_eq!(meta.metastream_of(), Some(stream));
        assert_eq!(meta.metastream(), None);
    }
}
