//! Finding an item by what a cashier types: codes, hanzi, aliases, pinyin in any mixture of whole and first letters.
//!
//! The index is built once from the catalogue and the store's sales, lives in memory, and is replaced when either
//! changes. Items are kept in order of sales, so every scan meets the best sellers first and a class of matches is in
//! the right order as it is found. Nothing is expanded: a character with several readings keeps all of them side by
//! side, so no number of 多音字 in a name makes the index grow.
//!
//! A query of letters is matched against the syllables of every name that has the letters it cannot do without;
//! codes and hanzi are found by scanning one buffer each.

mod buffer;
mod collect;
mod mixed;
mod phonetic;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use buffer::Buffer;
pub use collect::Class;
use collect::Collector;
use phonetic::{Place, Query, Readings, Speller, Syllable};

/// How many hits a screen shows.
pub const HITS_MAX: usize = 20;
/// The longest query that finds anything: longer than any name's pinyin that a person types.
pub const QUERY_CHARS_MAX: usize = 32;

/// An item as the search knows it.
#[derive(Clone, Debug, Default)]
pub struct SearchItem {
    /// Item code.
    pub code: String,
    /// Name on screen.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Barcodes and PLU.
    pub keys: Vec<String>,
    /// Lines sold at this store in the last 28 days: higher is found first.
    pub rank: i64,
}

/// A found item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    /// Item code.
    pub code: &'a str,
    /// How well it matches.
    pub class: Class,
}

/// Everything that can be searched, in order of sales.
pub struct SearchIndex {
    codes: Buffer,
    /// First entry of each item in `codes`: its own code.
    own_code: Vec<u32>,
    /// Item codes that are not written in lower case, as the catalogue writes them.
    cased_codes: HashMap<u32, String>,
    has_lettered_codes: bool,
    names: Buffer,
    /// Syllables of every name, and where each name's begin.
    spelled: Vec<Syllable>,
    spelled_at: Vec<u32>,
    /// Initial letters of all syllables of each name, one bit a letter.
    initials: Vec<u64>,
    vocabulary: Vec<String>,
}

impl SearchIndex {
    /// Builds the index. *Shape:* items in any order.
    pub fn build(items: impl IntoIterator<Item = SearchItem>) -> SearchIndex {
        let mut items: Vec<SearchItem> = items.into_iter().collect();
        items.sort_unstable_by(|a, b| b.rank.cmp(&a.rank).then_with(|| a.code.cmp(&b.code)));
        let mut speller = Speller::default();
        let mut index = SearchIndex {
            codes: Buffer::default(),
            own_code: Vec::with_capacity(items.len()),
            cased_codes: HashMap::new(),
            has_lettered_codes: false,
            names: Buffer::default(),
            spelled: vec![],
            spelled_at: vec![0],
            initials: vec![],
            vocabulary: vec![],
        };
        for (item, number) in items.iter().zip(0u32..) {
            index.add(item, number, &mut speller);
        }
        index.vocabulary = speller.into_vocabulary();
        index
    }

    fn add(&mut self, item: &SearchItem, number: u32, speller: &mut Speller) {
        self.own_code.push(self.codes.len());
        for key in std::iter::once(&item.code).chain(&item.keys) {
            let folded = fold(key);
            self.has_lettered_codes |= folded.bytes().any(|b| b.is_ascii_lowercase());
            self.codes.push(&folded, number);
        }
        if fold(&item.code) != item.code {
            self.cased_codes.insert(number, item.code.clone());
        }
        for name in std::iter::once(&item.name).chain(&item.aliases) {
            let folded = fold(name);
            self.names.push(&folded, number);
            self.initials.push(speller.spell(&folded, &mut self.spelled));
            self.spelled_at.push(u32::try_from(self.spelled.len()).unwrap_or(u32::MAX));
        }
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.own_code.len()
    }

