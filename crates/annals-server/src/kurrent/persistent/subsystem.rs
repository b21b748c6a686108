//! All groups of a store: made, changed and deleted one at a time, and found by their names.

use std::{collections::BTreeMap, sync::Arc};

use annals_core::{
    Error, ErrorKind, Result, StateExpected, StateKey, StatePut, SubscribeStart, Version,
};
use parking_lot::RwLock;
use tokio::sync::Mutex;

use super::{
    command::Handle,
    config::{self, Config},
    driver::{self, Running},
    error::Refused,
    identity::{GroupId, Source},
    parked::ParkedStream,
    settings::{Definition, FilterSettings, Settings, Start},
};
use crate::derived::{Derived, Index};

/// The groups that run.
#[derive(Debug)]
pub(crate) struct Persistent {
    index: Index,
    groups: RwLock<BTreeMap<GroupId, Running>>,
    /// Held by whoever changes something; the version of the configuration.
    changes: Mutex<Option<Version>>,
}

/// What a client wants of a group.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) id: GroupId,
    pub(crate) settings: Settings,
    pub(crate) start: Start,
    pub(crate) filter: Option<FilterSettings>,
}

impl Persistent {
    pub(crate) fn new(index: Index) -> Self {
        Self { index, groups: RwLock::default(), changes: Mutex::default() }
    }

    /// Starts all groups of the store that do not run yet.
    ///
    /// # Errors
    /// `Corrupted` when the configuration is none, and what reading met.
    pub(crate) async fn load(&self) -> Result<()> {
        self.load_all(&mut *self.changes.lock().await).await
    }

    async fn load_all(&self, version: &mut Option<Version>) -> Result<()> {
        let Config { definitions, version: stored } =
            config::load(self.index.store.as_ref()).await?;
        *version = stored;
        for definition in definitions {
            if !self.groups.read().contains_key(&definition.id) {
                self.start(Arc::new(definition)).await?;
            }
        }
        Ok(())
    }

    /// Stops all groups; what they have done is written.
    pub(crate) async fn stop(&self) {
        let _changes = self.changes.lock().await;
        self.stop_all().await;
    }

    async fn stop_all(&self) {
        let all = std::mem::take(&mut *self.groups.write());
        futures_util::future::join_all(all.into_values().map(Running::stop)).await;
    }

    /// Stops all groups and starts them anew from what the store holds.
    ///
    /// # Errors
    /// Those of loading.
    pub(crate) async fn restart(&self) -> Result<()> {
        let mut version = self.changes.lock().await;
        self.stop_all().await;
        self.load_all(&mut version).await
    }

    /// A group by its name.
    ///
    /// # Errors
    /// `DoesNotExist`.
    pub(crate) fn group(&self, id: &GroupId) -> Result<Handle, Refused> {
        let groups = self.groups.read();
        groups.get(id).map(|running| running.handle.clone()).ok_or(Refused::DoesNotExist)
    }

    /// All groups, or those of one source, by name.
    pub(crate) fn groups(&self, source: Option<&Source>) -> Vec<Handle> {
        let groups = self.groups.read();
        let wanted = groups.values().map(|running| running.handle.clone());
        wanted
            .filter(|handle| source.is_none_or(|source| handle.definition.id.source == *source))
            .collect()
    }

    /// Makes a group.
    ///
    /// # Errors
    /// `Exists`; `Failed` for settings that make no sense; what the store met.
    pub(crate) async fn create(&self, wanted: Wanted, by: &str) -> Result<(), Refused> {
        let mut version = self.changes.lock().await;
        if self.groups.read().contains_key(&wanted.id) {
            return Err(Refused::Exists);
        }
        let definition = Arc::new(self.checked(wanted).await?);
        let mut all = self.definitions();
        all.insert(definition.id.clone(), Arc::clone(&definition));
        self.save(&mut version, &all, by).await?;
        Ok(self.start(definition).await?)
    }

