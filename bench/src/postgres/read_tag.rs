//! The 10 events of one tag among all events.

use std::{sync::Arc, time::Instant};

use super::{
    fill::TAG_EVENTS,
    race::Race,
    setting::{Contender, Setting},
    store::Deed,
};
use crate::{problem::Result, report::Row, samples::Latencies};

pub(super) fn measure(setting: &Setting) -> Result<Vec<Row>> {
    let calls = setting.scale.reads / 10;
    let tags = Arc::new(setting.filled.tags.clone());
    let scale = (Deed::ReadTag, setting.scale.rounds);
    let race = Race::run(setting, scale, |store, round| {
        let (store, tags) = (Contender::clone(store), Arc::clone(&tags));
        setting.run(async move {
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
