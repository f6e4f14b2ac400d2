//! The best hits of each class, in the order in which they are met.

use super::phonetic::Place;

/// How well an item matches; better classes come first, and sales decide within one. What is meant most often comes first: a
/// code, or the item's own name as it is usually read; then its other names, and at last the readings that hardly anybody
/// means, which still find what somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A code, barcode or PLU, whole.
    CodeWhole,
    /// The name, whole.
    NameWhole,
    /// The beginning of a code.
    CodeStart,
    /// The beginning of the name.
    NameStart,
    /// Another name, whole.
    AliasWhole,
    /// The beginning of another name.
    AliasStart,
    /// The end of a code: the last digits of a barcode.
    CodeEnd,
    /// Somewhere within the name.
    NameInside,
    /// A name or alias by a rare reading, whole.
    RareWhole,
    /// The beginning of one.
    RareStart,
    /// Somewhere within another name.
    AliasInside,
    /// Somewhere within a name or alias by a rare reading.
    RareInside,
}

impl Class {
    pub(super) const ALL: [Class; 12] = [
        Class::CodeWhole,
        Class::NameWhole,
        Class::CodeStart,
        Class::NameStart,
        Class::AliasWhole,
        Class::AliasStart,
        Class::CodeEnd,
        Class::NameInside,
        Class::RareWhole,
        Class::RareStart,
        Class::AliasInside,
        Class::RareInside,
    ];

    pub(super) fn usual(place: Place, is_own: bool) -> Class {
        match (place, is_own) {
            (Place::Whole, true) => Class::NameWhole,
            (Place::Start, true) => Class::NameStart,
            (Place::Inside, true) => Class::NameInside,
            (Place::Whole, false) => Class::AliasWhole,
            (Place::Start, false) => Class::AliasStart,
            (Place::Inside, false) => Class::AliasInside,
        }
    }

    pub(super) fn rare(place: Place) -> Class {
        match place {
            Place::Whole => Class::RareWhole,
            Place::Start => Class::RareStart,
            Place::Inside => Class::RareInside,
        }
    }
}

const CLASSES: usize = Class::ALL.len();

/// Keeps at most `limit` items a class. Offers of one pass come in item order.
pub(super) struct Collector {
    limit: usize,
    classes: [Vec<u32>; CLASSES],
    /// The item last offered, and its best class: an item has several names.
    pending: Option<(u32, Class)>,
}

impl Collector {
    pub(super) fn new(limit: usize) -> Collector {
        Collector { limit, classes: Default::default(), pending: None }
    }

    /// Takes a hit; false once its class is full, when a pass that finds one class only may end.
    pub(super) fn offer(&mut self, item: u32, class: Class) -> bool {
        match &mut self.pending {
            Some((pending, best)) if *pending == item => *best = class.min(*best),
            _ => {
                self.flush();
                self.pending = Some((item, class));
            }
        }
        self.wants(class)
    }

    /// Ends a pass.
    pub(super) fn flush(&mut self) {
        if let Some((item, class)) = self.pending.take()
            && let Some(list) = self.classes.get_mut(class as usize)
            && list.len() < self.limit
        {
            list.push(item);
        }
    }

    /// True while a class has room.
    pub(super) fn wants(&self, class: Class) -> bool {
        self.classes.get(class as usize).is_some_and(|list| list.len() < self.limit)
    }

    /// True when enough distinct items were found, whatever their class.
    pub(super) fn is_full(&self) -> bool {
        self.classes.iter().any(|list| list.len() >= self.limit)
    }

    /// The best items with their classes.
    pub(super) fn best(self) -> Vec<(u32, Class)> {
        let mut best: Vec<(u32, Class)> = Vec::with_capacity(self.limit);
        for (class, mut items) in Class::ALL.into_iter().zip(self.classes) {
            // Several passes may have met the same class; item numbers are the order of sales.
            items.sort_unstable();
            items.dedup();
            for item in items {
                if best.len() < self.limit && best.iter().all(|(have, _)| *have != item) {
                    best.push((item, class));
                }
            }
        }
        best
    }
}