    /// Gives a group other settings; its filter stays, its consumers have to come again, and it
    /// goes on from its checkpoint.
    ///
    /// # Errors
    /// `DoesNotExist`; `Failed` for settings that make no sense; what the store met.
    pub(crate) async fn update(&self, wanted: Wanted, by: &str) -> Result<(), Refused> {
        let mut version = self.changes.lock().await;
        let before = Arc::clone(&self.group(&wanted.id)?.definition);
        let filter = before.filter.clone();
        let mut definition = self.checked(Wanted { filter, ..wanted }).await?;
        if definition.start == before.start {
            definition.begin = before.begin;
        }
        let definition = Arc::new(definition);
        let mut all = self.definitions();
        all.insert(definition.id.clone(), Arc::clone(&definition));
        self.save(&mut version, &all, by).await?;
        self.end(&definition.id).await;
        Ok(self.start(definition).await?)
    }

    /// Deletes a group with everything that is stored for it.
    ///
    /// # Errors
    /// `DoesNotExist`, and what the store met; then the group is there as before, but what it had
    /// done may be gone.
    pub(crate) async fn delete(&self, id: &GroupId, by: &str) -> Result<(), Refused> {
        let mut version = self.changes.lock().await;
        let definition = Arc::clone(&self.group(id)?.definition);
        self.end(id).await;
        // The group itself goes last: what is left of it would be found by one of its name.
        let deleted = async {
            self.forget(id).await?;
            let mut all = self.definitions();
            all.remove(id);
            self.save(&mut version, &all, by).await
        };
        if let Err(refused) = deleted.await {
            self.start(definition).await?;
            return Err(refused);
        }
        Ok(())
    }

    async fn checked(&self, wanted: Wanted) -> Result<Definition, Refused> {
        let Wanted { id, settings, start, filter } = wanted;
        settings.check()?;
        id.parked_stream()?;
        id.checkpoint()?;
        if let Some(filter) = &filter {
            filter.filter()?;
        }
        let head = self.index.store.head().await?.map_or(0, |head| head.next().get());
        let begin = match (&id.source, start.place(&id.source)) {
            (Source::All, Some(place)) if place > head => {
                let why = "the position to start from is beyond the end of the store";
                return Err(Refused::Failed(why.to_owned()));
            }
            (_, Some(place)) => place,
            (Source::All, None) => head,
            (Source::Stream(stream), None) => {
                let last = match Derived::of(stream) {
                    Some(derived) => {
                        derived.follow(&self.index, SubscribeStart::End).await?.reached
                    }
                    None => self.index.store.stream_info(stream).await?.last_version,
                };
                last.map_or(0, |last| last.next().get())
            }
        };
        Ok(Definition { id, settings, start, begin, filter })
    }

    fn definitions(&self) -> BTreeMap<GroupId, Arc<Definition>> {
        let groups = self.groups.read();
        let pair = |(id, running): (&GroupId, &Running)| {
            (id.clone(), Arc::clone(&running.handle.definition))
        };
        groups.iter().map(pair).collect()
    }

    async fn save(
        &self,
        version: &mut Option<Version>,
        all: &BTreeMap<GroupId, Arc<Definition>>,
        by: &str,
    ) -> Result<(), Refused> {
        match config::save(self.index.store.as_ref(), *version, all.values(), by).await {
            Ok(saved) => {
                *version = saved;
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WrongExpectedVersion => {
                let why = "another server has changed the subscriptions; restart the subsystem";
                Err(Refused::Store(Error::new(ErrorKind::Unavailable, why).caused_by(error)))
            }
            Err(error) => Err(Refused::Store(error)),
        }
    }

    async fn start(&self, definition: Arc<Definition>) -> Result<()> {
        let id = definition.id.clone();
        let running = driver::start(&self.index, definition).await?;
        self.groups.write().insert(id, running);
        Ok(())
    }

    async fn end(&self, id: &GroupId) {
        let running = self.groups.write().remove(id);
        if let Some(running) = running {
            running.stop().await;
        }
    }

    async fn forget(&self, id: &GroupId) -> Result<()> {
        let key = StateKey::checkpoint(id.checkpoint()?);
        let put = StatePut { key, expected: StateExpected::Any, value: None };
        self.index.store.put_state(put).await?;
        ParkedStream::new(Arc::clone(&self.index.store), id.parked_stream()?).delete().await
    }
}
