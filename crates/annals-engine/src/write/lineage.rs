//! Commits that say where they come from: those of a node, which a replicated log writes.
//!
//! What becomes of an entry must be the same on every node, byte for byte, whenever it was stopped
//! or killed in between. So the frames of a node tell of syncs at places that follow from their
//! lengths alone, never of others, and a node's store gets no frame that is not of an entry.

use annals_core::Result;
use xxhash_rust::xxh3::xxh3_64;

use super::{commit::Added, committer::Committer};
use crate::format::record::ORIGIN_RECORD_LEN_MAX;

/// After how many bytes a node syncs its segment. More has to be applied again after a power
/// failure; less costs a sync more often, for nothing that the log does not keep anyway.
const UNDURABLE_MAX: u32 = 4 * 1024 * 1024;

/// What stands for a frame and, because each frame has the digest of the one in front of it, for
/// all before it.
pub(crate) fn digest(frame: &[u8]) -> u64 {
    xxh3_64(frame)
}

impl Committer {
    /// The room that a frame takes with its origin; syncs what has been written when it is time.
    pub(super) fn with_origin(&mut self, bytes: usize) -> Result<usize> {
        self.sync_in_time()?;
        Ok(if self.lineage.is_some() { bytes + ORIGIN_RECORD_LEN_MAX } else { bytes })
    }

    /// Syncs what has been written when the next frame has to tell of it.
    pub(super) fn sync_in_time(&mut self) -> Result<()> {
        if self.lineage.is_some() && self.segment.undurable() >= UNDURABLE_MAX {
            return self.flush();
        }
        Ok(())
    }

    /// Makes everything durable that was written. No frame will tell of it.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.shared.check_poison()?;
        let synced = self.segment.sync(&self.shared.work.sync_nanos);
        synced.or_else(|error| {
            self.shared.poison(error);
            self.shared.check_poison()
        })
    }

    /// Takes the newest frame in the buffer for the one that the next comes from.
    pub(super) fn descend(&mut self, added: &Added) {
        let start = self.segment.in_buffer(added.home);
        let frame = self.segment.buffer.get(start..).unwrap_or_default();
        if let Some(lineage) = &mut self.lineage {
            lineage.digest = digest(frame);
        }
    }
}
