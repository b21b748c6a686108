//! `annals man`: manual pages.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use clap_mangen::Man;

use crate::{
    cli,
    exit::Exit,
    failure::{OrFail, Result},
};

/// Print the manual page, or write the pages of all commands to a folder
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals man | man -l -\n  \
    annals man --dir ~/.local/share/man/man1")]
pub(crate) struct Args {
    /// Write a page for every command to this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let mut command = cli::definition();
    command.build();
    match &args.dir {
        None => {
            std::io::stdout().write_all(&page(&command, "annals")?)?;
        }
        Some(dir) => {
            fs::create_dir_all(dir)
                .or_fail(|| format!("the folder `{}` could not be made", dir.display()))?;
            write_pages(&command, "annals", dir)?;
        }
    }
    Ok(Exit::Ok)
}

fn page(command: &clap::Command, name: &str) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone()).title(name.to_uppercase()).render(&mut page)?;
    Ok(page)
}

fn write_pages(command: &clap::Command, name: &str, dir: &Path) -> Result<()> {
    let path = dir.join(format!("{name}.1"));
    let text = page(command, name)?;
    fs::write(&path, text).or_fail(|| format!("`{}` could not be written", path.display()))?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        write_pages(sub, &format!("{name}-{}", sub.get_name()), dir)?;
    }
    Ok(())
}
