//! Where the settings of a server come from: flags before variables of the environment, those
//! before a file, that before the default.
//!
//! A setting is a flag of `annals serve` that also has a variable; its key in the file is its long
//! name. So a flag is defined once, with clap, and is a setting by that. A flag that hides its
//! variable's value (`hide_env_values`) is a secret, and is not shown.
//!
//! The file comes in before the command line is parsed: what it says and neither flags nor
//! variables do is added as flags. So clap checks it like everything else.

mod file;
mod value;

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};

use self::file::Entry;
use crate::{cli, failure::Result};

/// Where settings are read from.
#[derive(Debug, clap::Args)]
pub(crate) struct FileArgs {
    /// A TOML file with settings, `key = value`, where a key is a flag without its dashes; by
    /// default `annals.toml` in the working folder, if it is there
    #[arg(long, value_name = "FILE", env = "ANNALS_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

/// The file that is read without being asked for.
const DEFAULT_FILE: &str = "annals.toml";
/// The flag that names another one. A command that has it is given settings.
const CONFIG: &str = "config";
/// The command whose flags are the settings.
const SERVE: &str = "serve";

/// All settings of a command that has any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    pub(crate) list: Vec<Setting>,
}

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
    pub(crate) source: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Flag,
    Variable(String),
    File { path: PathBuf, line: usize },
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => out.write_str("flag"),
            Self::Variable(name) => write!(out, "variable {name}"),
            Self::File { path, line } => write!(out, "{}, line {line}", path.display()),
            Self::Default => out.write_str("default"),
        }
    }
}

/// The arguments with what the file adds to them, and all settings.
pub(crate) fn fill(mut args: Vec<OsString>) -> Result<(Vec<OsString>, Settings)> {
    let mut definition = cli::definition();
    definition.build();
    // What is wrong with the arguments is said when they are parsed for good.
    let lenient = definition.clone().ignore_errors(true);
    let Ok(matches) = lenient.try_get_matches_from(&args) else {
        return Ok((args, Settings::default()));
    };
    let matches = innermost(&matches);
    let (Ok(path), Some(serve)) =
        (matches.try_get_one::<PathBuf>(CONFIG), definition.find_subcommand(SERVE))
    else {
        return Ok((args, Settings::default()));
    };
    let (file, entries) = entries(serve, path)?;
    let mut list = Vec::new();
    for arg in settings(serve) {
        let entry = entries.iter().find(|entry| Some(&*entry.key) == arg.get_long());
        let setting = setting(arg, matches, entry, file.as_deref());
        if matches!(setting.source, Source::File { .. }) {
            args.extend(entry.into_iter().flat_map(|entry| entry.flags.iter().map(Into::into)));
        }
        list.push(setting);
    }
    Ok((args, Settings { file, list }))
}

/// The file that counts, and what it says.
fn entries(serve: &Command, named: Option<&PathBuf>) -> Result<(Option<PathBuf>, Vec<Entry>)> {
    let path = match named {
        Some(path) => path.clone(),
        None if Path::new(DEFAULT_FILE).exists() => PathBuf::from(DEFAULT_FILE),
        None => return Ok((None, Vec::new())),
    };
    let entries = file::read(serve, &path)?;
    Ok((Some(path), entries))
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    match matches.subcommand() {
        Some((_, inner)) => innermost(inner),
        None => matches,
    }
}

/// The flags that are settings.
pub(super) fn settings(serve: &Command) -> impl Iterator<Item = &Arg> {
    serve.get_arguments().filter(|arg| arg.get_env().is_some() && arg.get_id() != CONFIG)
}

fn setting(arg: &Arg, matches: &ArgMatches, entry: Option<&Entry>, file: Option<&Path>) -> Setting {
    let id = arg.get_id().as_str();
    let source = match (matches.value_source(id), entry, file) {
        (Some(ValueSource::CommandLine), _, _) => Source::Flag,
        (Some(ValueSource::EnvVariable), _, _) => {
            let name = arg.get_env().unwrap_or_default();
            Source::Variable(name.to_string_lossy().into_owned())
        }
        (_, Some(entry), Some(path)) => Source::File { path: path.to_owned(), line: entry.line },
        (_, _, _) => Source::Default,
    };
    let value = match (&source, entry) {
        (Source::File { .. }, Some(entry)) => Some(entry.value.clone()),
        _ => matches.get_raw(id).map(joined),
    };
    let value = value.map(|value| value::shown(arg, &value));
    Setting { key: arg.get_long().unwrap_or(id).to_owned(), value, source }
}

fn joined<'a>(values: impl Iterator<Item = &'a OsStr>) -> String {
    values.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(", ")
}

/// Whether a flag is one that is there or not, without a value.
fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

#[cfg(test)]
mod tests;
