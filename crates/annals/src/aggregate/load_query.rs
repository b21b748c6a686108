//! Loading a state from events all over the store: by tags, by types, from several streams.

use annals_core::{Error, Position, ReadAll, Result, StreamStatus, Version};
use futures_lite::StreamExt;

use super::{
    Boundary, Needs, Root,
    load::Ground,
    part::{self, Part, Reach},
    root::Folded,
};
use crate::{At, app::Store, time::Place};

/// How many events to read at a time when the last one turned out not to count.
const LAST_PAGE: u64 = 1_024;

impl Store {
    pub(super) async fn fold_query<B: Boundary>(&self, root: &mut Root<B>) -> Result<Ground> {
        if let At::Version(_) = root.at {
            return Err(At::no_version());
        }
        let head = self.backend.head().await?;
        if self.find_first_versions(root).await? == Ground::Gone {
            return Ok(Ground::Gone);
        }
        let Some(head) = head else {
            return Ok(Ground::of(root.folded == Folded::default()));
        };
        let to = match root.at {
            At::Position(position) => std::cmp::min(position, head),
            _ => head,
        };
        let ground = match root.folded.last {
            // What is new is new for all parts alike.
            Some((_, from)) => self.fold_range(root, Some(from), to, |_, _| true).await?,
            None => {
                self.fold_range(root, None, to, |_, part| part.needs == Needs::Every).await?;
                self.fold_last(root, to).await?;
                Ground::Firm
            }
        };
        // Everything up to the head has been looked at, also what did not match.
        if root.at == At::Latest {
            root.folded.position = Some(head);
        }
        Ok(ground)
    }

    /// Folds a stretch of the store into some of the parts.
    async fn fold_range<B: Boundary>(
        &self,
        root: &mut Root<B>,
        from: Option<Position>,
        to: Position,
        wanted: impl Fn(usize, &Part) -> bool,
    ) -> Result<Ground> {
        let parts = root.parts.iter().enumerate().filter(|(index, part)| wanted(*index, part));
        let parts: Vec<&Part> = parts.map(|(_, part)| part).collect();
        if parts.is_empty() {
            return Ok(Ground::Firm);
        }
        let query = part::query(parts, |part| self.upcasters.stored_types(part.types))?;
        let read = ReadAll { from, to: Some(to), ..ReadAll::new(query) };
        self.fold_all(root, read.into(), wanted).await
    }

    /// Folds the last event into each part that needs no other.
    async fn fold_last<B: Boundary>(&self, root: &mut Root<B>, to: Position) -> Result<()> {
        for index in 0..root.parts.len() {
            let needs_last = |part: &&Part| part.needs == Needs::Last;
            let Some(part) = root.parts.get(index).filter(needs_last) else { continue };
            let query = part::query([part], |part| self.upcasters.stored_types(part.types))?;
            let mut read = ReadAll::new(query).backward().from(to).limit(1);
            // An event of another time, or one that an upcaster drops: look further back.
            while let Some(before) = self.fold_newest(root, index, &read).await? {
                read = read.from(before).limit(LAST_PAGE);
            }
        }
        Ok(())
    }

    /// Folds the newest event of a page that counts. Gives where to look on if there is none.
    async fn fold_newest<B: Boundary>(
        &self,
        root: &mut Root<B>,
        index: usize,
        page: &ReadAll,
    ) -> Result<Option<Position>> {
        let mut events = self.backend.read(page.clone().into());
        let mut lowest = None;
        while let Some(record) = events.try_next().await? {
            lowest = record.position.get().checked_sub(1).map(Position::new);
            let counts = root.at.place(&record) == Place::Counts;
            let only = |part, _: &Part| part == index;
            if counts && root.fold_into(&self.upcast(&record).await?, only)? {
                return Ok(None);
            }
        }
        Ok(lowest)
    }

    /// Looks up where the readable part of each stream begins. A state made from other events
    /// is gone.
    async fn find_first_versions<B: Boundary>(&self, root: &mut Root<B>) -> Result<Ground> {
        let mut ground = Ground::Firm;
        for part in &mut root.parts {
            let Reach::Stream(known) = &mut part.reach else { continue };
            let info = self.backend.stream_info(&part.stream).await?;
            let first = match info.status {
                StreamStatus::Tombstoned => return Err(Error::stream_deleted(&part.stream)),
                StreamStatus::SoftDeleted => Version::DELETED,
                StreamStatus::Live | StreamStatus::Missing => info.first_version,
            };
            if *known != first && root.folded.last.is_some() {
                ground = Ground::Gone;
            }
            *known = first;
        }
        Ok(ground)
    }
}
