//! Writing: callers prepare and evaluate on their own threads, one committer commits.
//!
//! 1. *Prepare*: limits, hashes of all names, parsed stream metadata.
//! 2. *Evaluate* against a durable snapshot: expected versions, retries, conditions. What can be
//!    answered is answered here; refusals cost the caller and nobody else.
//! 3. *Commit*: the committer only looks, in memory, whether anything the evaluation stood on
//!    has changed since the snapshot. If not, or if it still holds, the append is taken. Otherwise it
//!    goes back to the caller, who evaluates again; nothing is decided twice in two ways.
//!
//! The committer reads no disk, parses no JSON, knows no clock but the time it is handed, and takes
//! requests in groups: one write and one sync for as many as arrived while the last sync ran.

mod commit;
pub(crate) mod committer;
pub(crate) mod draft;
pub(crate) mod evaluate;
pub(crate) mod job;
pub(crate) mod lineage;
mod look_up;
pub(crate) mod open_segment;
pub(crate) mod prepare;
mod restore;
pub(crate) mod retry_window;
mod revival;
pub(crate) mod unpublished;
