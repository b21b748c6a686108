//! 64 writers at once; ours also beside one writer alone.

use super::setting::Setting;
use crate::{
    contest::{
        crowd::{self, WRITERS, at_once},
        field::Field,
        store::Contender,
    },
    problem::Result,
    report::{Goal, Row},
    turns::all_in_turns,
};

/// The seeds of the first round begin here, behind those of the race.
const SEED: u64 = 20_000;

pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let mut rows = crowd::measure(setting)?;
    let ground = setting.ground();
    let (rounds, time) = (ground.scale.rounds / 2 + 1, ground.scale.crowd_time);
    let rates = all_in_turns(rounds, &[WRITERS, 1], |writers, round| {
        let first = SEED + round as u64 * 2 * WRITERS + writers;
        let writers = (first..first + writers).map(|seed| ground.writer(seed)).collect();
        ground.run(at_once(Contender::clone(setting.ours()), writers, time))
    })?;
    let [crowd, one] = rates.as_slice() else { return Ok(rows) };
    let pairs: Vec<_> = crowd.iter().copied().zip(one.iter().copied()).collect();
    let name = format!("{WRITERS} appenders");
    let beside_one = Row::rates(name, ("appends", "one appender of ours"), &pairs);
    rows.push(beside_one.goal(Goal::RatioAtLeast(8.0)));
    Ok(rows)
}
