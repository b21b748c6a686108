//! How the suite gets stores of a backend.

use std::{fmt, num::NonZeroU32, sync::Arc};

use annals_core::{Backend, Clock, MemoryBackend, Result};

/// A backend as the suite sees it.
pub trait Harness: Send + Sync + fmt::Debug + 'static {
    /// The backend's name: the first part of the names of its cases, and what `ANNALS_REQUIRE`
    /// calls it.
    fn name(&self) -> &'static str;

    /// Why the backend cannot be tested here, if so; for instance that no URL of a server is set.
    fn missing(&self) -> Option<String> {
        None
    }

    /// How many times as long a store takes to make and to ask as one in memory, roughly: random
    /// tests, which make hundreds, make as many times fewer.
    fn weight(&self) -> NonZeroU32 {
        NonZeroU32::MIN
    }

    /// Room for one store that is used by nobody else, with the clock it must go by.
    ///
    /// # Errors
    /// What making the room met.
    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>>;
}

/// Room for one store. Dropping it removes what it holds.
pub trait Place: Send + Sync + fmt::Debug {
    /// Opens the store: empty the first time and, when the backend is durable, as it was left
    /// after that. The suite closes a store before it opens it again.
    ///
    /// # Errors
    /// What opening met.
    fn open(&self) -> Result<Arc<dyn Backend>>;
}

/// The reference backend.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryHarness;

#[derive(Debug)]
struct MemoryPlace(Arc<dyn Clock>);

impl Harness for MemoryHarness {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn place(&self, clock: Arc<dyn Clock>) -> Result<Box<dyn Place>> {
        Ok(Box::new(MemoryPlace(clock)))
    }
}

impl Place for MemoryPlace {
    fn open(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(MemoryBackend::with_clock(Arc::clone(&self.0))))
    }
}
