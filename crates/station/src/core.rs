//! A station behind its mutex: what it looks at, what lies on its desk, and what it still has to bring about.

use std::sync::Arc;

use suanpan_contract::{Code, Level, MessageView, ScaleView};
use suanpan_devices::PrintQueue;
use suanpan_ledger::{CutHead, Lock, Snapshot};

use crate::clock::Clock;
use crate::desk::Desk;
use crate::effect::Effect;
use crate::kinds::Kinds;
use crate::say::Say;
use crate::shop::Shop;

/// A cut that waits until nothing is in hand: a basket in progress is never repriced under the cashier.
pub(crate) enum NextCut {
    /// Its rows are staged in the catalogue.
    Staged(Vec<CutHead>),
    /// A whole new catalogue.
    Set(Snapshot, Vec<CutHead>),
}

impl NextCut {
    /// What the station will hold.
    pub(crate) fn heads(&self) -> &[CutHead] {
        match self {
            NextCut::Staged(heads) | NextCut::Set(_, heads) => heads,
        }
    }
}

/// See the module.
pub(crate) struct Core<K: Kinds> {
    pub(crate) shop: Shop<K>,
    pub(crate) desk: Desk<K>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where the hub is; empty for a station without one.
    pub(crate) hub_url: String,
    pub(crate) queue: Option<PrintQueue>,
    /// Grows with every message.
    pub(crate) sequence: u64,
    /// Grows with every picture.
    pub(crate) revision: u64,
    /// The weight that the screen was last told.
    pub(crate) scale_shown: Option<ScaleView>,
    /// Items and prices that wait until nothing is in hand.
    pub(crate) next_cut: Option<NextCut>,
    /// The disk does not have what is in hand as it is.
    pub(crate) work_unsaved: bool,
    pub(crate) effects: Vec<Effect<K>>,
    /// Steps of reading the journal again that this start has left.
    pub(crate) scrubs_left: u32,
    /// When the catalogue was last copied in this run.
    pub(crate) spared_at_ms: Option<i64>,
    /// Held as long as the station runs.
    pub(crate) lock: Lock,
}

impl<K: Kinds> Core<K> {
    /// Puts a sentence on the message line. An error stays until it is acknowledged or another one comes.
    pub(crate) fn tell(&mut self, say: &Say) {
        let level = say.code.level();
        let error = self.desk.message.as_mut().filter(|message| message.level == Level::Error);
        if let (Code::ScanRefusedPending, Some(first)) = (say.code, error) {
            // The first one says what is wrong; those after it are counted.
            self.sequence += 1;
            (first.sequence, first.refused) = (self.sequence, first.refused.saturating_add(1));
            return;
        }
        if self.desk.has_error() && level != Level::Error {
            return;
        }
        self.sequence += 1;
        let (sequence, args) = (self.sequence, say.args.clone());
        self.desk.message = Some(MessageView { sequence, level, code: say.code, args, refused: 0 });
    }

    pub(crate) fn tell_code(&mut self, code: Code) {
        self.tell(&Say::new(code));
    }

    /// Has something done outside; twice is once.
    pub(crate) fn bring_about(&mut self, effect: Effect<K>) {
        if !self.effects.contains(&effect) {
            self.effects.push(effect);
        }
    }

    /// Takes an effect from what is to be brought about; true when it was there.
    pub(crate) fn is_due(&mut self, effect: &Effect<K>) -> bool {
        let before = self.effects.len();
        self.effects.retain(|due| due != effect);
        self.effects.len() < before
    }
}
