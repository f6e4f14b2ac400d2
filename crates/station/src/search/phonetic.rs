//! Names as syllables with every reading, and queries matched against them the way a southern speaker types.
//!
//! Both sides are softened alike: zh=z, ch=c, sh=s, an initial n=l, ng=n after a vowel (so ing=in, eng=en, ang=an), ü=v=u.

use std::collections::HashMap;

use pinyin::ToPinyinMulti;

/// A syllable of a name: its number in the vocabulary, and [`ANOTHER_READING`] when it is another reading of the
/// character before it.
pub(super) type Syllable = u16;

const ANOTHER_READING: u16 = 0x8000;
/// All pinyin syllables are about 400; the rest are foreign words and numbers. What comes later is found as text only.
const VOCABULARY_MAX: usize = 0x7fff;
/// Letters of a foreign word that count.
const WORD_LETTERS_MAX: usize = 16;

/// Characters that goods' names read otherwise than most texts do: 茄子, 长豆角, 海参, 重庆, 豆豉, 蛤蜊, 凤爪.
const USUAL_AMONG_GOODS: [(char, &str); 13] = [
    ('茄', "qie"),
    ('佛', "fo"),
    ('长', "chang"),
    ('参', "shen"),
    ('重', "chong"),
    ('豉', "chi"),
    ('肋', "lei"),
    ('蛤', "ge"),
    ('调', "tiao"),
    ('脯', "fu"),
    ('爪', "zhua"),
    ('勒', "le"),
    ('薄', "bo"),
];

/// Turns names into syllables while the index is built.
#[derive(Default)]
pub(super) struct Speller {
    vocabulary: Vec<String>,
    numbers: HashMap<String, u16>,
    readings: HashMap<char, Vec<u16>>,
}

impl Speller {
    pub(super) fn into_vocabulary(self) -> Vec<String> {
        self.vocabulary
    }

    /// Appends the syllables of a folded name and returns the initials of all of them, one bit a letter.
    pub(super) fn spell(&mut self, name: &str, out: &mut Vec<Syllable>) -> u64 {
        let mut initials = 0;
        let mut rest = name;
        while let Some(c) = rest.chars().next() {
            let same_kind = |d: char| {
                (c.is_ascii_lowercase() && d.is_ascii_lowercase())
                    || (c.is_ascii_digit() && d.is_ascii_digit())
            };
            let end = rest.find(|d| !same_kind(d)).unwrap_or(rest.len()).max(c.len_utf8());
            let (word, after) = rest.split_at(end);
            rest = after;
            let numbers = if c.is_ascii_alphanumeric() {
                self.number(word).into_iter().collect()
            } else {
                self.readings_of(c)
            };
            let mut flag = 0;
            for number in numbers {
                initials |= self.vocabulary.get(usize::from(number)).map_or(0, |syllable| initial(syllable));
                out.push(number | flag);
                flag = ANOTHER_READING;
            }
        }
        initials
    }

    fn readings_of(&mut self, c: char) -> Vec<u16> {
        if let Some(known) = self.readings.get(&c) {
            return known.clone();
        }
        let mut numbers = vec![];
        for reading in readings(c) {
            if let Some(number) = self.number(reading)
                && !numbers.contains(&number)
            {
                numbers.push(number);
            }
        }
        self.readings.insert(c, numbers.clone());
        numbers
    }

    fn number(&mut self, syllable: &str) -> Option<u16> {
        let soft = softened(syllable);
        if soft.is_empty() || !soft.is_ascii() {
            return None;
        }
        if let Some(number) = self.numbers.get(&soft) {
            return Some(*number);
        }
        if self.vocabulary.len() >= VOCABULARY_MAX {
            return None;
        }
        let number = u16::try_from(self.vocabulary.len()).ok()?;
        self.vocabulary.push(soft.clone());
        self.numbers.insert(soft, number);
        Some(number)
    }
}

/// True when a character of the name has more than one reading.
pub(super) fn has_rare(syllables: &[Syllable]) -> bool {
    syllables.iter().any(|syllable| syllable & ANOTHER_READING != 0)
}

/// Every reading of a character, the usual one first.
pub(super) fn readings(c: char) -> impl Iterator<Item = &'static str> {
    let usual = USUAL_AMONG_GOODS.iter().find(|(known, _)| *known == c).map(|(_, reading)| *reading);
    usual.into_iter().chain(c.to_pinyin_multi().into_iter().flatten().map(pinyin::Pinyin::plain))
}

/// A syllable as it is compared.
pub(super) fn softened(syllable: &str) -> String {
    let mut soft = Softener::default();
    syllable.chars().take(WORD_LETTERS_MAX).for_each(|c| soft.push(c));
    soft.text
}

/// Softens a syllable letter by letter, so that every beginning of a syllable softens to a beginning of it.
#[derive(Default)]
struct Softener {
    text: String,
    letters: usize,
    last: char,
}

impl Softener {
    fn push(&mut self, c: char) {
        let dropped = match c {
            'h' => self.letters == 1 && matches!(self.last, 'z' | 'c' | 's'),
            'g' => self.letters >= 2 && self.last == 'n',
            _ => false,
        };
        if !dropped {
            self.text.push(match c {
                'n' if self.letters == 0 => 'l',
                'ü' => 'u',
                'v' if self.letters == 1 => 'u',
                other => other,
            });
        }
        self.letters += 1;
        self.last = c;
    }
}

