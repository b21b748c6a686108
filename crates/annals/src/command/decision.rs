//! The two forms of a decision: a command, and a closure.

use std::{fmt, marker::PhantomData};

use super::{Changes, Command};
use crate::Boundary;

/// Something that decides on a state.
pub trait Decision<B: Boundary>: Send + Sync {
    /// What it gives.
    type Output: Send + 'static;
    /// Why it refuses.
    type Error: Send + 'static;

    /// Decides.
    ///
    /// # Errors
    /// Why it refuses.
    fn decide(&self, state: &mut Changes<'_, B>) -> Result<Self::Output, Self::Error>;
}

/// Decides as a command does.
#[derive(Debug)]
pub struct ByCommand<C>(pub(crate) C);

impl<C: Command> Decision<C::Aggregate> for ByCommand<C> {
    type Output = C::Output;
    type Error = C::Error;

    fn decide(&self, state: &mut Changes<'_, C::Aggregate>) -> Result<C::Output, C::Error> {
        self.0.decide(state)
    }
}

/// Decides as a closure does.
pub struct ByClosure<F, R, E> {
    decide: F,
    gives: PhantomData<fn() -> Result<R, E>>,
}

impl<F, R, E> ByClosure<F, R, E> {
    pub(crate) const fn new(decide: F) -> Self {
        Self { decide, gives: PhantomData }
    }
}

impl<F, R, E> fmt::Debug for ByClosure<F, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByClosure").finish_non_exhaustive()
    }
}

impl<B, F, R, E> Decision<B> for ByClosure<F, R, E>
where
    B: Boundary,
    R: Send + 'static,
    E: Send + 'static,
    F: Fn(&mut Changes<'_, B>) -> Result<R, E> + Send + Sync,
{
    type Output = R;
    type Error = E;

    fn decide(&self, state: &mut Changes<'_, B>) -> Result<R, E> {
        (self.decide)(state)
    }
}
