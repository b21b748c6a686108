//! All groups of a store: made, changed and deleted one at a time, and found by their names.

use std::{collections::BTreeMap, sync::Arc};

use annals_core::{
    Error, ErrorKind, Result, StateExpected, StateKey, StatePut, SubscribeStart, Version,
};
use parking_lot::RwLock;
use tokio::sync::Mutex;
use tonic::Status;

use super::{
    command::Handle,
    config::{self, Config},
    driver::{self, Running},
    error::Refused,
    fence::{Fence, Right},
    identity::{GroupId, Source},
    parked::ParkedStream,
    settings::{Definition, FilterSettings, Settings, Start},
};
use crate::derived::{Derived, Index};

/// The groups of a store.
#[derive(Debug)]
pub(crate) struct Persistent {
    index: Index,
    /// What runs; `None` where this server does not drive the groups.
    led: RwLock<Option<Led>>,
    /// Held by whoever changes something; the version of the configuration.
    changes: Mutex<Option<Version>>,
}

/// The groups that run.
#[derive(Debug)]
struct Led {
    right: Right,
    /// `None` as long as there is no group.
    fence: Option<Fence>,
    groups: BTreeMap<GroupId, Running>,
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
        Self { index, led: RwLock::default(), changes: Mutex::default() }
    }

    /// Starts all groups of the store that do not run yet.
    ///
    /// # Errors
    /// `Corrupted` when the configuration is none, and what reading and getting the right to write
    /// met.
    pub(crate) async fn lead(&self, right: Right) -> Result<()> {
        let mut version = self.changes.lock().await;
        {
            let mut led = self.led.write();
            if led.as_ref().is_none_or(|led| led.right != right) {
                *led = Some(Led { right, fence: None, groups: BTreeMap::new() });
            }
        }
        self.load(&mut version).await
    }

    /// Looks whether there are groups now, where there were none.
    ///
    /// # Errors
    /// Those of [`lead`](Self::lead).
    pub(crate) async fn refresh(&self) -> Result<()> {
        let has_none = self.led.read().as_ref().is_some_and(|led| led.fence.is_none());
        if has_none { self.load(&mut *self.changes.lock().await).await } else { Ok(()) }
    }

    /// Whether the store has groups that somebody has to drive.
    ///
    /// # Errors
    /// `Corrupted` when the configuration is none, and what reading met.
    pub(crate) async fn has_stored(&self) -> Result<bool> {
        Ok(!config::load(self.index.store.as_ref()).await?.definitions.is_empty())
    }

    /// Gives up driving groups where there is none and none is being made; whether it did.
    pub(crate) fn retire(&self) -> bool {
        let Ok(_changes) = self.changes.try_lock() else {
            return false;
        };
        let mut led = self.led.write();
        let has_none = led.as_ref().is_none_or(|led| led.groups.is_empty());
        if has_none {
            *led = None;
        }
        has_none
    }

    async fn load(&self, version: &mut Option<Version>) -> Result<()> {
        let is_sole = self.led.read().as_ref().is_some_and(|led| led.right == Right::Sole);
        // A server that leads leaves no trace in a store without groups.
        if is_sole || config::is_there(self.index.store.as_ref()).await? {
            self.fenced(version).await?;
        }
        Ok(())
    }

    /// The right to write for groups; with it, all of them run.
    async fn fenced(&self, version: &mut Option<Version>) -> Result<Fence> {
        let led = self.led.read().as_ref().map(|led| (led.right, led.fence));
        let (right, fence) = led.ok_or_else(not_led)?;
        if let Some(fence) = fence {
            return Ok(fence);
        }
        let fence = right.fence(self.index.store.as_ref()).await?;
        self.load_all(version, fence).await?;
        let mut led = self.led.write();
        let led = led.as_mut().filter(|led| led.right == right).ok_or_else(not_led)?;
        led.fence = Some(fence);
        Ok(fence)
    }

    async fn load_all(&self, version: &mut Option<Version>, fence: Fence) -> Result<()> {
        let Config { definitions, version: stored } =
            config::load(self.index.store.as_ref()).await?;
        *version = stored;
        for definition in definitions {
            if self.group(&definition.id).is_err() {
                self.start(Arc::new(definition), fence).await?;
            }
        }
        Ok(())
    }

    /// Ends all groups at once because another server drives them now, or soon: consumers are told
    /// this word. What the groups still write is refused once that server has begun.
    pub(crate) fn resign(&self, word: &Status) {
        let led = self.led.write().take();
        for running in led.into_iter().flat_map(|led| led.groups.into_values()) {
            // The store may not answer any more; nobody waits for it.
            tokio::spawn(running.stop(Some(word.clone())));
        }
    }

    /// Stops all groups; what they have done is written.
    pub(crate) async fn stop(&self) {
        let _changes = self.changes.lock().await;
        self.stop_all().await;
    }

    async fn stop_all(&self) {
        let all = self.led.write().as_mut().map(|led| std::mem::take(&mut led.groups));
        let all = all.into_iter().flat_map(BTreeMap::into_values);
        futures_util::future::join_all(all.map(|running| running.stop(None))).await;
    }

    /// Stops all groups and starts them anew from what the store holds.
    ///
    /// # Errors
    /// `Unavailable` where this server does not drive the groups; those of loading.
    pub(crate) async fn restart(&self) -> Result<()> {
        let mut version = self.changes.lock().await;
        let fence = self.fenced(&mut version).await?;
        self.stop_all().await;
        self.load_all(&mut version, fence).await
    }

    /// A group by its name.
    ///
    /// # Errors
    /// `DoesNotExist`, `NotLed`.
    pub(crate) fn group(&self, id: &GroupId) -> Result<Handle, Refused> {
        let led = self.led.read();
        let groups = &led.as_ref().ok_or(Refused::NotLed)?.groups;
        groups.get(id).map(|running| running.handle.clone()).ok_or(Refused::DoesNotExist)
    }

    /// All groups, or those of one source, by name; none where this server does not drive them.
    pub(crate) fn groups(&self, source: Option<&Source>) -> Vec<Handle> {
        let led = self.led.read();
        let groups = led.iter().flat_map(|led| led.groups.values());
        let wanted = groups.map(|running| running.handle.clone());
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
        let fence = self.fenced(&mut version).await?;
        if self.group(&wanted.id).is_ok() {
            return Err(Refused::Exists);
        }
        let definition = Arc::new(self.checked(wanted).await?);
        let mut all = self.definitions();
        all.insert(definition.id.clone(), Arc::clone(&definition));
        self.save(&mut version, fence, &all, by).await?;
        Ok(self.start(definition, fence).await?)
    }

    /// Gives a group other settings; its filter stays, its consumers have to come again, and it
    /// goes on from its checkpoint.
    ///
    /// # Errors
    /// `DoesNotExist`; `Failed` for settings that make no sense; what the store met.
    pub(crate) async fn update(&self, wanted: Wanted, by: &str) -> Result<(), Refused> {
        let mut version = self.changes.lock().await;
        let fence = self.fenced(&mut version).await?;
        let before = Arc::clone(&self.group(&wanted.id)?.definition);
        let filter = before.filter.clone();
        let mut definition = self.checked(Wanted { filter, ..wanted }).await?;
        if definition.start == before.start {
            definition.begin = before.begin;
        }
        let definition = Arc::new(definition);
        let mut all = self.definitions();
        all.insert(definition.id.clone(), Arc::clone(&definition));
        self.save(&mut version, fence, &all, by).await?;
        self.end(&definition.id).await;
        Ok(self.start(definition, fence).await?)
    }

    /// Deletes a group with everything that is stored for it.
    ///
    /// # Errors
    /// `DoesNotExist`, and what the store met; then the group is there as before, but what it had
    /// done may be gone.
    pub(crate) async fn delete(&self, id: &GroupId, by: &str) -> Result<(), Refused> {
        let mut version = self.changes.lock().await;
        let fence = self.fenced(&mut version).await?;
        let definition = Arc::clone(&self.group(id)?.definition);
        self.end(id).await;
        // The group itself goes last: what is left of it would be found by one of its name.
        let deleted = async {
            self.forget(id, fence).await?;
            let mut all = self.definitions();
            all.remove(id);
            self.save(&mut version, fence, &all, by).await
        };
        if let Err(refused) = deleted.await {
            self.start(definition, fence).await?;
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
        let led = self.led.read();
        let pair = |(id, running): (&GroupId, &Running)| {
            (id.clone(), Arc::clone(&running.handle.definition))
        };
        led.iter().flat_map(|led| &led.groups).map(pair).collect()
    }

    async fn save(
        &self,
        version: &mut Option<Version>,
        fence: Fence,
        all: &BTreeMap<GroupId, Arc<Definition>>,
        by: &str,
    ) -> Result<(), Refused> {
        let store = self.index.store.as_ref();
        match config::save(store, fence, *version, all.values(), by).await {
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

    async fn start(&self, definition: Arc<Definition>, fence: Fence) -> Result<()> {
        let id = definition.id.clone();
        let running = driver::start(&self.index, fence, definition).await?;
        let mut led = self.led.write();
        // What runs for an earlier right ends by being dropped.
        let same = |led: &&mut Led| led.fence.is_none_or(|current| current == fence);
        led.as_mut().filter(same).ok_or_else(not_led)?.groups.insert(id, running);
        Ok(())
    }

    async fn end(&self, id: &GroupId) {
        let running = self.led.write().as_mut().and_then(|led| led.groups.remove(id));
        if let Some(running) = running {
            running.stop(None).await;
        }
    }

    async fn forget(&self, id: &GroupId, fence: Fence) -> Result<()> {
        let store = &self.index.store;
        fence.check(store.as_ref()).await?;
        let key = StateKey::checkpoint(id.checkpoint()?);
        let put = StatePut { key, expected: StateExpected::Any, value: None };
        store.put_state(put).await?;
        ParkedStream::new(Arc::clone(store), fence, id.parked_stream()?).delete().await
    }
}

fn not_led() -> Error {
    let why = "this server does not drive the groups of consumers at the moment; come again";
    Error::new(ErrorKind::Unavailable, why)
}