    /// True when there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.own_code.is_empty()
    }

    /// Bytes it holds on the heap, nearly.
    pub fn heap_bytes(&self) -> usize {
        let words = self.own_code.capacity() + self.spelled_at.capacity() + self.spelled.capacity() / 2;
        self.codes.heap_bytes() + self.names.heap_bytes() + 4 * words + 8 * self.initials.capacity()
    }

    /// The best `limit` items for what was typed, at most [`HITS_MAX`]; none for an empty or overlong query.
    pub fn search(&self, typed: &str, limit: usize) -> Vec<Hit<'_>> {
        let limit = limit.min(HITS_MAX);
        let query = fold(typed);
        if query.is_empty() || query.chars().count() > QUERY_CHARS_MAX {
            return vec![];
        }
        let mut found = Collector::new(limit);
        let is_letters = query.bytes().all(|b| b.is_ascii_lowercase());
        if query.is_ascii() && (self.has_lettered_codes || !is_letters) {
            self.find_codes(&query, &mut found);
        }
        if query.bytes().all(|b| b.is_ascii_alphanumeric()) && !query.bytes().all(|b| b.is_ascii_digit()) {
            self.find_spelled(&query, &mut found);
        } else if let Some(hanzi) = mixed::longest_hanzi(&query) {
            self.find_mixed(&query, hanzi, &mut found);
        }
        // Letters in the middle of a foreign word, hanzi, and digits such as the 500 of 500ml.
        if !is_letters || !found.is_full() {
            self.find_names(&query, &mut found);
        }
        found.best().into_iter().map(|(item, class)| Hit { code: self.code(item), class }).collect()
    }

    fn code(&self, item: u32) -> &str {
        if let Some(code) = self.cased_codes.get(&item) {
            return code;
        }
        self.own_code.get(item as usize).map_or("", |entry| self.codes.text(*entry))
    }

    fn find_codes(&self, query: &str, found: &mut Collector) {
        for (needle, class) in [
            (format!("\n{query}\n"), Class::CodeWhole),
            (format!("\n{query}"), Class::CodeStart),
            (format!("{query}\n"), Class::CodeEnd),
        ] {
            for hit in self.codes.find(&needle) {
                if !found.offer(hit.owner, class) {
                    break;
                }
            }
            found.flush();
        }
    }

    fn find_names(&self, query: &str, found: &mut Collector) {
        for hit in self.names.find(query) {
            let place = match (hit.at_start, hit.at_end) {
                (true, true) => Place::Whole,
                (true, false) => Place::Start,
                _ => Place::Inside,
            };
            found.offer(hit.owner, Class::usual(place, hit.is_own));
        }
        found.flush();
    }

    fn find_spelled(&self, query: &str, found: &mut Collector) {
        let Some(query) = Query::new(query, &self.vocabulary) else { return };
        let needed = query.needed();
        for (name, initials) in self.initials.iter().enumerate() {
            if initials & needed != needed {
                continue;
            }
            let Some(&[from, to]) = self.spelled_at.get(name..name + 2) else { continue };
            let Some(syllables) = self.spelled.get(from as usize..to as usize) else { continue };
            let is_own = self.names.is_own(name);
            let inside = found.wants(Class::NameInside) && (is_own || found.wants(Class::AliasInside));
            let Some(any) = query.place_in(syllables, Readings::All, inside) else { continue };
            // When a class is full, nothing that comes after it is shown.
            if !found.wants(Class::usual(any, is_own)) {
                continue;
            }
            let usual = match phonetic::has_rare(syllables) {
                true => query.place_in(syllables, Readings::Usual, inside),
                false => Some(any),
            };
            let rare = Class::rare(any);
            let class = usual.map_or(rare, |place| Class::usual(place, is_own).min(rare));
            found.offer(self.names.owner(name), class);
        }
        found.flush();
    }

    /// Hanzi among letters: few names have the hanzi, and those are spelled anew.
    fn find_mixed(&self, query: &str, hanzi: &str, found: &mut Collector) {
        let query = mixed::Query::new(query);
        let mut seen = None;
        for hit in self.names.find(hanzi) {
            if seen.replace(hit.entry) == Some(hit.entry) {
                continue;
            }
            let text = u32::try_from(hit.entry).map_or("", |entry| self.names.text(entry));
            let Some((place, is_usual)) = query.place_in(text) else { continue };
            found.offer(
                hit.owner,
                if is_usual { Class::usual(place, hit.is_own) } else { Class::rare(place) },
            );
        }
        found.flush();
    }
}

/// Lower case, full-width forms and ü to ASCII, without blanks, control characters and the marks that part syllables: what is
/// compared.
fn fold(text: &str) -> String {
    let narrow = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        'ü' | 'Ü' => 'u',
        other => other,
    };
    let kept = text.chars().map(narrow).filter(|c| !c.is_whitespace() && !c.is_control());
    kept.filter(|c| !matches!(c, '\'' | '’' | '‘' | '`' | '´')).map(|c| c.to_ascii_lowercase()).collect()
}
