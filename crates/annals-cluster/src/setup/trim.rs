//! Gives up the beginning of a log, once the nodes need it no more.

use std::time::Duration;

use annals_core::{Error, Result};
use serde::Deserialize;
use serde_json::json;

use super::state;
use crate::{log::JetStreamLog, node::WINDOW, url::Target};

/// How many entries the log keeps in front of the newest commit of the node that is furthest
/// behind. A node that starts again reads a quarter of that; the rest is for the commits that it
/// had not synced when its machine lost power, which are 4 MiB at most.
pub const KEPT: u64 = 4 * WINDOW;

/// How long the servers may take to remove messages.
const REMOVED: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Purged {
    purged: u64,
}

/// The first entry that has to stay for nodes of which the one that is furthest behind has its
/// newest commit from this entry; 0 when one has no commit.
#[must_use]
pub const fn trimmable(newest_least: u64) -> u64 {
    let first = (newest_least + 1).saturating_sub(KEPT);
    if first == 0 { 1 } else { first }
}

/// Removes all entries of a log before this one, and gives how many these were. A node that has not
/// applied them can then only be made from a copy of another node.
///
/// # Errors
/// `InvalidArgument` when the log has no such entry; those of [`state`](super::state()).
pub async fn trim(target: &Target, first_kept: u64) -> Result<u64> {
    let log = JetStreamLog::connect(target, "trim").await?;
    let state = state::of(&log).await.map_err(|unheard| log.api.explain(&unheard))?;
    let extent = state.extent;
    if first_kept > extent.last {
        return Err(Error::invalid(format!(
            "the log ends at entry {}, so it cannot begin at {first_kept}; its last entry stays",
            extent.last
        )));
    }
    if first_kept <= extent.first {
        return Ok(0);
    }
    let purge = format!("$JS.API.STREAM.PURGE.{}", log.api.stream);
    let asked = json!({ "seq": first_kept }).to_string().into_bytes();
    let answer = log.api.ask::<Purged>(purge, asked, REMOVED).await;
    Ok(answer.map_err(|unheard| log.api.explain(&unheard))?.purged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_that_is_furthest_behind_can_start_again() {
        assert_eq!(trimmable(0), 1);
        assert_eq!(trimmable(KEPT), 1);
        assert_eq!(trimmable(KEPT + 1), 2);
        assert_eq!(trimmable(1_000_000), 1_000_001 - KEPT);
    }
}
