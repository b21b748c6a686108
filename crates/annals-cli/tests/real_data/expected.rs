//! What the file says, read without any code of ours.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use flate2::read::GzDecoder;

/// A row of the file. It has no quotes, so that commas are all there is to it.
pub(crate) struct Row {
    pub(crate) application: String,
    pub(crate) activity: String,
    pub(crate) lifecycle: String,
    pub(crate) resource: String,
    pub(crate) amount_requested: String,
    pub(crate) registered_at: String,
    pub(crate) occurred_at: String,
}

pub(crate) fn rows(data: &Path) -> Vec<Row> {
    let mut text = String::new();
    GzDecoder::new(File::open(data).unwrap()).read_to_string(&mut text).unwrap();
    assert!(!text.contains('"'));
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "application,activity,lifecycle,resource,amount_requested,registered_at,occurred_at"
    );
    lines
        .map(|line| {
            let cells: [&str; 7] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
            let [application, activity, lifecycle, resource, amount, registered, occurred] =
                cells.map(str::to_owned);
            Row {
                application,
                activity,
                lifecycle,
                resource,
                amount_requested: amount,
                registered_at: registered,
                occurred_at: occurred,
            }
        })
        .collect()
}

/// How many rows there are of each activity.
pub(crate) fn activities(rows: &[Row]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.activity.as_str()).or_default() += 1;
    }
    counts
}
