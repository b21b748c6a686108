//! One import, looked at from every side.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use serde_json::{Value, json};

use crate::{
    expected::{Row, activities, rows},
    export, import_command, ok,
};

/// Facts from the description of the data.
const EVENTS: usize = 262_200;
const STREAMS: usize = 13_087;

pub(crate) fn agrees_with_the_file(data: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let rows = rows(data);
    assert_eq!(rows.len(), EVENTS);
    let applications: BTreeSet<_> = rows.iter().map(|row| &row.application).collect();
    assert_eq!(applications.len(), STREAMS);

    let told = import_command(dir.path(), data).output().unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((&told["events"], &told["skipped"]), (&json!(EVENTS), &json!(0)));

    let info: Value = serde_json::from_str(&ok(dir.path(), &["info", "-o", "json"])).unwrap();
    assert_eq!(info["events"], EVENTS);
    assert_eq!(info["streams"], STREAMS);
    assert_eq!(info["head"], EVENTS - 1);

    first_and_last(dir.path());
    types(dir.path(), &rows);
    every_event(dir.path(), &rows);
    ok(dir.path(), &["verify"]);
}

fn first_and_last(dir: &Path) {
    let one = |args: &[&str]| -> Value {
        serde_json::from_str(&ok(dir, &[&["read", "-n", "1"], args].concat())).unwrap()
    };
    let first = one(&[]);
    assert_eq!(first["stream"], "application-173688");
    assert_eq!(first["type"], "A_SUBMITTED");
    assert_eq!(first["time"], "2011-09-30T22:38:44.546000Z");
    let last = one(&["--backwards"]);
    assert_eq!(last["stream"], "application-211624");
    assert_eq!(last["type"], "W_Nabellen incomplete dossiers");
    assert_eq!(last["data"]["lifecycle"], "COMPLETE");
    assert_eq!(last["time"], "2012-03-14T15:04:54.681000Z");
}

/// The counts by type, asked of the store one by one.
fn types(dir: &Path, rows: &[Row]) {
    let counts = activities(rows);
    assert_eq!(counts.len(), 24);
    for (activity, count) in counts {
        let found = ok(dir, &["read", "--type", activity, "-q"]).lines().count();
        assert_eq!(found, count, "{activity}");
    }
}

fn every_event(dir: &Path, rows: &[Row]) {
    let mut versions: HashMap<&str, u64> = HashMap::new();
    let text = ok(dir, &["export", "-q"]);
    assert_eq!(text.lines().count(), rows.len());
    for (position, (line, row)) in text.lines().zip(rows).enumerate() {
        let event: Value = serde_json::from_str(line).unwrap();
        let version = versions.entry(&row.application).or_default();
        assert_eq!(event["position"], position);
        assert_eq!(event["stream"], format!("application-{}", row.application));
        assert_eq!(event["version"], *version);
        assert_eq!(event["type"], row.activity);
        assert_eq!(
            event["data"],
            json!({
                "lifecycle": row.lifecycle,
                "amount_requested": row.amount_requested,
                "registered_at": row.registered_at,
            })
        );
        let user = event.get("metadata").map(|metadata| metadata["userId"].clone());
        let expected = (!row.resource.is_empty()).then(|| json!(row.resource));
        assert_eq!(user, expected);
        // Minutes, seconds and fraction do not change with the offset of the time zone.
        let time = event["time"].as_str().unwrap();
        assert_eq!(time.get(14..23), row.occurred_at.get(14..23), "{time} {}", row.occurred_at);
        *version += 1;
    }
}

pub(crate) fn export_comes_back(data: &Path) {
    let dir = tempfile::tempdir().unwrap();
    assert!(import_command(dir.path(), data).output().unwrap().status.success());
    let before = export(dir.path(), "annals-data");
    for format in ["ndjson", "cloudevents"] {
        let text = ok(dir.path(), &["export", "-o", format]);
        std::fs::write(dir.path().join("export"), text).unwrap();
        let copy = format!("copy-{format}");
        ok(dir.path(), &["import", "export", "--at", &copy]);
        let after = export(dir.path(), &copy);
        assert!(after == before, "{format}: the copy differs");
    }
}
