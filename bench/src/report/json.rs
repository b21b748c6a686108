//! The figures for programs.

use std::{fs, path::Path};

use super::Report;
use crate::problem::Result;

impl Report {
    /// Writes all figures to a file.
    pub(crate) fn write_json(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(fs::write(path, text)?)
    }
}
