//! A user as printed.

use annals_admin::User;
use serde::Serialize;

use crate::output::Item;

/// A user on the way to stdout.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    login: String,
    full_name: String,
    groups: Vec<String>,
    disabled: bool,
    changed_at: Option<String>,
}

impl Item for Row {
    const COLUMNS: &'static [&'static str] =
        &["LOGIN", "FULL NAME", "GROUPS", "DISABLED", "CHANGED AT"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.login.clone(),
            self.full_name.clone(),
            self.groups.join(","),
            self.disabled.to_string(),
            self.changed_at.clone().unwrap_or_default(),
        ]
    }

    fn key(&self) -> String {
        self.login.clone()
    }
}

impl From<User> for Row {
    fn from(user: User) -> Self {
        let User { login, full_name, groups, disabled, changed_at } = user;
        let changed_at = changed_at.map(|time| time.to_string());
        Self { login, full_name, groups, disabled, changed_at }
    }
}
