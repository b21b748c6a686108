//! Access lists: which right is in whose list, and what counts where a stream has none.

use annals_core::{Acl, StreamMetadata, StreamName};
use serde_json::{Map, Value};

use super::caller::{ADMINS, EVERYBODY};

/// What is done with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamRight {
    Read,
    Write,
    Delete,
    MetadataRead,
    MetadataWrite,
}

/// Streams whose rights no access list changes: they hold the hashes of passwords and keys.
const SECRET_PREFIXES: [&str; 2] = ["$user-", "$api-key-"];

/// The stream with the lists that count where a stream has none.
pub(crate) const SETTINGS: &str = "$settings";
const USER_STREAMS: &str = "$userStreamAcl";
const SYSTEM_STREAMS: &str = "$systemStreamAcl";

/// The lists that count where a stream has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Defaults {
    user: Option<Acl>,
    system: Option<Acl>,
}

/// Whether a stream holds hashes of passwords or keys.
pub(crate) fn is_secret(stream: &StreamName) -> bool {
    let name = stream.as_str();
    let of = name.strip_prefix("$$").unwrap_or(name);
    SECRET_PREFIXES.iter().any(|prefix| of.starts_with(prefix))
}

impl StreamRight {
    /// The stream and the right that count: what is done to a metastream is done to the metadata
    /// of the stream it belongs to.
    pub(crate) fn meant(self, stream: &StreamName) -> (StreamName, Self) {
        let Some(of) = stream.metastream_of() else {
            return (stream.clone(), self);
        };
        let right = match self {
            Self::Read | Self::MetadataRead => Self::MetadataRead,
            Self::Write | Self::Delete | Self::MetadataWrite => Self::MetadataWrite,
        };
        (of, right)
    }

    /// Whether nothing is changed.
    pub(crate) const fn is_reading(self) -> bool {
        matches!(self, Self::Read | Self::MetadataRead)
    }

    fn list(self, acl: &Acl) -> Option<&[String]> {
        let list = match self {
            Self::Read => &acl.read,
            Self::Write => &acl.write,
            Self::Delete => &acl.delete,
            Self::MetadataRead => &acl.metadata_read,
            Self::MetadataWrite => &acl.metadata_write,
        };
        list.as_deref()
    }
}

impl Defaults {
    /// From the data of the newest event of `$settings`; what cannot be read counts as nothing.
    pub(crate) fn parse(json: &[u8]) -> Self {
        let settings: Map<String, Value> = serde_json::from_slice(json).unwrap_or_default();
        let acl = |key: &str| {
            let acl = Value::from_iter([("$acl", settings.get(key)?.clone())]);
            StreamMetadata::parse_stored(acl.to_string().as_bytes()).acl
        };
        Self { user: acl(USER_STREAMS), system: acl(SYSTEM_STREAMS) }
    }

    /// Who has a right: by the stream's own list, else by the default for its kind of stream, else
    /// everybody for users' streams and the administrators for the system's.
    pub(crate) fn allowed(
        &self,
        own: Option<&Acl>,
        stream: &StreamName,
        right: StreamRight,
    ) -> Vec<String> {
        let own = own.and_then(|acl| right.list(acl));
        own.map_or_else(|| self.of_kind(stream.is_system(), right), <[String]>::to_vec)
    }

    /// Who may read the whole store, which counts as one of the system's streams.
    pub(crate) fn readers_of_all(&self) -> Vec<String> {
        self.of_kind(true, StreamRight::Read)
    }

    fn of_kind(&self, is_system: bool, right: StreamRight) -> Vec<String> {
        let (acl, built_in) =
            if is_system { (&self.system, ADMINS) } else { (&self.user, EVERYBODY) };
        let list = acl.as_ref().and_then(|acl| right.list(acl));
        list.map_or_else(|| vec![built_in.to_owned()], <[String]>::to_vec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(name: &str) -> StreamName {
        StreamName::new(name.to_owned()).unwrap()
    }

    #[test]
    fn without_lists_users_streams_are_everybodys_and_the_systems_the_administrators() {
        let defaults = Defaults::default();
        let allowed = |name| defaults.allowed(None, &stream(name), StreamRight::Write);
        assert_eq!(allowed("account-1"), ["$all"]);
        assert_eq!(allowed("$stats"), ["$admins"]);
        assert_eq!(defaults.readers_of_all(), ["$admins"]);
    }

    #[test]
    fn a_streams_own_list_counts_before_the_settings_and_those_before_what_is_built_in() {
        let settings = br#"{"$userStreamAcl":{"$r":"$admins","$w":["ann","$ops"]},
            "$systemStreamAcl":{"$r":["auditor"]}}"#;
        let defaults = Defaults::parse(settings);
        let account = stream("account-1");
        assert_eq!(defaults.allowed(None, &account, StreamRight::Write), ["ann", "$ops"]);
        assert_eq!(defaults.allowed(None, &account, StreamRight::Delete), ["$all"]);
        assert_eq!(defaults.readers_of_all(), ["auditor"]);
        let own = Acl { write: Some(vec!["bob".to_owned()]), ..Acl::default() };
        assert_eq!(defaults.allowed(Some(&own), &account, StreamRight::Write), ["bob"]);
        assert_eq!(defaults.allowed(Some(&own), &account, StreamRight::Read), ["$admins"]);
        assert_eq!(Defaults::parse(b"no JSON"), Defaults::default());
        assert_eq!(Defaults::parse(br#"{"$userStreamAcl":7}"#), Defaults::default());
    }

    #[test]
    fn a_metastream_stands_for_the_metadata_of_its_stream() {
        let (of, right) = StreamRight::Write.meant(&stream("$$account-1"));
        assert_eq!((of.as_str(), right), ("account-1", StreamRight::MetadataWrite));
        let (of, right) = StreamRight::Read.meant(&stream("$$$settings"));
        assert_eq!((of.as_str(), right), ("$settings", StreamRight::MetadataRead));
    }

    #[test]
    fn streams_with_hashes_are_known_and_so_are_their_metastreams() {
        for name in ["$user-ann", "$$$user-ann", "$api-key-shop", "$$$api-key-shop"] {
            assert!(is_secret(&stream(name)), "{name}");
        }
        for name in ["$users", "user-ann", "$$user-ann"] {
            assert!(!is_secret(&stream(name)), "{name}");
        }
    }
}
