//! Two measurements in turns, so that the noise of the machine hits both.

use crate::problem::Result;

/// Measures `ours` and `theirs` this many times each, changing who goes first, and gives the
/// pairs.
pub(crate) fn in_turns<A, B>(
    rounds: usize,
    mut ours: impl FnMut() -> Result<A>,
    mut theirs: impl FnMut() -> Result<B>,
) -> Result<Vec<(A, B)>> {
    let mut pairs = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let pair = if round % 2 == 0 {
            let ours = ours()?;
            (ours, theirs()?)
        } else {
            let theirs = theirs()?;
            (ours()?, theirs)
        };
        pairs.push(pair);
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn both_go_first_equally_often() {
        let order = RefCell::new(String::new());
        let note = |letter| {
            order.borrow_mut().push(letter);
            Ok(letter)
        };
        let pairs = in_turns(4, || note('a'), || note('b')).unwrap();
        assert_eq!(pairs, [('a', 'b'); 4]);
        assert_eq!(*order.borrow(), "abbaabba");
    }
}
