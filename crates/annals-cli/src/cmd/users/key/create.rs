//! `annals users key create`: a new API key, in the store or in a file.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use annals_server::{KeyAccess, Keys, Secret, key_for_file};
use futures_lite::future::block_on;

use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    session::Session,
};

/// Make an API key and show it, once
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals users key create shop                    kept in the store\n  \
    annals users key create reports --read-only\n  \
    annals users key create shop --file keys.txt    for `annals serve --api-keys keys.txt`")]
pub(super) struct Args {
    /// What the key is for: letters, digits and `-`
    #[arg(value_name = "NAME")]
    name: String,
    /// The key reads, and changes nothing
    #[arg(long)]
    read_only: bool,
    /// Keep the hash of the key in this file instead of the store, which a server may hold
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let access = if args.read_only { KeyAccess::ReadOnly } else { KeyAccess::ReadWrite };
    let key = match &args.file {
        Some(path) => in_file(path, &args.name, access)?,
        None => {
            let keys = Keys::new(session.open_or_create()?);
            let created = block_on(keys.create(&args.name, access));
            created.or_fail(|| format!("the key `{}` was not made", args.name))?
        }
    };
    session.note("the key is shown only now; send it as `authorization: Bearer KEY`:");
    writeln!(std::io::stdout(), "{}", key.reveal())?;
    Ok(Exit::Ok)
}

fn in_file(path: &Path, name: &str, access: KeyAccess) -> Result<Secret> {
    let (key, line) = key_for_file(name, access)?;
    let append = || {
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        file.write_all(format!("{line}\n").as_bytes())
    };
    append().or_fail(|| format!("`{}` cannot be written", path.display()))?;
    Ok(key)
}
