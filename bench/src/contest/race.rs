//! The same deed by everybody who can, in turns.

use std::sync::Arc;

use super::{
    field::{Field, Match},
    store::{Contender, Deed},
};
use crate::{
    problem::Result,
    report::{Figure, Goal, Row},
    samples::{Latencies, Spread},
    turns::all_in_turns,
};

/// What came out, round by round.
pub(crate) struct Race<T> {
    deed: Deed,
    matches: Vec<Match>,
    results: Vec<(Contender, Vec<T>)>,
}

impl<T> Race<T> {
    /// Everybody who is in a match and can do it.
    pub(crate) fn run(
        field: &impl Field,
        (deed, rounds): (Deed, usize),
        measure: impl FnMut(&Contender, usize) -> Result<T>,
    ) -> Result<Self> {
        let matches: Vec<_> =
            field.matches(deed).into_iter().filter(|pair| can(&pair.ours, deed)).collect();
        let mut able: Vec<Contender> = Vec::new();
        for one in matches.iter().flat_map(|pair| [&pair.ours, &pair.theirs]) {
            if can(one, deed) && !able.iter().any(|other| Arc::ptr_eq(one, other)) {
                able.push(Contender::clone(one));
            }
        }
        let results = all_in_turns(rounds, &able, measure)?;
        Ok(Self { deed, matches, results: able.into_iter().zip(results).collect() })
    }

    fn of(&self, contender: &Contender) -> &[T] {
        let found = self.results.iter().find(|(one, _)| Arc::ptr_eq(one, contender));
        found.map_or(&[], |(_, results)| results)
    }

    /// A row for each match, with what ours must reach.
    fn rows_by(
        &self,
        name: &str,
        row: impl Fn(&str, &'static str, &[T], &[T]) -> Row,
        goal: fn(f64) -> Goal,
        alone: impl Fn(&str, &[T]) -> Row,
    ) -> Vec<Row> {
        let rows = self.matches.iter().map(|Match { ours, theirs, how }| {
            let name = how.map_or_else(|| name.to_owned(), |how| format!("{name}, {how}"));
            let results = self.of(ours);
            if let Some(why) = theirs.lacks(self.deed) {
                return alone(&name, results).unable(theirs.name(), why);
            }
            let row = row(&name, theirs.name(), results, self.of(theirs));
            match theirs.target(self.deed) {
                Some(target) => row.goal(goal(target)),
                None => row,
            }
        });
        rows.collect()
    }
}

fn can(contender: &Contender, deed: Deed) -> bool {
    contender.lacks(deed).is_none()
}

impl Race<Latencies> {
    pub(crate) fn rows(&self, name: &str) -> Vec<Row> {
        let pairs = |ours: &[Latencies], theirs: &[Latencies]| {
            ours.iter().cloned().zip(theirs.iter().cloned()).collect()
        };
        self.rows_by(
            name,
            |name, what, ours, theirs| Row::latencies(name, what, pairs(ours, theirs)),
            |times| Goal::RatioAtMost(1.0 / times),
            |name, ours| {
                let mut all = Latencies::default();
                ours.iter().cloned().for_each(|round| all.extend(round));
                Row::alone(name, Figure::latency(&all))
            },
        )
    }
}

impl Race<f64> {
    pub(crate) fn rows(&self, name: &str, of: &'static str) -> Vec<Row> {
        self.rows_by(
            name,
            |name, what, ours, theirs| {
                let pairs: Vec<_> = ours.iter().copied().zip(theirs.iter().copied()).collect();
                Row::rates(name, (of, what), &pairs)
            },
            Goal::RatioAtLeast,
            |name, ours| {
                let per_second = Spread::of(ours.iter().copied()).median;
                Row::alone(name, Figure::Rate { per_second, of })
            },
        )
    }
}
