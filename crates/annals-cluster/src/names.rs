//! What a store is called in NATS: its stream and its subjects.
//!
//! Another program that shares the servers keeps clear of a store by keeping clear of these.

use annals_core::{Error, Result};

/// The most letters that the name of a store may have.
pub const STORE_NAME_MAX: usize = 64;

/// The name of a store in a log: letters, digits, `-` and `_`, at most 64 of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreName(String);

impl StoreName {
    /// Checks a name.
    ///
    /// # Errors
    /// `InvalidArgument` for what cannot be a name.
    pub fn new(name: &str) -> Result<Self> {
        let is_known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > STORE_NAME_MAX || !name.chars().all(is_known) {
            return Err(Error::invalid(format!(
                "the name of the store is not one; it has 1 to {STORE_NAME_MAX} letters, digits, \
                 `-` and `_`, such as `orders`"
            )));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The stream that is the log.
    #[must_use]
    pub fn stream(&self) -> String {
        format!("ANNALS_{}", self.0)
    }

    /// The subject that proposals are published to; the only one of the stream.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("annals.{}.log", self.0)
    }

    /// The subject on which nodes tell each other that they are there. The log does not keep it.
    #[must_use]
    pub fn nodes(&self) -> String {
        format!("annals.{}.nodes", self.0)
    }
}

impl std::fmt::Display for StoreName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_a_stream_and_two_subjects() {
        let name = StoreName::new("orders-2_b").unwrap();
        assert_eq!(name.stream(), "ANNALS_orders-2_b");
        assert_eq!(name.subject(), "annals.orders-2_b.log");
        assert_eq!(name.nodes(), "annals.orders-2_b.nodes");
    }

    #[test]
    fn what_means_something_in_a_subject_is_no_name() {
        for name in ["", "a.b", "a*", ">", "a b", "ä", "a/b", &"a".repeat(STORE_NAME_MAX + 1)] {
            let kind = StoreName::new(name).unwrap_err().kind();
            assert_eq!(kind, annals_core::ErrorKind::InvalidArgument, "{name}");
        }
        assert!(StoreName::new(&"a".repeat(STORE_NAME_MAX)).is_ok());
    }
}
