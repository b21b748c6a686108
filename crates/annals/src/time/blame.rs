//! Blame: which event last set each field of a state.

use std::{collections::BTreeMap, fmt, ops::Bound};

use annals_core::{EventId, EventType, Metadata, RecordedEvent, Timestamp, Version};
use serde_json::Value;

use super::{
    FieldChange,
    change::{shown, within},
    table,
};
use crate::Context;

/// For every field of a state the event that last set it. Its `Display` is a table for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Blame {
    /// One line a field, in the order of the paths, elements of lists in theirs.
    pub lines: Vec<BlameLine>,
}

/// Who set a field, and to what.
#[derive(Debug, Clone, PartialEq)]
pub struct BlameLine {
    /// Where, as a JSON pointer (RFC 6901). An empty object or list is a field of its own.
    pub path: String,
    /// What is there.
    pub value: Value,
    /// The event that last set it; `None` when it is as it was before any event.
    pub by: Option<Blamed>,
}

/// The event that set a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blamed {
    /// Who the event is.
    pub id: EventId,
    /// What happened, under the name it is stored by.
    pub event_type: EventType,
    /// Its number in its stream.
    pub version: Version,
    /// When it happened.
    pub time: Timestamp,
    /// Who acted, if the metadata say so.
    pub user: Option<String>,
}

impl Blame {
    /// The line of a field.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&BlameLine> {
        self.lines.iter().find(|line| line.path == path)
    }
}

impl Blamed {
    pub(super) fn of(record: &RecordedEvent) -> Self {
        Self {
            id: record.id,
            event_type: record.event_type.clone(),
            version: record.version,
            time: record.time,
            user: user(&record.metadata),
        }
    }
}

fn user(metadata: &Metadata) -> Option<String> {
    Context::from_metadata(metadata).user
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.lines.iter().map(|line| {
            let (path, value) = (line.path.clone(), shown(Some(&line.value)));
            let Some(by) = &line.by else {
                return [
                    path,
                    value,
                    "(initial)".into(),
                    String::new(),
                    String::new(),
                    String::new(),
                ];
            };
            let user = by.user.as_ref().map_or_else(String::new, |user| format!("by {user}"));
            let version = format!("version {}", by.version);
            [path, value, by.event_type.to_string(), version, by.time.to_string(), user]
        });
        table::write(f, rows.collect())
    }
}

/// The last step that changed each path. It grows with the fields there ever were, not with the
/// events.
#[derive(Debug, Clone, Default)]
pub(super) struct LastChanges(BTreeMap<String, usize>);

impl LastChanges {
    pub(super) fn note(&mut self, step: usize, changes: &[FieldChange]) {
        for change in changes {
            match self.0.get_mut(&change.path) {
                Some(last) => *last = step,
                None => drop(self.0.insert(change.path.clone(), step)),
            }
        }
    }

    /// The last step that changed a field, what it is in, or what was in it.
    fn of(&self, path: &str) -> Option<usize> {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        let around = ends.filter_map(|end| self.0.get(path.get(..end)?));
        let below = format!("{path}/");
        let inside = self
            .0
            .range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded))
            .take_while(|(path, _)| path.starts_with(&below))
            .map(|(_, step)| step);
        around.chain(inside).max().copied()
    }

    /// Blames every field of a state.
    pub(super) fn blame(&self, state: &Value, event: impl Fn(usize) -> Option<Blamed>) -> Blame {
        let mut lines = Vec::new();
        each_field(&mut String::new(), state, &mut |path, value| {
            let by = self.of(path).and_then(&event);
            lines.push(BlameLine { path: path.to_owned(), value: value.clone(), by });
        });
        Blame { lines }
    }
}

/// Visits what has nothing in it.
fn each_field(path: &mut String, value: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                within(path, key, |path| each_field(path, value, visit));
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, value) in elements.iter().enumerate() {
                within(path, &index.to_string(), |path| each_field(path, value, visit));
            }
        }
        _ => visit(path, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::StateDiff;
    use serde_json::json;

    #[test]
    fn a_field_is_set_with_what_it_is_in_and_with_what_was_in_it() {
        let states = [
            json!({ "a": {}, "b": { "c": 1, "d": 1 }, "e": 0 }),
            json!({ "a": { "x": 1 }, "b": { "c": 1, "d": 1 }, "e": 0 }),
            json!({ "a": {}, "b": { "c": 2, "d": 1 }, "e": 0 }),
            json!({ "a": {}, "b": null, "e": 0 }),
            json!({ "a": {}, "b": { "c": 2, "d": 1 }, "e": 0 }),
            json!({ "a": {}, "b": { "c": 2, "d": 3 }, "e": 0 }),
        ];
        let mut last = LastChanges::default();
        for (step, pair) in states.windows(2).enumerate() {
            last.note(step, &StateDiff::between(&pair[0], &pair[1]).changes);
        }
        let steps: Vec<_> = ["/a", "/b/c", "/b/d", "/e"].map(|path| last.of(path)).to_vec();
        assert_eq!(steps, [Some(1), Some(3), Some(4), None]);
        let blame = last.blame(&states[5], |_| None);
        let paths: Vec<_> = blame.lines.iter().map(|line| line.path.as_str()).collect();
        assert_eq!(paths, ["/a", "/b/c", "/b/d", "/e"]);
    }
}
