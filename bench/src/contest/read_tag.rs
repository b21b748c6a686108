//! The 10 events of one tag among all events.

use std::{sync::Arc, time::Instant};

use super::{
    field::Field,
    fill::TAG_EVENTS,
    race::Race,
    store::{Contender, Deed},
};
use crate::{problem::Result, report::Row, samples::Latencies};

pub(crate) fn measure(field: &impl Field) -> Result<Vec<Row>> {
    let ground = field.ground();
    let calls = ground.scale.reads / 10;
    let tags = Arc::new(ground.filled.tags.clone());
    let scale = (Deed::ReadTag, ground.scale.rounds);
    let race = Race::run(field, scale, |store, round| {
        let (store, tags) = (Contender::clone(store), Arc::clone(&tags));
        ground.run(async move {
            let mut latencies = Latencies::default();
            for tag in tags.iter().cycle().skip(round).take(calls) {
                let start = Instant::now();
                let count = store.read_tag(tag).await?;
                latencies.push(start.elapsed());
                if count != TAG_EVENTS {
                    return Err(format!("{}: {count} events of a tag", store.name()).into());
                }
            }
            Ok(latencies)
        })
    })?;
    Ok(race.rows(&format!("read the {TAG_EVENTS} events of a tag")))
}
