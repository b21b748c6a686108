//! Which documents an event is for, and whether they stay.

/// The keys of the documents an event is for. It is made from a key, an `Option` or a `Vec`.
///
/// ```
/// use annals::Keys;
///
/// assert_eq!(Keys::<u64>::from(7).len(), 1);
/// assert_eq!(Keys::<u64>::from(None), Keys::none());
/// assert_eq!(Keys::<u64>::from(vec![1, 2]).len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys<K>(Inner<K>);

// Most events are for one document, so nothing is allocated for that.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Inner<K> {
    AtMostOne(Option<K>),
    Many(Vec<K>),
}

/// What becomes of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It stays as it is now.
    Keep,
    /// It is deleted. A later event for its key begins with the default.
    Delete,
}

impl<K> Keys<K> {
    /// No document.
    #[must_use]
    pub const fn none() -> Self {
        Self(Inner::AtMostOne(None))
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Inner::AtMostOne(key) => usize::from(key.is_some()),
            Inner::Many(keys) => keys.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: std::fmt::Display> Keys<K> {
    /// As they are stored. A key given twice is one document, which sees the event once.
    pub(super) fn texts(&self) -> Vec<String> {
        match &self.0 {
            Inner::AtMostOne(key) => key.iter().map(ToString::to_string).collect(),
            Inner::Many(keys) => {
                let mut texts: Vec<_> = keys.iter().map(ToString::to_string).collect();
                texts.sort_unstable();
                texts.dedup();
                texts
            }
        }
    }
}

impl<K> From<K> for Keys<K> {
    fn from(key: K) -> Self {
        Self(Inner::AtMostOne(Some(key)))
    }
}

impl<K> From<Option<K>> for Keys<K> {
    fn from(key: Option<K>) -> Self {
        Self(Inner::AtMostOne(key))
    }
}

impl<K> From<Vec<K>> for Keys<K> {
    fn from(keys: Vec<K>) -> Self {
        match keys.len() {
            0 | 1 => Self(Inner::AtMostOne(keys.into_iter().next())),
            _ => Self(Inner::Many(keys)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_given_twice_is_one_document() {
        let keys = Keys::<&str>::from(vec!["b", "a", "b"]);
        assert_eq!(keys.texts(), ["a", "b"]);
        assert_eq!(Keys::<&str>::from(vec!["a"]), Keys::<&str>::from("a"));
    }
}
