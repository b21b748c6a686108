//! A small random generator, the same on every machine, and random changes to bytes.

/// Splitmix64: small, fast and good enough to choose inputs.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence that belongs to a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, but not including, `end`; 0 when there is none.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % std::cmp::max(end, 1) as u64) as usize
    }

    /// Random bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.number() as u8).collect()
    }

    /// One of the pieces, or nothing when there are none.
    pub fn one_of<'a>(&mut self, pieces: &'a [Vec<u8>]) -> &'a [u8] {
        pieces.get(self.below(pieces.len())).map_or(&[], Vec::as_slice)
    }

    /// One of the pieces with a few random changes, which may take stretches of the others.
    pub fn changed(&mut self, pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = self.one_of(pieces).to_vec();
        for _ in 0..=self.below(4) {
            let from = self.below(bytes.len() + 1);
            let to = std::cmp::min(bytes.len(), from + self.below(12));
            let put = match self.below(6) {
                0 => Vec::new(),
                1 => vec![0; to - from],
                2 => self.bytes(to - from + 1),
                3 => {
                    let other = self.one_of(pieces);
                    let start = self.below(other.len());
                    other.iter().skip(start).take(1 + self.below(40)).copied().collect()
                }
                4 => self.one_of(TOKENS.map(<[u8]>::to_vec).as_slice()).to_vec(),
                _ => {
                    let flipped = |byte: &u8| byte ^ (1 << self.below(8));
                    bytes.get(from..to).unwrap_or_default().iter().map(flipped).collect()
                }
            };
            drop(bytes.splice(from..to, put));
        }
        bytes
    }
}

/// What parsers look for.
const TOKENS: [&[u8]; 16] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"\n",
    b"\r\n",
    b"\\u0000",
    b"\\ud800",
    b"\xff\xff\xff",
    b"\xef\xbb\xbf",
    b"null",
    b"1e999",
    b"$all",
    b"ANF1",
];
