//! The model test: random operations on a store and on the in-memory reference, every answer
//! compared.
//!
//! `ANNALS_MODEL_CASES` says how many runs (200 when unset; as many times fewer as a store is slow
//! to make), `ANNALS_MODEL_SEED` where the random numbers begin (1 when unset). A run that fails is
//! shrunk to a short one and printed as Rust; it belongs into `regressions.rs` under a name.

mod compare;
mod op;
mod pair;
mod regressions;
mod restored;
mod step;
mod strategy;
mod words;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::{Case, Store, case::cases};
use compare::{Difference, everything};
use op::{Op, Target};
use pair::Pair;

pub(crate) const TOPICS: &[&[Case]] = &[CASES, regressions::CASES, restored::CASES];

cases! { "model", needs [MultiStream, Conditions, DensePositions]:
    random_operations_agree_with_the_reference,
}

/// Runs when nothing else is asked for.
const RUNS: u32 = 200;

fn number_from_env(name: &str) -> Option<u32> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`, which is no number")))
}

fn runs() -> u32 {
    number_from_env("ANNALS_MODEL_CASES").unwrap_or(RUNS)
}

/// How much longer than usual a case may take, because more runs are asked for.
pub(crate) fn patience() -> u32 {
    std::cmp::max(1, runs() / RUNS)
}

fn random_operations_agree_with_the_reference(store: &Store) {
    run(store, runs(), check);
}

/// Runs random operations through a check, each time on a fresh store.
fn run(store: &Store, runs: u32, check: fn(Store, &[Op]) -> Result<(), Difference>) {
    let seed = number_from_env("ANNALS_MODEL_SEED").unwrap_or(1);
    let config = Config {
        cases: std::cmp::max(1, runs / store.weight()),
        failure_persistence: None,
        max_shrink_iters: 3_000,
        rng_seed: RngSeed::Fixed(u64::from(seed)),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner
        .run(&strategy::ops(), |ops| check(store.another(), &ops).map_err(TestCaseError::fail));
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(difference, ops)) => {
            panic!("{difference}\nThe operations, from seed {seed}:\n{ops:#?}")
        }
        Err(TestError::Abort(reason)) => panic!("the model test could not run: {reason}"),
    }
}

/// Does all operations to a store and to the reference.
fn check(tested: Store, ops: &[Op]) -> Result<(), Difference> {
    let mut pair = Pair::new(tested);
    steps(&mut pair, ops)?;
    compare_at_the_end(&mut pair)
}

fn steps(pair: &mut Pair, ops: &[Op]) -> Result<(), Difference> {
    for (number, op) in ops.iter().enumerate() {
        pair.step(op).map_err(|difference| format!("operation {number}, {op:?}: {difference}"))?;
    }
    Ok(())
}

fn compare_at_the_end(pair: &mut Pair) -> Result<(), Difference> {
    compare_all(pair).map_err(|difference| format!("at the end: {difference}"))?;
    if pair.tested.backend().capabilities().store_durable {
        pair.tested.reopen();
        compare_all(pair).map_err(|difference| format!("after reopening: {difference}"))?;
    }
    Ok(())
}

/// Compares everything that can be asked.
fn compare_all(pair: &mut Pair) -> Result<(), Difference> {
    pair.both(everything)?;
    pair.step(&Op::Overview { category: None })?;
    for number in strategy::NAMES {
        pair.step(&Op::Overview { category: Some(number) })?;
        for is_settings in [false, true] {
            let target = Target { stream: number, is_settings };
            pair.step(&Op::Info(target))?;
            pair.step(&Op::ReadStream { target, stretch: op::Stretch::ALL })?;
        }
        for kind in annals_core::StateKind::ALL {
            pair.step(&Op::State { kind, name: number })?;
        }
    }
    Ok(())
}
