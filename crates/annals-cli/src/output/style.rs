//! Whether and how text is emphasized.

use std::{env, io::IsTerminal};

/// Whether escape sequences for color are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// No.
    Plain,
    /// Yes.
    Colored,
}

impl Style {
    /// What suits where the text goes: `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb` are heeded.
    pub(crate) fn suited_to(stream: &impl IsTerminal) -> Self {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_forced = env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        if is_set("NO_COLOR") {
            Self::Plain
        } else if is_forced || stream.is_terminal() && !is_dumb {
            Self::Colored
        } else {
            Self::Plain
        }
    }

    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colored => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }
}
