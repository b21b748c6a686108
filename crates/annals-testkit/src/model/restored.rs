//! Random operations, then the store is restored in another one of its kind and that in the
//! reference: memory, backend and memory again. Both go on with the same operations and must go on
//! agreeing, retries of what was appended before included.

use super::{Difference, Op, Pair, compare::everything, compare_at_the_end, run, runs, steps};
use crate::{Store, case::cases};

cases! { "model_restored", needs [Restore, MultiStream, Conditions, DensePositions]:
    random_stores_survive_being_restored,
}

fn random_stores_survive_being_restored(store: &Store) {
    // Every run needs two stores.
    run(store, std::cmp::max(1, runs() / 4), check);
}

fn check(tested: Store, ops: &[Op]) -> Result<(), Difference> {
    let (first, second) = ops.split_at(ops.len() / 2);
    let mut pair = Pair::new(tested);
    steps(&mut pair, first)?;
    let before = everything(pair.tested.backend().as_ref());
    let mut pair = pair.restored(1 + ops.len() % 5);
    super::compare::same(&everything(pair.tested.backend().as_ref()), &before)?;
    steps(&mut pair, second)?;
    compare_at_the_end(&mut pair)
}
