//! What the URL says, and what the environment says where the URL is silent.

use annals_core::{Error, Result};

use super::parameters::{Given, variable};

/// A value, and where it is from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) text: &'a str,
    from: From<'a>,
}

#[derive(Debug, Clone, Copy)]
enum From<'a> {
    Url(&'a str),
    Variable(&'a str),
}

/// Both, asked for by the name of a parameter.
pub(super) struct Asked<'a> {
    pub(super) given: &'a Given,
    pub(super) lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl Asked<'_> {
    /// A variable of the environment; an empty one is none.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// Gives a value to `read`, or nothing where there is none.
    pub(super) fn read<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(Value<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        if let Some(text) = self.given.get(name) {
            return read(Value { text, from: From::Url(name) }).map(Some);
        }
        let Some(variable) = variable(name) else { return Ok(None) };
        let Some(text) = self.variable(variable) else { return Ok(None) };
        read(Value { text: &text, from: From::Variable(variable) }).map(Some)
    }

    /// A value as it is.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>> {
        self.read(name, |value| Ok(value.text.to_owned()))
    }
}

impl Value<'_> {
    /// That this value is not understood.
    pub(super) fn refuse(&self, expected: &str) -> Error {
        let place = match self.from {
            From::Url(name) => format!("`{name}={}` in the URL", self.text),
            From::Variable(name) => format!("`{name}={}` of the environment", self.text),
        };
        Error::invalid(format!("{place} is not understood; {expected}"))
    }
}
