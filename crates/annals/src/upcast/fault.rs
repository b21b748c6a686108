//! Why a rule failed, in words that do not quote the event.

use std::{error::Error as StdError, fmt};

use annals_core::{Error, ErrorKind, RecordedEvent};

use super::rule::Rule;
use crate::BoxError;

/// Why a rule could not do its work.
#[derive(Debug)]
pub(super) struct Fault {
    why: String,
    source: Option<BoxError>,
}

impl Fault {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), source: None }
    }

    /// The data does not have the form of a Rust type. Serde's words may quote the data, so only
    /// the name of a missing field passes: it comes from the type.
    pub(super) fn wrong_form(type_name: &str, error: &dyn fmt::Display) -> Self {
        let name = type_name.rsplit("::").next().unwrap_or(type_name);
        Self::new(format!("the data is not a `{name}`: {}", without_values(&error.to_string())))
    }

    /// The rule's own error. When serde is behind it, its words may quote the data and are left
    /// out.
    pub(super) fn of_rule(error: BoxError) -> Self {
        let mut link: Option<&(dyn StdError + 'static)> = Some(error.as_ref());
        while let Some(error) = link {
            if error.is::<serde_json::Error>() {
                return Self::new(format!("failed: {}", without_values(&error.to_string())));
            }
            link = error.source();
        }
        Self { why: "failed".to_owned(), source: Some(error) }
    }

    /// The error for a record. `by` is what was at work.
    pub(super) fn at(self, record: &RecordedEvent, by: impl fmt::Display) -> Error {
        let (event_type, version) = (&record.event_type, record.schema_version);
        let message = format!(
            "event type `{event_type}` in schema version {version} cannot be brought to today's \
             form: {by}: {}",
            self.why
        );
        let error = Error::new(ErrorKind::Undecodable, message)
            .with("type", event_type)
            .with("schema_version", version)
            .with("rule", by)
            .with("stream", &record.stream)
            .with("version", record.version);
        match self.source {
            Some(source) => error.caused_by(source),
            None => error,
        }
    }
}

/// Runs code of the application. A panic's own text is left out: `unwrap` puts into it what it
/// found.
pub(super) fn guarded<T>(code: impl FnOnce() -> T) -> Result<T, Fault> {
    crate::guard::guard("", code).map_err(|_| Fault::new("panicked"))
}

fn without_values(message: &str) -> String {
    const MISSING: &str = "missing field `";
    let field = message.strip_prefix(MISSING).and_then(|rest| rest.split_once('`'));
    match field {
        Some((field, _)) => format!("{MISSING}{field}`"),
        None => "a value is not what is expected there".to_owned(),
    }
}

/// Which rules stand in each other's way, for errors about the rules themselves.
pub(super) fn contradiction(message: &str, rules: &[&Rule]) -> Error {
    let names: Vec<String> = rules.iter().map(ToString::to_string).collect();
    Error::invalid(format!("upcasters: {message}: {}", names.join(", then ")))
}
