//! Following from the beginning until everything there is has been given.

use std::time::Instant;

use super::{
    race::Race,
    setting::{Contender, Setting},
    store::Deed,
};
use crate::{problem::Result, report::Row, samples::rate};

pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let events = setting.filled.events;
    let scale = (Deed::CatchUp, setting.scale.rounds);
    let race = Race::run(setting, scale, |store, _| {
        let store = Contender::clone(store);
        setting.run(async move {
            let start = Instant::now();
            let count = store.catch_up().await?;
            let took = start.elapsed();
            if count != events {
                return Err(format!("{}: {count} of {events} events", store.name()).into());
            }
            Ok(rate(count, took))
        })
    })?;
    Ok(race.rows(&format!("catch up with {events} events"), "events"))
}
