//! Which group: what it follows and its name, and the names of what is stored for it.

use std::fmt;

use annals_core::{Name, Result, StreamName};

/// What a group follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The whole store.
    All,
    Stream(StreamName),
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupId {
    pub(crate) source: Source,
    pub(crate) name: String,
}

/// What the streams of all groups begin with.
const STREAMS: &str = "$persistentsubscription-";

impl Source {
    /// The name by which clients know it.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::All => "$all",
            Self::Stream(stream) => stream.as_str(),
        }
    }
}

impl GroupId {
    /// The stream for events that consumers could not deal with.
    ///
    /// # Errors
    /// `InvalidArgument` or `TooLarge` when the names together are none for a stream.
    pub(super) fn parked_stream(&self) -> Result<StreamName> {
        StreamName::new(format!("{STREAMS}{self}-parked"))
    }

    /// The name of the checkpoint.
    ///
    /// # Errors
    /// `InvalidArgument` or `TooLarge` when the names together are none for a checkpoint.
    pub(super) fn checkpoint(&self) -> Result<Name> {
        Name::new(format!("$persistent/{self}"))
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.source.as_str(), self.name)
    }
}

/// Whether a stream is one that the groups of `$all` write themselves. It is left out when the
/// whole store is read: a group would otherwise be given what it has just put aside.
pub(crate) fn is_of_all(stream: &StreamName) -> bool {
    let of_all = stream.as_str().strip_prefix(STREAMS).and_then(|name| name.strip_prefix("$all::"));
    of_all.is_some_and(|name| name.ends_with("-parked") || name.ends_with("-checkpoint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(source: &str) -> GroupId {
        let source = match source {
            "$all" => Source::All,
            stream => Source::Stream(StreamName::new(stream.to_owned()).unwrap()),
        };
        GroupId { source, name: "readers".to_owned() }
    }

    #[test]
    fn what_is_stored_for_a_group_is_named_after_it() {
        let group = group("account-1");
        let parked = group.parked_stream().unwrap();
        assert_eq!(parked.as_str(), "$persistentsubscription-account-1::readers-parked");
        assert_eq!(group.checkpoint().unwrap().as_str(), "$persistent/account-1::readers");
        let long = GroupId { name: "x".repeat(1_024), ..group };
        assert!(long.parked_stream().is_err());
    }

    #[test]
    fn only_what_groups_of_the_whole_store_write_is_left_out() {
        assert!(is_of_all(&group("$all").parked_stream().unwrap()));
        assert!(!is_of_all(&group("account-1").parked_stream().unwrap()));
        assert!(!is_of_all(&StreamName::new("account-1-parked").unwrap()));
    }
}
