//! Queries of hanzi and letters together, such as `西hs`, matched character by character against one name.

use super::phonetic::{Place, Readings, readings, softened, softened_beginnings};

/// The longest run of a query that stands in a name as it is; `None` unless there are letters beside it.
pub(super) fn longest_hanzi(query: &str) -> Option<&str> {
    let has_letters = query.bytes().any(|b| b.is_ascii_lowercase());
    let runs = query.split(|c: char| c.is_ascii()).filter(|_| has_letters);
    runs.max_by_key(|run| run.len()).filter(|run| !run.is_empty())
}

/// One character of a query, and what begins there in letters.
struct Position {
    character: char,
    beginnings: Vec<String>,
}

/// See the module.
pub(super) struct Query {
    positions: Vec<Position>,
}

/// A character of a name with its readings, or a word of letters or digits with itself.
struct Unit {
    character: Option<char>,
    spelled: Vec<String>,
}

impl Query {
    /// *Shape:* folded, at most [`super::QUERY_CHARS_MAX`] characters.
    pub(super) fn new(query: &str) -> Query {
        let position = |(at, character): (usize, char)| {
            let rest = query.get(at..).unwrap_or_default();
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            Position { character, beginnings: softened_beginnings(rest.get(..end).unwrap_or_default()) }
        };
        Query { positions: query.char_indices().map(position).collect() }
    }

    /// Where in a folded name the query is, and whether by usual readings alone.
    pub(super) fn place_in(&self, name: &str) -> Option<(Place, bool)> {
        let units = units(name);
        let place = |readings| (0..units.len()).find_map(|from| self.walk(&units, from, readings));
        let usual = place(Readings::Usual).map(|place| (place, true));
        usual.or_else(|| place(Readings::All).map(|place| (place, false)))
    }

    fn walk(&self, units: &[Unit], from: usize, readings: Readings) -> Option<Place> {
        let end = 1u64 << self.positions.len();
        let mut reached = 1u64;
        for (at, unit) in units.iter().enumerate().skip(from) {
            let steps =
                self.positions.iter().enumerate().filter(|(position, _)| reached & (1 << position) != 0);
            reached = steps.fold(0, |next, (position, typed)| next | typed.fits(unit, readings) << position);
            if reached & end != 0 {
                return Some(match (from, at + 1 == units.len()) {
                    (0, true) => Place::Whole,
                    (0, false) => Place::Start,
                    _ => Place::Inside,
                });
            }
        }
        None
    }
}

impl Position {
    /// Bit n: so many characters of the query from here are this unit's.
    fn fits(&self, unit: &Unit, readings: Readings) -> u64 {
        if unit.character == Some(self.character) {
            return 0b10;
        }
        let count = if readings == Readings::Usual { 1 } else { unit.spelled.len() };
        let of_one = |spelled: &String| {
            let fitting =
                self.beginnings.iter().take_while(|part| spelled.starts_with(part.as_str())).count();
            ((1u64 << fitting) - 1) << 1
        };
        unit.spelled.iter().take(count).fold(0, |bits, spelled| bits | of_one(spelled))
    }
}

fn units(name: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = vec![];
    let mut word = String::new();
    for c in name.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            units.push(Unit { character: None, spelled: vec![softened(&std::mem::take(&mut word))] });
        }
        if !c.is_ascii() {
            units.push(Unit { character: Some(c), spelled: readings(c).map(softened).collect() });
        }
    }
    units
}
