//! Reading everything from the first event to the last.

use std::time::Instant;

use super::{
    race::Race,
    setting::{Contender, Setting},
    store::Deed,
};
use crate::{problem::Result, report::Row, samples::rate};

pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let events = setting.filled.events;
    let scale = (Deed::Basics, setting.scale.rounds);
    let race = Race::run(setting, scale, |store, _| {
        let store = Contender::clone(store);
        setting.run(async move {
            let start = Instant::now();
            let count = store.read_all().await?;
            let took = start.elapsed();
            if count != events {
                return Err(format!("{}: {count} of {events} events", store.name()).into());
            }
            Ok(rate(count, took))
        })
    })?;
    Ok(race.rows(&format!("read all {events} events"), "events"))
}
