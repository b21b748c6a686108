//! The one thread that commits.
//!
//! What stays true:
//! * Nothing is answered before everything it depends on is durable; that goes for refusals too.
//! * A request is taken or sent back before anything is changed for it, so there is nothing to
//!   undo and one request cannot harm another.
//! * What a commit becomes follows from the state, the request and the time handed in.
//! * After a failed write or sync nothing more is written.

use std::sync::Arc;

use annals_core::{
    Error, ErrorKind, Result, StateKey, Timestamp,
    rules::{self, Verdict},
};

use super::{
    job::{Basis, Job, Reply, Request, StoredState},
    open_segment::{self, BeginError, HEADER_LEN, OpenSegment},
    prepare::{Prepared, PreparedAppend, PreparedWrite},
    unpublished::Unpublished,
};
use crate::{
    error::io_failed,
    format::{record::Origin, segment_header::SegmentHeader},
    index::{head::HeadEntry, memory::MemorySegment, plan::Plan, view::View},
    log::names,
    options::Options,
    seal::{Handover, SealTask},
    shared::Shared,
};

/// Requests taken into one group at most.
const GROUP_REQUESTS: usize = 4_096;
/// Bytes after which a group takes no more requests.
const GROUP_BYTES: usize = 8 * 1024 * 1024;

/// The state of the committer.
#[derive(Debug)]
pub(crate) struct Committer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) options: Options,
    pub(crate) store_id: uuid::Uuid,
    pub(crate) segment: OpenSegment,
    pub(crate) next_position: u64,
    pub(crate) last_revision: u64,
    pub(crate) recorded_at: Timestamp,
    pub(crate) streams: u64,
    pub(crate) sealer: Handover,
    pub(crate) unpublished: Unpublished,
    pub(crate) waiting: Vec<(oneshot::Sender<Reply>, Reply)>,
    /// For a node, where its next commit comes from.
    pub(crate) lineage: Option<Origin>,
}

impl Committer {
    /// Commits until the queue is closed, then leaves the log so that damage to its end shows.
    pub(crate) fn run(mut self, queue: &async_channel::Receiver<Request>) {
        while let Ok(first) = queue.recv_blocking() {
            let (now, before) = (self.shared.now(), self.next_position);
            self.take(first, now);
            while self.waiting.len() < GROUP_REQUESTS && self.segment.buffer.len() < GROUP_BYTES {
                let Ok(next) = queue.try_recv() else { break };
                self.take(next, now);
            }
            self.finish_group(before);
        }
        self.vouch();
    }

    fn take(&mut self, request: Request, now: Timestamp) {
        let Request { job, reply } = request;
        let answer = match self.shared.check_poison() {
            Err(error) => Reply::Failed(error),
            Ok(()) if !self.still_holds(&job) => Reply::Stale(job),
            Ok(()) => match self.commit(job, now) {
                Ok(receipt) => Reply::Done(receipt),
                Err(error) => Reply::Failed(error),
            },
        };
        self.waiting.push((reply, answer));
    }

    /// Makes the group durable, whose events begin at the position `before`, and answers it.
    fn finish_group(&mut self, before: u64) {
        let flushed = self.flush();
        let is_done = |(_, answer): &&(_, Reply)| matches!(answer, Reply::Done(_));
        let done = self.waiting.iter().filter(is_done).count();
        if flushed.is_ok() && done > 0 {
            self.shared.work.committed(done as u64, self.next_position - before);
        }
        for (reply, answer) in self.waiting.drain(..) {
            let answer = match (&flushed, answer) {
                (Err(error), Reply::Done(_)) => Reply::Failed(error.clone()),
                (_, answer) => answer,
            };
            // Who has gone away does not want to know; what was committed stays committed.
            drop(reply.send(answer));
        }
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        self.shared.check_poison()?;
        if self.segment.is_durable() {
            return Ok(());
        }
        let flushed = self.segment.flush(&self.shared.work.sync_nanos);
        self.show(flushed)
    }

    /// Shows what was taken so far, now that it is as safe as it has to be.
    pub(crate) fn show(&mut self, safe: Result<()>) -> Result<()> {
        if let Err(error) = safe {
            self.shared.poison(error);
            self.segment.buffer.clear();
            return self.shared.check_poison();
        }
        self.unpublished.publish(&mut self.segment.memory.index.write());
        self.shared.publish(self.end(), self.streams);
        Ok(())
    }

    /// Whether what the evaluation found is still so, or at least still good.
    pub(crate) fn still_holds(&self, job: &Job) -> bool {
        let view = self.view();
        let basis = &job.basis;
        if basis.as_of < view.covered() {
            return false;
        }
        match &job.prepared {
            Prepared::Append(append) => self.append_holds(&view, append, basis),
            Prepared::Delete(delete, base) => basis.heads.first().is_some_and(|head| {
                self.unpublished.head(&view, *base).is_none_or(|now| same_head(&now, head))
                    && !delete.stream.is_metastream()
            }),
            Prepared::PutState(put) => {
                let now = self.stored_state(&view, &put.key, basis);
                rules::decide_state(&put.key, put.expected, now.map(|now| now.revision)).is_ok()
            }
            Prepared::Restore(restore) => restore.follows(self.end()),
        }
    }

