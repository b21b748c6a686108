//! What came of it.

use std::fmt::Debug;

use annals_core::Error;

use super::{seen::Seen, side_by_side};
use crate::{Boundary, Event, Root};

/// What came of a decision. Each look at it panics when it is not as it should be, and gives it
/// back for the next look.
#[derive(Debug)]
pub struct Outcome<B: Boundary, R, E> {
    root: Root<B>,
    decided: Result<R, E>,
    failure: Option<Error>,
}

impl<B: Boundary, R, E> Outcome<B, R, E> {
    pub(super) const fn new(root: Root<B>, decided: Result<R, E>, failure: Option<Error>) -> Self {
        Self { root, decided, failure }
    }

    /// These events happened, and no others, in whichever streams.
    ///
    /// # Panics
    /// When it was other events, or the command was refused or failed.
    #[track_caller]
    pub fn then<V: Event + Debug>(self, events: impl IntoIterator<Item = V>) -> Self
    where
        E: Debug,
    {
        self.compare(events, |_| true)
    }

    /// These events happened, and no others, in the stream of one of several aggregates, counted
    /// from 0.
    ///
    /// # Panics
    /// When it was other events, or the command was refused or failed.
    #[track_caller]
    pub fn then_to<V: Event + Debug>(
        self,
        aggregate: usize,
        events: impl IntoIterator<Item = V>,
    ) -> Self
    where
        E: Debug,
    {
        self.compare(events, |part| part == aggregate)
    }

    /// The command was accepted, and nothing happened.
    ///
    /// # Panics
    /// When something happened, or the command was refused or failed.
    #[track_caller]
    pub fn then_nothing(self) -> Self
    where
        E: Debug,
    {
        self.accepted();
        let types = self.root.pending().iter().map(|pending| pending.event.event_type.as_str());
        let types: Vec<_> = types.collect();
        assert!(types.is_empty(), "nothing was expected, but this happened: {}", types.join(", "));
        self
    }

    /// The command was refused with this error.
    ///
    /// # Panics
    /// When it was accepted, refused with another error, or failed.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a test reads better without the `&`")]
    pub fn then_rejected(self, error: E) -> Self
    where
        E: Debug + PartialEq,
    {
        let actual = self.refused();
        assert!(
            *actual == error,
            "the command was refused with another error\n{}",
            side_by_side::table(&[&error], &[actual], |error| format!("{error:?}"))
        );
        self
    }

    /// The command was refused; look at the error.
    ///
    /// # Panics
    /// When it was accepted or failed, and as `look` does.
    #[track_caller]
    pub fn then_rejected_with(self, look: impl FnOnce(&E)) -> Self {
        look(self.refused());
        self
    }

    /// The command was neither accepted nor refused: what it emitted cannot be written. Look at
    /// the error.
    ///
    /// # Panics
    /// When it was accepted or refused, and as `look` does.
    #[track_caller]
    pub fn then_failed_with(self, look: impl FnOnce(&Error)) -> Self {
        match &self.failure {
            Some(error) => look(error),
            None => panic!("the command was expected to fail, but did not"),
        }
        self
    }

    /// The command gave this.
    ///
    /// # Panics
    /// When it gave something else, or was refused or failed.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a test reads better without the `&`")]
    pub fn then_output(self, output: R) -> Self
    where
        R: Debug + PartialEq,
        E: Debug,
    {
        let actual = self.accepted();
        assert!(
            *actual == output,
            "the command gave something else\n{}",
            side_by_side::table(&[&output], &[actual], |output| format!("{output:?}"))
        );
        self
    }

    /// Look at the state: after what happened, or as it was when the command was refused.
    ///
    /// # Panics
    /// As `look` does, and when the command failed.
    #[track_caller]
    pub fn then_state(self, look: impl FnOnce(&B)) -> Self {
        self.not_failed();
        look(self.root.state());
        self
    }

    #[track_caller]
    fn compare<V: Event + Debug>(
        self,
        expected: impl IntoIterator<Item = V>,
        is_looked_at: impl Fn(usize) -> bool,
    ) -> Self
    where
        E: Debug,
    {
        self.accepted();
        let expected: Vec<_> = expected.into_iter().map(|event| Seen::expected(&event)).collect();
        let pending = self.root.pending().iter().filter(|pending| is_looked_at(pending.part));
        let actual: Vec<_> = pending.map(|pending| Seen::emitted::<V>(&pending.event)).collect();
        assert!(
            expected == actual,
            "other events happened\n{}",
            side_by_side::table(&expected, &actual, |event| event.text.clone())
        );
        self
    }

    #[track_caller]
    fn not_failed(&self) {
        if let Some(error) = &self.failure {
            panic!("the command failed: {error}");
        }
    }

    #[track_caller]
    fn accepted(&self) -> &R
    where
        E: Debug,
    {
        self.not_failed();
        match &self.decided {
            Ok(output) => output,
            Err(error) => panic!("the command was refused: {error:?}"),
        }
    }

    #[track_caller]
    fn refused(&self) -> &E {
        self.not_failed();
        match &self.decided {
            Err(error) => error,
            Ok(_) => {
                let types = self.root.pending().iter().map(|it| it.event.event_type.as_str());
                let types = types.collect::<Vec<_>>().join(", ");
                panic!("the command was expected to be refused, but it was accepted: [{types}]")
            }
        }
    }
}
