//! A growing list of places in one segment, small while it is short.

/// Places in one segment: positions less the segment's first, ascending.
///
/// Most terms of a segment occur once or a few times, so the first three places need no
/// allocation. Sixteen bytes.
#[derive(Debug)]
pub(crate) enum Postings {
    Inline {
        len: u8,
        places: [u32; INLINE],
    },
    #[expect(clippy::box_collection, reason = "the box keeps the common, short list at 16 bytes")]
    Heap(Box<Vec<u32>>),
}

const INLINE: usize = 3;
const _: () = assert!(size_of::<Postings>() == 16);

impl Postings {
    /// A list of one.
    pub(crate) const fn one(place: u32) -> Self {
        Self::Inline { len: 1, places: [place, 0, 0] }
    }

    /// Appends a place, which is larger than all before.
    pub(crate) fn push(&mut self, place: u32) {
        match self {
            Self::Inline { len, places } => {
                if let Some(slot) = places.get_mut(usize::from(*len)) {
                    *slot = place;
                    *len += 1;
                } else {
                    let mut list = Vec::with_capacity(2 * INLINE);
                    list.extend_from_slice(places);
                    list.push(place);
                    *self = Self::Heap(Box::new(list));
                }
            }
            Self::Heap(list) => list.push(place),
        }
    }

    /// The places.
    pub(crate) fn as_slice(&self) -> &[u32] {
        match self {
            Self::Inline { len, places } => places.get(..usize::from(*len)).unwrap_or_default(),
            Self::Heap(list) => list,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_from_inline_to_heap_in_order() {
        let mut postings = Postings::one(0);
        for place in 1..10 {
            postings.push(place);
            assert_eq!(postings.as_slice(), (0..=place).collect::<Vec<_>>());
        }
    }
}
