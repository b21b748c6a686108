//! Every decoder of the engine takes any bytes and answers.

use annals_engine::fuzzing;

type Decoder = fn(&[u8]) -> bool;

/// The decoders by name.
const DECODERS: [(&str, Decoder); 12] = [
    ("segment", fuzzing::segment),
    ("frame", fuzzing::frame),
    ("record", fuzzing::record),
    ("command", fuzzing::command),
    ("segment header", fuzzing::segment_header),
    ("manifest", fuzzing::manifest),
    ("position table", fuzzing::position_table),
    ("index list", fuzzing::index_list),
    ("index block", fuzzing::index_block),
    ("index head", fuzzing::index_head),
    ("index mark", fuzzing::index_mark),
    ("index state place", fuzzing::index_state_place),
];

/// Gives the bytes to every decoder; the names of those that took them.
pub fn run(bytes: &[u8]) -> impl Iterator<Item = &'static str> {
    let taken = DECODERS.map(|(name, decode)| decode(bytes).then_some(name));
    taken.into_iter().flatten()
}
