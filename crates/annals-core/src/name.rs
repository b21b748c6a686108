//! Checked strings: validated once at the door, then carried as a type.

use bytestring::ByteString;

use crate::{Error, Result};

/// The rules all names share: not empty, not too long, no control characters.
///
/// Control characters are refused because names end up on terminals, in logs and in headers.
pub(crate) fn check(what: &str, name: &str, bytes_max: usize) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid(format!("{what} is empty")));
    }
    if name.len() > bytes_max {
        return Err(Error::too_large(&format!("the length of {what}"), name.len(), bytes_max));
    }
    if let Some(at) = name.find(char::is_control) {
        return Err(Error::invalid(format!("{what} has a control character at byte {at}")));
    }
    Ok(())
}

/// Implements what every checked string offers; the type itself says what is checked.
macro_rules! checked_string {
    ($type:ident) => {
        impl $type {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text in its shared buffer.
            #[must_use]
            pub fn as_shared(&self) -> &bytestring::ByteString {
                &self.0
            }

            /// Takes text that was checked when it was stored; for backends reading it back.
            #[must_use]
            pub fn from_stored(text: bytestring::ByteString) -> Self {
                Self(text)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::Error;

            fn from_str(text: &str) -> crate::Result<Self> {
                Self::new(text)
            }
        }
    };
}
pub(crate) use checked_string;

/// The name of a checkpoint, lease or snapshot.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(ByteString);

checked_string!(Name);

impl Name {
    /// Checks the name.
    ///
    /// # Errors
    /// Empty, longer than [`STATE_NAME_BYTES_MAX`](crate::limits::STATE_NAME_BYTES_MAX), or with
    /// a control character.
    pub fn new(name: impl Into<ByteString>) -> Result<Self> {
        let name = name.into();
        check("the name", &name, crate::limits::STATE_NAME_BYTES_MAX)?;
        Ok(Self(name))
    }
}