    fn append_holds(&self, view: &View, prepared: &PreparedAppend, basis: &Basis) -> bool {
        let writes = prepared.append.writes.iter().zip(&prepared.writes).zip(&basis.heads);
        for ((write, hashed), head) in writes {
            let Some(now) = self.unpublished.head(view, hashed.base) else { continue };
            if same_head(&now, head) {
                continue;
            }
            let lane = now.to_stream_head().lane(&write.stream);
            let is_good = match rules::decide(&write.stream, write.expected, lane) {
                Verdict::AcceptNew => true,
                Verdict::Accept => !self.first_is_known(hashed),
                Verdict::Repeat { .. } | Verdict::Reject(_) => false,
            };
            if !is_good {
                return false;
            }
        }
        let conditions = &prepared.append.conditions;
        conditions.iter().all(|condition| {
            let after = condition.after.map_or(0, |after| after.get().saturating_add(1));
            let from = std::cmp::max(after, basis.as_of);
            let plan = Plan::new(&condition.query, &self.shared.terms);
            self.no_match(view, &mut plan.unsorted(), from)
        }) && self.checkpoint_holds(view, prepared, basis)
    }

    /// Whether nothing matches from a position on. The position is not covered by the tree, so
    /// only memory is looked at.
    fn no_match(&self, view: &View, plan: &mut Plan, from: u64) -> bool {
        if from >= self.next_position {
            return true;
        }
        matches!(plan.at_least(view, from), Ok(found) if found.is_none_or(|p| p >= self.next_position))
    }

    fn first_is_known(&self, hashed: &PreparedWrite) -> bool {
        let window = self.shared.retry_window.read();
        hashed.retry.first().is_some_and(|key| window.find(*key, self.next_position).is_some())
    }

    fn checkpoint_holds(&self, view: &View, prepared: &PreparedAppend, basis: &Basis) -> bool {
        let Some(checkpoint) = &prepared.append.checkpoint else { return true };
        let key = StateKey::checkpoint(checkpoint.name.clone());
        let now = self.stored_state(view, &key, basis).and_then(|now| now.checkpoint);
        let has_events = prepared.append.event_count() > 0;
        rules::decide_checkpoint(checkpoint, now, has_events).is_ok()
    }

    pub(super) fn stored_state(
        &self,
        view: &View,
        key: &StateKey,
        basis: &Basis,
    ) -> Option<StoredState> {
        match self.unpublished.state(view, key) {
            None => basis.state,
            Some(slot) => slot
                .is_present
                .then_some(StoredState { revision: slot.revision, checkpoint: slot.checkpoint }),
        }
    }

    pub(super) fn view(&self) -> Arc<View> {
        Arc::clone(&self.shared.view.read())
    }

    /// Makes sure that the open segment has room, beginning the next one if need be.
    pub(super) fn make_room(&mut self, bytes: usize) -> Result<()> {
        let bytes = self.with_origin(bytes)?;
        if self.segment.has_room(bytes) {
            return Ok(());
        }
        self.flush()?;
        // Memory stays bounded, and a full disk refuses before anything is changed.
        let waited = self.sealer.wait();
        waited.or_else(|error| self.unless_over(error))?;
        self.roll(bytes)
    }

    fn roll(&mut self, bytes: usize) -> Result<()> {
        let number = self.segment.number() + 1;
        let needed = HEADER_LEN as usize + bytes;
        let usual = self.options.segment_bytes(number);
        let capacity = std::cmp::max(usual, u32::try_from(needed).unwrap_or(u32::MAX));
        let header = SegmentHeader {
            store_id: self.store_id,
            number,
            first_position: self.next_position,
            last_revision: self.last_revision,
            recorded_at: self.recorded_at.as_micros(),
        };
        let storage = self.shared.storage.as_ref();
        // Locked until the segment has its name, so that the sealer does not prepare another one
        // in its place. While the sealer prepares one, waiting for it is as good as creating one.
        let mut spare = self.shared.spare.lock();
        let begun = open_segment::begin(storage, spare.take(), &header, capacity);
        drop(spare);
        let (file, capacity) = match begun {
            Ok(begun) => begun,
            Err(BeginError::NotCreated(error)) => {
                return Err(io_failed("begin a segment", &names::segment(number), error));
            }
            Err(BeginError::Failed(error)) => {
                let name = names::segment(number);
                self.shared.poison(io_failed("begin a segment", &name, error));
                return self.shared.check_poison();
            }
        };
        let memory = Arc::new(MemorySegment::new(number, self.next_position, file));
        let next = OpenSegment::new(Arc::clone(&memory), &header, capacity, HEADER_LEN);
        let full = std::mem::replace(&mut self.segment, next);
        {
            let mut view = self.shared.view.write();
            let mut changed = View::clone(&view);
            changed.memory.push(memory);
            *view = Arc::new(changed);
        }
        let task = SealTask {
            end: full.end(),
            end_position: self.next_position,
            streams: self.streams,
            last_revision: self.last_revision,
            segment: full.memory,
        };
        let handed = self.sealer.hand(task);
        handed.or_else(|error| self.unless_over(error))
    }

    /// What a failure to seal means for who asked: without a sealer nothing more is written.
    fn unless_over(&self, error: Error) -> Result<()> {
        if error.kind() == ErrorKind::Unavailable {
            return Err(error);
        }
        self.shared.poison(error);
        self.shared.check_poison()
    }

    /// Writes an empty frame that vouches for everything before it, so that damage to the end of
    /// a store that was closed in order is told from a write torn by a crash.
    fn vouch(&mut self) {
        let fits = self.segment.has_room(crate::format::frame::FRAME_HEADER_LEN);
        if !self.segment.has_unvouched || !fits || self.shared.check_poison().is_err() {
            return;
        }
        let now = self.recorded_at;
        self.draft(now).finish();
        // Failing to vouch loses nothing.
        drop(self.flush());
    }
}

/// Whether nothing was written to a stream or its metastream in between.
fn same_head(left: &HeadEntry, right: &HeadEntry) -> bool {
    left.last == right.last
        && left.metadata_last == right.metadata_last
        && left.tombstone == right.tombstone
}
