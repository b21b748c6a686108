//! A file with settings: TOML, one key for each setting, no tables.

use std::{collections::BTreeMap, fs, ops::Range, path::Path};

use clap::{
    Arg, ArgAction, Command,
    error::{ContextKind, ContextValue},
};
use toml::{Spanned, Value};

use super::{is_switch, settings, value::is_secret};
use crate::{
    cli,
    exit::Exit,
    failure::{Failure, OrFail, Result},
};

/// What the file says about one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) value: String,
    /// The flags that say the same.
    pub(super) flags: Vec<String>,
}

/// What is wrong in the file, before it is said where.
struct Wrong {
    why: String,
    hint: String,
}

/// Reads a file whose keys are flags of `serve`.
pub(super) fn read(serve: &Command, path: &Path) -> Result<Vec<Entry>> {
    let what = || format!("the configuration `{}` cannot be used", path.display());
    let text = fs::read_to_string(path).or_fail(what)?;
    entries(serve, &text).map_err(|(line, wrong)| {
        Failure::new(Exit::Usage, what(), format!("line {line}: {}", wrong.why), wrong.hint)
    })
}

fn entries(serve: &Command, text: &str) -> Result<Vec<Entry>, (usize, Wrong)> {
    let table: BTreeMap<Spanned<String>, Value> = toml::from_str(text).map_err(|error| {
        let line = line_of(text, &error.span().unwrap_or_default());
        let hint = "write `key = value`, with text in quotes".to_owned();
        (line, Wrong { why: error.message().to_owned(), hint })
    })?;
    let mut entries = Vec::new();
    for (key, value) in &table {
        let line = line_of(text, &key.span());
        entries.push(entry(serve, key.get_ref(), line, value).map_err(|wrong| (line, wrong))?);
    }
    entries.sort_by_key(|entry: &Entry| entry.line);
    Ok(entries)
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|&byte| byte == b'\n').count() + 1
}

fn entry(serve: &Command, key: &str, line: usize, value: &Value) -> Result<Entry, Wrong> {
    let arg = settings(serve).find(|arg| arg.get_long() == Some(key));
    let arg = arg.ok_or_else(|| unknown(key))?;
    let values = values(arg, key, value)?;
    let flags: Vec<_> = match (is_switch(arg), value) {
        (true, Value::Boolean(true)) => vec![format!("--{key}")],
        (true, _) => Vec::new(),
        (false, _) => values.iter().map(|value| format!("--{key}={value}")).collect(),
    };
    check(arg, key, &flags)?;
    Ok(Entry { key: key.to_owned(), line, value: values.join(", "), flags })
}

fn unknown(key: &str) -> Wrong {
    let hint = match nearest(key) {
        Some(flag) => format!("write `{}`", flag.trim_start_matches('-')),
        None => "`annals config show` lists the settings".to_owned(),
    };
    Wrong { why: format!("`{key}` is no setting"), hint }
}

/// The flag that is most like a key, as clap would suggest it to somebody who typed that.
fn nearest(key: &str) -> Option<String> {
    let args = ["annals".to_owned(), super::SERVE.to_owned(), format!("--{key}")];
    let error = cli::definition().try_get_matches_from(args).err()?;
    let suggested = match error.get(ContextKind::SuggestedArg)? {
        ContextValue::String(flag) => flag.clone(),
        ContextValue::Strings(flags) => flags.first()?.clone(),
        _ => return None,
    };
    Some(suggested)
}

/// The values as they would be typed.
fn values(arg: &Arg, key: &str, value: &Value) -> Result<Vec<String>, Wrong> {
    let is_list = matches!(arg.get_action(), ArgAction::Append);
    match value {
        Value::Array(values) if is_list => {
            values.iter().map(|value| scalar(arg, key, value)).collect()
        }
        value => scalar(arg, key, value).map(|value| vec![value]),
    }
}

fn scalar(arg: &Arg, key: &str, value: &Value) -> Result<String, Wrong> {
    match (value, is_switch(arg)) {
        (Value::Boolean(value), _) => Ok(value.to_string()),
        (_, true) => Err(Wrong {
            why: format!("`{key}` is there or not"),
            hint: format!("write `{key} = true` or `{key} = false`"),
        }),
        (Value::String(value), _) => Ok(value.clone()),
        (Value::Integer(value), _) => Ok(value.to_string()),
        (Value::Float(value), _) => Ok(value.to_string()),
        (Value::Datetime(_) | Value::Array(_) | Value::Table(_), _) => Err(Wrong {
            why: format!("`{key}` has one value, and no {}", value.type_str()),
            hint: format!("write `{key} = \"...\"`; keys are flat, as flags are"),
        }),
    }
}

/// Has clap check the value, as if it had been typed. Whatever else is wrong is no fault of the
/// file.
fn check(arg: &Arg, key: &str, flags: &[String]) -> Result<(), Wrong> {
    let args = ["annals", super::SERVE].into_iter().chain(flags.iter().map(String::as_str));
    let Err(error) = cli::definition().try_get_matches_from(args) else {
        return Ok(());
    };
    let Some(ContextValue::String(about)) = error.get(ContextKind::InvalidArg) else {
        return Ok(());
    };
    if about.split_whitespace().next() != Some(&*format!("--{key}")) {
        return Ok(());
    }
    let text = error.render().to_string();
    let why = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let why = if is_secret(arg) {
        format!("the value of `{key}` cannot be used")
    } else {
        why.to_owned()
    };
    let choices = text.lines().find_map(|line| line.trim().strip_prefix("[possible values: "));
    let hint = match choices {
        Some(choices) if !is_secret(arg) => {
            format!("write one of {}", choices.trim_end_matches(']'))
        }
        _ => format!("`annals help serve` says what `{key}` takes"),
    };
    Err(Wrong { why, hint })
}