fn initial(syllable: &str) -> u64 {
    match syllable.bytes().next() {
        Some(letter @ b'a'..=b'z') => 1 << (letter - b'a'),
        Some(digit @ b'0'..=b'9') => 1 << (26 + digit - b'0'),
        _ => 0,
    }
}

/// Where in a name a query matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// From the first syllable to the last.
    Whole,
    /// From the first syllable.
    Start,
    /// From a later syllable.
    Inside,
}

/// Which readings of a character count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readings {
    /// The usual one.
    Usual,
    /// Every one.
    All,
}

/// A query, cut into syllables and beginnings of syllables in every possible way at once.
///
/// A set of positions within the query is a bit mask. `steps[syllable × len + from]` holds the positions that one
/// syllable leads to from position `from`, so a name matches when the steps of its syllables lead from 0 to the end.
pub(super) struct Query {
    len: usize,
    steps: Vec<u64>,
    needed: u64,
}

impl Query {
    /// `None` when no sequence of known syllables could match: a miss without looking at any name.
    pub(super) fn new(query: &str, vocabulary: &[String]) -> Option<Query> {
        let len = query.len();
        let beginnings: Vec<Vec<String>> = query
            .char_indices()
            .map(|(from, _)| softened_beginnings(query.get(from..).unwrap_or("")))
            .collect();
        let mut steps = vec![0u64; vocabulary.len() * len];
        let mut edges = vec![0u64; len];
        for (row, syllable) in steps.chunks_exact_mut(len).zip(vocabulary) {
            for (from, (step, parts)) in row.iter_mut().zip(&beginnings).enumerate() {
                let fitting = parts.iter().take_while(|part| syllable.starts_with(part.as_str())).count();
                // One bit for each fitting part, the first one letter long.
                *step = ((1u64 << fitting) - 1) << (from + 1);
            }
            edges.iter_mut().zip(row).for_each(|(edge, step)| *edge |= *step);
        }
        let needed = needed_initials(&edges, &beginnings)?;
        Some(Query { len, steps, needed })
    }

    /// Initials without which no name matches.
    pub(super) fn needed(&self) -> u64 {
        self.needed
    }

    /// Where the query matches; looks beyond the start of the name only when `inside` is wanted.
    pub(super) fn place_in(&self, syllables: &[Syllable], readings: Readings, inside: bool) -> Option<Place> {
        if let Some(rest) = self.walk(syllables, readings) {
            return Some(if rest == 0 { Place::Whole } else { Place::Start });
        }
        if !inside {
            return None;
        }
        let later =
            (1..syllables.len()).filter(|at| syllables.get(*at).is_some_and(|s| s & ANOTHER_READING == 0));
        later.filter_map(|at| self.walk(syllables.get(at..)?, readings)).next().map(|_| Place::Inside)
    }

    /// Follows a name from its first syllable; returns how many entries are left when the query is used up.
    fn walk(&self, syllables: &[Syllable], readings: Readings) -> Option<usize> {
        let end = 1u64 << self.len;
        let (mut at, mut positions) = (0, 1u64);
        while let Some(first) = syllables.get(at) {
            let mut next = self.step(positions, *first);
            at += 1;
            while let Some(other) = syllables.get(at).filter(|s| **s & ANOTHER_READING != 0) {
                if readings == Readings::All {
                    next |= self.step(positions, *other);
                }
                at += 1;
            }
            if next & end != 0 {
                return Some(syllables.len() - at);
            }
            if next == 0 {
                return None;
            }
            positions = next;
        }
        None
    }

    fn step(&self, mut positions: u64, syllable: Syllable) -> u64 {
        let row = usize::from(syllable & !ANOTHER_READING) * self.len;
        let mut next = 0;
        while positions != 0 {
            let from = positions.trailing_zeros() as usize;
            positions &= positions - 1;
            next |= self.steps.get(row + from).copied().unwrap_or(0);
        }
        next
    }
}

/// The softened beginnings of a text: of one letter, of two, …, as long as a word may be.
pub(super) fn softened_beginnings(text: &str) -> Vec<String> {
    let mut soft = Softener::default();
    text.chars()
        .take(WORD_LETTERS_MAX)
        .map(|c| {
            soft.push(c);
            soft.text.clone()
        })
        .collect()
}

/// The initials at those positions that every way through the query begins a syllable at; `None` without any way.
fn needed_initials(edges: &[u64], beginnings: &[Vec<String>]) -> Option<u64> {
    let len = edges.len();
    let mut reached = 1u64;
    for (from, edge) in edges.iter().enumerate() {
        if reached & (1 << from) != 0 {
            reached |= edge;
        }
    }
    let mut leads_on = 1u64 << len;
    for (from, edge) in edges.iter().enumerate().rev() {
        if edge & leads_on != 0 {
            leads_on |= 1 << from;
        }
    }
    let open = reached & leads_on;
    if open & 1 == 0 {
        return None;
    }
    let mut needed = 0;
    for (at, parts) in beginnings.iter().enumerate() {
        let jumps_over =
            |(from, edge): (usize, &u64)| open & (1 << from) != 0 && (edge & open) >> (at + 1) != 0;
        if !edges.iter().enumerate().take(at).any(jumps_over) {
            needed |= parts.first().map_or(0, |part| initial(part));
        }
    }
    Some(needed)
}
