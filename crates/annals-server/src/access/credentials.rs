//! The header `authorization`: a user with a password, or an API key.

use annals_core::{Error, ErrorKind};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;

use crate::Secret;

/// Who somebody says they are, and what is to prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    Password { login: String, password: Secret },
    Key(Secret),
}

impl Credentials {
    /// Reads the header; the scheme's case does not count.
    ///
    /// # Errors
    /// `Unauthenticated` for any other scheme, and for what is none.
    pub(super) fn parse(header: &HeaderValue) -> Result<Self, Error> {
        let text = header.to_str().ok();
        let parsed = text.and_then(|text| text.split_once(' ')).and_then(|(scheme, rest)| {
            let rest = rest.trim();
            if scheme.eq_ignore_ascii_case("basic") {
                Self::basic(rest)
            } else if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
                Some(Self::Key(Secret::new(rest)))
            } else {
                None
            }
        });
        parsed.ok_or_else(|| {
            let why = "the header `authorization` is neither `Basic` with a user and a password \
                       nor `Bearer` with an API key";
            Error::new(ErrorKind::Unauthenticated, why)
        })
    }

    fn basic(encoded: &str) -> Option<Self> {
        let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (login, password) = decoded.split_once(':')?;
        Some(Self::Password { login: login.to_owned(), password: Secret::new(password) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: &str) -> Result<Credentials, Error> {
        Credentials::parse(&HeaderValue::from_str(header).unwrap())
    }

    #[test]
    fn users_and_keys_are_understood() {
        let basic = format!("basic {}", STANDARD.encode("ann:a:b"));
        let expected =
            Credentials::Password { login: "ann".to_owned(), password: Secret::new("a:b") };
        assert_eq!(parse(&basic).unwrap(), expected);
        assert_eq!(parse("Bearer  key").unwrap(), Credentials::Key(Secret::new("key")));
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        let no_colon = format!("Basic {}", STANDARD.encode("hunter2"));
        for header in ["hunter2", "Digest hunter2", "Basic hunter2!", "Bearer ", &no_colon] {
            let error = parse(header).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{header}");
            assert!(!format!("{error:?}").contains("hunter2"), "{header}");
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let shown = format!("{:?}", parse("Bearer hunter2").unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
