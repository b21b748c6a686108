//! What changed between two states, field by field.

use std::fmt;

use serde_json::Value;

use super::table;

/// A field that differs. Fields are those of the state as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Where, as a JSON pointer (RFC 6901): `/balance`, `/lines/0/amount`.
    pub path: String,
    /// What was there; `None` when the field was not.
    pub old: Option<Value>,
    /// What is there; `None` when the field is gone.
    pub new: Option<Value>,
}

/// The fields that differ between two states. Its `Display` is a table for people.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StateDiff {
    /// In the order of the paths, elements of lists in theirs.
    pub changes: Vec<FieldChange>,
}

impl StateDiff {
    /// Whether the states are the same.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(crate) fn between(old: &Value, new: &Value) -> Self {
        let mut changes = Vec::new();
        compare(&mut String::new(), Some(old), Some(new), &mut changes);
        Self { changes }
    }
}

impl fmt::Display for StateDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no field differs\n");
        }
        let rows = self.changes.iter().map(|change| {
            let FieldChange { path, old, new } = change;
            [path.clone(), shown(old.as_ref()), "->".to_owned(), shown(new.as_ref())]
        });
        table::write(f, rows.collect())
    }
}

/// A value as it stands in tables.
pub(super) fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "(none)".to_owned(), Value::to_string)
}

/// Notes where two values differ. Objects are compared by key, lists by index, and the rest as a
/// whole.
fn compare(
    path: &mut String,
    old: Option<&Value>,
    new: Option<&Value>,
    changes: &mut Vec<FieldChange>,
) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for (key, value) in old {
                within(path, key, |path| compare(path, Some(value), new.get(key), changes));
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                within(path, key, |path| compare(path, None, Some(value), changes));
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..std::cmp::max(old.len(), new.len()) {
                let (old, new) = (old.get(index), new.get(index));
                // Most elements stay, and need no path.
                if old != new {
                    within(path, &index.to_string(), |path| compare(path, old, new, changes));
                }
            }
        }
        (old, new) if old == new => {}
        (old, new) => {
            let (path, old, new) = (path.clone(), old.cloned(), new.cloned());
            changes.push(FieldChange { path, old, new });
        }
    }
}

/// Calls with the path one step longer.
pub(super) fn within<T>(path: &mut String, key: &str, call: impl FnOnce(&mut String) -> T) -> T {
    let length = path.len();
    path.push('/');
    for letter in key.chars() {
        match letter {
            '~' => path.push_str("~0"),
            '/' => path.push_str("~1"),
            _ => path.push(letter),
        }
    }
    let called = call(path);
    path.truncate(length);
    called
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn changed(old: &Value, new: &Value) -> Vec<(String, Option<Value>, Option<Value>)> {
        let diff = StateDiff::between(old, new);
        diff.changes.into_iter().map(|change| (change.path, change.old, change.new)).collect()
    }

    #[test]
    fn fields_are_named_by_their_path() {
        let old = json!({ "a": 1, "b": { "c": [1, 2] }, "gone": true, "x/y~z": 0 });
        let new = json!({ "a": 1, "b": { "c": [1, 3, 4] }, "here": {}, "x/y~z": 1 });
        assert_eq!(
            changed(&old, &new),
            [
                ("/b/c/1".to_owned(), Some(json!(2)), Some(json!(3))),
                ("/b/c/2".to_owned(), None, Some(json!(4))),
                ("/gone".to_owned(), Some(json!(true)), None),
                ("/x~1y~0z".to_owned(), Some(json!(0)), Some(json!(1))),
                ("/here".to_owned(), None, Some(json!({}))),
            ]
        );
    }

    #[test]
    fn a_state_that_is_no_object_has_one_field() {
        assert_eq!(
            changed(&json!(1), &json!(2)),
            [(String::new(), Some(json!(1)), Some(json!(2)))]
        );
        assert!(changed(&json!(null), &json!(null)).is_empty());
    }

    #[test]
    fn a_diff_is_an_aligned_table() {
        let old = json!({ "balance": 100, "owner": "Ann" });
        let new = json!({ "balance": 70, "owner": "Ann", "note": "vip" });
        assert_eq!(
            StateDiff::between(&old, &new).to_string(),
            "/balance  100     ->  70\n/note     (none)  ->  \"vip\"\n"
        );
        assert_eq!(StateDiff::between(&old, &old).to_string(), "no field differs\n");
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), (0..3_u64).prop_map(Value::from)];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ab/]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_change_is_at_its_path(old in value(), new in value()) {
            let diff = StateDiff::between(&old, &new);
            prop_assert_eq!(diff.is_empty(), old == new);
            for change in diff.changes {
                prop_assert_eq!(old.pointer(&change.path), change.old.as_ref());
                prop_assert_eq!(new.pointer(&change.path), change.new.as_ref());
                prop_assert_ne!(change.old, change.new);
            }
        }
    }
}
