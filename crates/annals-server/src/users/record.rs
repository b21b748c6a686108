//! A user as stored: the data of the events of their stream.

use std::fmt;

use annals_core::{Error, ErrorKind, EventType, NewEvent, RecordedEvent, Result};
use serde::{Deserialize, Serialize};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct User {
    pub(crate) login_name: String,
    #[serde(default)]
    pub(crate) full_name: String,
    /// Hashes of other servers are read, and no password fits them.
    #[serde(default)]
    pub(crate) hash: Hash,
    #[serde(default)]
    pub(crate) disabled: bool,
    #[serde(default, deserialize_with = "nothing_is_empty")]
    pub(crate) groups: Vec<String>,
}

/// The hash of a password, with salt and cost. It is not shown.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hash(pub(super) String);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(..)")
    }
}

/// Other servers write `null` for no groups.
fn nothing_is_empty<'de, D>(deserializer: D) -> Result<Vec<String>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl User {
    /// # Errors
    /// `Undecodable` when the event is no user.
    pub(super) fn parse(event: &RecordedEvent) -> Result<Self> {
        serde_json::from_slice(&event.data).map_err(|_| {
            // What serde says may have parts of the data in it.
            let why = format!(
                "version {} of `{}` is no user; delete the stream and make the user anew",
                event.version, event.stream
            );
            Error::new(ErrorKind::Undecodable, why)
        })
    }

    pub(super) fn event(&self, event_type: &'static str) -> Result<NewEvent> {
        let data = serde_json::to_vec(self).map_err(|error| {
            Error::new(ErrorKind::Internal, "a user cannot be written").caused_by(error)
        })?;
        Ok(NewEvent::new(EventType::new(event_type)?, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_stored_under_the_names_of_the_reference_and_not_shown() {
        let user = User {
            login_name: "ann".to_owned(),
            full_name: "Ann".to_owned(),
            hash: Hash("hunter2".to_owned()),
            disabled: false,
            groups: vec!["$ops".to_owned()],
        };
        let data = user.event("$UserCreated").unwrap().data;
        let stored: serde_json::Value = serde_json::from_slice(&data).unwrap();
        assert_eq!(stored["LoginName"], "ann");
        assert_eq!(stored["Groups"][0], "$ops");
        assert_eq!(stored["Disabled"], false);
        assert!(!format!("{user:?}").contains("hunter2"));
    }

    #[test]
    fn a_user_of_another_server_is_read() {
        let data = br#"{"LoginName":"bob","FullName":"B","Salt":"x","Hash":"y","Groups":null}"#;
        let user: User = serde_json::from_slice(data).unwrap();
        assert_eq!((user.login_name.as_str(), user.groups.len()), ("bob", 0));
    }
}
