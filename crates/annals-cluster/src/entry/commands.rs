//! The commands of a proposal, one behind the other, each behind its length.

use annals_core::{Error, ErrorKind, Result};
use annals_engine::Command;
use bytes::Bytes;

/// Appends a command.
pub(crate) fn put_command(out: &mut Vec<u8>, command: &Command) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    command.encode(out);
    let len = (out.len() - start - 4) as u32;
    let (_, written) = out.split_at_mut(start);
    let (place, _) = written.split_at_mut(4);
    place.copy_from_slice(&len.to_le_bytes());
}

/// The commands of a body, which share its bytes.
pub(crate) fn commands(body: &Bytes) -> impl Iterator<Item = Result<Command>> {
    let mut rest = body.clone();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(len) = rest.first_chunk().map(|len| u32::from_le_bytes(*len) as usize) else {
            rest.clear();
            return Some(Err(cut()));
        };
        if rest.len() - 4 < len {
            rest.clear();
            return Some(Err(cut()));
        }
        let command = rest.slice(4..4 + len);
        rest = rest.slice(4 + len..);
        Some(Command::decode(&command))
    })
}

fn cut() -> Error {
    Error::new(ErrorKind::Corrupted, "a proposal of the log ends in the middle of a command")
}

#[cfg(test)]
mod tests {
    use annals_core::{Append, Name, Position};

    use super::*;

    #[test]
    fn commands_come_back_in_order_and_a_cut_list_does_not() {
        let mut out = Vec::new();
        for position in 0..3 {
            let name = Name::new("c").unwrap();
            let append = Append::default().checkpoint(name, Position::new(position));
            put_command(&mut out, &Command::Append(append));
        }
        let body = Bytes::from(out);
        let all: Vec<_> = commands(&body).collect::<Result<_>>().unwrap();
        assert_eq!(all.len(), 3);
        let cut = body.slice(..body.len() - 1);
        assert_eq!(commands(&cut).filter(Result::is_err).count(), 1);
        assert!(commands(&body.slice(..2)).any(|command| command.is_err()));
    }
}
