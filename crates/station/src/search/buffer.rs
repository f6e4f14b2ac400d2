//! Texts end to end in one buffer, each with its owner, found by substring.

use memchr::memmem;

/// A run of short texts, `\n` before and after each.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    starts: Vec<u32>,
    owners: Vec<u32>,
}

/// A place where a needle was found.
pub(super) struct Found {
    /// Number of the text.
    pub(super) entry: usize,
    /// Number of the item that the text belongs to.
    pub(super) owner: u32,
    /// It is the first of its item's texts.
    pub(super) is_own: bool,
    /// It is the beginning of a text.
    pub(super) at_start: bool,
    /// It is the end of a text.
    pub(super) at_end: bool,
}

impl Default for Buffer {
    fn default() -> Buffer {
        Buffer { bytes: vec![b'\n'], starts: vec![], owners: vec![] }
    }
}

impl Buffer {
    /// Appends a text without `\n`; owners never decrease.
    pub(super) fn push(&mut self, text: &str, owner: u32) {
        // 4 GiB of names is a thousand times the largest catalogue; beyond it nothing more is found.
        let Ok(start) = u32::try_from(self.bytes.len()) else { return };
        self.starts.push(start);
        self.owners.push(owner);
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(b'\n');
    }

    /// Number of texts.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn owner(&self, entry: usize) -> u32 {
        self.owners.get(entry).copied().unwrap_or(u32::MAX)
    }

    /// True of the first text of its owner.
    pub(super) fn is_own(&self, entry: usize) -> bool {
        entry.checked_sub(1).is_none_or(|before| self.owner(before) != self.owner(entry))
    }

    /// A text by its number.
    pub(super) fn text(&self, entry: u32) -> &str {
        let start = self.starts.get(entry as usize).map_or(0, |start| *start as usize);
        let rest = self.bytes.get(start..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        rest.get(..end).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.capacity() + 4 * (self.starts.capacity() + self.owners.capacity())
    }

    /// Every place of a needle, in order of owners. A needle may begin or end with `\n` to mean a text's edge.
    pub(super) fn find(&self, needle: &str) -> impl Iterator<Item = Found> {
        let finder = memmem::Finder::new(needle).into_owned();
        let edge = usize::from(needle.starts_with('\n'));
        let len = needle.len();
        let (mut at, mut entry) = (0, 0);
        std::iter::from_fn(move || {
            let place = at + finder.find(self.bytes.get(at..)?)?;
            at = place + 1;
            let text_at = place + edge;
            // Places only grow, so the search goes on where the last one ended.
            let ahead = self.starts.get(entry..).unwrap_or_default();
            entry += gallop(ahead, text_at).saturating_sub(1);
            Some(Found {
                entry,
                owner: self.owner(entry),
                is_own: self.is_own(entry),
                at_start: self.starts.get(entry).is_some_and(|start| *start as usize == text_at),
                at_end: self.bytes.get(place + len) == Some(&b'\n'),
            })
        })
    }
}

/// How many of the sorted `starts` are at or before `place`: doubling steps, then halving ones.
fn gallop(starts: &[u32], place: usize) -> usize {
    let mut reach = 1;
    while starts.get(reach).is_some_and(|start| *start as usize <= place) {
        reach *= 2;
    }
    let near = starts.get(..reach.min(starts.len())).unwrap_or_default();
    near.partition_point(|start| *start as usize <= place)
}
