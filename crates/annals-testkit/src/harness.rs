//! How the suite gets stores of a backend.

use std::{any::Any, fmt, num::NonZeroU32, sync::Arc};

use annals_core::{Backend, BoxFuture, Clock, MemoryBackend, Result};

use crate::Case;

/// A backend as the suite sees it.
pub trait Harness: Send + Sync + fmt::Debug + 'static {
    /// The backend's name: the first part of the names of its cases, and what `ANNALS_REQUIRE`
    /// calls it.
    fn name(&self) -> &'static str;

    /// Why the backend cannot be tested here, if so; for instance that no URL of a server is set.
    fn missing(&self) -> Option<String> {
        None
    }

    /// Why the backend cannot show a case, where no capability says so: a protocol has no words for
    /// it. Such a case is ignored with this reason.
    fn cannot(&self, _case: &Case) -> Option<&'static str> {
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

    /// A notebook beside the events of the opened store, for a backend with the capability
    /// `projection_inline`; `None` for others.
    ///
    /// # Errors
    /// What making it met.
    fn notebook(&self) -> Result<Option<Arc<dyn Notebook>>> {
        Ok(None)
    }
}

/// Lines that are written in the transactions of appends. What a transaction is only the backend
/// knows; that this is all the suite asks of one keeps its cases the same for every backend.
pub trait Notebook: Send + Sync + fmt::Debug + 'static {
    /// Writes a line in the transaction that an [`Inline`](annals_core::Inline) was given.
    ///
    /// # Errors
    /// What writing met; also when the transaction is none of this backend.
    fn write<'a>(
        &'a self,
        transaction: &'a mut (dyn Any + Send),
        line: String,
    ) -> BoxFuture<'a, Result<()>>;

    /// The lines that are committed, in the order in which they were written.
    ///
    /// # Errors
    /// What reading met.
    fn lines(&self) -> Result<Vec<String>>;
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
