//! The same deed by ours and by everybody who can, in turns.

use super::{
    setting::{Contender, Setting},
    store::Deed,
};
use crate::{
    problem::Result,
    report::{Figure, Goal, Row},
    samples::{Latencies, Spread},
    turns::all_in_turns,
};

/// What came out, round by round.
pub(super) struct Race<T> {
    ours: Vec<T>,
    theirs: Vec<(Contender, Vec<T>)>,
    /// Who cannot do it, and why.
    unable: Vec<(&'static str, &'static str)>,
}

impl<T> Race<T> {
    /// Ours and the peers.
    pub(super) fn run(
        setting: &Setting,
        (deed, rounds): (Deed, usize),
        measure: impl FnMut(&Contender, usize) -> Result<T>,
    ) -> Result<Self> {
        Self::between(&setting.contenders().everybody(), (deed, rounds), measure)
    }

    /// These, of whom ours is the first.
    pub(super) fn between(
        contenders: &[Contender],
        (deed, rounds): (Deed, usize),
        measure: impl FnMut(&Contender, usize) -> Result<T>,
    ) -> Result<Self> {
        let mut able = Vec::new();
        let mut unable = Vec::new();
        for contender in contenders {
            match contender.lacks(deed) {
                None => able.push(Contender::clone(contender)),
                Some(why) => unable.push((contender.name(), why)),
            }
        }
        let mut results = all_in_turns(rounds, &able, measure)?.into_iter();
        let ours = results.next().ok_or("nobody was measured")?;
        let theirs = able.into_iter().skip(1).zip(results).collect();
        Ok(Self { ours, theirs, unable })
    }

    /// A row for each, with what ours must reach.
    fn into_rows(
        self,
        row: impl Fn(&'static str, &[T], &[T]) -> Row,
        goal: fn(f64) -> Goal,
        alone: impl Fn(&[T]) -> Row,
    ) -> Vec<Row> {
        let mut rows = Vec::new();
        for (store, theirs) in &self.theirs {
            let row = row(store.name(), &self.ours, theirs);
            rows.push(match store.target() {
                Some(target) => row.goal(goal(target)),
                None => row,
            });
        }
        rows.extend(self.unable.iter().map(|(who, why)| alone(&self.ours).unable(who, why)));
        rows
    }
}

impl Race<Latencies> {
    pub(super) fn rows(self, name: &str) -> Vec<Row> {
        let pairs = |ours: &[Latencies], theirs: &[Latencies]| {
            ours.iter().cloned().zip(theirs.iter().cloned()).collect()
        };
        self.into_rows(
            |what, ours, theirs| Row::latencies(name, what, pairs(ours, theirs)),
            |times| Goal::RatioAtMost(1.0 / times),
            |ours| {
                let mut all = Latencies::default();
                ours.iter().cloned().for_each(|round| all.extend(round));
                Row::alone(name, Figure::latency(&all))
            },
        )
    }
}

impl Race<f64> {
    pub(super) fn rows(self, name: &str, of: &'static str) -> Vec<Row> {
        self.into_rows(
            |what, ours, theirs| {
                let pairs: Vec<_> = ours.iter().copied().zip(theirs.iter().copied()).collect();
                Row::rates(name, (of, what), &pairs)
            },
            Goal::RatioAtLeast,
            |ours| {
                let per_second = Spread::of(ours.iter().copied()).median;
                Row::alone(name, Figure::Rate { per_second, of })
            },
        )
    }
}
