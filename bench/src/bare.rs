//! The limits: the same bytes written, synced and read without a store.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::FileExt,
    path::Path,
};

use crate::random::Random;

/// Writes one after the other into a file whose space is there already, syncing each.
#[derive(Debug)]
pub(crate) struct BareWriter {
    file: File,
    at: u64,
    len: u64,
    bytes: Vec<u8>,
}

impl BareWriter {
    /// A writer of pieces of `piece` bytes. The file is `len` bytes of synced zeros; at its end
    /// the writer begins again.
    pub(crate) fn create(path: &Path, len: u64, piece: usize) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        let zeros = vec![0; 1024 * 1024];
        let mut left = len;
        while left > 0 {
            let some = std::cmp::min(left, zeros.len() as u64);
            let (some_zeros, _) = zeros.split_at(some as usize);
            file.write_all(some_zeros)?;
            left -= some;
        }
        file.sync_all()?;
        let mut bytes = Vec::new();
        Random::new(1).put_letters(&mut bytes, piece);
        Ok(Self { file, at: 0, len, bytes })
    }

    /// One write and one sync.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        if self.at + self.bytes.len() as u64 > self.len {
            self.at = 0;
        }
        self.file.write_all_at(&self.bytes, self.at)?;
        self.at += self.bytes.len() as u64;
        self.file.sync_data()
    }
}

/// Reads a file from beginning to end, touches every byte and gives their number.
pub(crate) fn read_through(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1024 * 1024];
    let (mut bytes, mut sum) = (0, 0_u64);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            std::hint::black_box(sum);
            return Ok(bytes);
        }
        let (read, _) = buffer.split_at(count);
        let words = read.chunks_exact(8).filter_map(|word| word.first_chunk::<8>());
        sum = words.fold(sum, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word)));
        bytes += count as u64;
    }
}

/// Reads pieces of one size at random places of one file.
#[derive(Debug)]
pub(crate) struct BareReader {
    file: File,
    pieces: u64,
    random: Random,
    buffer: Vec<u8>,
}

impl BareReader {
    pub(crate) fn open(path: &Path, piece: usize) -> io::Result<Self> {
        let file = File::open(path)?;
        let pieces = std::cmp::max(1, file.metadata()?.len() / piece as u64);
        Ok(Self { file, pieces, random: Random::new(1), buffer: vec![0; piece] })
    }

    /// Reads this many pieces with a call each.
    pub(crate) fn read(&mut self, count: usize) -> io::Result<()> {
        for _ in 0..count {
            let at = self.random.below(self.pieces) * self.buffer.len() as u64;
            // The last piece may be cut off.
            self.file.read_at(&mut self.buffer, at)?;
            std::hint::black_box(&self.buffer);
        }
        Ok(())
    }
}
