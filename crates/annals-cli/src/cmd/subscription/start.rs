//! Where a group begins.

use annals_admin::Start;

/// Reads `start`, `end`, or a version or position.
///
/// # Errors
/// What is wrong, for people.
pub(super) fn parse(text: &str) -> Result<Start, String> {
    match text {
        "start" => Ok(Start::Beginning),
        "end" => Ok(Start::End),
        number => number.parse().map(Start::At).map_err(|_| {
            "write `start`, `end`, or a version of the stream or position of the store".to_owned()
        }),
    }
}

/// As it is typed.
pub(super) fn shown(start: Start) -> String {
    match start {
        Start::Beginning => "start".to_owned(),
        Start::End => "end".to_owned(),
        Start::At(place) => place.to_string(),
    }
}
