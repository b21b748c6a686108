//! Who a server runs as.
//!
//! PostgreSQL refuses to run as root, so that tests which run as root (as in
//! most containers) start it as somebody else: the user `postgres`, or `nobody`.
//! The standard library changes user, group and supplementary groups between
//! fork and exec, so that no further program is needed for it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::Problem;

const USERS: &str = "/etc/passwd";

/// In this order.
const SERVANTS: [&str; 2] = ["postgres", "nobody"];

/// The user that a server and its files belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    /// The user of this process.
    Ours,
    /// Another one, because this process runs as root.
    Servant { uid: u32, gid: u32 },
}

impl Account {
    /// The account for servers of this process, which has just made `folder`.
    pub(crate) fn new(folder: &Path) -> Result<Self, Problem> {
        let failed = |error| Problem::file("look at", folder, &error);
        if fs::metadata(folder).map_err(failed)?.uid() != 0 {
            return Ok(Self::Ours);
        }
        let users = fs::read_to_string(USERS)
            .map_err(|error| Problem::file("read", Path::new(USERS), &error))?;
        SERVANTS.iter().find_map(|name| servant(&users, name)).ok_or_else(|| {
            Problem::new(
                "found no user to run the server as",
                format!("servers refuse to run as root, and {USERS} has none of {SERVANTS:?}"),
                "add the user `postgres`, or run the tests as an ordinary user",
            )
        })
    }

    /// Makes `command` run under this account.
    pub(crate) fn run(self, command: &mut Command) {
        if let Self::Servant { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }

    /// Hands a file or folder over to this account.
    pub(crate) fn own(self, path: &Path) -> Result<(), Problem> {
        let Self::Servant { uid, gid } = self else {
            return Ok(());
        };
        chown(path, Some(uid), Some(gid)).map_err(|error| Problem::file("hand over", path, &error))
    }
}

fn servant(users: &str, name: &str) -> Option<Account> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let uid = fields.next()?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    (uid != 0).then_some(Account::Servant { uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "root:x:0:0::/root:/bin/sh\npostgres:x:101:104:a,b:/var:/bin/bash\n\
                          nobody:x:65534:65534:nobody:/:/bin/false\nzero:x:0:0::/:/bin/sh\n";

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        assert_eq!(servant(SAMPLE, "postgres"), Some(Account::Servant { uid: 101, gid: 104 }));
        assert_eq!(servant(SAMPLE, "post"), None);
    }

    #[test]
    fn root_under_another_name_serves_nobody() {
        assert_eq!(servant(SAMPLE, "zero"), None);
    }
}
