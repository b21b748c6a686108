//! What a server for tests should be like.

use std::path::PathBuf;

/// What a server for tests should be like; the default is durable and otherwise as PostgreSQL is.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether the server survives being killed.
    pub durability: Durability,
    /// Further settings by name, for example `("max_connections", "300")`; the last of a name counts.
    /// A standby takes them over.
    pub settings: Vec<(String, String)>,
    /// Further files in the data folder, by name, such as certificates and keys: readable only by
    /// the server, and there before it starts. A name that exists, such as `pg_hba.conf`, is replaced.
    pub files: Vec<(String, Vec<u8>)>,
    /// The data folder, for example on a small disk of its own: empty or not there yet.
    /// It is not removed afterwards. By default it is in the server's temporary folder.
    pub data: Option<PathBuf>,
}

/// What a server does so that nothing is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// PostgreSQL's defaults: what was committed survives a crash.
    #[default]
    Durable,
    /// Nothing is synced, so that tests in which no server is killed are fast.
    Fast,
}

impl Options {
    /// The lines to add to the server's configuration.
    pub(super) fn configuration(&self) -> String {
        let fast: &[(&str, &str)] = match self.durability {
            Durability::Durable => &[],
            Durability::Fast => {
                &[("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")]
            }
        };
        let given = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        // In files of the data folder instead of /dev/shm: containers have little of
        // that, and nobody would tidy it up after a server that was killed.
        let own = [("dynamic_shared_memory_type", "mmap")];
        let settings = own.into_iter().chain(fast.iter().copied()).chain(given);
        settings.map(|(name, value)| format!("{name} = {}\n", quoted(value))).collect()
    }
}

fn quoted(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n");
    format!("'{value}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_asks_for_comes_last() {
        let settings = vec![("fsync".to_owned(), "on".to_owned())];
        let options = Options { durability: Durability::Fast, settings, ..Options::default() };
        let lines = options.configuration();
        assert!(lines.contains("fsync = 'off'\n") && lines.ends_with("fsync = 'on'\n"), "{lines}");
    }

    #[test]
    fn a_value_stays_one_value() {
        assert_eq!(quoted("it's a\\b\nc"), "'it''s a\\\\b\\nc'");
    }
}
