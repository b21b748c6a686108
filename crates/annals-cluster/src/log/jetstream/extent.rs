//! Where the log begins and ends.

use annals_core::Result;

use super::api::{Api, StreamInfo};
use crate::log::Extent;

pub(super) async fn extent(api: &Api) -> Result<Extent> {
    let info = api.info().await;
    api.note(&api.link.questions, info.as_ref().err()).await;
    info.map(|info| of(&info)).map_err(|unheard| api.explain(&unheard))
}

pub(super) fn of(info: &StreamInfo) -> Extent {
    let state = &info.state;
    // A log that was never written says that it begins at 0.
    let first = state.first_seq.max(1).min(state.last_seq + 1);
    let bytes_max = u64::try_from(info.config.max_bytes).ok().filter(|bytes| *bytes > 0);
    Extent { first, last: state.last_seq, bytes: state.bytes, bytes_max }
}
