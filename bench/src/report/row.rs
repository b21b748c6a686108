//! One line of the table.

use serde::Serialize;

use super::{Figure, Goal};
use crate::samples::{Latencies, Spread};

/// One line of the table: a figure of ours, what it is compared with, and whether that is enough.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) annals: Figure,
    pub(crate) reference: Option<Reference>,
    /// Ours divided by the reference's, round by round.
    pub(crate) ratio: Option<Spread>,
    /// In words.
    pub(crate) target: Option<String>,
    pub(crate) is_met: Option<bool>,
    /// Who could not be compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unable: Option<Unable>,
}

/// Who cannot do what a row is about.
#[derive(Debug, Serialize)]
pub(crate) struct Unable {
    pub(crate) what: &'static str,
    pub(crate) why: &'static str,
}

/// What a row is compared with.
#[derive(Debug, Serialize)]
pub(crate) struct Reference {
    pub(crate) what: &'static str,
    #[serde(flatten)]
    pub(crate) figure: Figure,
}

impl Row {
    /// A figure by itself.
    pub(crate) fn alone(name: impl Into<String>, annals: Figure) -> Self {
        let name = name.into();
        let (reference, ratio, target, is_met, unable) = Default::default();
        Self { name, annals, reference, ratio, target, is_met, unable }
    }

    /// The same figure, beside nothing.
    pub(crate) fn unable(self, what: &'static str, why: &'static str) -> Self {
        Self { unable: Some(Unable { what, why }), ..Self::alone(self.name, self.annals) }
    }

    /// Latencies, each round beside a round of the reference. The ratios are of the medians of
    /// the rounds.
    pub(crate) fn latencies(
        name: impl Into<String>,
        what: &'static str,
        pairs: Vec<(Latencies, Latencies)>,
    ) -> Self {
        let (mut ours, mut theirs) = (Latencies::default(), Latencies::default());
        let mut ratios = Vec::with_capacity(pairs.len());
        for (our, their) in pairs {
            let median = |samples: &Latencies| samples.percentile(50).as_secs_f64();
            ratios.push(median(&our) / median(&their));
            ours.extend(our);
            theirs.extend(their);
        }
        let row = Self::alone(name, Figure::latency(&ours));
        row.beside(what, Figure::latency(&theirs), Spread::of(ratios))
    }

    /// Rates, each round beside a round of the reference.
    pub(crate) fn rates(
        name: impl Into<String>,
        (of, what): (&'static str, &'static str),
        pairs: &[(f64, f64)],
    ) -> Self {
        let rate = |per_second| Figure::Rate { per_second, of };
        let ours = Spread::of(pairs.iter().map(|(ours, _)| *ours)).median;
        let theirs = Spread::of(pairs.iter().map(|(_, theirs)| *theirs)).median;
        let ratios = Spread::of(pairs.iter().map(|(ours, theirs)| ours / theirs));
        Self::alone(name, rate(ours)).beside(what, rate(theirs), ratios)
    }

    /// The same row beside a reference.
    pub(crate) fn beside(self, what: &'static str, figure: Figure, ratio: Spread) -> Self {
        let reference = Some(Reference { what, figure });
        Self { reference, ratio: Some(ratio), ..self }
    }

    /// The same row with what it must reach.
    pub(crate) fn goal(self, goal: Goal) -> Self {
        let target = Some(goal.shown(&self.annals));
        let is_met = goal.is_met(&self);
        Self { target, is_met, ..self }
    }

    pub(super) const fn verdict(&self) -> &'static str {
        match self.is_met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_that_of_the_middle_round() {
        let row = Row::rates("a", ("events", "b"), &[(10.0, 10.0), (30.0, 10.0), (20.0, 10.0)]);
        let ratio = row.ratio.unwrap();
        assert_eq!((ratio.low, ratio.median, ratio.high), (1.0, 2.0, 3.0));
    }

    #[test]
    fn a_goal_is_met_or_missed() {
        let row = || Row::rates("a", ("events", "b"), &[(10.0, 20.0)]);
        assert_eq!(row().goal(Goal::RatioAtLeast(0.5)).verdict(), "met");
        assert_eq!(row().goal(Goal::AtLeast(11.0)).verdict(), "**missed**");
        assert_eq!(row().verdict(), "");
    }
}
