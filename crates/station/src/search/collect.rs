//! The best hits of each class, in the order in which they are met.

use super::Class;

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
