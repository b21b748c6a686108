//! Which group.

use annals_admin::GroupName;

use crate::failure::Result;

/// Which group, as typed.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// What the group follows: a stream, or `$all` for the whole store (mind the quotes: '$all')
    #[arg(value_name = "STREAM")]
    stream: String,
    /// The name of the group
    #[arg(value_name = "GROUP", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    group: String,
}

impl Named {
    /// Checks the names.
    pub(super) fn group(&self) -> Result<GroupName> {
        Ok(GroupName { source: self.stream.parse()?, name: self.group.clone() })
    }
}

/// A group in a sentence.
pub(super) fn shown(group: &GroupName) -> String {
    format!("the group `{}` on `{}`", group.name, group.source)
}
