//! A few states along a history, from which the others are folded again.

/// At most this many states are kept.
const STATES_MAX: usize = 64;

/// States at multiples of a stride that doubles whenever there are too many of them.
#[derive(Debug, Clone)]
pub(super) struct Landmarks<S> {
    states: Vec<S>,
    stride: usize,
}

impl<S> Default for Landmarks<S> {
    fn default() -> Self {
        Self { states: Vec::new(), stride: 1 }
    }
}

impl<S: Clone + Default> Landmarks<S> {
    /// Passes the state after `count` events; each count once, in order.
    pub(super) fn pass(&mut self, count: usize, state: impl FnOnce() -> S) {
        if !count.is_multiple_of(self.stride) {
            return;
        }
        self.states.push(state());
        if self.states.len() > STATES_MAX {
            let mut index = 0;
            self.states.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride *= 2;
        }
    }

    /// The last state kept of those after at most `count` events, and how many that were.
    pub(super) fn before(&self, count: usize) -> (usize, S) {
        let last = self.states.len().saturating_sub(1);
        let index = std::cmp::min(count / self.stride, last);
        let state = self.states.get(index).cloned().unwrap_or_default();
        (index * self.stride, state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_states_are_kept_and_none_is_far() {
        let mut landmarks = Landmarks::default();
        for passed in 0..10_000_usize {
            landmarks.pass(passed, || passed);
            assert!(landmarks.states.len() <= STATES_MAX);
            for count in [0, passed / 3, passed] {
                let (from, state) = landmarks.before(count);
                assert_eq!(from, state);
                assert!(from <= count && count - from < landmarks.stride);
                assert!(landmarks.stride <= passed / 16 + 1);
            }
        }
    }
}
