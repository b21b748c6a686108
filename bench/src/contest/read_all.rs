//! Reading everything from the first event to the last.

use std::time::Instant;

use super::{
    field::Field,
    race::Race,
    store::{Contender, Deed},
};
use crate::{problem::Result, report::Row, samples::rate};

pub(crate) fn measure(field: &impl Field) -> Result<Vec<Row>> {
    let ground = field.ground();
    let events = ground.filled.events;
    let scale = (Deed::ReadAll, ground.scale.rounds);
    let race = Race::run(field, scale, |store, _| {
        let store = Contender::clone(store);
        ground.run(async move {
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
