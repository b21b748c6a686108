//! What stored forms become, without any data: for the schema lock.

use std::collections::HashSet;

use annals_core::{EventType, Result};

use super::Upcasters;

impl Upcasters {
    /// The forms that a stored form may become, in order; itself when no rule is for it, none when
    /// it is dropped.
    pub(crate) fn ends(&self, stored: &(EventType, u32)) -> Result<Vec<(EventType, u32)>> {
        let mut seen = HashSet::from([stored.clone()]);
        let mut todo = vec![stored.clone()];
        let mut ends = Vec::new();
        while let Some(form) = todo.pop() {
            match self.table.rule(&form.0, form.1)? {
                None => ends.push(form),
                Some(rule) => {
                    let targets = rule.targets(form.1).into_iter();
                    todo.extend(targets.filter(|target| seen.insert(target.clone())));
                }
            }
        }
        ends.sort();
        Ok(ends)
    }

    /// The rule for a form, in words.
    pub(crate) fn rule_for(&self, event_type: &EventType, version: u32) -> Result<Option<String>> {
        Ok(self.table.rule(event_type, version)?.map(ToString::to_string))
    }
}
