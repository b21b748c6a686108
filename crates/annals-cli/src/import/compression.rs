//! Undoing gzip and zstd, told by their first bytes and not by the name of the file.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Any source of bytes.
pub(super) type Input = Box<dyn Read + Send>;

/// The bytes without their compression.
pub(super) fn undo(input: Input) -> io::Result<Input> {
    let (magic, input) = look(input, ZSTD.len())?;
    if magic.starts_with(&GZIP) {
        Ok(Box::new(MultiGzDecoder::new(BufReader::new(input))))
    } else if magic == ZSTD {
        Ok(Box::new(ZstdFrames { state: State::Between(BufReader::new(input)) }))
    } else {
        Ok(input)
    }
}

/// The first bytes, and an input that still has them.
fn look(mut input: Input, count: usize) -> io::Result<(Vec<u8>, Input)> {
    let mut first = Vec::new();
    input.by_ref().take(count as u64).read_to_end(&mut first)?;
    let again = io::Cursor::new(first.clone()).chain(input);
    Ok((first, Box::new(again)))
}

/// A zstd file may hold several frames; the decoder knows one.
struct ZstdFrames {
    state: State,
}

type Source = BufReader<Input>;

enum State {
    Between(Source),
    Inside(Box<StreamingDecoder<Source, ruzstd::decoding::FrameDecoder>>),
    Ended,
}

impl Read for ZstdFrames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Between(mut source) => {
                    if source.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new(source).map_err(io::Error::other)?;
                    self.state = State::Inside(Box::new(decoder));
                }
                State::Inside(mut decoder) => {
                    let count = decoder.read(buffer)?;
                    if count > 0 || buffer.is_empty() {
                        self.state = State::Inside(decoder);
                        return Ok(count);
                    }
                    self.state = State::Between(decoder.into_inner());
                }
            }
        }
    }
}
