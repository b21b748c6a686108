//! API keys: for programs, which have no use for a password that people can remember.
//!
//! A key is `annals_NAME_` and 256 random bits, so a plain SHA-256 of it gives nothing away and
//! costs nothing. `$api-key-NAME` has the hash; the key itself is shown once.

use std::sync::Arc;

use annals_core::{
    Append, Backend, Category, DeleteMode, DeleteStream, Error, ErrorKind, EventType,
    ExpectedVersion, NewEvent, Result, StreamName,
};
use futures_lite::StreamExt;
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use serde::{Deserialize, Serialize};

use super::newest;
use crate::{Secret, access::KeyAccess};

/// The API keys of a store.
#[derive(Debug)]
pub struct Keys {
    store: Arc<dyn Backend>,
}

/// What a store knows of an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The name it was given.
    pub name: String,
    /// What it is good for.
    pub access: KeyAccess,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    name: String,
    hash: String,
    read_only: bool,
}

const PREFIX: &str = "$api-key-";
const KEY_BYTES: usize = 32;
const NAME_BYTES_MAX: usize = 64;

impl Keys {
    /// The keys of this store.
    #[must_use]
    pub fn new(store: Arc<dyn Backend>) -> Self {
        Self { store }
    }

    /// Makes a key and gives it; it cannot be seen again.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that is not made of letters, digits and hyphens,
    /// `WrongExpectedVersion` when there is a key of that name; those of the store.
    pub async fn create(&self, name: &str, access: KeyAccess) -> Result<Secret> {
        let stream = stream_of(name)?;
        let key = generate(name)?;
        let read_only = access == KeyAccess::ReadOnly;
        let record = Record { name: name.to_owned(), hash: hash(&key), read_only };
        let data = serde_json::to_vec(&record).map_err(|error| {
            Error::new(ErrorKind::Internal, "a key cannot be written").caused_by(error)
        })?;
        let event = NewEvent::new(EventType::new("$ApiKeyCreated")?, data);
        self.store.append(Append::to(stream, ExpectedVersion::NoStream, [event])).await?;
        Ok(key)
    }

    /// Ends a key. Servers on the store refuse it from then on.
    ///
    /// # Errors
    /// `WrongExpectedVersion` when there is no key of that name; those of the store.
    pub async fn revoke(&self, name: &str) -> Result<()> {
        let expected = ExpectedVersion::StreamExists;
        let delete = DeleteStream { stream: stream_of(name)?, expected, mode: DeleteMode::Soft };
        self.store.delete_stream(delete).await?;
        Ok(())
    }

    /// The keys that are good, by their names.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self) -> Result<Vec<StoredKey>> {
        let mut list = Vec::new();
        let mut streams = self.store.streams(Some(Category::new("$api")?));
        while let Some(stream) = streams.next().await.transpose()? {
            list.extend(self.record(stream).await?.map(|record| record.stored()));
        }
        list.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(list)
    }

    /// The key, if it is one.
    pub(crate) async fn proven(&self, key: &Secret) -> Result<Option<StoredKey>> {
        let Some(stream) = stream_of_key(key) else {
            return Ok(None);
        };
        let record = self.record(stream).await?;
        // The hashes of keys that cannot be guessed can be compared in any time.
        Ok(record.filter(|record| record.hash == hash(key)).map(|record| record.stored()))
    }

    async fn record(&self, stream: StreamName) -> Result<Option<Record>> {
        let event = newest(self.store.as_ref(), stream).await?;
        let record = event.map(|event| serde_json::from_slice(&event.data));
        record.transpose().map_err(|_| {
            let why = "what is stored as an API key is none; revoke it and make another";
            Error::new(ErrorKind::Undecodable, why)
        })
    }
}

impl Record {
    fn stored(self) -> StoredKey {
        let access = if self.read_only { KeyAccess::ReadOnly } else { KeyAccess::ReadWrite };
        StoredKey { name: self.name, access }
    }
}

pub(super) fn stream_of(name: &str) -> Result<StreamName> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(is_plain) {
        let why = "the name of a key is made of letters, digits and `-`, 64 at most";
        return Err(Error::invalid(why));
    }
    StreamName::new(format!("{PREFIX}{name}"))
}

/// The stream of what looks like a key.
pub(crate) fn stream_of_key(key: &Secret) -> Option<StreamName> {
    let (name, _) = key.reveal().strip_prefix("annals_")?.rsplit_once('_')?;
    stream_of(name).ok()
}

/// A new key.
pub(super) fn generate(name: &str) -> Result<Secret> {
    let mut bytes = [0; KEY_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Unavailable, "the system gives no random bytes"))?;
    Ok(Secret::new(format!("annals_{name}_{}", hex(&bytes))))
}

/// What is kept of a key: its SHA-256 in hexadecimal.
pub(super) fn hash(key: &Secret) -> String {
    hex(digest(&SHA256, key.reveal().as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use annals_core::MemoryBackend;

    use super::*;

    #[tokio::test]
    async fn a_key_is_good_until_it_is_revoked() {
        let keys = Keys::new(Arc::new(MemoryBackend::new()));
        let key = keys.create("the-shop", KeyAccess::ReadOnly).await.unwrap();
        let expected = StoredKey { name: "the-shop".to_owned(), access: KeyAccess::ReadOnly };
        assert_eq!(keys.proven(&key).await.unwrap(), Some(expected.clone()));
        assert_eq!(keys.list().await.unwrap(), [expected]);
        let conflict = keys.create("the-shop", KeyAccess::ReadWrite).await.unwrap_err();
        assert_eq!(conflict.kind(), ErrorKind::WrongExpectedVersion);
        let other = generate("the-shop").unwrap();
        assert_eq!(keys.proven(&other).await.unwrap(), None);
        assert_eq!(keys.proven(&Secret::new("annals_nobody_00")).await.unwrap(), None);
        assert_eq!(keys.proven(&Secret::new("anything")).await.unwrap(), None);
        keys.revoke("the-shop").await.unwrap();
        assert_eq!(keys.proven(&key).await.unwrap(), None);
        assert_eq!(keys.list().await.unwrap(), []);
        let again = keys.create("the-shop", KeyAccess::ReadWrite).await.unwrap();
        assert_eq!(keys.proven(&key).await.unwrap(), None);
        assert!(keys.proven(&again).await.unwrap().is_some());
    }

    #[test]
    fn names_are_plain() {
        for name in ["", "a_b", "a b", "a:b", &"x".repeat(65)] {
            assert!(stream_of(name).is_err(), "{name}");
        }
    }
}
