//! What the stream of a log is like: as it is made, and as it is found.

use serde_json::{Value, json};

use super::Setup;
use crate::names::StoreName;

/// The window in which NATS looks for repeated messages, in nanoseconds. Proposals are told apart
/// by their own ids, so that it is as small as it may be.
const DUPLICATE_WINDOW: u64 = 100_000_000;

/// The stream as it is asked for. It refuses messages when it is full, and gives none up.
/// Messages cannot be deleted one by one, but its beginning can be purged once it is in backups.
pub(super) fn wanted(store: &StoreName, setup: &Setup) -> Value {
    let bytes_max = setup.bytes_max.and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or(-1);
    json!({
        "name": store.stream(),
        "description": format!("The log of the Annals store {store}"),
        "subjects": [store.subject()],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "num_replicas": setup.replicas.count(),
        "max_bytes": bytes_max,
        "max_age": 0,
        "max_msgs": -1,
        "max_msgs_per_subject": -1,
        "max_msg_size": -1,
        "max_consumers": -1,
        "duplicate_window": DUPLICATE_WINDOW,
        "allow_direct": true,
        "deny_delete": true,
        "deny_purge": false,
        "metadata": { "annals.log": "1" },
    })
}

/// What of a stream matters to a log, however it was made.
const ESSENTIAL: [&str; 9] = [
    "subjects",
    "storage",
    "retention",
    "discard",
    "max_age",
    "max_msgs",
    "max_msgs_per_subject",
    "max_msg_size",
    "allow_direct",
];

/// What would change messages, or confirm them before they are kept; absent in a log.
const FOREIGN: [&str; 7] = [
    "no_ack",
    "sealed",
    "mirror",
    "sources",
    "subject_transform",
    "allow_rollup_hdrs",
    "allow_msg_ttl",
];

/// Where a stream is not what a log needs: name, found, wanted.
pub(super) fn faults(found: &Value, wanted: &Value) -> Vec<String> {
    let mut faults = differences(found, wanted, &ESSENTIAL);
    for name in FOREIGN {
        let value = &found[name];
        if !matches!(value, Value::Null | Value::Bool(false)) {
            faults.push(format!("it has `{name}`"));
        }
    }
    if found["persist_mode"] == "async" {
        faults.push("`persist_mode` is \"async\", so that it acknowledges before it writes".into());
    }
    faults
}

/// Where a stream is not as it was asked for.
pub(super) fn differences_of_setup(found: &Value, wanted: &Value) -> Vec<String> {
    differences(found, wanted, &["num_replicas", "max_bytes"])
}

fn differences(found: &Value, wanted: &Value, names: &[&str]) -> Vec<String> {
    let differ = |name: &&&str| normal(found, name) != normal(wanted, name);
    let told =
        |name: &&str| format!("`{name}` is {}, not {}", normal(found, name), normal(wanted, name));
    names.iter().filter(differ).map(told).collect()
}

/// A value as it is compared: what servers leave out is false, 0 or no limit.
fn normal(config: &Value, name: &str) -> Value {
    match (name, &config[name]) {
        ("max_bytes" | "max_msgs" | "max_msgs_per_subject" | "max_msg_size", Value::Null) => {
            json!(-1)
        }
        ("max_bytes" | "max_msgs" | "max_msgs_per_subject" | "max_msg_size", value)
            if value == 0 =>
        {
            json!(-1)
        }
        ("max_age", Value::Null) => json!(0),
        ("allow_direct", Value::Null) => json!(false),
        (_, value) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::Replicas;

    fn made(replicas: Replicas, bytes_max: Option<u64>) -> Value {
        wanted(&StoreName::new("orders").unwrap(), &Setup { replicas, bytes_max })
    }

    #[test]
    fn a_log_as_it_is_made_has_no_faults() {
        let log = made(Replicas::Three, None);
        assert!(faults(&log, &log).is_empty());
        assert!(differences_of_setup(&log, &log).is_empty());
    }

    #[test]
    fn a_stream_that_forgets_is_no_log() {
        let log = made(Replicas::One, None);
        let mut found = log.clone();
        found["discard"] = json!("old");
        found["max_age"] = json!(1_000_000_000u64);
        found["no_ack"] = json!(true);
        let faults = faults(&found, &log);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults.iter().any(|fault| fault == "`discard` is \"old\", not \"new\""));
    }

    #[test]
    fn another_size_is_a_difference_but_no_fault() {
        let (found, asked) = (made(Replicas::One, Some(5)), made(Replicas::Three, None));
        assert!(faults(&found, &asked).is_empty());
        let differences = differences_of_setup(&found, &asked);
        assert_eq!(differences, ["`num_replicas` is 1, not 3", "`max_bytes` is 5, not -1"]);
    }
}
