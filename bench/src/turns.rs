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

/// Measures everybody this many times, each round beginning with another one, and gives the
/// results of each by round.
pub(crate) fn all_in_turns<C, T>(
    rounds: usize,
    contenders: &[C],
    mut measure: impl FnMut(&C, usize) -> Result<T>,
) -> Result<Vec<Vec<T>>> {
    let mut results: Vec<_> = contenders.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for round in 0..rounds {
        let order = contenders.iter().enumerate().cycle().skip(round % contenders.len().max(1));
        for (index, contender) in order.take(contenders.len()) {
            let result = measure(contender, round)?;
            if let Some(results) = results.get_mut(index) {
                results.push(result);
            }
        }
    }
    Ok(results)
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

    #[test]
    fn every_round_begins_with_another_one() {
        let mut order = String::new();
        let results = all_in_turns(3, &['a', 'b', 'c'], |letter, round| {
            order.push(*letter);
            Ok((*letter, round))
        });
        assert_eq!(order, "abcbcacab");
        assert_eq!(results.unwrap()[2], [('c', 0), ('c', 1), ('c', 2)]);
    }
}
