//! API keys in a file: one a line, `NAME read-only|read-write SHA256`, where the last is the hash
//! of the key in hexadecimal. Empty lines and lines that begin with `#` say nothing.

use std::{collections::HashMap, fs, path::Path, sync::Arc};

use annals_core::{Error, ErrorKind, Result};

use super::keys;
use crate::{
    Secret,
    access::{Key, KeyAccess},
};

/// The keys of a file, by their hashes.
#[derive(Debug)]
pub(crate) struct KeyFile(HashMap<String, Arc<Key>>);

const READ_ONLY: &str = "read-only";
const READ_WRITE: &str = "read-write";
const HASH_DIGITS: usize = 64;

impl KeyFile {
    /// Reads the file, once.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be read, `InvalidArgument` for a line that is no key.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| {
            let why = format!("the API keys in `{}` cannot be read", path.display());
            Error::new(ErrorKind::Unavailable, why).caused_by(error)
        })?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut keys = HashMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let words: Vec<_> = line.split_whitespace().collect();
            if words.first().is_none_or(|first| first.starts_with('#')) {
                continue;
            }
            let (name, access, hash) = key(&words).ok_or_else(|| {
                let why = "is not `NAME read-only|read-write SHA256`; `annals users key create \
                           --file` writes such lines";
                Error::invalid(format!("line {number} of the file of API keys {why}"))
            })?;
            keys.insert(hash, Arc::new(Key { name, access }));
        }
        Ok(Self(keys))
    }

    /// The key, if it is in the file.
    pub(crate) fn find(&self, key: &Secret) -> Option<Arc<Key>> {
        self.0.get(&keys::hash(key)).cloned()
    }
}

/// Makes a key, and the line by which a file of keys knows it.
///
/// # Errors
/// `InvalidArgument` for a name that is not made of letters, digits and hyphens, `Unavailable` when
/// the system gives no random bytes.
pub fn key_for_file(name: &str, access: KeyAccess) -> Result<(Secret, String)> {
    keys::stream_of(name)?;
    let key = keys::generate(name)?;
    let word = match access {
        KeyAccess::ReadOnly => READ_ONLY,
        KeyAccess::ReadWrite => READ_WRITE,
    };
    let line = format!("{name} {word} {}", keys::hash(&key));
    Ok((key, line))
}

fn key(words: &[&str]) -> Option<(String, KeyAccess, String)> {
    let &[name, access, hash] = words else {
        return None;
    };
    let access = match access {
        READ_ONLY => KeyAccess::ReadOnly,
        READ_WRITE => KeyAccess::ReadWrite,
        _ => return None,
    };
    let is_hash = hash.len() == HASH_DIGITS && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hash.then(|| (name.to_owned(), access, hash.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_written_is_read() {
        let (key, line) = key_for_file("shop", KeyAccess::ReadOnly).unwrap();
        let found = KeyFile::parse(&line).unwrap().find(&key).unwrap();
        assert_eq!((found.name.as_str(), found.access), ("shop", KeyAccess::ReadOnly));
    }

    #[test]
    fn any_text_is_a_key_whose_hash_is_in_the_file() {
        let secret = Secret::new("any text");
        let line = format!("# keys\n\nshop read-write {}\n", keys::hash(&secret));
        let file = KeyFile::parse(&line).unwrap();
        let found = file.find(&secret).unwrap();
        assert_eq!((found.name.as_str(), found.access), ("shop", KeyAccess::ReadWrite));
        assert!(file.find(&Secret::new("other")).is_none());
    }

    #[test]
    fn a_line_that_is_no_key_is_named_and_not_repeated() {
        for line in ["shop read-write hunter2", "shop all 00", "hunter2"] {
            let error = KeyFile::parse(&format!("\n{line}\n")).unwrap_err().to_string();
            assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
        }
    }
}
